"""The sentences operators read about credits."""

from typing import Any

import pytest

from credits.allocation import Why
from credits.models import Credit
from credits.words import (
    STATE_WORDS,
    WHY,
    State,
    bought_words,
    credit_state,
    listed,
    scope_words,
    state_note,
)
from customers.models import Account
from invoices.models import Kind
from tests.factories import (
    a_credit,
    a_sale,
    a_unit_credit,
    an_account,
    an_invoice,
    an_item,
    correct,
    day,
    expire,
    pay,
    sale_of,
    void,
    void_credit,
)


@pytest.mark.parametrize("why", list(Why))
def test_every_reason_has_its_sentence(why: Why) -> None:
    assert WHY[why].endswith(".")


def test_no_two_reasons_read_alike_and_every_state_has_its_word() -> None:
    assert len(set(WHY.values())) == len(Why) == len(WHY)
    assert set(STATE_WORDS) == set(State)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [([], ""), (["A"], "A"), (["A", "B"], "A and B"), (["A", "B", "C"], "A, B and C")],
)
def test_a_list_as_a_person_says_it(words: list[str], sentence: str) -> None:
    assert listed(words) == sentence


def test_a_list_of_what_is_enough_singly() -> None:
    assert listed(["A", "B", "C"], "or") == "A, B or C"


def scope_of(account: Account, **promise: Any) -> str:
    credit = a_credit(account, "1.00", **promise)
    return scope_words(credit.applies_to, credit.scope_rows.order_by("pk"))


@pytest.mark.django_db
def test_r3_a_scope_as_a_person_says_it() -> None:
    account, calls, support = an_account(), an_item("API calls"), an_item("Support", Kind.ADD_ON)
    assert scope_of(account) == "The whole invoice"
    assert scope_of(account, excluded_items=(calls,)) == "The whole invoice, but not API calls"
    assert scope_of(account, kinds=(Kind.USAGE_METER,)) == "All usage meters"
    assert scope_of(account, kinds=(Kind.FIXED_FEE, Kind.LICENSE)) == "All fixed fees and all licenses"
    assert scope_of(account, items=(calls,)) == "API calls"
    assert (
        scope_of(account, kinds=(Kind.USAGE_METER, Kind.ADD_ON), items=(support,), excluded_items=(calls,))
        == "All usage meters, all add-ons and Support, but not API calls"
    )


@pytest.mark.django_db
def test_r3_tags_as_a_person_says_them() -> None:
    account = an_account()
    assert scope_of(account, tags=("team-blue",)) == "Items tagged team-blue"
    assert (
        scope_of(account, tags=("team-blue", "beta"), kinds=(Kind.LICENSE,))
        == "All licenses and items tagged team-blue or beta"
    )


@pytest.mark.django_db
def test_r11_the_scope_of_free_units_is_their_item() -> None:
    credit = a_unit_credit(an_account(), "5", an_item("API calls"))
    assert scope_words(credit.applies_to, credit.scope_rows.all()) == "API calls"


def state(credit: Credit, today: str) -> State:
    return credit_state(Credit.objects.with_balance().get(pk=credit.pk), day(today))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("today", "expected"),
    [
        ("2026-07-31", State.SCHEDULED),
        ("2026-08-01", State.LIVE),
        ("2026-08-31", State.LIVE),
        ("2026-09-01", State.GRACE),
        ("2026-10-15", State.GRACE),
        ("2026-10-16", State.EXPIRED),
    ],
)
def test_r6_the_life_of_a_credit_day_by_day(today: str, expected: State) -> None:
    credit = a_credit(an_account(), "1.00", now="2026-07-15", expires_on="2026-08-31")
    assert state(credit, today) == expected


@pytest.mark.django_db
def test_r8_a_voided_credit_stays_voided() -> None:
    account = an_account()
    credit = a_credit(account, "1.00", expires_on="2026-08-31")
    void_credit(credit)
    assert state(credit, "2026-08-15") == State.VOIDED
    assert state(credit, "2027-01-01") == State.VOIDED


@pytest.mark.django_db
def test_a_credit_with_nothing_left_is_used_up_also_after_its_last_day() -> None:
    account = an_account()
    credit = a_credit(account, "1.00", expires_on="2026-08-31")
    an_invoice(account, (an_item(), "5.00"))
    assert state(credit, "2026-09-01") == State.USED
    assert state(credit, "2027-01-01") == State.USED


@pytest.mark.django_db
def test_r9_a_used_credit_whose_money_comes_back_lives_again() -> None:
    account = an_account()
    credit = a_credit(account, "1.00")
    void(an_invoice(account, (an_item(), "5.00")), "2026-09-10")
    assert state(credit, "2026-09-10") == State.LIVE


@pytest.mark.django_db
def test_r10_a_credit_whose_expiry_is_booked_is_expired() -> None:
    account = an_account()
    credit = a_credit(account, "1.00", expires_on="2026-08-31")
    expire(account, "2026-10-16")
    assert state(credit, "2026-10-16") == State.EXPIRED


@pytest.mark.django_db
def test_r9_money_held_for_a_correction_does_not_bring_an_expired_credit_back() -> None:
    account = an_account()
    credit = a_credit(account, "1.00", expires_on="2026-08-31")
    correct(an_invoice(account, (an_item(), "5.00")), "2027-01-10")
    assert state(credit, "2027-01-10") == State.EXPIRED


@pytest.mark.django_db
def test_a_bought_credit_waits_for_its_payment_and_then_lives_as_any_other() -> None:
    account = an_account()
    credit = a_sale(
        account, "100.00", "80.00", waits=True, effective_from="2026-08-05", expires_on="2026-08-31"
    )
    for today in ("2026-08-01", "2026-08-31", "2026-10-15"):
        assert state(credit, today) == State.UNPAID
    assert state(credit, "2026-10-16") == State.EXPIRED
    read = Credit.objects.with_balance().get(pk=credit.pk)
    assert state_note(read, State.UNPAID) == "for payment of INV-2026-000001"
    assert state_note(read, State.LIVE) == ""
    pay(sale_of(credit), "2026-08-02")
    assert state(credit, "2026-08-02") == State.SCHEDULED
    assert state(credit, "2026-08-05") == State.LIVE


@pytest.mark.django_db
def test_a_bought_credit_whose_invoice_is_void_is_voided() -> None:
    credit = a_sale(an_account(), "100.00", "80.00", waits=True)
    void(sale_of(credit))
    assert state(credit, "2026-09-10") == State.VOIDED


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("price", "words"),
    [
        ("80.00", "Bought for $80.00 (20 % off)"),
        ("100.00", "Bought for $100.00"),
        ("120.00", "Bought for $120.00"),
    ],
)
def test_the_price_of_a_bought_credit_as_a_person_says_it(price: str, words: str) -> None:
    assert bought_words(a_sale(an_account(), "100.00", price)) == words


@pytest.mark.django_db
def test_free_units_have_a_price_but_no_discount_and_a_gift_has_neither() -> None:
    calls = an_item("API calls", unit="call")
    plain = Credit(units=10**6, unit_item=calls, amount=0, price_paid=2500, currency="USD")
    assert bought_words(plain) == "Bought for $25.00"
    assert bought_words(a_credit(an_account(), "10.00")) == ""
