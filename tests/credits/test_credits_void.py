"""Voiding what is left of a batch: one act, what was paid stays paid, and nothing comes back (R8, R13)."""

import pytest

from credits.batch_services import credits_void
from credits.batch_summary import batch_lost, batch_standing, void_facts
from credits.batches import BatchRefused
from credits.models import Credit, Entry, EntryKind
from customers.acts import FactsChanged, TokenReused, fingerprint
from customers.models import Account, Act
from tests.credits.batches import a_csv, grant, granted
from tests.factories import (
    a_credit,
    an_account,
    an_invoice,
    an_item,
    balance,
    by_now,
    ledger,
    void,
    void_credit,
)

pytestmark = pytest.mark.django_db


def voided(batch: Act, reason: str = "By mistake", now: str = "2026-09-02", **more: str) -> Act:
    return credits_void(batch=batch, reason=reason, **(by_now(now) | more)).batch


def test_r8_what_is_left_of_every_credit_is_voided_by_one_act() -> None:
    used, unused, other = an_account(), an_account(), an_account()
    batch = granted(used, unused)
    own = a_credit(unused, "5.00", name="Own")
    invoice = an_invoice(used, (an_item(), "3.00"))
    record = voided(batch)
    assert ledger(used) == [("Sorry", "granted", 1000), ("Sorry", "applied", -300), ("Sorry", "voided", -700)]
    assert ledger(unused)[-1] == ("Sorry", "voided", -1000)
    assert (balance(own), len(ledger(other))) == (500, 0)
    invoice.refresh_from_db()
    assert invoice.credited == 300
    assert set(Entry.objects.filter(kind=EntryKind.VOIDED).values_list("act", flat=True)) == {record.pk}
    assert (record.kind, record.subject, record.reason) == ("credits_void", f"batch:{batch.pk}", "By mistake")
    assert record.details == {
        "credits": 2,
        "totals": [{"currency": "USD", "item": "", "credits": 2, "size": 1700}],
    }


def test_r8_those_voided_before_are_passed_over() -> None:
    one, two = an_account(), an_account()
    batch = granted(one, two)
    void_credit(Credit.objects.get(account=one))
    voided(batch)
    assert Entry.objects.filter(kind=EntryKind.VOIDED).count() == 2
    assert len(ledger(one)) == 2


def test_r8_one_that_is_used_up_is_closed_too_so_that_nothing_flows_back_to_it() -> None:
    account = an_account()
    batch = granted(account)
    invoice = an_invoice(account, (an_item(), "10.00"))
    voided(batch)
    assert ledger(account)[-1] == ("Sorry", "voided", 0)
    void(invoice, "2026-09-03")
    assert balance(Credit.objects.get()) == 0


def test_r8_a_batch_is_voided_once() -> None:
    batch = granted(an_account())
    voided(batch)
    with pytest.raises(BatchRefused, match="Nothing is left to void"):
        voided(batch)


def test_r8_voiding_needs_a_reason() -> None:
    batch = granted(an_account())
    with pytest.raises(BatchRefused, match="needs a reason"):
        voided(batch, reason=" \n")
    assert balance(Credit.objects.get()) == 1000


def test_r13_the_same_token_voids_once_and_another_reason_is_refused() -> None:
    batch = granted(an_account())
    once = by_now("2026-09-02")
    first = credits_void(batch=batch, reason="Why", **once)
    again = credits_void(batch=batch, reason="Why", **once)
    assert (again.batch, first.repeated, again.repeated) == (first.batch, False, True)
    with pytest.raises(TokenReused):
        credits_void(batch=batch, reason="Other", **once)


def test_r13_a_confirmation_of_other_facts_is_refused() -> None:
    account = an_account()
    batch = granted(account)
    shown = fingerprint(void_facts(batch, batch_lost(batch)))
    an_invoice(account, (an_item(), "3.00"))
    with pytest.raises(FactsChanged):
        voided(batch, shown=shown)
    voided(batch, shown=fingerprint(void_facts(batch, batch_lost(batch))))
    assert balance(Credit.objects.get()) == 0


def mixed() -> tuple[Act, Account]:
    """A batch of money in two currencies and of units, of which some was used."""
    dollars, euros, api = an_account(), an_account(currency="EUR"), an_item("API calls")
    rows = [f"{dollars.customer.key},{dollars.key},10.00,,", f"{euros.customer.key},{euros.key},7.50,,"]
    for account in (an_account(), an_account(currency="EUR")):
        rows.append(f"{account.customer.key},{account.key},,100,{api.key}")
    batch = grant(a_csv(*rows, header="customer,account,amount,units,unit_item")).batch
    an_invoice(dollars, (api, "4.00"))
    return batch, euros


def test_r15_what_is_lost_is_summed_by_currency_and_units_by_item() -> None:
    batch, _ = mixed()
    lost = [
        (part.currency, part.unit_item and part.unit_item.name, part.credits, part.left)
        for part in batch_lost(batch)
    ]
    assert lost == [("EUR", None, 1, 750), ("USD", None, 1, 600), ("", "API calls", 2, 200_000_000)]


def test_the_standing_of_a_batch_adds_up_in_every_measure() -> None:
    batch, euros = mixed()
    void_credit(Credit.objects.get(account=euros))
    found = [
        (part.currency, part.credits, part.open_credits, part.granted, part.used, part.voided, part.left)
        for part in batch_standing(batch)
    ]
    assert found == [
        ("EUR", 1, 0, 750, 0, 750, 0),
        ("USD", 1, 1, 1000, 400, 0, 600),
        ("", 2, 2, 200_000_000, 0, 0, 200_000_000),
    ]
    voided(batch)
    assert [part.left for part in batch_standing(batch)] == [0, 0, 0]
