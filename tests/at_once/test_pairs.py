"""Every pair of acts on one account, met at its lock: the outcome is that of one after the other (R7, R14).

Once the first act is stopped while it holds the lock, and the second is seen waiting; once the first
has looked, but is stopped before the lock, and the second runs through. Answers, ledger and digest
have to be those of the two acts done one after the other, in the order in which they got the lock.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations_with_replacement
from typing import Any

import pytest
from django.db import transaction

from billing.digest import ledger_digest
from billing.verification.runner import ledger_verify
from credits import batch_services, extension
from credits.batch_services import BatchResult, credits_grant, credits_void
from credits.extension import credits_extend
from credits.ledger import credit_get
from credits.models import Credit, Schedule
from credits.schedules import grant_token, schedule_grant
from credits.services import credit_replace, credits_expire, expire_token
from customers import acts
from customers.acts import Refusal
from customers.models import Account
from customers.models import Act as ActRecord
from invoices.drafts import invoice_discard, invoice_edit
from invoices.models import Invoice, Item
from tests.at_once.databases import Database
from tests.at_once.gates import Walker, gated, started, until
from tests.credits.batches import csv_of, granted, read
from tests.factories import (
    a_credit,
    a_draft,
    a_line,
    a_sale,
    a_schedule,
    an_account,
    an_invoice,
    an_item,
    by_now,
    correct,
    day,
    issue,
    ledger,
    pay,
    terms,
    void,
    void_credit,
)

pytestmark = [pytest.mark.postgresql, pytest.mark.usefixtures("gates")]
Act = Callable[[], Any]

NOW = "2026-09-20"  # the credit that ended on 1 August is past its grace by now, on 1 September it was not


def the_credit() -> Credit:
    return Credit.objects.get(name="Welcome")


def the_draft() -> Invoice:
    return Invoice.objects.drafts().get()


def the_invoice() -> Invoice:
    return Invoice.objects.get(status="issued")


def replace() -> Act:
    credit, promise = the_credit(), terms(Account.objects.get(), "70.00", name="Better", priority=20)
    return partial(credit_replace, credit=credit, terms=promise, reason="Too small", **by_now(NOW))


def edit() -> Act:
    told = by_now(NOW) | {"period_start": day("2026-08-01"), "period_end": day("2026-09-01")}
    return partial(invoice_edit, invoice=the_draft(), lines=[a_line(Item.objects.get(), "65.00")], **told)


def expire() -> Act:
    account = Account.objects.get()
    told = by_now(NOW) | {"token": expire_token(account, day(NOW))}
    return partial(credits_expire, account=account, as_of=day(NOW), **told)


def extend() -> Act:
    ends = Credit.objects.get(name="Ends")
    told = by_now(NOW) | {"expires_on": day("2026-12-31"), "reason": "They asked"}
    return partial(credits_extend, credits=[ends], **told)


def grant_batch() -> Act:
    batch = read(csv_of(Account.objects.get(), amount="12.00"), now=NOW, name="For all")
    return partial(credits_grant, batch=batch, reason="The outage", **by_now(NOW))


def void_batch() -> Act:
    batch = ActRecord.objects.get(kind="credits_grant")
    return partial(credits_void, batch=batch, reason="By mistake", **by_now(NOW))


def recur() -> Act:
    schedule, due_on = Schedule.objects.get(), day("2026-09-01")
    told = by_now(NOW) | {"token": grant_token(schedule, due_on)}
    return partial(schedule_grant, schedule=schedule, due_on=due_on, **told)


# Each looks at the account as a page does, and then gives the act that the form would send.
LOOKS: dict[str, Callable[[], Act]] = {
    "grant": lambda: partial(a_credit, Account.objects.get(), "15.00", name="New", priority=10, now=NOW),
    "void credit": lambda: partial(void_credit, the_credit(), NOW),
    "replace": replace,
    "issue": lambda: partial(issue, the_draft(), NOW),
    "void invoice": lambda: partial(void, the_invoice(), NOW),
    "correct": lambda: partial(correct, the_invoice(), NOW),
    "expire": expire,
    "edit draft": edit,
    "discard": lambda: partial(invoice_discard, invoice=the_draft(), **by_now(NOW)),
    "pay": lambda: partial(pay, the_invoice(), NOW),
    "sell": lambda: partial(a_sale, Account.objects.get(), "15.00", "12.00", now=NOW, waits=True),
    "extend": extend,
    "grant batch": grant_batch,
    "void batch": void_batch,
    "recur": recur,
}
PAIRS = list(combinations_with_replacement(LOOKS, 2))


@dataclass(frozen=True, slots=True)
class Outcome:
    """`answers` in the order of the locks."""

    answers: tuple[str, ...]
    entries: list[tuple[str, str, int]]
    digest: str


@pytest.fixture
def gates(monkeypatch: pytest.MonkeyPatch) -> None:
    lock = gated(acts.accounts_lock)
    for module in (acts, batch_services, extension):
        monkeypatch.setattr(module, "accounts_lock", lock)


@pytest.fixture(scope="module")
def story(empty: Database, unblocked: None) -> Iterator[Database]:
    """An invoice took 20.00 of a credit that has expired since, and 40.00 of one that has 10.00 left; a
    draft waits, and so does a third credit, for its expiry to be booked. A fourth is about to end, a batch
    has granted a fifth, and a schedule owes one more."""
    with empty.copy() as database:
        with database.entered():
            account, calls = an_account(), an_item()
            a_credit(account, "20.00", name="Old", expires_on="2026-08-01", priority=40)
            a_credit(account, "10.00", name="Gone", expires_on="2026-08-01", priority=70)
            a_credit(account, "50.00")
            an_invoice(account, (calls, "60.00"))
            a_draft(account, (calls, "60.00"))
            a_credit(account, "5.00", name="Ends", expires_on="2026-10-31", priority=60)
            granted(account, name="Batch", amount="8.00", priority="30")
            a_schedule(account, "9.00", name="Monthly", day_of_month=1, starts_on="2026-09-01")
        yield database


@pytest.fixture(scope="module")
def serial(story: Database) -> Callable[[str, str], Outcome]:
    """What comes of two acts one after the other, taken back as soon as it is known."""
    known: dict[tuple[str, str], Outcome] = {}

    def of(first: str, second: str) -> Outcome:
        if (first, second) not in known:
            with story.entered(), transaction.atomic():
                looked = (LOOKS[first](), LOOKS[second]())
                known[first, second] = outcome([answer_of(act) for act in looked])
                transaction.set_rollback(True)
        return known[first, second]

    return of


def answer_of(act: Act) -> Any:
    try:
        return act()
    except Refusal as refused:
        return refused


def outcome(answers: Sequence[Any]) -> Outcome:
    return Outcome(tuple(map(words, answers)), ledger(Account.objects.get()), ledger_digest())


def words(answer: Any) -> str:
    """An answer without ids: these depend on who came first to a sequence, not to the lock."""
    match answer:
        case Refusal():
            return f"{type(answer).__name__}: {answer}"
        case Credit():
            return f"{answer}: {answer.amount}, {credit_get(answer.pk).balance} left in the end"
        case Invoice(number=None):
            return f"draft, {answer.period_start}"
        case Invoice():
            return f"{answer}: {answer.status}, {answer.total} less {answer.credited}"
        case BatchResult():
            return f"{answer.batch.details['credits']} credits, repeated: {answer.repeated}"
        case list():
            return f"expired: {[entry.amount for entry in answer]}"
    return str(answer)


@pytest.mark.parametrize(("one", "other"), PAIRS, ids=map(" and ".join, PAIRS))
def test_two_acts_are_one_after_the_other(
    story: Database, serial: Callable[[str, str], Outcome], one: str, other: str
) -> None:
    with story.copy() as database, database.entered():
        first, second = Walker(LOOKS[one](), stopped="holding"), Walker(LOOKS[other]())
        with started(first):
            first.wait_until("holding")
            with started(second):
                until(lambda: database.waiting() == 1, "the second does not wait for the lock")
                answers = (first.finish(), second.finish())
        met = outcome(answers)
        assert ledger_verify().breach is None
    assert met == serial(one, other)

    with story.copy() as database, database.entered():
        first, second = Walker(LOOKS[one](), stopped="before"), Walker(LOOKS[other]())
        with started(first):
            first.wait_until("before")
            with started(second):
                second.join()
            answers = (second.answer, first.finish())
        met = outcome(answers)
        assert ledger_verify().breach is None
    assert met == serial(other, one)


def test_the_order_matters_for_many_pairs(
    serial: Callable[[str, str], Outcome], counted: Callable[[str], None]
) -> None:
    """Or equal outcomes would prove little."""

    def differ(one: str, other: str) -> bool:
        there, back = serial(one, other), serial(other, one)
        return (there.answers, there.digest) != (back.answers[::-1], back.digest)

    matters = [pair for pair in PAIRS if differ(*pair)]
    counted(f"PostgreSQL: {len(PAIRS)} pairs of acts met in two ways; order matters for {len(matters)}")
    assert len(matters) >= 20
