"""Lists and reports read from a streaming replica, where there is one (`SCRIP_REPLICA_URL`).

A view marked `replica_read`, asked with GET, reads the tables of ours from the replica, and from nowhere
else: it decides nothing about money, and what it shows may be a moment old. All the rest stays with the
primary: who is signed in, every form, preview and confirmation, every act and what it reads, every command
and migration.

Nobody misses what they have just done themselves. After each change the browser keeps, in a cookie, how far
the primary's log had come; a replica that is not that far yet is not asked. Neither is one that lags by more
than `SCRIP_REPLICA_LAG` seconds, that no longer follows, or that has become a primary itself. A replica that
cannot be asked is left alone for a while. In all these cases the page comes from the primary.
"""

import logging
import re
import time
from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from typing import Any

from django.conf import settings
from django.db import (
    DEFAULT_DB_ALIAS,
    Error,
    InterfaceError,
    InternalError,
    OperationalError,
    ProgrammingError,
    connections,
)
from django.db.models import Model
from django.http import HttpRequest, HttpResponse

logger = logging.getLogger(__name__)
View = Callable[..., HttpResponse]

REPLICA = "replica"
OURS = {"customers", "invoices", "credits", "billing"}
READING = ("GET", "HEAD")
UNCHANGING = (*READING, "OPTIONS", "TRACE")

COOKIE = "__Host-scrip-written" if settings.SESSION_COOKIE_SECURE else "scrip-written"
COOKIE_AGE = 600
PLACE = re.compile(r"[0-9A-F]{1,8}/[0-9A-F]{1,8}", re.ASCII)
NEVER, ALWAYS = "FFFFFFFF/FFFFFFFF", "0/0"

# It is a replica, has come to the place asked for, follows, and has nothing left to replay or is at it.
FIT = """
    SELECT pg_is_in_recovery()
    AND pg_last_wal_replay_lsn() >= %s::pg_lsn
    AND EXISTS (SELECT FROM pg_stat_wal_receiver)
    AND (pg_last_wal_receive_lsn() <= pg_last_wal_replay_lsn()
         OR pg_last_xact_replay_timestamp() > clock_timestamp() - make_interval(secs => %s))
"""
REST = 10  # seconds
# What a replica may say that the primary would not: it is away, too slow, in the way of what it replays, or
# has not got a table yet.
TROUBLE = (OperationalError, InterfaceError, InternalError, ProgrammingError)

_reading: ContextVar[bool] = ContextVar("reading_from_replica", default=False)
_resting_until = 0.0


def replica_read(view: View) -> View:
    """Serve this view from the replica if that can be done, or else as any other."""

    @wraps(view)
    def read(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not _replica_answers(request):
            return view(request, *args, **kwargs)
        before = _reading.set(True)
        try:
            return view(request, *args, **kwargs)
        except TROUBLE as trouble:
            logger.warning("The replica failed at %s, the primary answers: %s", request.path, trouble)
        finally:
            _reading.reset(before)
        return view(request, *args, **kwargs)

    read.from_replica = True  # type: ignore[attr-defined]  # for the test that lists these views
    return read


def read_alias() -> str:
    """The database that is read from now. Inside a transaction on the primary it is the primary."""
    if _reading.get() and not connections[DEFAULT_DB_ALIAS].in_atomic_block:
        return REPLICA
    return DEFAULT_DB_ALIAS


class ReplicaRouter:
    def db_for_read(self, model: type[Model], **hints: Any) -> str:
        return read_alias() if model._meta.app_label in OURS else DEFAULT_DB_ALIAS

    def db_for_write(self, model: type[Model], **hints: Any) -> str:
        return DEFAULT_DB_ALIAS

    def allow_relation(self, one: Model, other: Model, **hints: Any) -> bool:
        return True

    def allow_migrate(self, alias: str, app_label: str, **hints: Any) -> bool:
        return alias != REPLICA


def remember_writing(answer: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: whoever may have changed something takes the primary's place in its log along."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = answer(request)
        if request.method not in UNCHANGING:
            response.set_cookie(
                COOKIE,
                _place_of_primary(),
                max_age=COOKIE_AGE,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        return response

    return middleware


def _place_of_primary() -> str:
    """Where its log ends, what is not written yet included: a commit need not have waited for that."""
    try:
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute("SELECT pg_current_wal_insert_lsn()::text")
            return str(cursor.fetchone()[0])
    except Error:
        return NEVER  # the change may have been made all the same


def _replica_answers(request: HttpRequest) -> bool:
    global _resting_until
    if request.method not in READING or REPLICA not in settings.DATABASES:
        return False
    if time.monotonic() < _resting_until:
        return False
    written = request.COOKIES.get(COOKIE, ALWAYS)
    place = written if PLACE.fullmatch(written) else NEVER
    try:
        with connections[REPLICA].cursor() as cursor:
            cursor.execute(FIT, [place, settings.SCRIP_REPLICA_LAG])
            return bool(cursor.fetchone()[0])
    except Error as trouble:
        logger.warning("The replica is not asked for %s seconds: %s", REST, trouble)
        _resting_until = time.monotonic() + REST
        connections[REPLICA].close()
        return False
