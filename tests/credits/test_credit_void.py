"""Voiding a credit: what is left goes to zero, for good (R8)."""

import pytest

from credits.models import Entry
from credits.projection import drafts_project
from credits.services import VoidRefused, credit_void, void_facts
from customers.acts import FactsChanged, fingerprint
from customers.models import Act
from tests.factories import (
    a_credit,
    a_draft,
    an_account,
    an_invoice,
    an_item,
    at,
    balance,
    by_now,
    day,
    expire,
    issue,
    ledger,
    void,
    void_credit,
)

pytestmark = pytest.mark.django_db


def test_r8_voiding_takes_what_is_left_to_zero_with_one_entry() -> None:
    account = an_account()
    credit = void_credit(a_credit(account, "50.00"))
    assert credit.balance == 0
    assert ledger(account) == [("Welcome", "granted", 5000), ("Welcome", "voided", -5000)]
    entry = Entry.objects.get(kind="voided")
    assert (entry.value_date, entry.booked_at) == (day("2026-08-15"), at("2026-08-15"))


def test_r8_what_it_already_paid_stays_paid() -> None:
    account = an_account()
    credit = a_credit(account, "50.00")
    invoice = an_invoice(account, (an_item(), "30.00"))
    void_credit(credit, "2026-09-02")
    invoice.refresh_from_db()
    assert (invoice.credited, invoice.amount_due) == (3000, 0)
    assert ledger(account) == [
        ("Welcome", "granted", 5000),
        ("Welcome", "applied", -3000),
        ("Welcome", "voided", -2000),
    ]


def test_r8_with_nothing_left_the_entry_is_of_zero() -> None:
    account = an_account()
    credit = a_credit(account, "30.00")
    an_invoice(account, (an_item(), "30.00"))
    void_credit(credit, "2026-09-02")
    assert ledger(account)[-1] == ("Welcome", "voided", 0)


def test_r8_a_voided_credit_is_never_used_again() -> None:
    account = an_account()
    draft = a_draft(account, (an_item(), "30.00"))
    void_credit(a_credit(account, "50.00"))
    assert issue(draft).credited == 0


def test_r8_whatever_flows_back_to_a_voided_credit_is_closed_again() -> None:
    account, item = an_account(), an_item()
    credit = a_credit(account, "50.00")
    invoice = an_invoice(account, (item, "30.00"))
    void_credit(credit, "2026-09-02")
    void(invoice, "2026-09-03")
    assert balance(credit) == 0
    assert an_invoice(account, (item, "10.00"), now="2026-09-04").credited == 0


@pytest.mark.parametrize("reason", ["", "   ", "\n"])
def test_r8_a_void_needs_a_reason(reason: str) -> None:
    credit = a_credit(an_account(), "50.00")
    with pytest.raises(VoidRefused, match="needs a reason"):
        credit_void(credit=credit, reason=reason, **by_now("2026-08-15"))
    assert balance(credit) == 5000


def test_r8_the_reason_is_kept_with_the_act() -> None:
    credit = void_credit(a_credit(an_account(), "50.00"))
    record = Act.objects.get(kind="credit_void")
    assert (record.reason, record.subject) == ("Granted by mistake", f"credit:{credit.pk}")


def test_r8_a_void_cannot_be_repeated() -> None:
    account = an_account()
    credit = a_credit(account, "50.00")
    void_credit(credit)
    with pytest.raises(VoidRefused, match="voided already"):
        void_credit(credit, "2026-08-16")
    assert [kind for _, kind, _ in ledger(account)] == ["granted", "voided"]


def test_r13_the_same_token_voids_once() -> None:
    account, once = an_account(), by_now("2026-08-15")
    credit = a_credit(account, "50.00")
    credit_void(credit=credit, reason="Mistake", **once)
    assert credit_void(credit=credit, reason="Mistake", **once).balance == 0
    assert [kind for _, kind, _ in ledger(account)] == ["granted", "voided"]


def test_r8_a_confirmation_that_showed_another_balance_is_refused() -> None:
    account = an_account()
    credit = a_credit(account, "50.00")
    shown = fingerprint({"credit": credit.pk, "balance": 5000, "voided": False})
    an_invoice(account, (an_item(), "30.00"))
    with pytest.raises(FactsChanged):
        credit_void(credit=credit, reason="Mistake", shown=shown, **by_now("2026-09-02"))
    assert balance(credit) == 2000


def test_r8_a_confirmation_of_the_facts_as_they_are_is_accepted() -> None:
    account = an_account()
    a_credit(account, "50.00")
    credit = type(a_credit(account, "1.00")).objects.with_balance().earliest("pk")
    shown = fingerprint(void_facts(credit))
    voided = credit_void(credit=credit, reason="Mistake", shown=shown, **by_now("2026-08-15"))
    assert voided.balance == 0


def test_r8_an_expired_credit_can_be_voided_too_and_loses_nothing_twice() -> None:
    account = an_account()
    credit = a_credit(account, "50.00", expires_on="2026-08-31")
    expire(account, "2026-10-16")
    void_credit(credit, "2026-10-17")
    assert [(kind, amount) for _, kind, amount in ledger(account)] == [
        ("granted", 5000),
        ("expired", -5000),
        ("voided", 0),
    ]


def test_r8_the_account_s_other_credits_are_left_alone() -> None:
    account = an_account()
    other = a_credit(account, "20.00", name="Other")
    void_credit(a_credit(account, "50.00"))
    assert balance(other) == 2000


def test_r7_a_draft_projects_nothing_from_a_voided_credit() -> None:
    account = an_account()
    credit = a_credit(account, "50.00")
    a_draft(account, (an_item(), "30.00"))
    assert drafts_project(account, today=day("2026-09-01"))[0].settlement.credited == 3000
    void_credit(credit)
    assert drafts_project(account, today=day("2026-09-01"))[0].settlement.credited == 0
