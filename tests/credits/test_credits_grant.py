"""Granting many credits at once: all or none, one act with one reason, once per file (R13, R14)."""

import pytest

from credits.batch_services import batch_token, credits_grant
from credits.batches import AccountFilter, BatchRefused, batch_from_filter
from credits.models import Credit, Entry
from customers.acts import FactsChanged, TokenReused, fingerprint
from customers.models import Account, Act
from customers.services import account_close
from invoices.models import Kind
from tests.credits.batches import a_csv, csv_of, grant, read
from tests.factories import (
    a_credit,
    a_customer,
    a_token,
    an_account,
    an_invoice,
    an_item,
    an_operator,
    at,
    balance,
    by_now,
    ledger,
)

pytestmark = pytest.mark.django_db


def acts() -> int:
    return Act.objects.filter(kind="credits_grant").count()


# --- One act ----------------------------------------------------------------------------


def test_r14_a_batch_is_one_act_with_one_reason_and_every_entry_names_it() -> None:
    accounts = [an_account(), an_account(), an_account()]
    result = grant(csv_of(*accounts), reason="The outage of 30 July")
    assert (acts(), result.repeated, result.batch.reason) == (1, False, "The outage of 30 July")
    assert [ledger(account) for account in accounts] == [[("Sorry", "granted", 1000)]] * 3
    assert {entry.act for entry in Entry.objects.all()} == {result.batch}
    assert Credit.objects.filter(reason="The outage of 30 July").count() == 3


def test_r14_the_record_says_how_much_was_granted_and_names_no_customer() -> None:
    yen = an_account(a_customer("Winston Scott"), currency="JPY")
    item = an_item("API calls")
    rows = [f"{yen.customer.key},{yen.key},500,,"]
    for account in (an_account(), an_account()):
        rows.append(f"{account.customer.key},{account.key},10.00,,")
    calls = an_account()
    rows.append(f"{calls.customer.key},{calls.key},,1000,{item.key}")
    batch = grant(a_csv(*rows, header="customer,account,amount,units,unit_item")).batch
    assert batch.details == {
        "credits": 4,
        "totals": [
            {"currency": "JPY", "item": "", "credits": 1, "size": 500},
            {"currency": "USD", "item": "", "credits": 2, "size": 2000},
            {"currency": "", "item": item.key, "credits": 1, "size": 1000_000_000},
        ],
    }
    assert "Winston" not in f"{batch.details}{batch.subject}"


def test_the_chain_goes_on_where_an_account_has_entries_already() -> None:
    old, new = an_account(), an_account()
    a_credit(old, "1.00")
    grant(csv_of(old, new))
    assert [entry.number for entry in Entry.objects.filter(account=old).order_by("number")] == [1, 2]
    assert [entry.number for entry in Entry.objects.filter(account=new)] == [1]


def test_a_credit_of_a_batch_pays_as_any_other_does() -> None:
    account = an_account()
    grant(csv_of(account))
    assert an_invoice(account, (an_item(), "30.00")).credited == 1000


def test_r14_a_batch_needs_a_reason() -> None:
    with pytest.raises(BatchRefused, match="needs a reason"):
        grant(csv_of(an_account()), reason="  ")
    assert (acts(), Credit.objects.count()) == (0, 0)


# --- All or nothing ---------------------------------------------------------------------


def test_a_wrong_row_is_named_and_nothing_is_granted() -> None:
    good, bad = an_account(), an_account()
    rows = (f"{good.customer.key},{good.key},10.00", f"{bad.customer.key},{bad.key},10.001")
    with pytest.raises(BatchRefused, match=r"Row 3, column amount: USD has 2 decimals.* Nothing was granted"):
        grant(a_csv(*rows))
    assert (acts(), Credit.objects.count()) == (0, 0)


def test_an_account_closed_after_the_file_was_read_is_named_and_nothing_is_granted() -> None:
    good, closed = an_account(), an_account()
    batch = read(csv_of(good, closed))
    account_close(account=closed, reason="Left", **by_now("2026-08-01"))
    with pytest.raises(BatchRefused, match=r"Row 3, column account: The account .* is closed"):
        credits_grant(batch=batch, reason="Why", **by_now("2026-08-01"))
    assert Credit.objects.count() == 0


def test_a_refused_batch_leaves_its_token_free() -> None:
    account = an_account()
    data = csv_of(account)
    with pytest.raises(BatchRefused):
        grant(data, reason="")
    assert grant(data).repeated is False


# --- Once -------------------------------------------------------------------------------


def test_r13_the_same_file_again_does_nothing_whatever_the_reason() -> None:
    account = an_account()
    first = grant(csv_of(account), reason="The outage")
    again = grant(csv_of(account), reason="Another thought", now="2026-08-09")
    assert (again.repeated, again.batch) == (True, first.batch)
    assert ledger(account) == [("Sorry", "granted", 1000)]


def test_r13_a_new_token_grants_the_same_file_once_more() -> None:
    account = an_account()
    data = csv_of(account)
    grant(data)
    token = a_token()
    assert [grant(data, token=token).repeated, grant(data, token=token).repeated] == [False, True]
    assert ledger(account) == [("Sorry", "granted", 1000)] * 2


def test_r13_the_same_file_with_other_terms_is_refused_in_words_and_names_the_first() -> None:
    account = an_account()
    first = grant(csv_of(account), name="Sorry")
    with pytest.raises(BatchRefused, match=f"granted before, with other terms, as batch {first.batch.pk}"):
        grant(csv_of(account), name="Welcome")
    assert len(ledger(account)) == 1


def test_r13_a_token_used_for_another_file_is_refused() -> None:
    account = an_account()
    token = a_token()
    grant(csv_of(account), token=token)
    with pytest.raises(TokenReused):
        grant(csv_of(account, amount="20.00"), token=token)
    assert len(ledger(account)) == 1


def test_r13_the_token_is_of_the_file_s_bytes() -> None:
    one = read(csv_of(an_account())).source["digest"]
    assert batch_token(one) == f"credits_grant:{one}"
    assert len(batch_token(one)) <= 100


def test_r13_a_confirmation_of_other_facts_is_refused() -> None:
    account = an_account()
    shown = fingerprint(read(csv_of(account, amount="10.00")).facts())
    other = read(csv_of(account, amount="20.00"))
    with pytest.raises(FactsChanged):
        credits_grant(batch=other, reason="Why", shown=shown, **by_now("2026-08-01"))
    same = read(csv_of(account, amount="10.00"))
    assert not credits_grant(batch=same, reason="Why", shown=shown, **by_now("2026-08-01")).repeated


# --- By filter --------------------------------------------------------------------------

TERMS = {"name": "Sorry", "amount": "10.00"}


def found(**filter: str) -> list[Account]:
    return AccountFilter(**filter).accounts()


def test_a_filter_finds_open_accounts_by_text_currency_and_customer() -> None:
    john, winston = a_customer("John Wick"), a_customer("Winston Scott")
    dollars, euros = an_account(john, name="Main"), an_account(john, name="Berlin", currency="EUR")
    hotel, closed = an_account(winston, name="Continental"), an_account(winston, name="Old")
    account_close(account=closed, reason="Left", **by_now("2026-08-01"))
    assert found() == [dollars, euros, hotel]
    assert found(search="wick") == [dollars, euros]
    assert found(search="berl") == [euros]
    assert found(search=hotel.key) == [hotel]
    assert found(currency="USD") == [dollars, hotel]
    assert found(customer=winston.key) == [hotel]
    assert found(search="wick", currency="EUR", customer=john.key) == [euros]


def test_a_filter_grants_each_account_one_credit_and_a_closed_one_none() -> None:
    accounts = [an_account(), an_account()]
    closed = an_account()
    account_close(account=closed, reason="Left", **by_now("2026-08-01"))
    batch = batch_from_filter(AccountFilter(currency="USD"), TERMS, now=at("2026-08-01"))
    once = by_now("2026-08-01")
    assert credits_grant(batch=batch, reason="Why", **once).repeated is False
    assert credits_grant(batch=batch, reason="Why", **once).repeated is True
    assert [len(ledger(account)) for account in (*accounts, closed)] == [1, 1, 0]


def test_r15_an_amount_needs_the_currency_of_its_accounts_but_units_do_not() -> None:
    an_account()
    an_account(currency="EUR")
    item = an_item()
    with pytest.raises(BatchRefused, match="an amount is in one currency"):
        batch_from_filter(AccountFilter(), TERMS, now=at("2026-08-01"))
    units = {"name": "Sorry", "units": "5", "unit_item": item.key}
    batch = batch_from_filter(AccountFilter(), units, now=at("2026-08-01"))
    assert [(total.unit_item, total.credits, total.size) for total in batch.totals()] == [
        (item, 2, 10_000_000)
    ]


def test_a_filter_that_finds_nobody_is_refused() -> None:
    with pytest.raises(BatchRefused, match="No open account fits"):
        batch_from_filter(AccountFilter(currency="USD"), TERMS, now=at("2026-08-01"))


def test_r13_an_account_opened_since_the_filter_was_shown_changes_the_facts() -> None:
    an_account()
    shown = fingerprint(batch_from_filter(AccountFilter(currency="USD"), TERMS, now=at("2026-08-01")).facts())
    an_account()
    now = batch_from_filter(AccountFilter(currency="USD"), TERMS, now=at("2026-08-01"))
    with pytest.raises(FactsChanged):
        credits_grant(batch=now, reason="Why", shown=shown, **by_now("2026-08-01"))


def test_r6_a_day_that_is_not_typed_is_today_in_each_account_s_own_zone() -> None:
    east, west = an_account(time_zone="Pacific/Kiritimati"), an_account(time_zone="Pacific/Pago_Pago")
    batch = batch_from_filter(AccountFilter(currency="USD"), TERMS, now=at("2026-08-01 10:30"))
    credits_grant(batch=batch, reason="Why", by=an_operator(), now=at("2026-08-01 10:30"), token=a_token())
    days = {credit.account_id: str(credit.effective_from) for credit in Credit.objects.all()}
    assert days == {east.pk: "2026-08-02", west.pk: "2026-07-31"}


def test_r3_the_scope_of_a_batch_is_written_for_every_credit() -> None:
    accounts, api = [an_account(), an_account()], an_item("API calls")
    grant(csv_of(*accounts), name="Sorry", items=api.key, kinds="add_on;license", tags="team-blue")
    for credit in Credit.objects.all():
        scope = credit.scope()
        assert scope.items == {api.pk}
        assert scope.kinds == {"add_on", "license"}
        assert scope.tags == {"team-blue"}
    seats = an_item("Seats", Kind.FIXED_FEE)
    assert an_invoice(accounts[0], (api, "4.00"), (seats, "4.00")).credited == 400
    assert balance(Credit.objects.get(account=accounts[1])) == 1000
