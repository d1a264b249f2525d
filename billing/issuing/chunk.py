"""One chunk of a run: its accounts locked, read, settled and written in one transaction (R7).

Whatever goes wrong with one account must not stop the others: the chunk is rolled back, and its halves are
tried, down to the account that is to blame and its drafts one by one. That account is parked with the
reason, and the run goes on.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TypeVar

from django.db import Error, InterfaceError, OperationalError, connection, transaction

from billing.issuing.claim import Claimed, accounts_claim, accounts_take, payers_of
from billing.issuing.drafts import Order, Parked
from billing.issuing.plan import Plan, drafts_read, issues_plan
from billing.issuing.writing import issues_write
from billing.models import RunParked, RunPart
from customers.acts import Refusal
from customers.commands import first_line, refused_by_database
from customers.setwise import rows_insert

R = TypeVar("R")

# All that data and code can do wrong; what ends the process is let through.
BROKEN = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
TROUBLE = (Refusal, Error, *BROKEN)


def chunk_issue(order: Order, *, after: int, size: int) -> tuple[int | None, int]:
    """Issue the next accounts' drafts: the last account claimed, None if none was left to claim, and
    the number of drafts that are done with."""
    accounts: list[int] = []

    def claimed() -> int:
        with transaction.atomic():
            taken = accounts_claim(order, after=after, size=size)
            accounts[:] = [account for account, *_ in taken]
            return _work(order, taken).drafts

    try:
        done = steadily(claimed)
    except TROUBLE as trouble:
        if not accounts:
            raise
        done = _split(order, accounts, trouble)
    return (accounts[-1] if accounts else None), done


def account_issue(order: Order, account: int) -> int:
    """Issue an account's drafts, waiting for whoever holds it; the number of drafts done with."""
    return _try(order, [account])


def _try(order: Order, accounts: Sequence[int]) -> int:
    try:
        with transaction.atomic():
            return _work(order, accounts_take(accounts)).drafts
    except TROUBLE as trouble:
        return _split(order, accounts, trouble)


def _split(order: Order, accounts: Sequence[int], trouble: Exception) -> int:
    _mend(trouble)
    if len(accounts) == 1:
        return _one_by_one(order, accounts[0])
    middle = len(accounts) // 2
    return _try(order, accounts[:middle]) + _try(order, accounts[middle:])


def _one_by_one(order: Order, account: int) -> int:
    """Each draft in its own transaction, up to the one that cannot be issued."""
    done = 0
    while True:
        try:
            with transaction.atomic():
                plan = _work(order, accounts_take([account]), each=1)
        except TROUBLE as trouble:
            reason = reason_of(trouble)
            _mend(trouble)
            return done + _park(order, account, reason)
        done += plan.drafts
        if not plan.issues:
            return done


def _work(order: Order, taken: Sequence[Claimed], *, each: int | None = None) -> Plan:
    """Under the locks, inside the transaction: read, settle and write the accounts' drafts, or the first
    `each` of them."""
    payers = payers_of(taken, order.now)
    drafts = drafts_read(order.run, [payer.id for payer in payers])
    plan = issues_plan(payers, drafts, before_end=order.run.before_end, each=each)
    if plan.issues:
        issues_write(plan.issues, by=order.by, now=order.now, run=order.run)
    _tell(order, plan)
    return plan


def _tell(order: Order, plan: Plan) -> None:
    """What this chunk adds to the run's record."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for issue in plan.issues:
        of_currency = sums[issue.payer.currency]
        of_currency[0] += 1
        of_currency[1] += issue.settlement.total
        of_currency[2] += issue.settlement.credited
    parts = [(order.run.pk, currency, *figures) for currency, figures in sums.items()]
    rows_insert(RunPart, ("run", "currency", "invoices", "total", "credited"), parts)
    rows_insert(RunParked, ("run", *Parked._fields), [(order.run.pk, *parked) for parked in plan.parked])


def _park(order: Order, account: int, reason: str) -> int:
    """Leave an account; the number of its drafts, none if they are gone meanwhile."""
    return steadily(lambda: _park_now(order, account, reason))


def _park_now(order: Order, account: int, reason: str) -> int:
    queue = drafts_read(order.run, [account]).get(account, [])
    if queue:
        facts = {"draft": queue[0].id, "waiting": len(queue), "reason": reason}
        # Another worker may have come to the same end.
        RunParked.objects.get_or_create(run=order.run, account_id=account, defaults=facts)
    return len(queue)


def steadily(ask: Callable[[], R]) -> R:
    """Ask again on a new connection, once, if the one at hand was lost. For what may be done twice."""
    at_hand = connection.connection
    try:
        return ask()
    except (InterfaceError, OperationalError):
        # Leaving a transaction on a lost connection, Django may have opened the next one already.
        same = connection.connection is at_hand
        if connection.in_atomic_block or (same and connection.is_usable()):
            raise
        connection.close()
        return ask()


def reason_of(trouble: Exception) -> str:
    """Why an account was left, in a sentence."""
    if isinstance(trouble, Refusal):
        return str(trouble)
    if isinstance(trouble, Error):
        return refused_by_database(trouble)
    return f"It contradicts a rule: {first_line(trouble)}."


def _mend(trouble: Exception) -> None:
    """After a lost connection what comes next gets a new one."""
    if isinstance(trouble, Error) and not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()
