"""`manage.py import_usage FILE --period YYYY-MM`: a usage file becomes draft invoices."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.utils import timezone
from rich import progress

from customers.acts import Actor
from customers.commands import Report, ReportingCommand, period_parse
from invoices.usage_file import UsageRefused
from invoices.usage_import import import_token, usage_import
from invoices.usage_report import import_lines
from invoices.usage_source import usage_source_read


class Command(ReportingCommand):
    help = (
        "Turn a FOCUS cost-and-usage CSV, or Scrip's simple CSV, into draft invoices: "
        "all of it or nothing, and the same file twice is once."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", metavar="FILE", help="the CSV file")
        parser.add_argument("--period", required=True, metavar="YYYY-MM", help="the month to bill")
        parser.add_argument(
            "--token", default="", metavar="TEXT", help="a request token of your own, instead of the file's"
        )

    def report(self, options: Mapping[str, Any]) -> Report:
        period_start, period_end = period_parse(options["period"])
        name = options["file"]
        try:
            with self._open(name) as source:
                usage, digest = usage_source_read(
                    source, period_start=period_start, period_end=period_end, currencies=settings.CURRENCIES
                )
        except OSError as trouble:
            raise CommandError(f"{name}: {trouble.strerror}.") from trouble
        except UsageRefused as refused:
            raise CommandError(f"{name}: {refused} Nothing was imported.") from refused
        result = usage_import(
            usage=usage,
            digest=digest,
            period_start=period_start,
            period_end=period_end,
            by=Actor.from_command("import_usage"),
            now=timezone.now(),
            token=options["token"] or import_token(digest, period_start),
        )
        summary = {"period": f"{period_start:%Y-%m}", "repeated": result.repeated, **result.report}
        return Report(summary, import_lines(result, Path(name).name, period_start))

    def _open(self, name: str) -> AbstractContextManager[BinaryIO]:
        if self.on_terminal:
            return progress.open(name, "rb", description="Reading")
        return Path(name).open("rb")
