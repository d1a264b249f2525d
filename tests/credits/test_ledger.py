"""The ledger: signed entries, numbered in their order; the balance is their sum (R10, R14)."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from credits.database_rules import ENTRY_RULES
from credits.ledger import Posting, entries_write
from credits.models import Category, Credit, Entry, EntryKind, credits_of
from customers.models import Act
from tests.factories import (
    a_credit,
    a_unit_credit,
    an_account,
    an_invoice,
    an_item,
    at,
    balance,
    correct,
    day,
    expire,
    issue,
    ledger,
    void,
    void_credit,
)
from tests.forging import rules_lift

pytestmark = pytest.mark.django_db


def test_r14_an_account_s_entries_are_numbered_without_gaps() -> None:
    account, item = an_account(), an_item()
    first = a_credit(account, "10.00", priority=1)
    a_credit(account, "20.00", priority=2)
    void(an_invoice(account, (item, "25.00")))
    void_credit(first, "2026-09-11")
    entries = Entry.objects.filter(account=account).order_by("number")
    assert [(entry.number, entry.kind) for entry in entries] == [
        (1, "granted"),
        (2, "granted"),
        (3, "applied"),
        (4, "applied"),
        (5, "reversed"),
        (6, "reversed"),
        (7, "voided"),
    ]


def test_r14_each_account_counts_for_itself() -> None:
    first, second = an_account(), an_account()
    a_credit(first, "10.00")
    a_credit(second, "20.00")
    a_credit(first, "30.00")
    assert sorted(Entry.objects.values_list("account", "number")) == [
        (first.pk, 1),
        (first.pk, 2),
        (second.pk, 1),
    ]


def test_r14_the_number_is_the_order_not_the_clock() -> None:
    """A machine whose clock runs behind books later, with a smaller time and a larger number."""
    account = an_account()
    a_credit(account, "10.00", name="First", now="2026-08-02 09:00")
    a_credit(account, "10.00", name="Second", now="2026-08-02 08:59")
    assert [name for name, _, _ in ledger(account)] == ["First", "Second"]


def test_the_balance_is_the_sum_of_the_entries() -> None:
    account = an_account()
    credit = a_credit(account, "50.00", expires_on="2026-09-30")
    invoice = an_invoice(account, (an_item(), "30.00"))
    assert balance(credit) == 2000
    issue(correct(invoice), "2026-09-10")
    assert balance(credit) == 2000
    expire(account, "2026-11-15")
    assert balance(credit) == 0
    assert [(kind, amount) for _, kind, amount in ledger(account)] == [
        ("granted", 5000),
        ("applied", -3000),
        ("reversed", 3000),
        ("applied", -3000),
        ("expired", -2000),
    ]


def test_r9_a_reversal_names_the_entry_it_undoes() -> None:
    account = an_account()
    a_credit(account, "50.00")
    invoice = an_invoice(account, (an_item(), "30.00"))
    applied = Entry.objects.get(kind="applied")
    void(invoice)
    back = Entry.objects.get(kind="reversed")
    assert (back.reverses, back.invoice, back.line) == (applied, invoice, applied.line)


def test_r9_the_database_undoes_an_entry_once() -> None:
    account = an_account()
    a_credit(account, "50.00")
    void(an_invoice(account, (an_item(), "30.00")))
    back = Entry.objects.get(kind="reversed")
    with pytest.raises(IntegrityError), transaction.atomic():
        entry_like(back, number=99).save()
    assert Entry.objects.filter(kind="reversed").count() == 1


def entry_like(entry: Entry, **changes: Any) -> Entry:
    """A new row, equal but for the changes."""
    values = {
        field.attname: getattr(entry, field.attname) for field in Entry._meta.fields if not field.primary_key
    }
    return Entry(**{**values, **changes})


NONSENSE = pytest.mark.parametrize(
    ("base", "changes", "rule"),
    [
        ("granted", {"number": 9}, r"entry_granted_once|credits_entry\.credit_id"),
        (
            "granted",
            {"kind": "expired", "amount": -1, "number": 2},
            r"entry_number_once|credits_entry\.number",
        ),
        ("granted", {"amount": 0}, "entry_sign"),
        ("granted", {"amount": -1}, "entry_sign"),
        ("granted", {"kind": "voided", "amount": 1}, "entry_sign"),
        ("granted", {"kind": "expired", "amount": 0}, "entry_sign"),
        ("applied", {"amount": 1}, "entry_sign"),
        ("applied", {"amount": 0}, "entry_sign"),
        ("reversed", {"amount": -1}, "entry_sign"),
        ("granted", {"kind": "gift"}, "entry_sign|entry_line_when_applied"),
        ("granted", {"kind": "applied", "amount": -1}, "entry_line_when_applied"),
        ("applied", {"line_id": None}, "entry_line_when_applied"),
        ("applied", {"invoice_id": None}, "entry_line_when_applied"),
        ("reversed", {"reverses_id": None}, "entry_reverses_when_reversed"),
        ("reversed", {"kind": "applied", "amount": -1}, "entry_reverses_when_reversed"),
    ],
)
OF_ENTRIES = "|".join(rule.sentence for rule in ENTRY_RULES)


@NONSENSE
def test_the_database_refuses_an_entry_that_makes_no_sense(
    base: str, changes: dict[str, Any], rule: str
) -> None:
    nonsense = nonsense_like(base, {"number": 4, **changes})
    with pytest.raises(IntegrityError, match=f"{rule}|{OF_ENTRIES}"), transaction.atomic():
        nonsense.save()
    assert Entry.objects.count() == 3


@NONSENSE
def test_constraints_refuse_it_even_where_the_triggers_are_lifted(
    base: str, changes: dict[str, Any], rule: str
) -> None:
    nonsense = nonsense_like(base, {"number": 9, **changes})
    rules_lift()
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        nonsense.save()
    assert Entry.objects.count() == 3


def nonsense_like(base: str, changes: dict[str, Any]) -> Entry:
    account = an_account()
    a_credit(account, "50.00")
    void(an_invoice(account, (an_item(), "30.00")))
    return entry_like(Entry.objects.get(kind=base), **changes)


def test_postings_are_written_in_their_order_with_the_next_numbers() -> None:
    account = an_account()
    credit = a_credit(account, "50.00")
    act = Act.objects.get(kind="credit_grant")
    entries_write(
        account,
        act,
        [
            Posting(credit.pk, EntryKind.EXPIRED, -1000, day("2026-10-01")),
            Posting(credit.pk, EntryKind.VOIDED, -4000, day("2026-10-02")),
        ],
        now=at("2026-10-03"),
    )
    written = list(Entry.objects.filter(booked_at=at("2026-10-03")).order_by("number"))
    assert [(entry.number, entry.kind, entry.amount) for entry in written] == [
        (2, "expired", -1000),
        (3, "voided", -4000),
    ]


def test_nothing_to_post_writes_nothing() -> None:
    account = an_account()
    a_credit(account, "50.00")
    entries_write(account, Act.objects.get(kind="credit_grant"), [], now=at("2026-08-01"))
    assert Entry.objects.count() == 1


def test_r4_credits_are_read_in_the_order_of_their_use() -> None:
    account = an_account()
    late = {"effective_from": "2026-08-02"}
    names: dict[str, dict[str, Any]] = {
        "last: another priority": {"priority": 60},
        "8: effective later": {"priority": 50, "category": Category.PURCHASED, **late},
        "7: granted later": {"priority": 50, "category": Category.PURCHASED, "now": "2026-08-02"},
        "6: purchased": {"priority": 50, "category": Category.PURCHASED},
        "5: never expires": {"priority": 50},
        "4: expires later": {"priority": 50, "expires_on": "2026-12-31"},
        "3: same day, purchased": {
            "priority": 50,
            "expires_on": "2026-11-30",
            "category": Category.PURCHASED,
        },
        "2: expires sooner": {"priority": 50, "expires_on": "2026-11-30"},
        "1: first by priority": {"priority": 1},
    }
    for name, promise in names.items():
        a_credit(account, "1.00", name=name, **promise)
    order = [credit.name for credit in Credit.objects.filter(account=account).in_use_order()]
    assert order == sorted(names)


def test_r11_free_units_are_read_before_money_whatever_their_priority() -> None:
    account, api = an_account(), an_item()
    a_credit(account, "1.00", name="Money", priority=1)
    a_unit_credit(account, "1", api, name="Later units", priority=90)
    a_unit_credit(account, "1", api, name="Units", priority=80)
    assert [credit.name for credit in credits_of(account)] == ["Units", "Later units", "Money"]
