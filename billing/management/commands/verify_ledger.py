"""`manage.py verify_ledger`: recompute every balance and total from the entries. Reads only."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from billing.heads import heads_read
from billing.verification.chain import Head, heads_check
from billing.verification.runner import Verified, ledger_verify
from customers.commands import Report, ReportingCommand, counted

PLURAL = {"entry": "entries"}


class Command(ReportingCommand):
    help = "Recompute every balance and total from the ledger; stop with 1 at the first bad row, and name it."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--heads", metavar="FILE", help="compare with heads that `export_heads` wrote")

    def report(self, options: Mapping[str, Any]) -> Report:
        heads = None if options["heads"] is None else _heads(options["heads"])
        verified = ledger_verify(self.progress, [] if heads is None else [heads_check(heads)])
        summary = {"verified": verified.breach is None, "checks": verified.checks, "counts": verified.counts}
        if heads is not None:
            summary["heads"] = len(heads)
        if breach := verified.breach:
            summary["first_bad"] = {"rule": breach.rule, "row": breach.sentence}
            return Report(summary, failure=f"{breach.sentence}. The rule: {breach.rule}.")
        lines = [verified_line(verified)]
        if heads is not None:
            lines.append(f"Compared with {counted(len(heads), 'exported head')}: all is still there.")
        return Report(summary, lines)


def _heads(path: str) -> dict[int, Head]:
    try:
        # What is not ASCII was not exported: it becomes a line that is refused.
        with Path(path).open(encoding="ascii", errors="backslashreplace") as lines:
            return heads_read(lines)
    except (OSError, ValueError) as wrong:
        reason = wrong.strerror if isinstance(wrong, OSError) else str(wrong)
        raise CommandError(f"--heads: {path}: {reason}") from wrong


def verified_line(verified: Verified) -> str:
    parts = [counted(number, what, PLURAL.get(what, "")) for what, number in verified.counts.items()]
    return f"Verified by {counted(verified.checks, 'check')}: {', '.join(parts)}. Every sum is right."
