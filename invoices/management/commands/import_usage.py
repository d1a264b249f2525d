"""`manage.py import_usage FILE --period YYYY-MM`: a usage file becomes draft invoices, or usage records."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.utils import timezone
from rich import progress

from customers.acts import Actor
from customers.commands import Report, ReportingCommand, period_parse
from invoices.usage_days import Zones
from invoices.usage_file import UsageRefused
from invoices.usage_import import ImportResult, import_token, usage_import
from invoices.usage_records import (
    RecordsResult,
    records_token,
    usage_records_import,
    zone_default,
    zones_known,
)
from invoices.usage_report import import_lines, records_lines
from invoices.usage_source import usage_days_source_read, usage_source_read

T = TypeVar("T")


class Command(ReportingCommand):
    help = (
        "Turn a FOCUS cost-and-usage CSV, or Scrip's simple CSV, into draft invoices; or, with --records, "
        "the quantities of one, or of Scrip's daily CSV, into usage records that make_drafts prices: "
        "all of it or nothing, and the same file twice is once."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", metavar="FILE", help="the CSV file")
        parser.add_argument("--period", required=True, metavar="YYYY-MM", help="the month to bill")
        parser.add_argument(
            "--records",
            action="store_true",
            help="record the quantities, for make_drafts to price, instead of drafting invoices",
        )
        parser.add_argument(
            "--token", default="", metavar="TEXT", help="a request token of your own, instead of the file's"
        )

    def report(self, options: Mapping[str, Any]) -> Report:
        period_start, period_end = period_parse(options["period"])
        period: Any = {"period_start": period_start, "period_end": period_end}
        told: Any = {"by": Actor.from_command("import_usage"), "now": timezone.now()}
        own_token, name = options["token"], Path(options["file"]).name
        result: RecordsResult | ImportResult
        if options["records"]:
            zones = Zones(zones_known(), zone_default())
            days, digest = self._read(options["file"], usage_days_source_read, **period, zones=zones)
            token = own_token or records_token(digest, period_start)
            result = usage_records_import(usage=days, digest=digest, month=period_start, **told, token=token)
            lines = records_lines(result, name, period_start)
        else:
            usage, digest = self._read(options["file"], usage_source_read, **period)
            token = own_token or import_token(digest, period_start)
            result = usage_import(usage=usage, digest=digest, **period, **told, token=token)
            lines = import_lines(result, name, period_start)
        summary = {"period": f"{period_start:%Y-%m}", "repeated": result.repeated, **result.report}
        return Report(summary, lines)

    def _read(self, name: str, read: Callable[..., tuple[T, str]], **told: Any) -> tuple[T, str]:
        try:
            with self._open(name) as source:
                return read(source, currencies=settings.CURRENCIES, **told)
        except OSError as trouble:
            raise CommandError(f"{name}: {trouble.strerror}.") from trouble
        except UsageRefused as refused:
            raise CommandError(f"{name}: {refused} Nothing was imported.") from refused

    def _open(self, name: str) -> AbstractContextManager[BinaryIO]:
        if self.on_terminal:
            return progress.open(name, "rb", description="Reading")
        return Path(name).open("rb")
