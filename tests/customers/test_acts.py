"""The ground all acts stand on: once per token (R13), one record each (R14)."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from billing.services import issue_facts
from credits.models import Credit, Entry
from credits.projection import invoice_settle
from credits.services import credit_grant
from customers.acts import FactsChanged, TokenReused, account_lock, facts_check, fingerprint
from customers.models import Act, Customer
from customers.services import CustomerRefused, account_close, customer_close, customer_erase, customer_open
from tests.factories import (
    a_command,
    a_credit,
    a_customer,
    a_draft,
    a_token,
    an_account,
    an_item,
    an_operator,
    at,
    by_now,
    terms,
)

pytestmark = pytest.mark.django_db


def open_john(**told: Any) -> Customer:
    return customer_open(key="C-1", name="John Wick", email="", **told)


def test_r13_the_second_arrival_of_a_token_returns_the_first_result_and_does_nothing() -> None:
    account, once = an_account(), by_now("2026-08-01")
    promise = terms(account, "50.00")
    first = credit_grant(account=account, terms=promise, reason="", **once)
    second = credit_grant(account=account, terms=promise, reason="", **once)
    assert second.pk == first.pk
    assert (Credit.objects.count(), Entry.objects.count()) == (1, 1)
    assert Act.objects.filter(kind="credit_grant").count() == 1


def test_r13_the_second_arrival_may_come_later_and_from_somebody_else() -> None:
    once = by_now("2026-01-02")
    first = open_john(**once)
    again = open_john(by=a_command(), now=at("2026-03-04"), token=once["token"])
    assert again == first
    assert Act.objects.get().at == at("2026-01-02")


def test_r13_the_same_token_with_other_content_is_refused() -> None:
    account, once = an_account(), by_now("2026-08-01")
    credit_grant(account=account, terms=terms(account, "50.00"), reason="", **once)
    with pytest.raises(TokenReused, match="already used for something else"):
        credit_grant(account=account, terms=terms(account, "50.01"), reason="", **once)
    assert [credit.amount for credit in Credit.objects.all()] == [5000]


def test_r13_a_token_is_for_one_kind_of_act() -> None:
    """To close and to erase are told the same content; one token still does not do both."""
    customer, once = a_customer(), by_now("2026-01-02")
    customer_close(customer=customer, reason="Left", **once)
    with pytest.raises(TokenReused):
        customer_erase(customer=customer, reason="Left", **once)
    customer.refresh_from_db()
    assert customer.erased_at is None


def test_r13_a_refused_attempt_leaves_the_token_free() -> None:
    held, once = a_customer(), by_now("2026-01-02")
    with pytest.raises(CustomerRefused):
        customer_open(key=held.key, name="Winston Scott", email="", **once)
    assert not Act.objects.filter(token=once["token"]).exists()
    opened = customer_open(key="C-free", name="Winston Scott", email="", **once)
    assert opened.name == "Winston Scott"


@pytest.mark.parametrize(
    "token",
    ["", " ", "a b", "a\n", "\x00", "a\x7f", "é", "１", "t" * 101],
)
def test_r13_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(TokenReused, match="1 to 100 visible ASCII characters"):
        open_john(by=an_operator(), now=at("2026-01-02"), token=token)
    assert not Customer.objects.exists()


@pytest.mark.parametrize("token", ["!", "~", "t" * 100, "usage_import:2026-08:c0ffee"])
def test_r13_any_visible_ascii_is_a_token(token: str) -> None:
    open_john(by=an_operator(), now=at("2026-01-02"), token=token)
    assert Act.objects.get().token == token


def test_r13_the_database_itself_keeps_a_token_unique() -> None:
    open_john(**by_now("2026-01-02"))
    first = Act.objects.get()
    copy = Act(kind="x", token=first.token, command="x", actor_name="x", at=first.at, subject="x:1")
    with pytest.raises(IntegrityError), transaction.atomic():
        copy.save()


def test_r13_a_confirmation_of_other_facts_is_refused() -> None:
    shown = fingerprint({"balance": 5000})
    facts_check(shown, {"balance": 5000})
    with pytest.raises(FactsChanged, match="facts have changed"):
        facts_check(shown, {"balance": 4999})


def test_r13_the_fingerprint_does_not_depend_on_the_order_of_facts() -> None:
    assert fingerprint({"a": 1, "b": [2]}) == fingerprint({"b": [2], "a": 1})
    assert fingerprint({"a": 1, "b": [2, 3]}) != fingerprint({"a": 1, "b": [3, 2]})


def test_r13_what_issuing_would_do_is_part_of_its_fingerprint() -> None:
    account = an_account()
    draft = a_draft(account, (an_item(), "100.00"))
    before = fingerprint(issue_facts(draft, invoice_settle(draft, account, at("2026-09-01").date())))
    a_credit(account, "50.00")
    after = fingerprint(issue_facts(draft, invoice_settle(draft, account, at("2026-09-01").date())))
    assert before != after


def test_r14_the_record_says_who_when_from_where_and_why() -> None:
    account = an_account()
    by = an_operator()
    token = a_token()
    account_close(account=account, reason="Left us", by=by, now=at("2026-02-01"), token=token)
    record = Act.objects.get(token=token)
    assert (record.user, record.command, record.actor_name) == (by.user, "", "olivia")
    assert (record.origin, record.at, record.reason) == ("page, from 192.0.2.7", at("2026-02-01"), "Left us")
    assert (record.kind, record.account, record.subject) == (
        "account_close",
        account,
        f"account:{account.pk}",
    )


def test_r14_a_command_is_named_in_place_of_a_person() -> None:
    open_john(by=a_command("demo"), now=at("2026-01-02"), token=a_token())
    record = Act.objects.get()
    assert (record.user, record.command, record.actor_name) == (None, "demo", "demo")
    assert record.origin == "command line of root"


def test_r14_entries_name_their_act() -> None:
    credit = a_credit(an_account(), "50.00")
    assert Entry.objects.get().act == Act.objects.get(kind="credit_grant", subject=f"credit:{credit.pk}")


@pytest.mark.parametrize(("person", "command"), [(False, ""), (True, "demo")])
def test_r14_neither_nobody_nor_two_can_be_who_acted(person: bool, command: str) -> None:
    user = an_operator().user if person else None
    record = Act(kind="x", token="x", user=user, command=command, at=at("2026-01-02"), subject="x:1")
    with pytest.raises(IntegrityError, match="act_by_person_or_command"), transaction.atomic():
        record.save()


@pytest.mark.django_db(transaction=True)
def test_an_account_is_locked_inside_a_transaction_or_not_at_all() -> None:
    account = an_account()
    with pytest.raises(RuntimeError, match="inside a transaction"):
        account_lock(account.pk)
