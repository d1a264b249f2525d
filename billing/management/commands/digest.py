"""`manage.py digest`: one hash over all money facts, to compare two databases by."""

from collections.abc import Mapping
from typing import Any

from billing.digest import VERSION, ledger_digest
from customers.commands import Report, ReportingCommand


class Command(ReportingCommand):
    help = "Print one hash over all money facts: the same facts give the same hash on any engine. Reads only."

    def report(self, options: Mapping[str, Any]) -> Report:
        digest = ledger_digest(self.progress)
        return Report({"digest": digest, "version": VERSION}, [digest])
