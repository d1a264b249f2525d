"""What the owner of the tables can do: lift the rules, rewrite rows and hashes, put the rules back."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, models

from billing.database_rules import rules_enforce
from credits.chain import GENESIS, link_hash
from credits.ledger import entry_link
from credits.models import Entry
from customers.triggers import triggers_remove


def past_the_model(model: type[models.Model]) -> Any:
    """A queryset that knows nothing of our refusals: only the database can refuse."""
    return models.QuerySet(model)


def execute(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def rules_lift() -> None:
    """PostgreSQL changes no table that has checks of foreign keys still to come."""
    if connection.vendor == "postgresql":
        execute("SET CONSTRAINTS ALL IMMEDIATE", "SET CONSTRAINTS ALL DEFERRED")
    triggers_remove(connection)


@contextmanager
def rules_lifted() -> Iterator[None]:
    rules_lift()
    yield
    if connection.vendor == "postgresql":
        execute("SET CONSTRAINTS ALL IMMEDIATE", "SET CONSTRAINTS ALL DEFERRED")
    rules_enforce(using="default")


def chains_forge() -> None:
    """Every account's hashes computed anew over its entries as they stand."""
    account, previous = None, GENESIS
    for entry in Entry.objects.order_by("account_id", "number"):
        if entry.account_id != account:
            account, previous = entry.account_id, GENESIS
        previous = link_hash(previous, entry_link(entry))
        if entry.hash != previous:
            execute(f"UPDATE credits_entry SET hash = '{previous}' WHERE id = {entry.pk}")


def balances_forge() -> None:
    """Every balance that is kept made to fit the entries; one without entries goes."""
    of = "FROM credits_entry e WHERE e.credit_id = credits_balance.credit_id"
    execute(
        f"DELETE FROM credits_balance WHERE NOT EXISTS (SELECT 1 {of})",
        f"UPDATE credits_balance SET balance = (SELECT SUM(amount) {of}), entry_id = (SELECT MAX(id) {of}), "
        f"granted = (SELECT amount {of} AND kind = 'granted'), "
        f"voided = EXISTS (SELECT 1 {of} AND kind = 'voided'), "
        f"lapsed = EXISTS (SELECT 1 {of} AND kind = 'expired')",
    )


def totals_forge() -> None:
    """Every issued invoice's figures made to fit its lines and entries."""
    execute(
        "UPDATE invoices_invoice SET total = (SELECT COALESCE(SUM(amount), 0) FROM invoices_line l "
        "WHERE l.invoice_id = invoices_invoice.id), credited = (SELECT COALESCE(-SUM(amount), 0) "
        "FROM credits_entry e WHERE e.invoice_id = invoices_invoice.id AND kind = 'applied') "
        "WHERE status <> 'draft'"
    )


def rewrite(*statements: str) -> None:
    """Change rows, and make every sum fit again; only the hashes stay as they were."""
    with rules_lifted():
        execute(*statements)
        balances_forge()
        totals_forge()
