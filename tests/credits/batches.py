"""Batches as tests make them: a file of accounts, read on 1 August 2026."""

from typing import Any

from credits.batch_file import batch_file_read
from credits.batch_services import BatchResult, batch_token, credits_grant
from credits.batches import Batch, batch_from_file
from customers.models import Account, Act, Customer
from tests.factories import GRANTED, a_token, an_operator, at

SORRY = {"name": "Sorry"}


def a_csv(*rows: str, header: str = "customer,account,amount") -> bytes:
    return "".join(f"{row}\n" for row in (header, *rows)).encode()


def csv_of(*accounts: Account, amount: str = "10.00") -> bytes:
    """Every account with the same amount."""
    return a_csv(*(f"{account.customer.key},{account.key},{amount}" for account in accounts))


def read(data: bytes, now: str = GRANTED, **for_all: str) -> Batch:
    """The file with these terms for all; without any, a name alone."""
    return batch_from_file(batch_file_read(data), for_all or SORRY, now=at(now))


def grant(
    data: bytes, *, reason: str = "The outage", now: str = GRANTED, token: str = "", **for_all: str
) -> BatchResult:
    batch = read(data, now, **for_all)
    told: dict[str, Any] = {"by": an_operator(), "now": at(now)}
    return credits_grant(
        batch=batch, reason=reason, token=token or batch_token(batch.source["digest"]), **told
    )


def granted(*accounts: Account, now: str = GRANTED, amount: str = "10.00", **for_all: str) -> Act:
    """The record of a batch of one credit for each of these accounts."""
    return grant(csv_of(*accounts, amount=amount), now=now, token=a_token(), **for_all).batch


def many_accounts(number: int) -> bytes:
    """So many customers with an account each, made at a stroke, and a file with 10.00 for each."""
    made = at("2026-01-02")
    customers = Customer.objects.bulk_create(
        Customer(key=f"C-{place}", name=f"Customer {place}", created_at=made) for place in range(number)
    )
    Account.objects.bulk_create(
        Account(
            customer=customer,
            key=f"A-{place}",
            name="Main",
            currency="USD",
            time_zone="UTC",
            created_at=made,
        )
        for place, customer in enumerate(customers)
    )
    return a_csv(*(f"C-{place},A-{place},10.00" for place in range(number)))
