"""Granting a credit: its terms are checked once and then never change (R1–R3)."""

from dataclasses import replace
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import override_settings

from credits.grant_terms import GrantRefused
from credits.models import AppliesTo, Category, Credit, Entry, ScopeRow
from credits.services import credit_grant
from customers.models import Act
from invoices.models import Kind
from tests.factories import (
    a_credit,
    a_draft,
    an_account,
    an_item,
    at,
    balance,
    by_now,
    day,
    issue,
    ledger,
    terms,
)

pytestmark = pytest.mark.django_db


def test_a_credit_is_granted_with_all_its_terms() -> None:
    account = an_account()
    promise = terms(
        account,
        "50.00",
        name="  Goodwill ",
        priority=7,
        category=Category.PURCHASED,
        effective_from="2026-08-05",
        expires_on="2026-12-31",
    )
    credit_grant(account=account, terms=promise, reason="Outage of 3 August", **by_now("2026-08-04"))
    credit = Credit.objects.get()
    assert (credit.account, credit.name, credit.amount, credit.currency) == (account, "Goodwill", 5000, "USD")
    assert (credit.priority, credit.category, credit.applies_to) == (7, "purchased", "invoice")
    assert (credit.effective_from, credit.expires_on) == (day("2026-08-05"), day("2026-12-31"))
    assert (credit.reason, credit.created_at) == ("Outage of 3 August", at("2026-08-04"))
    assert credit.replaces is None


def test_its_ledger_begins_with_the_amount_granted() -> None:
    account = an_account()
    credit = a_credit(account, "50.00", effective_from="2026-08-05", now="2026-08-04")
    entry = Entry.objects.get()
    assert (entry.number, entry.kind, entry.amount, entry.currency) == (1, "granted", 5000, "USD")
    assert (entry.value_date, entry.booked_at) == (day("2026-08-05"), at("2026-08-04"))
    assert (entry.act.kind, entry.act.subject) == ("credit_grant", f"credit:{credit.pk}")
    assert balance(credit) == 5000


def test_r15_a_credit_has_its_account_s_currency() -> None:
    yen = a_credit(an_account(currency="JPY"), "5000")
    dinar = a_credit(an_account(currency="KWD"), "5.001")
    assert (yen.currency, yen.amount) == ("JPY", 5000)
    assert (dinar.currency, dinar.amount) == ("KWD", 5001)


def scope_rows(credit: Credit) -> list[tuple[str, str, str]]:
    rows = ScopeRow.objects.filter(credit=credit).select_related("item").order_by("pk")
    return [(row.role, row.kind, row.item.name if row.item else "") for row in rows]


def test_r3_a_credit_for_the_whole_invoice_has_no_scope_rows() -> None:
    assert scope_rows(a_credit(an_account(), "50.00")) == []


def test_r3_a_scope_is_kinds_and_items_less_excluded_items() -> None:
    seats, support, calls = an_item("Seats", Kind.LICENSE), an_item("Support", Kind.ADD_ON), an_item("Calls")
    credit = a_credit(
        an_account(),
        "50.00",
        kinds=(Kind.USAGE_METER, Kind.LICENSE),
        items=(support,),
        excluded_items=(calls,),
    )
    assert scope_rows(credit) == [
        ("kind", "usage_meter", ""),
        ("kind", "license", ""),
        ("item", "", "Support"),
        ("excluded_item", "", "Calls"),
    ]
    scope = credit.scope()
    assert [scope.admits(item.pk, item.kind) for item in (seats, support, calls)] == [True, True, False]


def test_r3_the_whole_invoice_may_have_exclusions() -> None:
    calls, seats = an_item("Calls"), an_item("Seats", Kind.LICENSE)
    scope = a_credit(an_account(), "50.00", excluded_items=(calls,)).scope()
    assert [scope.admits(item.pk, item.kind) for item in (calls, seats)] == [False, True]


def test_r3_an_item_added_later_joins_by_its_kind() -> None:
    account = an_account()
    a_credit(account, "50.00", kinds=(Kind.ADD_ON,))
    later = an_item("Priority support", Kind.ADD_ON, now="2026-08-20")
    assert issue(a_draft(account, (later, "20.00"))).credited == 2000


def test_r3_naming_a_kind_or_an_item_twice_means_it_once() -> None:
    calls = an_item("Calls")
    credit = a_credit(an_account(), "50.00", kinds=(Kind.LICENSE, Kind.LICENSE), items=(calls, calls))
    assert scope_rows(credit) == [("kind", "license", ""), ("item", "", "Calls")]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": "   "}, "needs a name"),
        ({"amount": 0}, "above zero"),
        ({"amount": -1}, "above zero"),
        ({"priority": 0}, "from 1 to 100"),
        ({"priority": 101}, "from 1 to 100"),
        ({"expires_on": day("2026-07-31")}, "cannot expire before it takes effect"),
        ({"applies_to": AppliesTo.SELECTED}, "at least one kind, item or tag"),
        ({"kinds": (Kind.LICENSE,)}, "no list of its own"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_terms_that_contradict_themselves_are_refused(change: dict[str, Any], sentence: str) -> None:
    account = an_account()
    promise = replace(terms(account, "50.00"), **change)
    with pytest.raises(GrantRefused, match=sentence):
        credit_grant(account=account, terms=promise, reason="", **by_now("2026-08-01"))
    assert not Credit.objects.exists()
    assert not Act.objects.filter(kind="credit_grant").exists()


def test_r3_an_item_cannot_be_both_chosen_and_excluded() -> None:
    calls = an_item("Calls")
    with pytest.raises(GrantRefused, match="both chosen and excluded"):
        a_credit(an_account(), "50.00", items=(calls,), excluded_items=(calls,))


@override_settings(SCRIP_MAX_AMOUNT=50)
@pytest.mark.parametrize(("currency", "most"), [("USD", 5000), ("JPY", 50), ("KWD", 50000)])
def test_r1_the_limit_of_an_amount_is_a_setting(currency: str, most: int) -> None:
    account = an_account(currency=currency)
    promise = replace(terms(account, "1"), amount=most)
    granted = credit_grant(account=account, terms=promise, reason="", **by_now("2026-08-01"))
    assert granted.amount == most
    with pytest.raises(GrantRefused, match="below the limit"):
        credit_grant(
            account=account, terms=replace(promise, amount=most + 1), reason="", **by_now("2026-08-01")
        )


@pytest.mark.parametrize("priority", [1, 100])
def test_r4_priorities_are_from_1_to_100(priority: int) -> None:
    assert a_credit(an_account(), "50.00", priority=priority).priority == priority


def test_r6_a_credit_may_live_for_a_single_day() -> None:
    credit = a_credit(an_account(), "50.00", effective_from="2026-08-01", expires_on="2026-08-01")
    assert credit.effective_from == credit.expires_on


def test_r6_a_credit_whose_last_day_is_over_is_refused() -> None:
    with pytest.raises(GrantRefused, match="over already"):
        a_credit(an_account(), "50.00", expires_on="2026-08-31", now="2026-09-01")
    today = a_credit(an_account(), "50.00", expires_on="2026-08-31", now="2026-08-31")
    assert balance(today) == 5000


def test_r6_whether_a_day_is_over_is_judged_in_the_account_s_zone() -> None:
    """At 10:30 in UTC on 1 September it is still 31 August in Pago Pago, and 2 September in Kiritimati."""
    west = an_account(time_zone="Pacific/Pago_Pago")
    assert a_credit(west, "1.00", expires_on="2026-08-31", now="2026-09-01 10:30").amount == 100
    east = an_account(time_zone="Pacific/Kiritimati")
    with pytest.raises(GrantRefused, match="over already"):
        a_credit(east, "1.00", expires_on="2026-09-01", now="2026-09-01 10:30")


def test_a_credit_may_begin_in_the_past_or_in_the_future() -> None:
    account = an_account()
    assert a_credit(account, "1.00", effective_from="2020-01-01").effective_from == day("2020-01-01")
    assert a_credit(account, "1.00", effective_from="2030-01-01").effective_from == day("2030-01-01")


def test_r13_the_same_token_grants_one_credit() -> None:
    account, once = an_account(), by_now("2026-08-01")
    first = credit_grant(account=account, terms=terms(account, "50.00"), reason="Hello", **once)
    again = credit_grant(account=account, terms=terms(account, "50.00"), reason="Hello", **once)
    assert again == first
    assert ledger(account) == [("Welcome", "granted", 5000)]


def test_two_equal_credits_are_granted_under_two_tokens() -> None:
    account = an_account()
    assert a_credit(account, "50.00") != a_credit(account, "50.00")
    assert ledger(account) == [("Welcome", "granted", 5000), ("Welcome", "granted", 5000)]


def test_r2_a_new_credit_never_takes_the_place_of_a_saved_one() -> None:
    first = a_credit(an_account(), "50.00")
    twin = Credit(pk=first.pk, account=first.account, name="Twin", amount=1, priority=1, currency="USD")
    twin.effective_from, twin.created_at = day("2026-08-01"), at("2026-08-01")
    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save()
    assert Credit.objects.get().name == "Welcome"
