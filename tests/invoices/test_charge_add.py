"""Adding a charge: what it may be, once, and never changed afterwards."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from customers.acts import TokenReused
from customers.models import Account, Act
from customers.services import account_close
from invoices.charges import ChargeRefused
from invoices.models import Charge, Invoice, Item, Kind
from tests.factories import an_item, by_now, day
from tests.forging import past_the_model
from tests.invoices.recurring import a_charge, end_charge

pytestmark = pytest.mark.django_db


@pytest.fixture
def seats() -> Item:
    return an_item("Seats", Kind.LICENSE)


def test_a_charge_is_added_and_bills_nothing_by_itself(account: Account, seats: Item) -> None:
    charge = a_charge(
        account, seats, "9.99", "3", starts="2026-08-15", ends="2026-12-31", description=" Studio "
    )
    charge.refresh_from_db()
    assert (str(charge.quantity.normalize()), str(charge.unit_price.normalize())) == ("3", "9.99")
    assert (charge.starts_on, charge.ends_on, charge.ended_at) == (day("2026-08-15"), day("2026-12-31"), None)
    assert str(charge) == "Seats (Studio)"
    assert Invoice.objects.count() == 0
    record = Act.objects.latest("pk")
    assert (record.kind, record.account, record.subject) == ("charge_add", account, f"charge:{charge.pk}")


@pytest.mark.parametrize("kind", [Kind.ADD_ON, Kind.FIXED_FEE, Kind.LICENSE])
def test_fees_licences_and_add_ons_are_charged_by_the_month(account: Account, kind: Kind) -> None:
    assert a_charge(account, an_item(kind=kind), "0.004", "0.5").item.kind == kind


def test_a_usage_meter_is_not(account: Account) -> None:
    meter = an_item()
    with pytest.raises(ChargeRefused, match="is a usage meter"):
        a_charge(account, meter, "9.99")
    with (
        pytest.raises(IntegrityError, match="a usage meter is not charged by the month"),
        transaction.atomic(),
    ):
        past_the_model(Charge).create(
            account=account,
            item=meter,
            quantity=1,
            unit_price=1,
            starts_on=day("2026-08-01"),
            created_at=by_now("2026-08-01")["now"],
        )


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ({"quantity": "0"}, "above zero"),
        ({"quantity": "-1"}, "above zero"),
        ({"price": "-0.01"}, "not be below zero"),
        ({"price": "999999999999", "quantity": "999999"}, "more than an invoice can hold"),
        ({"starts": "2026-08-02", "ends": "2026-08-01"}, "cannot end before it starts"),
        ({"starts": "2201-01-01"}, "between the years 2000 and 2200"),
        ({"starts": "2025-06-30"}, "at most a year back"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(
    account: Account, seats: Item, what: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ChargeRefused, match=sentence):
        a_charge(account, seats, **{"price": "1.00"} | what)
    assert Charge.objects.count() == 0


def test_a_charge_of_one_day_and_one_that_costs_nothing_are_charges(account: Account, seats: Item) -> None:
    a_charge(account, seats, "0.00", starts="2026-08-31", ends="2026-08-31")
    a_charge(account, seats, "1.00", starts="2025-08-01")
    assert Charge.objects.count() == 2


def test_a_closed_account_is_charged_nothing_more(account: Account, seats: Item) -> None:
    account_close(account=account, reason="Left", **by_now("2026-08-01"))
    with pytest.raises(ChargeRefused, match="closed"):
        a_charge(account, seats, "1.00")


def test_r13_the_same_token_adds_once_and_another_content_is_refused(account: Account, seats: Item) -> None:
    once: dict[str, Any] = {"token": "the-same"}
    first, again = a_charge(account, seats, "1.00", **once), a_charge(account, seats, "1.000", **once)
    assert first == again
    with pytest.raises(TokenReused):
        a_charge(account, seats, "1.01", **once)
    assert Charge.objects.count() == 1


@pytest.mark.parametrize("change", [{"unit_price": 2}, {"starts_on": day("2026-08-02")}, {"prorated": False}])
def test_the_database_keeps_a_charge_as_it_is(account: Account, seats: Item, change: dict[str, Any]) -> None:
    charges = past_the_model(Charge).filter(pk=a_charge(account, seats, "1.00").pk)
    with pytest.raises(IntegrityError, match="changes only by being ended"), transaction.atomic():
        charges.update(**change)
    with pytest.raises(IntegrityError, match="ended, never deleted"), transaction.atomic():
        charges._raw_delete("default")


def test_the_database_lets_a_charge_end_once(account: Account, seats: Item) -> None:
    charge = a_charge(account, seats, "1.00", ends="2026-12-31")
    charges, now = past_the_model(Charge).filter(pk=charge.pk), by_now("2026-09-01")["now"]
    for change in (
        {"ends_on": day("2026-11-30")},
        {"ends_on": day("2027-01-01"), "ended_at": now},
        {"ends_on": None, "ended_at": now},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            charges.update(**change)
    end_charge(charge, "2026-11-30")
    with pytest.raises(IntegrityError, match="changes only by being ended"), transaction.atomic():
        charges.update(ends_on=day("2026-10-31"))
