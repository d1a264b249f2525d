"""`manage.py verify_ledger`: recompute every balance and total from the entries. Reads only."""

from collections.abc import Mapping
from typing import Any

from billing.verification.runner import Verified, ledger_verify
from customers.commands import Report, ReportingCommand, counted

PLURAL = {"entry": "entries"}


class Command(ReportingCommand):
    help = "Recompute every balance and total from the ledger; stop with 1 at the first bad row, and name it."

    def report(self, options: Mapping[str, Any]) -> Report:
        verified = ledger_verify(self.progress)
        summary = {"verified": verified.breach is None, "checks": verified.checks, "counts": verified.counts}
        if breach := verified.breach:
            summary["first_bad"] = {"rule": breach.rule, "row": breach.sentence}
            return Report(summary, failure=f"{breach.sentence}. The rule: {breach.rule}.")
        return Report(summary, [verified_line(verified)])


def verified_line(verified: Verified) -> str:
    parts = [counted(number, what, PLURAL.get(what, "")) for what, number in verified.counts.items()]
    return f"Verified by {counted(verified.checks, 'check')}: {', '.join(parts)}. Every sum is right."
