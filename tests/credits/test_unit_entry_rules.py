"""What an entry of free units may be: whoever walks round the model is refused by the database (R11)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from credits.models import Credit, Entry
from invoices.models import Invoice, Line
from invoices.units import PARTS
from tests.credits.scene import Facts, Scene, insert, kept, made_anew
from tests.factories import a_draft, a_line, a_unit_credit, an_account, an_item, balance
from tests.forging import past_the_model

pytestmark = pytest.mark.django_db


class Calls:
    """1,000 free calls, and a draft with lines of 260 calls at 1 cent, and of 300 seats at 1 cent."""

    def __init__(self) -> None:
        self.scene = Scene()
        self.account, calls, seats = an_account(), an_item(), an_item("Seats")
        self.calls, self.seats = calls, seats
        self.credit = a_unit_credit(self.account, "1000", calls)
        lines = (a_line(calls, "0.01", "260"), a_line(seats, "0.01", "300"))
        self.draft: Invoice = a_draft(self.account, *lines)

    def line(self, position: int) -> int:
        return int(self.draft.lines.get(position=position).pk)

    def facts(self, **changes: Any) -> Facts:
        plain = {
            "account_id": self.account.pk,
            "credit_id": self.credit.pk,
            "units": -260 * PARTS,
            "amount": -260,
            "invoice_id": self.draft.pk,
            "line_id": self.line(1),
        }
        return self.scene.facts(**{**plain, **changes})

    def unlined(self, kind: str, units: int | None, **changes: Any) -> Facts:
        nothing = {"invoice_id": None, "line_id": None, "amount": 0}
        return self.facts(**{"kind": kind, "units": units, **nothing, **changes})


@pytest.fixture
def calls() -> Calls:
    return Calls()


def test_an_entry_of_units_that_keeps_every_rule_moves_the_balance_by_its_units(calls: Calls) -> None:
    insert(calls.facts())
    assert balance(calls.credit) == 740 * PARTS
    insert(calls.unlined("voided", -740 * PARTS))
    assert balance(calls.credit) == 0


def test_units_may_pay_nothing_where_a_unit_costs_less_than_a_cent(calls: Calls) -> None:
    insert(calls.facts(units=-1, amount=0))
    assert balance(calls.credit) == 1000 * PARTS - 1


REFUSED: dict[str, tuple[Callable[[Calls], Facts], str]] = {
    "counts no units on a credit of units": (lambda c: c.facts(units=None), "counts units just where"),
    "counts units on a credit of money": (
        lambda c: c.scene.unlined("expired", 0, units=-1),
        "counts units just where",
    ),
    "covers more than the line has": (
        lambda c: c.facts(units=-260 * PARTS - 1),
        "no more than the quantity of a line",
    ),
    "covers a line of another item": (
        lambda c: c.facts(line_id=c.line(2)),
        "units cover lines of their item",
    ),
    "pays more money than the line comes to": (
        lambda c: c.facts(amount=-261),
        "no more than the amount of a line",
    ),
    "overdraws the units": (lambda c: c.unlined("expired", -1000 * PARTS - 1), "balance_in_range"),
    "voids fewer units than are left": (
        lambda c: c.unlined("voided", -999 * PARTS),
        "voiding a credit leaves nothing",
    ),
    "expires money": (lambda c: c.unlined("expired", -1 * PARTS, amount=-1), "entry_sign"),
    "takes units and gives money": (lambda c: c.facts(units=-1, amount=1), "entry_sign"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_an_entry_is_refused_that(calls: Calls, what: str) -> None:
    make, sentence = REFUSED[what]
    facts = make(calls)
    before = kept(), Entry.objects.count()
    with pytest.raises(IntegrityError, match=sentence), transaction.atomic():
        insert(facts)
    assert (kept(), Entry.objects.count()) == before


def test_two_credits_do_not_cover_one_line_twice(calls: Calls) -> None:
    second = a_unit_credit(calls.account, "1000", calls.calls)
    insert(calls.facts(units=-200 * PARTS, amount=-200))
    with pytest.raises(IntegrityError, match="no more than the quantity"), transaction.atomic():
        insert(calls.facts(units=-60 * PARTS - 1, amount=-60, credit_id=second.pk))
    insert(calls.facts(units=-60 * PARTS, amount=-60, credit_id=second.pk))
    assert balance(second) == 940 * PARTS


def test_no_credit_pays_a_line_that_sells_one(calls: Calls) -> None:
    made_anew(Line.objects.get(pk=calls.line(1)), creditable=False)
    with (
        pytest.raises(IntegrityError, match="no credit pays a line that sells a credit"),
        transaction.atomic(),
    ):
        insert(calls.facts())


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"units": None}, "credit_money_or_units"),
        ({"unit_item_id": None}, "credit_money_or_units"),
        ({"amount": 1}, "credit_money_or_units"),
        ({"units": 0}, "credit_money_or_units"),
        ({"max_amount": 1}, "credit_caps"),
        ({"max_percent": "50"}, "credit_caps"),
        ({"price_paid": 1}, "credit_purchase"),
        ({"usable_once_paid": True}, "credit_purchase"),
        ({"due_on": "2026-08-01"}, "credit_schedule_and_day"),
    ],
)
def test_a_credit_is_refused_with(calls: Calls, change: dict[str, Any], constraint: str) -> None:
    again = Credit.objects.get(pk=calls.credit.pk)
    again.pk = None
    for name, value in change.items():
        setattr(again, name, value)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        past_the_model(Credit).bulk_create([again])
