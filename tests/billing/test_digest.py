"""What the digest of all money facts depends on, and what not."""

import hashlib
import json
from collections.abc import Callable
from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from billing.digest import ledger_digest
from billing.services import invoice_issue
from credits.models import Credit
from credits.services import credit_void
from customers.models import Account
from customers.services import account_edit, account_open, customer_edit, customer_open
from customers.triggers import triggers_remove
from invoices.models import Invoice, Item
from invoices.services import invoice_pay, item_add
from tests.billing.small_ledger import BY, at, drafted, granted, ledger_make

# The canonical text is versioned: whoever changes it gives it another version, and this another value.
GOLDEN = "456a17d2ec9998d0ac231f35586d08e5d60c485b6d47c14544865e67620d22df"


def test_small_ledger_has_the_same_digest_on_every_engine(db: None) -> None:
    ledger_make()
    assert ledger_digest() == GOLDEN


def sha256(*lines: str) -> str:
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode("ascii")).hexdigest()


def test_the_canonical_text_is_as_described(db: None) -> None:
    account, calls = opened("Ä"), item("calls")
    granted(account, "Fünf", 500, [calls], expires_on=date(2026, 12, 31))
    draft = drafted(account, 1, (calls, "7.10"))
    invoice_issue(invoice=draft, by=BY, now=at("2026-02-01"), token="issue")
    terms = r'["F\u00fcnf","promotional","USD",500,20,"2025-12-01","2026-12-31",["selected",[],["calls"],[]]]'
    line = (
        '[1,"calls","usage_meter","1","7.1","","USD",710,"2026-01-01","2026-01-31",'
        f'[["applied",-500,{terms}]]]'
    )
    one = sha256(
        r'["account","\u00c4","\u00c4","USD"]',
        f'["credit",{terms},[["applied",-500],["granted",500]]]',
        f'["invoice","USD","2026-01-01","2026-02-01","issued",710,500,[{line}]]',
    )
    assert ledger_digest() == sha256("scrip-digest-1", one)


def test_the_command_prints_the_digest_and_nothing_else(db: None) -> None:
    out, as_json = StringIO(), StringIO()
    call_command("digest", stdout=out)
    call_command("digest", "--json", stdout=as_json)
    assert out.getvalue() == f"{ledger_digest()}\n"
    assert json.loads(as_json.getvalue()) == {"digest": ledger_digest(), "version": "scrip-digest-1"}


def two_accounts(keys: str, days: int) -> tuple[str, set[str]]:
    """The digest and the invoice numbers of two accounts, made in the order given; then nothing of it."""
    with transaction.atomic():
        calls, kit = item("calls"), item("kit")
        accounts = [opened(key) for key in keys]
        for account in accounts:
            granted(account, f"First of {account.key}", 5000)
            granted(account, f"Second of {account.key}", 5000, [calls, kit])
            draft = drafted(account, 1, (calls, "30.00"), (kit, "40.00"))
            now = at("2026-02-01") + timedelta(days=days)
            invoice_issue(invoice=draft, by=BY, now=now, token=f"issue:{account.key}")
        numbers = {f"{invoice} of {invoice.account.key}" for invoice in Invoice.objects.all()}
        digest = ledger_digest()
        transaction.set_rollback(True)
    return digest, numbers


def opened(key: str) -> Account:
    customer = customer_open(
        key=key, name=key, email="", by=BY, now=at("2025-12-01"), token=f"customer:{key!a}"
    )
    return account_open(
        customer=customer,
        key=key,
        name=key,
        currency="USD",
        time_zone="UTC",
        by=BY,
        now=at("2025-12-01"),
        token=f"open:{key!a}",
    )


def item(key: str) -> Item:
    return item_add(
        key=key, name=key, kind="usage_meter", unit="", by=BY, now=at("2025-12-01"), token=f"item:{key}"
    )


def test_ids_numbers_and_the_days_of_acts_do_not_matter(db: None) -> None:
    digest, numbers = two_accounts("AB", days=0)
    again, other_numbers = two_accounts("BA", days=3)
    assert numbers != other_numbers
    assert digest == again


def test_names_of_people_do_not_matter(db: None) -> None:
    ledger_make()
    account = Account.objects.get(key="A")
    now = at("2026-05-01")
    account_edit(account=account, name="Another", by=BY, now=now, token="rename")
    customer_edit(customer=account.customer, name="Other", email="a@b.example", by=BY, now=now, token="edit")
    assert ledger_digest() == GOLDEN


def credit_voided() -> None:
    whole = Credit.objects.get(name="Whole")
    credit_void(credit=whole, reason="Over", by=BY, now=at("2026-06-01"), token="more")


def invoice_paid() -> None:
    first = Invoice.objects.get(series_number=1, account__key="A")
    invoice_pay(
        invoice=first, paid_on=date(2026, 3, 1), reference="", by=BY, now=at("2026-06-01"), token="more"
    )


def line_drafted() -> None:
    drafted(Account.objects.get(key="B"), 6, (Item.objects.get(key="kit"), "0.01"))


def credit_granted() -> None:
    granted(Account.objects.get(key="B"), "One more", 1)


def account_opened() -> None:
    opened("C")


@pytest.mark.parametrize("act", [credit_voided, invoice_paid, line_drafted, credit_granted, account_opened])
def test_every_act_on_money_changes_the_digest(db: None, act: Callable[[], None]) -> None:
    ledger_make()
    act()
    assert ledger_digest() != GOLDEN


FACTS = {
    "customers_account": ("key = 'Z'", "currency = 'JPY'"),
    "credits_credit": (
        "name = 'x'",
        "category = 'purchased'",
        "amount = amount + 1",
        "priority = 77",
        "effective_from = '2025-11-30'",
        "expires_on = '2033-01-01'",
        "applies_to = 'selected'",
    ),
    "credits_scoperow": ("role = 'excluded_item'",),
    "credits_entry": ("amount = amount - 1",),
    "invoices_invoice": (
        "status = 'paid', paid_on = '2026-07-01'",
        "total = total + 1",
        "period_start = '2025-01-01'",
    ),
    "invoices_line": (
        "position = 99",
        "quantity = 7",
        "unit_price = 7",
        "exact_amount = '7'",
        "amount = 7",
        "first_day = '2025-01-01'",
        "kind = 'fixed_fee'",
    ),
    "invoices_item": ("key = 'y'",),
}


@pytest.mark.parametrize(
    ("table", "fact"), [(table, fact) for table, facts in FACTS.items() for fact in facts]
)
def test_every_money_fact_is_in_the_digest(db: None, table: str, fact: str) -> None:
    ledger_make()
    which = {"invoices_invoice": "status = 'issued'", "invoices_item": "key = 'api-calls'"}.get(table, "TRUE")
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        triggers_remove(connection)
        cursor.execute(f"UPDATE {table} SET {fact} WHERE id = (SELECT MIN(id) FROM {table} WHERE {which})")
        assert cursor.rowcount == 1
        assert ledger_digest() != GOLDEN
        transaction.set_rollback(True)
