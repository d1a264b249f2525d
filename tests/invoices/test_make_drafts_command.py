"""`make_drafts` from the command line: what it answers, what it refuses, how much it asks of the database."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customers.acts import Actor
from customers.models import Account, Act
from invoices import recurring, recurring_run
from invoices.drafts import DraftLine, invoice_edit
from invoices.models import Invoice, Item, Kind
from invoices.recurring import Outcome
from tests.factories import an_account, an_item, at, by_now
from tests.invoices.recurring import (
    AFTER,
    a_charge,
    a_price,
    a_price_list,
    a_usage,
    amounts,
    make_drafts,
    the_draft,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: at(AFTER))


@pytest.fixture
def seats() -> Item:
    return an_item("Seats", Kind.LICENSE)


def command(*options: str, period: str = "2026-08") -> str:
    out = StringIO()
    call_command("make_drafts", "--period", period, *options, stdout=out)
    return out.getvalue()


def test_it_says_what_was_made(seats: Item) -> None:
    a_charge(an_account(), seats, "20.00")
    a_charge(an_account(currency="EUR"), seats, "5.00")
    assert command() == (
        "Drafts for 2026-08: 2 made.\n  EUR: 1 draft, 5.00 EUR.\n  USD: 1 draft, 20.00 USD.\n"
    )
    a_charge(Account.objects.get(currency="USD"), seats, "1.00")
    summary = json.loads(command("--json"))
    assert (summary["period"], summary["made"], summary["refreshed"], summary["unchanged"]) == (
        "2026-08",
        0,
        1,
        1,
    )
    assert summary["sums"] == [
        {"currency": "EUR", "drafts": 1, "amount": "5.00"},
        {"currency": "USD", "drafts": 1, "amount": "21.00"},
    ]


def test_with_nothing_to_do_it_says_so() -> None:
    assert command() == "Drafts for 2026-08: nothing to make.\n"


def test_an_account_left_is_named_and_the_exit_code_says_so(seats: Item) -> None:
    account, other = an_account(), an_account()
    a_usage(account, an_item("Storage"), "5")
    a_charge(other, seats, "1.00")
    with pytest.raises(CommandError, match="1 account could not be drafted"):
        command()
    assert amounts(the_draft(other)) == [100]
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("make_drafts", "--period", "2026-08", "--json", stdout=out)
    [left] = json.loads(out.getvalue())["left"]
    assert left["account"] == account.key
    assert "has no price for this account" in left["reason"]


def test_a_draft_edited_by_hand_is_named_when_more_waits(seats: Item) -> None:
    account = an_account()
    a_charge(account, seats, "20.00")
    command()
    draft = the_draft(account)
    line = draft.lines.get()
    invoice_edit(
        invoice=draft,
        period_start=draft.period_start,
        period_end=draft.period_end,
        lines=[DraftLine(seats, "By hand", line.quantity, line.unit_price, kept=line)],
        **by_now(AFTER),
    )
    assert "Kept" not in command()
    a_charge(account, seats, "1.00")
    assert (
        f"Kept as it is: Draft {draft.pk} of account {account.key} was edited by hand; "
        "what is not on it waits for the next month's draft." in command()
    )


@pytest.mark.parametrize("period", ["2026-13", "August", "", "2026-8"])
def test_what_is_no_month_is_refused_in_words(period: str) -> None:
    with pytest.raises(CommandError, match="is not a month"):
        command(period=period)


def test_a_month_that_has_not_begun_is_refused(seats: Item) -> None:
    a_charge(an_account(), seats, "20.00")
    with pytest.raises(CommandError, match="2026-10 has not begun yet"):
        command(period="2026-10")
    assert command(period="2026-09").startswith("Drafts for 2026-09: 1 made.")


def test_an_account_the_database_refuses_is_left_and_the_others_of_its_chunk_go_on(
    seats: Item, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts = [an_account() for _ in range(3)]
    for account in accounts:
        a_charge(account, seats, "20.00")
    write = recurring._record

    def broken(plan: Any, *more: Any) -> None:
        if plan.account == accounts[1]:
            raise DatabaseError("disk full")
        write(plan, *more)

    monkeypatch.setattr(recurring, "_record", broken)
    result = make_drafts()
    assert [(left.account, left.reason) for left in result.left] == [
        (accounts[1], "The database refused: disk full.")
    ]
    assert {invoice.account for invoice in Invoice.objects.all()} == {accounts[0], accounts[2]}
    monkeypatch.undo()
    make_drafts()
    assert Invoice.objects.count() == Act.objects.filter(kind="draft_make").count() == 3


def test_a_chunk_is_read_and_written_in_a_fixed_number_of_statements(seats: Item) -> None:
    """But for one record of each draft that changed."""
    calls, mails = an_item("Calls"), an_item("Mails")
    price_list = a_price_list()
    for meter in (calls, mails):
        a_price(price_list, meter, ("", "0.01"))

    def some(number: int) -> None:
        for _ in range(number):
            account = an_account()
            a_charge(account, seats, "20.00")
            a_charge(account, seats, "31.00", starts="2026-08-02")
            for meter in (calls, mails):
                a_usage(account, meter, "5")
                a_usage(account, meter, "6", "2026-08-20")

    def statements(number: int) -> tuple[int, int]:
        """Of making that many and making them again, without one record and the UPDATEs of usage of each."""
        some(number)
        with CaptureQueriesContext(connection) as captured:
            make_drafts()
        sql = [query["sql"] for query in captured]
        records = [text for text in sql if text.startswith('INSERT INTO "customers_act"')]
        assert len(records) == number
        billing = [text for text in sql if text.startswith("UPDATE invoices_usagerecord SET")]
        with CaptureQueriesContext(connection) as again:
            make_drafts()
        return len(sql) - len(records) - len(billing), len(again)

    some(1)
    make_drafts()
    few, many = statements(2), statements(7)
    assert few == many
    assert max(few) < 30


def test_chunks_are_worked_one_after_the_other(seats: Item, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recurring_run, "MOST_ACCOUNTS", 2)
    for _ in range(5):
        a_charge(an_account(), seats, "20.00")
    assert make_drafts().counts[Outcome.MADE] == 5
    with pytest.raises(ValueError, match="At most 100 accounts"):
        recurring.drafts_make(
            account_ids=range(101),
            month=at(AFTER).date(),
            by=Actor("here", command="make_drafts"),
            now=at(AFTER),
        )
