"""Answers to input and database trouble, so that neither becomes an HTTP 500."""

import logging
import sys
from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.db import DataError, IntegrityError, InterfaceError, InternalError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views import defaults

from customers.acts import Refusal
from customers.sealed import Sealed

logger = logging.getLogger(__name__)
Answer = Callable[[HttpRequest], HttpResponse]

LONGEST_QUERY = 2_000
# InternalError is what PostgreSQL says where it is only to be read, or has ended a transaction by itself.
AWAY = (OperationalError, InterfaceError, InternalError)


def refuse_unreadable_input(answer: Answer) -> Answer:
    """NUL bytes and endless queries are answered with 400 before any view meets them.

    PostgreSQL cannot store a NUL and SQLite cannot run a search of thousands of words; no person
    types either.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        query = request.META.get("QUERY_STRING", "")
        if "\x00" in request.path or "%00" in query or "\x00" in query or len(query) > LONGEST_QUERY:
            return render(request, "400.html", status=400)
        if request.method == "POST" and any(
            "\x00" in value for key in request.POST for value in request.POST.getlist(key)
        ):
            return render(request, "400.html", status=400)
        return answer(request)

    return middleware


def try_again(request: HttpRequest, trouble: BaseException) -> HttpResponse:
    """The page for a database that is busy or away. It needs none, and so no session either."""
    logger.warning("Database trouble at %s: %s", request.path, trouble)
    return HttpResponse(render_to_string("503.html"), status=503, headers={"Retry-After": "5"})


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A session that could not be saved is called a bad request, also when it was the database's fault."""
    trouble = _away(exception)
    return try_again(request, trouble) if trouble else defaults.bad_request(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """For what no view raised: a middleware may have met the database too, or the page of an error."""
    trouble = _away(sys.exception())
    return try_again(request, trouble) if trouble else defaults.server_error(request)


def _away(exception: BaseException | None) -> BaseException | None:
    """The database trouble behind an exception, if there is any."""
    while exception is not None and not isinstance(exception, AWAY):
        exception = exception.__cause__ or exception.__context__
    return exception


class answer_database_trouble:  # noqa: N801 - named as the function it acts as
    """The last word before an HTTP 500. In every case nothing was done, and the page says why.

    A lock held too long, a lost connection, a full disk: 503, try again. A refusal that no form
    caught: 409. A value that no column can hold: 400.
    """

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.answer(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, AWAY):
            return try_again(request, exception)
        if isinstance(exception, Refusal | Sealed):
            return render(request, "409.html", {"sentence": str(exception)}, status=409)
        if isinstance(exception, IntegrityError):
            logger.warning("The database refused at %s: %s", request.path, exception)
            return render(request, "409.html", status=409)
        if isinstance(exception, DataError | OverflowError | BadRequest):
            return render(request, "400.html", status=400)
        return None
