"""Batches at the same moment as others: one effect, and locks in one order. PostgreSQL only (R13, R14)."""

from typing import Any

import pytest

from credits.batch_services import batch_token, credits_grant, credits_void
from credits.batches import BatchRefused
from credits.models import Credit
from customers.acts import account_lock
from customers.models import Act
from tests.billing.sessions import free, waiting_for
from tests.billing.test_at_once import at_once, refusals
from tests.credits.batches import a_csv, csv_of, granted, read
from tests.factories import an_account, balance, by_now, ledger
from tests.processes import command_start, finish

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def test_r13_two_who_send_one_file_grant_it_once() -> None:
    accounts = [an_account(), an_account()]
    batch = read(csv_of(*accounts))
    told: list[dict[str, Any]] = []
    for reason in ("Mine", "Theirs"):
        once = by_now("2026-08-01") | {"token": batch_token(batch.source["digest"])}
        told.append({"reason": reason, **once})
    first, second = at_once(
        lambda: account_lock(accounts[0].pk),
        *(lambda one=one: credits_grant(batch=batch, **one) for one in told),
    )
    assert first.batch == second.batch
    assert sorted((first.repeated, second.repeated)) == [False, True]
    assert [len(ledger(account)) for account in accounts] == [1, 1]
    assert Act.objects.filter(kind="credits_grant").count() == 1


def test_r13_two_processes_with_one_file_grant_it_once(tmp_path: Any) -> None:
    accounts = [an_account() for _ in range(20)]
    file = tmp_path / "sorry.csv"
    file.write_bytes(csv_of(*accounts))
    words = ("grant_credits", str(file), "--name", "Sorry", "--reason", "The outage")
    said = sorted(finish(process) for process in [command_start(*words), command_start(*words)])
    assert "sorry.csv is granted as batch" in said[0]
    assert "sorry.csv was granted before" in said[1]
    assert Credit.objects.count() == 20


def test_r8_two_who_void_one_batch_void_it_once() -> None:
    account = an_account()
    batch = granted(account)
    told = [by_now("2026-08-02"), by_now("2026-08-02")]
    answers = at_once(
        lambda: account_lock(account.pk),
        *(lambda one=one: credits_void(batch=batch, reason="Why", **one) for one in told),
    )
    assert refusals(answers) == [BatchRefused]
    assert (balance(Credit.objects.get()), len(ledger(account))) == (0, 2)


def test_the_accounts_of_a_batch_are_locked_in_the_order_of_their_ids_not_of_the_file() -> None:
    first, second = an_account(), an_account()
    batch = read(a_csv(*(f"{one.customer.key},{one.key},1.00" for one in (second, first))))
    told = by_now("2026-08-01")
    with waiting_for(
        lambda: account_lock(second.pk), lambda: credits_grant(batch=batch, reason="Why", **told)
    ) as session:
        assert not free("customers_account", first.pk)
    assert session.error is None
