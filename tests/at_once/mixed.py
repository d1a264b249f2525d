"""Many workers on one hot account, and what is to be said of them afterwards."""

import json
import subprocess
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field

from django.db import connection

from billing.verification.runner import ledger_verify
from credits.models import Credit, Entry
from invoices.models import Invoice, Kind, Status
from tests.at_once.databases import Database
from tests.factories import a_credit, a_draft, a_line, an_account, an_item

WORK = "import django; django.setup(); from tests.at_once.workers import main; main()"
ENOUGH = 300  # seconds after which a worker must be hanging


@dataclass(slots=True)
class Outcome:
    """`trouble` is all that may not be: an answer that is neither done nor a refusal, a wrong ledger."""

    processes: int
    seconds: float = 0
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    trouble: list[str] = field(default_factory=list)
    deadlocks: int = 0

    @property
    def acts(self) -> int:
        return self.done.total() + self.refused.total() + len(self.trouble)

    def __str__(self) -> str:
        return (
            f"{self.processes} processes, {self.acts} acts on one account in {self.seconds:.0f} s: "
            f"{self.done.total()} done, {self.refused.total()} changed meanwhile, "
            f"{len(self.trouble)} troubles, {self.deadlocks} deadlocks"
        )


def mixed_acts(database: Database, *, processes: int, each: int, seed: int, lock: bool = True) -> Outcome:
    """Let the workers loose at the same moment on an account with a little on it."""
    _account_prepare()
    outcome = Outcome(processes)
    with ExitStack() as stack:
        workers = [
            stack.enter_context(_worker(database, each, f"{seed}:{number}", lock=lock))
            for number in range(processes)
        ]
        for worker in workers:
            stack.callback(worker.kill)
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n"
        begun = time.monotonic()
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.write("go\n")
            worker.stdin.flush()
        answers = [worker.communicate(timeout=ENOUGH)[0] for worker in workers]
        outcome.seconds = time.monotonic() - begun
        assert [worker.returncode for worker in workers] == [0] * processes
    for answer in map(json.loads, answers):
        outcome.done.update(answer["done"])
        outcome.refused.update(answer["refused"])
        outcome.trouble += answer["trouble"]
    if connection.vendor == "postgresql":
        outcome.deadlocks = database.deadlocks()
    return outcome


def _worker(database: Database, each: int, chance: str, *, lock: bool) -> "subprocess.Popen[str]":
    arguments = ["--acts", str(each), "--chance", chance, *([] if lock else ["--without-lock"])]
    return database.start("-c", WORK, *arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def _account_prepare() -> None:
    account = an_account(now="2026-06-01")
    items = [an_item(kind.label, kind) for kind in Kind]
    for item in items:
        a_credit(account, "40.00", items=(item,))
        a_credit(account, "40.00")
    for _ in range(6):
        a_draft(account, *(a_line(item, "30.00") for item in items))


def ledger_wrong(outcome: Outcome) -> list[str]:
    """Breaches that the product's own check finds, and that a look past it finds."""
    breach = ledger_verify().breach
    wrong = [f"{breach.rule}: {breach.sentence}"] if breach else []
    wrong += overspent()
    figures = Invoice.objects.exclude(status=Status.DRAFT).order_by("series_number")
    numbers = list(figures.values_list("series_number", flat=True))
    if numbers != list(range(1, len(numbers) + 1)):
        wrong.append(f"invoice numbers: {numbers}")
    granted = 8 + outcome.done["grant"] + outcome.done["replace"]
    if Credit.objects.count() != granted:
        wrong.append(f"{Credit.objects.count()} credits, and {granted} were answered with done")
    return wrong


def overspent() -> list[str]:
    """Credits whose entries, added up one by one, ever lead below zero or above the amount."""
    wrong, left = [], dict.fromkeys(Credit.objects.values_list("pk", flat=True), 0)
    amounts = dict(Credit.objects.values_list("pk", "amount"))
    for credit, amount in Entry.objects.order_by("account", "number").values_list("credit", "amount"):
        left[credit] += amount
        if not 0 <= left[credit] <= amounts[credit]:
            wrong.append(f"credit {credit} is at {left[credit]} of {amounts[credit]}")
    return wrong
