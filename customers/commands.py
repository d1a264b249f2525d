"""What the management commands share: how they are asked, and how they answer.

A command answers with one `Report`. On a terminal its work shows a bar; in a log it leaves plain
lines; with `--json` it prints the summary as one object and nothing else. What is refused ends the
command with one sentence and exit code 1.
"""

import json
import re
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol, TypeVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error, ProgrammingError, connection
from django.utils import timezone
from rich.progress import track

from customers.acts import Refusal
from customers.models import Account
from customers.money import amount_text
from customers.progress import LOG_EVERY, counted_in_log, counted_on_terminal, counted_unseen

T = TypeVar("T")

MONTH = re.compile(r"([0-9]{4})-([0-9]{2})", re.ASCII)
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)


class Progress(Protocol):
    """Hands the items on one by one, and shows how far the work has come."""

    def __call__(self, items: Sequence[T], doing: str) -> Iterable[T]: ...


def unseen(items: Sequence[T], doing: str) -> Iterable[T]:
    """Progress that nobody watches."""
    return items


@dataclass(frozen=True, slots=True)
class Report:
    """What a command answers: the summary for machines, the lines for people, and what went wrong."""

    summary: Mapping[str, Any]
    lines: Sequence[str] = field(default_factory=list)
    failure: str = ""
    code: int = 1
    """With which a failure ends the command."""


@dataclass(frozen=True, slots=True)
class AccountLeft:
    """An account that a run could not do its work on, and why; it leaves the others alone."""

    account: Account
    reason: str


class DatabaseUnasked(BaseCommand):
    """A command that begins without asking the database what it can do.

    Newer Djangos ask before every command, and on SQLite wait for whoever is writing, only to take
    the wait for a lack.
    """

    def check(self, *args: Any, **kwargs: Any) -> Any:
        return super().check(*args, **{**kwargs, "databases": []})


class ReportingCommand(DatabaseUnasked):
    as_json = False

    @abstractmethod
    def report(self, options: Mapping[str, Any]) -> Report:
        """Do the work and say what was done."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--json", action="store_true", help="print one machine-readable object and nothing else"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self.as_json = options["json"]
        with trouble_told():
            report = self.report(options)
        if self.as_json:
            self.stdout.write(json.dumps(report.summary, indent=2, ensure_ascii=False))
        else:
            for line in report.lines:
                self.stdout.write(line)
        if report.failure:
            raise CommandError(report.failure, returncode=report.code)

    def progress(self, items: Sequence[T], doing: str) -> Iterable[T]:
        if self.on_terminal:
            return track(items, description=doing)
        return items if self.as_json else self._logged(items, doing)

    def counting(self, total: int, doing: str, what: str) -> AbstractContextManager[Callable[[int], None]]:
        """For work that is counted as it goes: inside, call what it hands you with the number done so far."""
        if self.on_terminal:
            return counted_on_terminal(total, doing)
        if self.as_json:
            return counted_unseen()
        return counted_in_log(total, doing, what, self._log)

    @property
    def on_terminal(self) -> bool:
        return self.stdout.isatty() and not self.as_json

    def _logged(self, items: Sequence[T], doing: str) -> Iterator[T]:
        for number, item in enumerate(items, start=1):
            yield item
            if number % LOG_EVERY == 0:
                self._log(f"{doing}: {number} of {len(items)}")

    def _log(self, line: str) -> None:
        """Beside the answer, so that a script reads the answer alone."""
        self.stderr.write(line, style_func=str)


@contextmanager
def trouble_told() -> Iterator[None]:
    """What is refused ends the command with its sentence."""
    try:
        yield
    except Refusal as refused:
        raise CommandError(str(refused)) from refused
    except Error as trouble:
        raise CommandError(refused_by_database(trouble) + _hint(trouble)) from trouble


def month_read(text: str) -> tuple[date, date] | None:
    """The first day of a month typed as YYYY-MM, and of the month after it; nothing, if it is no month."""
    match = MONTH.fullmatch(text)
    try:
        if match:
            year, month = int(match[1]), int(match[2])
            return date(year, month, 1), date(year + month // 12, month % 12 + 1, 1)
    except ValueError:
        pass
    return None


def period_parse(text: str) -> tuple[date, date]:
    if period := month_read(text):
        return period
    raise CommandError(f"--period: “{text}” is not a month. Write it as year and month, such as 2026-08.")


def number_parse(option: str, text: Any, least: int, most: int) -> int:
    """What was typed for an option that takes a whole number."""
    if NUMBER.fullmatch(str(text)) and least <= int(text) <= most:
        return int(text)
    raise CommandError(f"{option}: “{text}” is not a whole number from {least} to {most}.")


def day_parse(option: str, text: str) -> date:
    try:
        if DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise CommandError(
        f"{option}: “{text}” is not a day. Write it as year, month and day, such as 2026-08-31."
    )


def as_of_add(parser: CommandParser, what: str) -> None:
    parser.add_argument(
        "--as-of", metavar="DATE", help=f"{what}, as YYYY-MM-DD (default: today in each account)"
    )


def as_of_read(text: str | None, now: datetime, for_good: str) -> date | None:
    """The day typed as `--as-of`; None is today in each account. Refuses a day that has not come yet."""
    day = None if text is None else day_parse("--as-of", text)
    if day and day > timezone.localdate(now, ZoneInfo(settings.SCRIP_TIME_ZONE)):
        raise CommandError(f"--as-of: {day} has not come yet, and {for_good}.")
    return day


def refused_by_database(trouble: Error) -> str:
    """The reason in a sentence; and if the connection is gone, what comes next gets a new one."""
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()
    return f"The database refused: {first_line(trouble)}."


def first_line(trouble: Exception) -> str:
    """What a database complains of, in one line and without its full stop."""
    return (str(trouble).strip() or type(trouble).__name__).splitlines()[0].rstrip(".")


def _hint(trouble: Error) -> str:
    unmade = isinstance(trouble, ProgrammingError) or "no such table" in str(trouble)
    return " Run `manage.py migrate` first." if unmade else ""


def amount_words(minor: int, currency: str) -> str:
    return f"{amount_text(minor, currency)} {currency}"


def counted(number: int, one: str, several: str = "") -> str:
    return f"{number:,} {one if number == 1 else several or one + 's'}"
