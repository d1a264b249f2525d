"""Every balance and total recomputed from the entries, on one consistent snapshot, writing nothing.

The checks stand in the order in which a reader would doubt: first whether the entries fit together and
are the ones that were written, which names a row that was touched rather than what follows from it; then
the credits, the invoices, and last the rules the database itself is to keep. The first row
that breaks a rule ends the work: what follows from it would only be noise.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model

from billing.database_rules import RULES
from billing.snapshot import snapshot
from billing.verification.balances import BALANCE_CHECKS
from billing.verification.behind import BEHIND_CHECKS
from billing.verification.chain import CHAIN_CHECKS
from billing.verification.check import Check
from billing.verification.credits import CREDIT_CHECKS, SCOPE_CHECKS
from billing.verification.entries import ENTRY_CHECKS
from billing.verification.figures import FIGURE_CHECKS
from billing.verification.invoices import INVOICE_CHECKS, NUMBER_CHECKS
from billing.verification.sales import SALE_CHECKS
from credits.models import Credit, Entry
from customers.commands import Progress, unseen
from customers.models import Account, Act
from customers.triggers import triggers_missing
from invoices.models import Invoice, Line


@dataclass(frozen=True, slots=True)
class Breach:
    rule: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Verified:
    """`breach` is the first bad row, if there is one. Counts are by what a person calls the rows."""

    checks: int
    counts: dict[str, int]
    breach: Breach | None


def _rules_missing(connection: BaseDatabaseWrapper) -> Iterator[str]:
    for trigger in triggers_missing(connection, RULES):
        yield f"database rule {trigger}: it is not in force; `manage.py migrate` puts it back"


CHECKS: tuple[Check, ...] = (
    *ENTRY_CHECKS,
    *CHAIN_CHECKS,
    *CREDIT_CHECKS,
    *BALANCE_CHECKS,
    *SCOPE_CHECKS,
    *SALE_CHECKS,
    *INVOICE_CHECKS,
    *FIGURE_CHECKS,
    *NUMBER_CHECKS,
    *BEHIND_CHECKS,
    Check("the database keeps its rules", _rules_missing),
)

COUNTED: dict[str, type[Model]] = {
    "account": Account,
    "credit": Credit,
    "entry": Entry,
    "invoice": Invoice,
    "line": Line,
    "act": Act,
}


def ledger_verify(progress: Progress = unseen, more: Sequence[Check] = ()) -> Verified:
    """Run every check, and `more` of the caller's after them."""
    checks = (*CHECKS, *more)
    connection = connections["default"]
    with snapshot():
        counts = {what: model._default_manager.count() for what, model in COUNTED.items()}
        for number, check in enumerate(progress(checks, "Verifying"), start=1):
            if sentence := next(check.find(connection), None):
                return Verified(number, counts, Breach(check.rule, sentence))
    return Verified(len(checks), counts, None)
