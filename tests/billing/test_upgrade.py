"""A database of the first version is brought to this one, and loses nothing."""

from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.db import connection

from billing.database_rules import rules_check
from billing.digest import ledger_digest
from billing.verification.runner import ledger_verify
from credits.models import Balance, Entry
from tests.factories import a_credit, a_draft, an_account, an_item, issue, void, void_credit

FIRST = (("credits", "0001_initial"), ("invoices", "0001_initial"))


@pytest.fixture
def back_to_the_newest(transactional_db: None) -> Iterator[None]:
    yield
    call_command("migrate", verbosity=0)


@pytest.mark.usefixtures("back_to_the_newest")
def test_the_first_version_s_entries_get_their_chain_and_their_balances() -> None:
    account, calls = an_account(), an_item()
    spent, kept = a_credit(account, "10.00"), a_credit(account, "20.00")
    void_credit(kept)
    issue(a_draft(account, (calls, "4.00")))
    void(issue(a_draft(account, (calls, "5.00"))))
    before = ledger_digest(), hashes(), balances()
    assert before[2][spent.pk] == (600, False)
    assert before[2][kept.pk] == (0, True)

    for migration in FIRST:
        call_command("migrate", *migration, verbosity=0)
    assert "credits_balance" not in connection.introspection.table_names()

    call_command("migrate", verbosity=0)
    assert (ledger_digest(), hashes(), balances()) == before
    assert rules_check(databases=["default"]) == []
    assert ledger_verify().breach is None
    assert issue(a_draft(account, (calls, "6.00"))).credited == 600


@pytest.mark.usefixtures("back_to_the_newest")
def test_an_empty_database_of_the_first_version_is_brought_here() -> None:
    for migration in FIRST:
        call_command("migrate", *migration, verbosity=0)
    call_command("migrate", verbosity=0)
    assert ledger_verify().breach is None


def hashes() -> list[str]:
    return list(Entry.objects.order_by("account", "number").values_list("hash", flat=True))


def balances() -> dict[int, tuple[int, bool]]:
    kept = Balance.objects.values_list("credit", "balance", "voided")
    return {credit: (balance, voided) for credit, balance, voided in kept}
