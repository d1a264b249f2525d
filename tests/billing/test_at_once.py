"""Two at the same moment: one effect (R7, R8, R13). PostgreSQL only; SQLite lets one writer in at a time.

Nothing here is left to luck: the test itself holds what both need, waits until the database says
that both are waiting, and only then lets go.
"""

import time
from collections.abc import Callable
from threading import Thread
from typing import Any

import pytest
from django.db import connection, transaction

from billing.services import IssueRefused, invoice_issue, invoice_void
from credits.models import Credit, Entry
from credits.services import VoidRefused, credit_grant, credit_void
from customers.acts import Refusal, account_lock
from customers.models import Act, Customer
from customers.services import CustomerRefused, customer_open
from invoices.drafts import invoice_discard
from invoices.models import Invoice, Item
from invoices.numbering import numbers_take
from invoices.services import ItemRefused, item_add
from tests.factories import (
    a_credit,
    a_draft,
    a_token,
    an_account,
    an_item,
    an_operator,
    at,
    balance,
    by_now,
    issue,
    ledger,
    terms,
)

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

WAITING = """
    SELECT count(DISTINCT waiting.pid) FROM pg_locks AS waiting
    JOIN pg_stat_activity AS session ON session.pid = waiting.pid
    WHERE NOT waiting.granted AND session.datname = current_database()
"""


def waiting() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(WAITING)
        return int(cursor.fetchone()[0])


def at_once(hold: Callable[[], object], *acts: Callable[[], Any]) -> list[Any]:
    """What each act answered or refused, when all met behind what `hold` holds and then went on."""
    answers: list[Any] = [None] * len(acts)

    def run(number: int) -> None:
        try:
            answers[number] = acts[number]()
        except Refusal as refused:
            answers[number] = refused
        finally:
            connection.close()

    threads = [Thread(target=run, args=[number]) for number in range(len(acts))]
    with transaction.atomic():
        hold()
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + 4
        while waiting() < len(acts):
            assert time.monotonic() < deadline, "the acts do not wait for what the test holds"
            time.sleep(0.005)
        transaction.set_rollback(True)
    for thread in threads:
        thread.join()
    return answers


def refusals(answers: list[Any]) -> list[type]:
    return [type(answer) for answer in answers if isinstance(answer, Refusal)]


def test_r7_two_who_issue_the_same_draft_issue_it_once() -> None:
    account = an_account()
    credit = a_credit(account, "50.00")
    draft = a_draft(account, (an_item(), "30.00"))
    told = [by_now("2026-09-01"), by_now("2026-09-01")]
    answers = at_once(
        lambda: account_lock(account.pk),
        *(lambda told=one: invoice_issue(invoice=draft, **told) for one in told),
    )
    assert [invoice.number for invoice in answers] == ["INV-2026-000001"] * 2
    assert balance(credit) == 2000
    assert Act.objects.filter(kind="invoice_issue").count() == 1


def test_r7_two_drafts_of_one_account_never_spend_the_same_money() -> None:
    account, item = an_account(), an_item()
    credit = a_credit(account, "50.00")
    drafts = [a_draft(account, (item, "40.00")), a_draft(account, (item, "40.00"))]
    answers = at_once(
        lambda: account_lock(account.pk), *(lambda draft=draft: issue(draft) for draft in drafts)
    )
    assert sorted(invoice.credited for invoice in answers) == [1000, 4000]
    assert balance(credit) == 0
    assert list(Entry.objects.order_by("number").values_list("number", flat=True)) == [1, 2, 3]


def test_r7_two_accounts_at_once_get_numbers_that_follow_each_other() -> None:
    item = an_item()
    drafts = [a_draft(an_account(), (item, "1.00")) for _ in range(3)]
    an_earlier_one = issue(a_draft(an_account(), (item, "1.00")))
    answers = at_once(lambda: numbers_take(2026, 1), *(lambda draft=draft: issue(draft) for draft in drafts))
    assert an_earlier_one.number == "INV-2026-000001"
    assert sorted(invoice.number for invoice in answers) == [f"INV-2026-00000{n}" for n in (2, 3, 4)]


def test_r7_who_discards_and_who_issues_a_draft_do_not_both_succeed() -> None:
    account = an_account()
    draft = a_draft(account, (an_item(), "30.00"))
    same = Invoice.objects.get()
    told = by_now("2026-09-01")
    answers = at_once(
        lambda: account_lock(account.pk),
        lambda: issue(draft),
        lambda: invoice_discard(invoice=same, **told),
    )
    assert len(refusals(answers)) == 1
    left = list(Invoice.objects.values_list("status", flat=True))
    assert left == ([] if refusals(answers) == [IssueRefused] else ["issued"])


def test_r8_two_voids_of_one_credit_write_one_entry() -> None:
    account = an_account()
    credit = a_credit(account, "50.00")
    told = [by_now("2026-08-15"), by_now("2026-08-15")]
    answers = at_once(
        lambda: account_lock(account.pk),
        *(lambda told=one: credit_void(credit=credit, reason="Mistake", **told) for one in told),
    )
    assert refusals(answers) == [VoidRefused]
    assert ledger(account) == [("Welcome", "granted", 5000), ("Welcome", "voided", -5000)]


def test_r8_a_void_and_an_issue_at_once_leave_nothing_below_zero() -> None:
    account = an_account()
    credit = a_credit(account, "50.00")
    draft = a_draft(account, (an_item(), "30.00"))
    told = by_now("2026-09-01")
    at_once(
        lambda: account_lock(account.pk),
        lambda: issue(draft),
        lambda: credit_void(credit=credit, reason="Mistake", **told),
    )
    paid = Invoice.objects.get().credited
    assert balance(credit) == 0
    assert ledger(account)[1:] in (
        [("Welcome", "applied", -3000), ("Welcome", "voided", -2000)],
        [("Welcome", "voided", -5000)],
    )
    assert paid == (3000 if len(ledger(account)) == 3 else 0)


def test_r9_two_voids_of_one_invoice_give_the_money_back_once() -> None:
    account = an_account()
    credit = a_credit(account, "50.00")
    invoice = issue(a_draft(account, (an_item(), "30.00")))
    told = [by_now("2026-09-10"), by_now("2026-09-10")]
    answers = at_once(
        lambda: account_lock(account.pk),
        *(lambda told=one: invoice_void(invoice=invoice, reason="Wrong", **told) for one in told),
    )
    assert len(refusals(answers)) == 1
    assert balance(credit) == 5000


def test_r13_two_grants_with_one_token_grant_one_credit() -> None:
    account, once = an_account(), by_now("2026-08-01")
    promise = terms(account, "50.00")

    def grant() -> Credit:
        return credit_grant(account=account, terms=promise, reason="", **once)

    first, second = at_once(lambda: account_lock(account.pk), grant, grant)
    assert first == second
    assert ledger(account) == [("Welcome", "granted", 5000)]


def test_r13_two_openings_with_one_token_open_one_customer() -> None:
    """Neither finds the other's token when it looks; the database lets one in, the other looks again."""
    once = by_now("2026-01-02")

    def open_one() -> Customer:
        return customer_open(key="C-1", name="John Wick", email="", **once)

    def hold() -> None:
        Customer.objects.create(key="C-1", name="Not to stay", created_at=at("2026-01-02"))

    first, second = at_once(hold, open_one, open_one)
    assert first == second
    assert [customer.name for customer in Customer.objects.all()] == ["John Wick"]
    assert Act.objects.count() == 1


def test_two_openings_with_one_key_open_one_customer_and_tell_the_other_in_words() -> None:
    by = an_operator()

    def open_as(name: str, token: str) -> Customer:
        return customer_open(key="C-1", name=name, email="", by=by, now=at("2026-01-02"), token=token)

    def hold() -> None:
        Customer.objects.create(key="C-1", name="Not to stay", created_at=at("2026-01-02"))

    tokens = a_token(), a_token()
    answers = at_once(hold, lambda: open_as("John", tokens[0]), lambda: open_as("Winston", tokens[1]))
    assert refusals(answers) == [CustomerRefused]
    assert Customer.objects.count() == Act.objects.count() == 1


def test_two_additions_of_one_item_key_add_one_item_and_tell_the_other_in_words() -> None:
    told = [by_now("2026-01-02"), by_now("2026-01-02")]

    def add(told: dict[str, Any]) -> Item:
        return item_add(key="api", name="API", kind="usage_meter", unit="", **told)

    def hold() -> None:
        Item.objects.create(key="api", name="Not to stay", kind="add_on", created_at=at("2026-01-02"))

    answers = at_once(hold, lambda: add(told[0]), lambda: add(told[1]))
    assert refusals(answers) == [ItemRefused]
    assert Item.objects.get().name == "API"
