"""Extending credits: each is replaced by one that lives longer, all of them by one act (R2, R13)."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from credits.extension import (
    ExtensionRefused,
    credits_extend,
    extended_terms,
    extension_credits,
    extension_facts,
)
from credits.ledger import credit_get
from credits.models import AppliesTo, Category, Credit, Entry
from credits.schedule_run import schedules_run
from credits.services import credit_grant
from customers.acts import FactsChanged, TokenReused, fingerprint
from customers.models import Act
from customers.services import account_close
from invoices.models import Kind
from tests.factories import (
    a_command,
    a_credit,
    a_customer,
    a_sale,
    a_schedule,
    a_token,
    an_account,
    an_invoice,
    an_item,
    at,
    balance,
    by_now,
    day,
    ledger,
    terms,
    void_credit,
)

pytestmark = pytest.mark.django_db

ENDS, LATER, NOW = "2026-09-30", "2026-12-31", "2026-09-02"


def extended(*credits: Credit, until: str = LATER, now: str = NOW, **more: Any) -> Act:
    told = {"reason": "As promised", **by_now(now)} | more
    return credits_extend(credits=credits, expires_on=day(until), **told)


def replacement(credit: Credit) -> Credit:
    return credit_get(Credit.objects.get(replaces=credit).pk)


def test_r2_the_rest_is_voided_and_granted_anew_with_the_later_day_in_one_act() -> None:
    one, two = an_account(), an_account()
    credits = [a_credit(account, "50.00", expires_on=ENDS) for account in (one, two)]
    an_invoice(one, (an_item(), "20.00"))
    record = extended(*credits)
    assert ledger(one)[-2:] == [("Welcome", "voided", -3000), ("Welcome", "granted", 3000)]
    assert ledger(two)[-2:] == [("Welcome", "voided", -5000), ("Welcome", "granted", 5000)]
    new = [replacement(credit) for credit in credits]
    assert [str(credit.expires_on) for credit in new] == [LATER, LATER]
    assert [credit.balance for credit in new] == [3000, 5000]
    assert (record.kind, record.subject, record.reason) == ("credits_extend", "credits:2", "As promised")
    assert record.details["replaced"] == [[old.pk, later.pk] for old, later in zip(credits, new, strict=True)]
    assert set(Entry.objects.filter(credit__in=new).values_list("act", flat=True)) == {record.pk}


def test_r2_all_terms_but_the_day_and_the_size_stay() -> None:
    account, api, seats = an_account(), an_item("API calls"), an_item("Seats")
    old = a_credit(
        account,
        "50.00",
        name="Prepaid",
        priority=7,
        expires_on=ENDS,
        category=Category.PURCHASED,
        price_paid=4000,
        max_amount=500,
        max_percent=Decimal("12.50"),
        kinds=(Kind.ADD_ON,),
        items=(api,),
        excluded_items=(seats,),
        tags=("red",),
    )
    extended(old)
    new = replacement(old)
    kept = (
        *("name", "priority", "effective_from", "category", "max_amount", "max_percent", "price_paid"),
        *("applies_to", "currency", "amount"),
    )
    assert {name: getattr(new, name) for name in kept} == {name: getattr(old, name) for name in kept}
    assert new.scope() == old.scope()
    assert new.reason == "As promised"


def test_r11_units_that_are_left_are_granted_anew_as_units() -> None:
    account, api = an_account(), an_item("API calls")
    size: dict[str, Any] = {"amount": 0, "units": 1000_000_000, "unit_item": api, "items": (api,)}
    promise = replace(terms(account, "1.00", expires_on=ENDS, items=(api,)), **size)
    old = credit_grant(account=account, terms=promise, reason="", **by_now(NOW))
    extended(old)
    new = replacement(old)
    assert (new.amount, new.units, new.unit_item, new.balance) == (0, 1000_000_000, api, 1000_000_000)


@pytest.mark.parametrize(
    ("price", "size", "left", "rest"),
    [(4000, 5000, 3000, 2400), (5, 10, 5, 3), (15, 10, 5, 7), (1, 3, 1, 0), (0, 7, 3, 0), (100, 7, 7, 100)],
)
def test_r1_what_was_paid_for_the_rest_is_what_the_used_part_has_left_of_the_price(
    price: int, size: int, left: int, rest: int
) -> None:
    bought = a_credit(an_account(), "1.00", category=Category.PURCHASED, price_paid=price, expires_on=ENDS)
    bought.amount, bought.balance = size, left
    assert extended_terms(bought, day(LATER)).price_paid == rest


def test_the_purchase_and_its_payment_stay_with_the_replacement() -> None:
    old = a_sale(an_account(), "50.00", "40.00", expires_on=ENDS, waits=True)
    extended(old)
    new = replacement(old)
    assert (new.purchase_line, new.usable_once_paid, new.price_paid) == (old.purchase_line, True, 4000)
    assert (new.unpaid, credit_get(old.pk).voided) == (True, True)


def test_a_replacement_belongs_to_no_schedule() -> None:
    schedule = a_schedule(an_account(), "5.00", day_of_month=1, lifetime_days=60)
    schedules_run(as_of=day(NOW), by=a_command("grant_schedules"), now=at(NOW))
    old = Credit.objects.filter(schedule=schedule).order_by("due_on").last()
    assert old
    extended(old)
    new = replacement(old)
    assert (new.schedule, new.due_on, new.amount) == (None, None, 500)


# --- What is refused --------------------------------------------------------------------


def refused(*credits: Credit, until: str = LATER, now: str = NOW, **more: Any) -> str:
    before = Entry.objects.count(), Credit.objects.count()
    with pytest.raises(ExtensionRefused) as refusal:
        extended(*credits, until=until, now=now, **more)
    assert (Entry.objects.count(), Credit.objects.count()) == before
    return str(refusal.value)


@pytest.mark.parametrize("until", [ENDS, "2026-09-15"])
def test_a_day_that_is_not_later_for_each_is_refused_and_the_credit_named(until: str) -> None:
    account = an_account()
    short, long = (
        a_credit(account, "1.00", expires_on="2026-09-10"),
        a_credit(account, "1.00", expires_on=ENDS),
    )
    assert f"“Welcome” (credit {long.pk}, account {account.key}) already lives until {ENDS}" in refused(
        short, long, until=until
    )


def test_a_credit_that_never_expires_is_refused() -> None:
    assert "never expires" in refused(a_credit(an_account(), "1.00"))


def test_a_voided_credit_is_refused() -> None:
    assert "is voided" in refused(void_credit(a_credit(an_account(), "1.00", expires_on=ENDS)))


def test_a_credit_that_was_replaced_already_is_refused_but_its_replacement_is_not() -> None:
    old = a_credit(an_account(), "1.00", expires_on=ENDS)
    extended(old)
    assert "was replaced already" in refused(old, until="2027-01-31")
    extended(replacement(old), until="2027-01-31")


def test_a_credit_that_is_used_up_is_refused() -> None:
    account = an_account()
    credit = a_credit(account, "1.00", expires_on=ENDS)
    an_invoice(account, (an_item(), "5.00"))
    assert "Nothing is left of" in refused(credit)


def test_r6_a_credit_in_its_grace_can_be_extended_and_one_past_it_cannot() -> None:
    """The setting is 45 days: 14 November is the last day an invoice can use it."""
    account = an_account()
    credit = a_credit(account, "1.00", expires_on=ENDS)
    assert "its grace are over" in refused(credit, now="2026-11-15")
    extended(credit, now="2026-11-14")
    assert balance(replacement(credit)) == 100


def test_r6_a_day_that_is_over_already_is_refused() -> None:
    credit = a_credit(an_account(), "1.00", expires_on=ENDS)
    assert "is over already" in refused(credit, until="2026-10-15", now="2026-10-16")
    extended(credit, until="2026-10-16", now="2026-10-16")


def test_r16_a_credit_of_a_closed_account_is_refused() -> None:
    account = an_account()
    credit = a_credit(account, "1.00", expires_on=ENDS)
    account_close(account=account, reason="Left", **by_now(NOW))
    assert "This account is closed" in refused(credit)


def test_r14_extending_needs_a_reason_and_a_credit() -> None:
    assert "needs a reason" in refused(a_credit(an_account(), "1.00", expires_on=ENDS), reason=" ")
    assert "Choose at least one credit" in refused()


# --- Once, and set-wise -----------------------------------------------------------------


def test_r13_the_same_token_extends_once_and_another_day_is_refused() -> None:
    account = an_account()
    credit = a_credit(account, "1.00", expires_on=ENDS)
    token = a_token()
    assert extended(credit, token=token) == extended(credit, token=token)
    assert len(ledger(account)) == 3
    with pytest.raises(TokenReused):
        extended(credit, until="2027-01-31", token=token)


def test_r13_a_confirmation_of_other_facts_is_refused() -> None:
    account = an_account()
    credit = a_credit(account, "5.00", expires_on=ENDS)

    def shown() -> str:
        return fingerprint(extension_facts(extension_credits([credit.pk]), date.fromisoformat(LATER)))

    before = shown()
    an_invoice(account, (an_item(), "2.00"))
    with pytest.raises(FactsChanged):
        extended(credit, shown=before)
    extended(credit, shown=shown())
    assert balance(replacement(credit)) == 300


@pytest.mark.parametrize("number", [2, 20])
def test_any_number_of_credits_takes_the_same_number_of_statements(number: int) -> None:
    item, customer = an_item(), a_customer()
    credits = [a_credit(an_account(customer), "1.00", expires_on=ENDS, items=(item,)) for _ in range(number)]
    told = {"reason": "As promised", **by_now(NOW)}
    with CaptureQueriesContext(connection) as captured:
        credits_extend(credits=credits, expires_on=day(LATER), **told)
    statements = [query["sql"] for query in captured if "SAVEPOINT" not in query["sql"]]
    assert len(statements) == 10, statements


def test_r3_scopes_are_kept_apart_in_one_extension() -> None:
    account, api, seats = an_account(), an_item("API calls"), an_item("Seats", Kind.FIXED_FEE)
    first = a_credit(account, "5.00", items=(api,), expires_on=ENDS)
    second = a_credit(account, "5.00", kinds=(Kind.FIXED_FEE,), expires_on=ENDS)
    third = a_credit(account, "5.00", excluded_items=(seats,), expires_on=ENDS)
    extended(third, first, second)
    scopes = [(replacement(old).scope(), old.scope()) for old in (first, second, third)]
    assert all(new == old for new, old in scopes)
    assert replacement(third).applies_to == AppliesTo.INVOICE
