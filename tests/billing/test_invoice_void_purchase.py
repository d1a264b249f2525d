"""Voiding the invoice a credit was bought on takes back what is left of it, in the same act (R8, R9)."""

import pytest

from billing.services import (
    InvoiceVoidRefused,
    credits_lost,
    invoice_correct,
    invoice_void,
    void_facts,
)
from billing.verification.runner import ledger_verify
from credits.models import Category, Credit, Entry
from credits.services import credit_replace
from customers.acts import FactsChanged, fingerprint
from customers.models import Account, Act
from invoices.models import Invoice, Item
from tests.factories import (
    a_credit,
    a_sale,
    an_account,
    an_invoice,
    an_item,
    balance,
    by_now,
    correct,
    day,
    expire,
    ledger,
    pay,
    sale_of,
    terms,
    void,
    void_credit,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return an_account()


@pytest.fixture
def item() -> Item:
    return an_item()


def replaced(credit: Credit, amount: str, now: str = "2026-09-05") -> Credit:
    better = terms(credit.account, amount, name="Better", category=Category.PURCHASED)
    return credit_replace(credit=credit, terms=better, reason="Wrong", **by_now(now))


def test_what_is_left_of_the_credit_is_voided_and_what_it_paid_stays_paid(
    account: Account, item: Item
) -> None:
    credit = a_sale(account, "100.00", "80.00")
    used = an_invoice(account, (item, "30.00"))
    voided = void(sale_of(credit))
    assert (voided.status, balance(credit)) == ("void", 0)
    assert ledger(account) == [
        ("Welcome", "granted", 10000),
        ("Welcome", "applied", -3000),
        ("Welcome", "voided", -7000),
    ]
    used.refresh_from_db()
    assert (used.status, used.credited, used.amount_due) == ("issued", 3000, 0)
    assert ledger_verify().breach is None


def test_it_is_one_act_and_the_entry_names_the_invoice(account: Account) -> None:
    credit = a_sale(account, "100.00", "80.00")
    void(sale_of(credit))
    record = Act.objects.get(kind="invoice_void")
    entry = Entry.objects.get(kind="voided")
    assert (entry.act, entry.invoice, entry.line) == (record, sale_of(credit), None)
    assert record.reason == "Wrong customer"
    assert not Act.objects.filter(kind="credit_void").exists()


def test_a_credit_that_was_still_waiting_for_the_payment_is_voided_whole(account: Account) -> None:
    credit = a_sale(account, "100.00", "80.00", waits=True)
    void(sale_of(credit))
    assert ledger(account) == [("Welcome", "granted", 10000), ("Welcome", "voided", -10000)]


def test_r8_a_credit_used_up_gets_an_entry_of_zero_and_nothing_that_comes_back_is_used(
    account: Account, item: Item
) -> None:
    credit = a_sale(account, "30.00", "20.00")
    used = an_invoice(account, (item, "30.00"))
    void(sale_of(credit))
    void(used, "2026-09-11")
    assert ledger(account)[2:] == [
        ("Welcome", "voided", 0),
        ("Welcome", "reversed", 3000),
        ("Welcome", "voided", -3000),
    ]


def test_r8_a_credit_voided_before_is_left_alone(account: Account) -> None:
    credit = a_sale(account, "100.00", "80.00")
    void_credit(credit)
    before = ledger(account)
    assert void(sale_of(credit)).status == "void"
    assert ledger(account) == before


def test_one_that_expired_is_voided_too(account: Account) -> None:
    credit = a_sale(account, "100.00", "80.00", expires_on="2026-08-31")
    expire(account, "2026-10-16")
    void(sale_of(credit), "2026-10-17")
    assert ledger(account)[1:] == [("Welcome", "expired", -10000), ("Welcome", "voided", 0)]


def test_a_replacement_is_bought_on_the_same_line_and_goes_with_it(account: Account, item: Item) -> None:
    credit = a_sale(account, "100.00", "80.00", waits=True)
    better = replaced(credit, "120.00")
    assert (better.purchase_line, better.usable_once_paid) == (credit.purchase_line, True)
    assert an_invoice(account, (item, "10.00"), now="2026-09-06").credited == 0
    best = replaced(better, "150.00", "2026-09-07")
    void(sale_of(credit))
    voids = Entry.objects.filter(kind="voided").order_by("number").values_list("credit", "amount")
    assert list(voids) == [(credit.pk, -10000), (better.pk, -12000), (best.pk, -15000)]


def test_credits_bought_elsewhere_are_left_alone(account: Account) -> None:
    mine, given = a_sale(account, "100.00", "80.00"), a_credit(account, "10.00")
    other = a_sale(account, "50.00", "50.00")
    theirs = a_sale(an_account(), "50.00", "50.00")
    void(sale_of(mine))
    assert [balance(credit) for credit in (mine, given, other, theirs)] == [0, 1000, 5000, 5000]


def test_r9_a_paid_sale_stays(account: Account) -> None:
    credit = a_sale(account, "100.00", "80.00")
    pay(sale_of(credit))
    with pytest.raises(InvoiceVoidRefused, match="A paid invoice is not voided"):
        void(sale_of(credit), "2026-09-20")
    assert balance(credit) == 10000


def test_r9_a_sale_is_not_corrected_but_voided_and_sold_again(account: Account) -> None:
    credit = a_sale(account, "100.00", "80.00")
    with pytest.raises(InvoiceVoidRefused, match=r"INV-2026-000001 sells a credit, and is not corrected"):
        correct(sale_of(credit))
    assert (sale_of(credit).status, Invoice.objects.count(), balance(credit)) == ("issued", 1, 10000)
    void(sale_of(credit))
    assert sale_of(a_sale(account, "100.00", "75.00", now="2026-09-11")).number == "INV-2026-000002"


def test_r13_the_token_of_a_refused_correction_stays_free(account: Account) -> None:
    credit, once = a_sale(account, "100.00", "80.00"), by_now("2026-09-10")
    with pytest.raises(InvoiceVoidRefused):
        invoice_correct(invoice=sale_of(credit), reason="Wrong", **once)
    assert invoice_void(invoice=sale_of(credit), reason="Wrong", **once).status == "void"


def test_r13_the_same_token_voids_once(account: Account) -> None:
    credit, once = a_sale(account, "100.00", "80.00"), by_now("2026-09-10")
    for _ in range(2):
        assert invoice_void(invoice=sale_of(credit), reason="Wrong", **once).status == "void"
    assert Entry.objects.filter(kind="voided").count() == 1


def test_r13_the_confirmation_shows_what_is_lost_and_is_refused_once_that_changed(
    account: Account, item: Item
) -> None:
    credit = a_sale(account, "100.00", "80.00")
    today, sale = day("2026-09-10"), sale_of(credit)
    assert [(lost, lost.balance) for lost in credits_lost(sale)] == [(credit, 10000)]
    shown = fingerprint(void_facts(sale, today))
    an_invoice(account, (item, "30.00"))
    with pytest.raises(FactsChanged):
        invoice_void(invoice=sale, reason="Wrong", shown=shown, **by_now("2026-09-10"))
    assert (sale_of(credit).status, balance(credit)) == ("issued", 7000)
    shown = fingerprint(void_facts(sale, today))
    invoice_void(invoice=sale, reason="Wrong", shown=shown, **by_now("2026-09-10"))
    assert credits_lost(sale_of(credit)) == []
