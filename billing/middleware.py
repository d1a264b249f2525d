"""Answers to input and database trouble, so that neither becomes an HTTP 500."""

import logging
from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.db import DataError, IntegrityError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from customers.acts import Refusal
from customers.sealed import Sealed

logger = logging.getLogger(__name__)
Answer = Callable[[HttpRequest], HttpResponse]

LONGEST_QUERY = 2_000


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
        if isinstance(exception, OperationalError | InterfaceError):
            logger.warning("Database trouble at %s: %s", request.path, exception)
            answer = render(request, "503.html", status=503)
            answer["Retry-After"] = "5"
            return answer
        if isinstance(exception, Refusal | Sealed):
            return render(request, "409.html", {"sentence": str(exception)}, status=409)
        if isinstance(exception, IntegrityError):
            logger.warning("The database refused at %s: %s", request.path, exception)
            return render(request, "409.html", status=409)
        if isinstance(exception, DataError | OverflowError | BadRequest):
            return render(request, "400.html", status=400)
        return None
