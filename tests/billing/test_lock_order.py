"""Which rows an act locks, and in which order: so that nobody decides on facts that change, and nobody
waits in a ring (design §3, R7, R14). PostgreSQL only; SQLite lets one writer in at a time.

The test holds one row, waits until the database says what the act waits for, and looks at what the act
has done and holds by then.
"""

import ast
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from billing.services import invoice_correct, invoice_issue, invoice_void
from credits.batch_services import credits_grant, credits_void
from credits.due_days import DueDays
from credits.extension import credits_extend
from credits.models import Category, Entry, EntryKind
from credits.schedules import schedule_add, schedule_grant, schedule_stop
from credits.selling import credit_sell
from credits.services import credit_grant, credit_replace, credit_void, credits_expire
from credits.tagging import item_tag
from credits.telling import notice_rule_set
from customers.acts import account_lock, accounts_lock
from customers.models import Account
from customers.services import (
    account_close,
    account_edit,
    account_open,
    customer_close,
    customer_edit,
    customer_erase,
)
from invoices.charges import charge_add, charge_end
from invoices.drafts import DraftLine, invoice_discard, invoice_draft, invoice_edit
from invoices.models import Item, Kind
from invoices.numbering import numbers_take
from invoices.price_services import account_price_list_set, price_add, price_list_edit
from invoices.recurring import drafts_make
from invoices.services import invoice_pay, item_edit
from invoices.usage_days import UsageDay, UsageDays
from invoices.usage_file import usage_read
from invoices.usage_import import usage_import
from invoices.usage_records import usage_record_add, usage_records_import
from tests.billing.sessions import free, hold, looked_at, waiting_for, wrote
from tests.credits.batches import csv_of, granted, read
from tests.factories import (
    a_credit,
    a_customer,
    a_draft,
    a_line,
    a_schedule,
    an_account,
    an_invoice,
    an_item,
    by_now,
    day,
    terms,
)
from tests.invoices.prices import a_plan, a_price_list
from tests.invoices.recurring import a_charge

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

ROOT = Path(__file__).resolve().parent.parent.parent
# --- Every act locks first --------------------------------------------------------------


class Stage:
    """An account with one thing of each kind an act can be done to."""

    def __init__(self) -> None:
        self.item = an_item()
        self.account = an_account()
        self.customer, self.closed = a_customer(), a_customer()
        customer_close(customer=self.closed, reason="Left", **by_now("2026-09-01"))
        self.credit = a_credit(self.account, "50.00", expires_on="2026-08-31")
        self.schedule = a_schedule(self.account, day_of_month=1)
        self.lasting = a_credit(self.account, "5.00", expires_on="2026-12-31")
        self.granted, self.batch = granted(self.account), read(csv_of(self.account))
        self.draft = a_draft(self.account, (self.item, "10.00"))
        self.invoice = an_invoice(self.account, (self.item, "10.00"))
        self.told = by_now("2026-12-01")
        self.why = {"reason": "A mistake", **self.told}
        self.prices = a_price_list()
        self.usage, self.days = usage_of(self.account), days_of(self.account, self.item)
        self.seats = an_item("Seats", Kind.LICENSE)
        self.charge = a_charge(self.account, self.seats, "5.00")

    def typed(self) -> dict[str, Any]:
        lines: list[DraftLine] = [a_line(self.item, "3.00")]
        return {
            "period_start": day("2026-08-01"),
            "period_end": day("2026-09-01"),
            "lines": lines,
            **self.told,
        }


def usage_of(*accounts: Account) -> dict[str, Any]:
    """What `usage_import` is told of a file that charges these accounts, in this order."""
    period = {"period_start": day("2026-08-01"), "period_end": day("2026-09-01")}
    file = ["customer,account,currency,item,unit,first_day,last_day,quantity,amount\n"]
    for account in accounts:
        file.append(f"{account.customer.key},{account.key},USD,calls,call,2026-08-01,2026-08-31,3,12.34\n")
    usage = usage_read(file, **period, currencies=["USD"])
    return {"usage": usage, "digest": "0" * 64, **period, **by_now("2026-09-10")}


def days_of(account: Account, item: Item) -> dict[str, Any]:
    """What `usage_records_import` is told of a file with one day's use of the item."""
    one = UsageDay(
        account.customer.key, account.key, "", item.key, item.name, "", day("2026-08-03"), Decimal(3)
    )
    return {"usage": UsageDays(1, (one,), (), ()), "digest": "0" * 64, "month": day("2026-08-01")} | by_now(
        "2026-09-10"
    )


# Which row of the stage each act waits for before it decides anything, and how it is done.
Act = tuple[str, Callable[[Stage], object]]
ACTS: dict[str, Act] = {
    "customer_edit": (
        "customer",
        lambda at: customer_edit(customer=at.customer, name="N", email="", **at.told),
    ),
    "customer_close": ("customer", lambda at: customer_close(customer=at.customer, **at.why)),
    "customer_erase": ("closed", lambda at: customer_erase(customer=at.closed, **at.why)),
    "account_open": (
        "customer",
        lambda at: account_open(
            customer=at.customer, key="new", name="N", currency="USD", time_zone="UTC", **at.told
        ),
    ),
    "item_edit": ("item", lambda at: item_edit(item=at.item, name="N", unit="", **at.told)),
    "item_tag": ("item", lambda at: item_tag(item=at.item, tags=["gpu"], **at.told)),
    "account_edit": ("account", lambda at: account_edit(account=at.account, name="N", **at.told)),
    "account_close": ("account", lambda at: account_close(account=at.account, **at.why)),
    "credit_grant": (
        "account",
        lambda at: credit_grant(account=at.account, terms=terms(at.account, "1.00"), **at.why),
    ),
    "credit_sell": (
        "account",
        lambda at: credit_sell(
            account=at.account,
            terms=terms(at.account, "1.00", category=Category.PURCHASED, price_paid=80),
            **at.why,
        ),
    ),
    "credit_void": ("account", lambda at: credit_void(credit=at.credit, **at.why)),
    "credit_replace": (
        "account",
        lambda at: credit_replace(credit=at.credit, terms=terms(at.account, "1.00"), **at.why),
    ),
    "credits_expire": (
        "account",
        lambda at: credits_expire(account=at.account, as_of=day("2026-12-01"), **at.told),
    ),
    "schedule_add": (
        "account",
        lambda at: schedule_add(
            account=at.account,
            terms=terms(at.account, "1.00"),
            due_days=DueDays(1, day("2026-12-01")),
            lifetime_days=None,
            **at.why,
        ),
    ),
    "schedule_stop": ("account", lambda at: schedule_stop(schedule=at.schedule, **at.why)),
    "schedule_grant": (
        "account",
        lambda at: schedule_grant(schedule=at.schedule, due_on=day("2026-12-01"), **at.told),
    ),
    "notice_rule_set": (
        "account",
        lambda at: notice_rule_set(
            account=at.account, low_balance=5000, expiring_days=7, email="", **at.told
        ),
    ),
    "credits_grant": (
        "account",
        lambda at: credits_grant(batch=at.batch, **at.why),
    ),
    "credits_void": ("account", lambda at: credits_void(batch=at.granted, **at.why)),
    "credits_extend": (
        "account",
        lambda at: credits_extend(credits=[at.lasting], expires_on=day("2027-12-31"), **at.why),
    ),
    "invoice_draft": ("account", lambda at: invoice_draft(account=at.account, **at.typed())),
    "invoice_edit": ("account", lambda at: invoice_edit(invoice=at.draft, **at.typed())),
    "invoice_discard": ("account", lambda at: invoice_discard(invoice=at.draft, **at.told)),
    "invoice_issue": ("account", lambda at: invoice_issue(invoice=at.draft, **at.told)),
    "invoice_pay": (
        "account",
        lambda at: invoice_pay(invoice=at.invoice, paid_on=day("2026-09-09"), reference="7", **at.told),
    ),
    "invoice_void": ("account", lambda at: invoice_void(invoice=at.invoice, **at.why)),
    "invoice_correct": ("account", lambda at: invoice_correct(invoice=at.invoice, **at.why)),
    "usage_import": ("account", lambda at: usage_import(**at.usage)),
    "charge_add": (
        "account",
        lambda at: charge_add(
            account=at.account,
            item=at.seats,
            description="",
            quantity=Decimal(1),
            unit_price=Decimal(1),
            starts_on=day("2026-12-01"),
            ends_on=None,
            prorated=True,
            **at.told,
        ),
    ),
    "charge_end": ("account", lambda at: charge_end(charge=at.charge, last_day=day("2026-12-31"), **at.why)),
    "usage_record_add": (
        "account",
        lambda at: usage_record_add(
            account=at.account, item=at.item, quantity=Decimal(1), day=day("2026-12-01"), **at.why
        ),
    ),
    "usage_records_import": ("account", lambda at: usage_records_import(**at.days)),
    "drafts_make": (
        "account",
        lambda at: drafts_make(
            account_ids=[at.account.pk],
            month=day("2026-12-01"),
            by=at.told["by"],
            now=at.told["now"],
        ),
    ),
    "price_add": (
        "prices",
        lambda at: price_add(
            price_list=at.prices,
            item=at.item,
            plan=a_plan(),
            effective_from=day("2026-12-01"),
            **at.told,
        ),
    ),
    "price_list_edit": (
        "prices",
        lambda at: price_list_edit(price_list=at.prices, name="N", is_default=True, **at.told),
    ),
    "account_price_list_set": (
        "account",
        lambda at: account_price_list_set(
            account=at.account, price_list=at.prices, effective_from=day("2026-12-01"), **at.told
        ),
    ),
}
# What an act may ask before it holds its lock: whether it was here before, whom a file charges, and what
# never changes: the accounts of a batch.
TOKENS = {"customers_act"}
BEFORE_THE_LOCK = {
    "usage_import": TOKENS | {"customers_customer", "customers_account"},
    "usage_records_import": TOKENS | {"customers_customer", "customers_account"},
    "credits_void": TOKENS | {"credits_entry"},
}
# These make a row that nothing else stands on yet; that its key is unique is their lock. The record
# of a run is opened once per token, and what it issues has locks of its own.
LOCK_NOTHING = {"customer_open", "item_add", "price_list_add", "run_start"}


def test_every_act_of_the_product_has_a_row_here() -> None:
    declared = {
        function.name
        for app in ("customers", "invoices", "credits", "billing")
        for path in (ROOT / app).rglob("*.py")
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef)
        and any(isinstance(mark, ast.Name) and mark.id == "act" for mark in function.decorator_list)
    }
    assert {*ACTS, *LOCK_NOTHING} == declared


@pytest.mark.parametrize("name", sorted(ACTS))
def test_r14_an_act_waits_for_its_lock_before_it_looks_and_writes_and_then_succeeds(name: str) -> None:
    stage = Stage()
    what, act = ACTS[name]
    table, pk = getattr(stage, what)._meta.db_table, getattr(stage, what).pk
    with waiting_for(lambda: hold(table, pk), lambda: act(stage)) as session:
        assert "FOR NO KEY UPDATE" in session.statements[-1]
        assert f'FROM "{table}"' in session.statements[-1]
        assert looked_at(session.statements[:-1]) <= BEFORE_THE_LOCK.get(name, TOKENS)
        assert wrote(session.statements) == []
    assert session.error is None
    assert wrote(session.statements) != []


# --- Several locks, one order -----------------------------------------------------------


def lock(*accounts: Account) -> None:
    with transaction.atomic():
        accounts_lock([account.pk for account in accounts])


def erase(*accounts: Account) -> None:
    customer_erase(customer=accounts[0].customer, reason="Law", **by_now("2026-09-02"))


@pytest.mark.parametrize(
    "several",
    [
        pytest.param(lock, id="accounts_lock"),
        pytest.param(lambda *accounts: usage_import(**usage_of(*accounts)), id="usage_import"),
        pytest.param(erase, id="customer_erase"),
    ],
)
def test_several_accounts_are_locked_in_the_order_of_their_ids(several: Callable[..., object]) -> None:
    """Their names stand the other way round, and so does the order in which they are asked for."""
    customer = a_customer()
    first, second = an_account(customer, name="Z"), an_account(customer, name="A")
    if several is erase:
        for account in (first, second):
            account_close(account=account, reason="Left", **by_now("2026-09-01"))
        customer_close(customer=customer, reason="Left", **by_now("2026-09-01"))
    with waiting_for(lambda: account_lock(second.pk), lambda: several(second, first)) as session:
        assert not free("customers_account", first.pk)
    assert session.error is None


def test_r7_who_waits_for_a_number_holds_the_account_and_has_written_its_entries() -> None:
    stage = Stage()
    with waiting_for(
        lambda: numbers_take(2026, 1), lambda: invoice_issue(invoice=stage.draft, **by_now("2026-09-10"))
    ) as session:
        assert not free("customers_account", stage.account.pk)
        assert "invoices_series" in session.statements[-1]
        assert len([sql for sql in wrote(session.statements) if "credits_entry" in sql]) == 1
    assert session.error is None


# --- Whoever goes past the acts ---------------------------------------------------------


def test_r5_two_who_write_entries_past_the_acts_never_pay_a_line_twice() -> None:
    """Each sees only its own entry; the second waits for the first all the same, and is refused."""
    account = an_account()
    credits = [a_credit(account, "10.00"), a_credit(account, "10.00")]
    draft = a_draft(account, (an_item(), "10.00"))
    granted = Entry.objects.filter(account=account).order_by("number")
    entries = []
    for number, (credit, of) in enumerate(zip(credits, granted, strict=True), start=3):
        of.pk, of.kind, of.amount, of.number, of.credit = None, EntryKind.APPLIED, -1000, number, credit
        of.invoice, of.line = draft, draft.lines.get()
        of._state.adding = True
        entries.append(of)
    with waiting_for(entries[0].save, entries[1].save, keep=True) as session:
        assert wrote(session.statements) == session.statements[-1:]
    assert isinstance(session.error, IntegrityError)
    assert "credits pay no more than the amount of a line" in str(session.error)
    assert Entry.objects.filter(kind=EntryKind.APPLIED).count() == 1
