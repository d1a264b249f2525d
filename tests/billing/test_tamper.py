"""Tamper evidence: the owner of the database lifts the rules, rewrites money, and puts the rules back.

`verify_ledger` names the account and the row each time. A ledger that was rewritten to its end, cut, or put
back to an older copy fits together again; heads kept elsewhere show it.
"""

from itertools import combinations
from pathlib import Path

import pytest
from django.core.management import CommandError
from django.db import transaction

from credits.models import Entry
from customers.services import account_close, customer_close, customer_erase
from tests.billing.books import Books, heads_export, verify
from tests.factories import a_credit, an_account, balance, by_now, void
from tests.forging import (
    balances_forge,
    chains_forge,
    execute,
    past_the_model,
    rules_lift,
    rules_lifted,
    totals_forge,
)

pytestmark = pytest.mark.django_db

SWAPPED = ("number", "amount", "invoice_id", "line_id", "act_id", "value_date", "booked_at", "hash")


@pytest.fixture
def books() -> Books:
    return Books()


def rewrite(*statements: str, sums: bool = True, chains: bool = False) -> None:
    """Walk round every rule, make what follows fit again as well as a forger can, put the rules back."""
    with rules_lifted():
        execute(*statements)
        if sums:
            balances_forge()
            totals_forge()
        if chains:
            chains_forge()


def changed(books: Books) -> tuple[list[str], int]:
    return [f"UPDATE credits_entry SET amount = amount + 1 {books.where(3)}"], 3


def changed_in_its_time(books: Books) -> tuple[list[str], int]:
    return [f"UPDATE credits_entry SET booked_at = '2026-09-01 12:00:00.000001+00:00' {books.where(3)}"], 3


def deleted(books: Books) -> tuple[list[str], int]:
    return [f"DELETE FROM credits_entry {books.where(4)}"], 5


def deleted_and_numbers_closed_up(books: Books) -> tuple[list[str], int]:
    return [f"DELETE FROM credits_entry {books.where(4)}", *books.moved(-1, *range(5, 12))], 4


def inserted(books: Books) -> tuple[list[str], int]:
    """In the middle: 10.00 more paid on a line of an old invoice."""
    change = f"amount = -1000, credit_id = {books.second.pk}, line_id = {books.unpaid.pk}"
    return [
        *books.moved(+1, *range(11, 3, -1)),
        books.insert(4, like=3),
        f"UPDATE credits_entry SET {change} {books.where(4)}",
    ], 4


def added(books: Books) -> tuple[list[str], int]:
    """At the end, where no later entry's hash speaks against it."""
    change = f"amount = -1000, credit_id = {books.second.pk}, line_id = {books.unpaid.pk}"
    return [books.insert(12, like=3), f"UPDATE credits_entry SET {change} {books.where(12)}"], 12


FORGERIES = [changed, changed_in_its_time, deleted, deleted_and_numbers_closed_up, inserted, added]


@pytest.mark.parametrize("sums", [False, True], ids=["alone", "sums made to fit"])
@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda forgery: forgery.__name__)
def test_a_forged_entry_is_named_with_its_account(books: Books, forgery: object, sums: bool) -> None:
    assert callable(forgery)
    statements, number = forgery(books)
    assert "Every sum is right." in verify()
    rewrite(*statements, sums=sums)
    with pytest.raises(CommandError, match=books.row(number)) as found:
        verify()
    assert found.value.returncode == 1


def swap(one: Entry, other: Entry, columns: tuple[str, ...]) -> None:
    of_one, of_other = ({name: getattr(entry, name) for name in columns} for entry in (one, other))
    entries = past_the_model(Entry)
    if "number" in columns:
        entries.filter(pk=one.pk).update(number=99)  # no two bear one number, not even for a moment
    entries.filter(pk=other.pk).update(**of_one)
    entries.filter(pk=one.pk).update(**of_other)


def test_two_entries_swapped_in_whichever_columns_are_named(books: Books) -> None:
    """Each sum of the credit stays as it was. All columns at once would be the same entries as before."""
    one, other = Entry.objects.filter(account=books.account, number__in=(3, 4)).order_by("number")
    assert all(getattr(one, name) != getattr(other, name) for name in SWAPPED)
    ways = [way for count in range(1, len(SWAPPED)) for way in combinations(SWAPPED, count)]
    before, unnamed = balance(books.credit), []
    rules_lift()
    for way in ways:
        with transaction.atomic():
            swap(one, other, way)
            assert balance(books.credit) == before
            try:
                with pytest.raises(CommandError, match=f"{books.row(3)}|{books.row(4)}"):
                    verify()
            except AssertionError:
                unnamed.append(way)
            transaction.set_rollback(True)
    assert (len(ways), unnamed) == (254, [])


def test_two_entries_swapped_whole_in_their_places_are_named(books: Books) -> None:
    with rules_lifted():
        one, other = Entry.objects.filter(account=books.account, number__in=(3, 4)).order_by("number")
        swap(one, other, ("number", "hash"))
    with pytest.raises(CommandError, match=books.row(3)):
        verify()


def cut(books: Books) -> str:
    """The last three entries: nobody ever paid the last invoice with credits."""
    return f"DELETE FROM credits_entry WHERE account_id = {books.account.pk} AND number > 8"


def test_a_cut_tail_whose_sums_were_left_is_named_by_its_credit(books: Books) -> None:
    rewrite(cut(books), sums=False)
    with pytest.raises(CommandError, match=books.credit_of(books.credit)):
        verify()


def test_a_cut_tail_is_shown_by_exported_heads_alone(books: Books, tmp_path: Path) -> None:
    heads = heads_export(tmp_path)
    assert "Compared with 2 exported heads: all is still there." in verify(*heads)
    rewrite(cut(books))
    assert (balance(books.credit), balance(books.second)) == (5000, 5000)
    assert "Every sum is right." in verify()
    with pytest.raises(CommandError, match=books.row(11) + ".* the ledger was cut, or is an older copy"):
        verify(*heads)


def test_a_cut_tail_that_grew_again_is_shown_by_exported_heads(books: Books, tmp_path: Path) -> None:
    heads = heads_export(tmp_path)
    rewrite(cut(books))
    for _ in range(4):
        a_credit(books.account, "1.00")
    assert "Every sum is right." in verify()
    with pytest.raises(CommandError, match=books.row(11) + ".* the ledger was rewritten"):
        verify(*heads)


def test_a_chain_recomputed_after_a_change_is_shown_by_exported_heads_alone(
    books: Books, tmp_path: Path
) -> None:
    """100.00 were granted; now they were 200.00 all along, in every row that says so."""
    heads = heads_export(tmp_path)
    rewrite(
        f"UPDATE credits_credit SET amount = 20000 WHERE id = {books.credit.pk}",
        f"UPDATE credits_entry SET amount = 20000 {books.where(1)}",
        chains=True,
    )
    assert balance(books.credit) == 10000
    assert "Every sum is right." in verify()
    for _ in range(2):  # also when the ledger has moved on since
        with pytest.raises(CommandError, match=books.row(11) + ".* the ledger was rewritten"):
            verify(*heads)
        a_credit(books.account, "1.00")


def test_an_older_copy_put_back_is_shown_by_newer_heads(books: Books, tmp_path: Path) -> None:
    with transaction.atomic():
        a_credit(books.account, "1.00")
        heads = heads_export(tmp_path)
        assert "Compared with 2 exported heads: all is still there." in verify(*heads)
        transaction.set_rollback(True)
    assert "Every sum is right." in verify()
    with pytest.raises(CommandError, match=books.row(12) + ".* cut, or is an older copy"):
        verify(*heads)


def test_an_older_copy_from_before_an_account_was_there_is_shown_by_newer_heads(
    books: Books, tmp_path: Path
) -> None:
    with transaction.atomic():
        late = an_account()
        a_credit(late, "1.00")
        heads = heads_export(tmp_path)
        transaction.set_rollback(True)
    named = rf"^entry 1 of account {late.pk} \({late.key}\): .* cut, or is an older copy"
    with pytest.raises(CommandError, match=named):
        verify(*heads)


def test_a_ledger_that_only_grew_holds_its_older_heads(books: Books, tmp_path: Path) -> None:
    heads = heads_export(tmp_path)
    void(books.last, "2026-09-20")
    a_credit(an_account(), "5.00")
    assert "Compared with 2 exported heads: all is still there." in verify(*heads)


def test_r16_erasing_a_customer_breaks_neither_chain_nor_heads(books: Books, tmp_path: Path) -> None:
    heads = heads_export(tmp_path)
    account_close(account=books.account, reason="Moved on", **by_now("2026-10-01"))
    customer = customer_close(customer=books.account.customer, reason="Moved on", **by_now("2026-10-01"))
    erased = customer_erase(customer=customer, reason="They asked", **by_now("2026-10-02"))
    assert erased.name.startswith("Erased")
    assert "Compared with 2 exported heads: all is still there." in verify(*heads)
