"""Give entries written before the chain and the kept balances theirs.

The rules on entries are set aside for just this transaction on PostgreSQL, which keeps every other session
out of the table meanwhile; on SQLite they are lifted before any migration. Going back loses nothing: both
follow from the entries.
"""

from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.db import migrations

from credits.chain import GENESIS, Link, link_hash

BATCH = 2000


def ledger_fill(apps: Any, schema_editor: Any) -> None:
    entries = apps.get_model("credits", "Entry").objects.order_by("account_id", "number")
    if not entries.exists():
        return
    postgresql = schema_editor.connection.vendor == "postgresql"
    if postgresql:
        for table in ("credits_entry", "credits_balance"):
            schema_editor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    for _account, rows in groupby(entries.iterator(BATCH), attrgetter("account_id")):
        for linked in _batches(_linked(rows)):
            entries.model.objects.bulk_update(linked, ["hash"])
    schema_editor.execute(BALANCES)
    # PostgreSQL alters no table that still owes checks of foreign keys.
    if postgresql:
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in ("credits_entry", "credits_balance"):
            schema_editor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


BALANCES = """
    INSERT INTO credits_balance (credit_id, account_id, granted, balance, voided, lapsed, entry_id)
    SELECT e.credit_id, c.account_id, c.amount, SUM(e.amount),
        SUM(CASE WHEN e.kind = 'voided' THEN 1 ELSE 0 END) > 0,
        SUM(CASE WHEN e.kind = 'expired' THEN 1 ELSE 0 END) > 0,
        MAX(e.id)
    FROM credits_entry e JOIN credits_credit c ON c.id = e.credit_id WHERE TRUE
    GROUP BY e.credit_id, c.account_id, c.amount
    ON CONFLICT (credit_id) DO NOTHING
"""


def _linked(rows: Iterator[Any]) -> Iterator[Any]:
    previous = GENESIS
    for entry in rows:
        entry.hash = previous = link_hash(
            previous,
            Link(
                account=entry.account_id,
                number=entry.number,
                credit=entry.credit_id,
                kind=entry.kind,
                currency=entry.currency,
                amount=entry.amount,
                units=None,
                invoice=entry.invoice_id,
                line=entry.line_id,
                reverses=entry.reverses_id,
                act=entry.act_id,
                value_date=entry.value_date,
                booked_at=entry.booked_at,
            ),
        )
        yield entry


def _batches(rows: Iterator[Any]) -> Iterator[list[Any]]:
    batch: list[Any] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


class Migration(migrations.Migration):
    dependencies = (("credits", "0002_ledger_and_ways_to_give"),)

    operations = (migrations.RunPython(ledger_fill, migrations.RunPython.noop),)
