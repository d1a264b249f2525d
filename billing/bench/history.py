"""Millions of entries for one question: how long the newest of an account take to find (PostgreSQL).

Made by the database itself, chain of hashes and all: accounts with four credits, twelve invoices and a
hundred entries each, and one, the first, with a thousand credits. Indexes and foreign keys are lifted while
the rows go in, and are put back, and with them checked, after it.
"""

import contextlib
import json
from collections.abc import Iterator
from typing import Any

from django.db import connection, models

from billing.database_rules import rules_enforce
from credits.chain import GENESIS, VERSION
from credits.models import Credit, Entry
from customers.models import Account, Act, Customer
from customers.triggers import triggers_remove
from invoices.models import Invoice, Item, Line

PER_ACCOUNT, CREDITS, INVOICES = 100, 4, 12
HEAVY = 1000
BATCH = 2000
TABLES = ("credits_entry", "credits_balance", "credits_credit", "invoices_line", "invoices_invoice")

CHAIN = (
    f"""CREATE FUNCTION bench_link(before text, facts text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$
    BEGIN RETURN encode(sha256(convert_to('{VERSION}|' || before || '|' || facts, 'UTF8')), 'hex'); END $$""",
    f"CREATE AGGREGATE bench_chain(text) (SFUNC = bench_link, STYPE = text, INITCOND = '{GENESIS}')",
)
UNCHAIN = ("DROP AGGREGATE bench_chain(text)", "DROP FUNCTION bench_link(text, text)")

# How many credits an account has; `a` numbers accounts, `c` its credits, `i` its invoices, `k` its entries.
OF = f"(CASE WHEN a = 1 THEN {HEAVY} ELSE {CREDITS} END)"
FIRST_CREDIT = f"(CASE WHEN a = 1 THEN 0 ELSE {HEAVY} + (a - 2) * {CREDITS} END)"
ENTRIES_OF = f"({OF} * {PER_ACCOUNT // CREDITS})"
FIRST_ENTRY = f"(CASE WHEN a = 1 THEN 0 ELSE {HEAVY * PER_ACCOUNT // CREDITS} + (a - 2) * {PER_ACCOUNT} END)"
ACCOUNTS = "generate_series(%(first)s::bigint, %(last)s::bigint) a"
MONTH = "(DATE '2025-08-01' + make_interval(months => i::int))::date"

SINGLE = (
    """INSERT INTO invoices_item (id, key, name, kind, unit, tags, created_at)
    VALUES (1, 'calls', 'Calls', 'usage_meter', 'call', '[]', '2025-01-01Z')""",
    "INSERT INTO invoices_series (id, prefix, year, last_number) VALUES (1, 'INV', 2026, %(accounts)s * 12)",
)
BATCHES = (
    f"""INSERT INTO customers_customer (id, key, name, email, created_at)
    SELECT a, 'customer-' || a, 'Customer ' || a, '', '2025-01-01Z' FROM {ACCOUNTS}""",
    f"""INSERT INTO customers_account (id, customer_id, key, name, currency, time_zone, created_at)
    SELECT a, a, 'main', 'Customer ' || a || ', main', 'USD', 'UTC', '2025-01-01Z' FROM {ACCOUNTS}""",
    f"""INSERT INTO customers_act (id, kind, token, fingerprint, command, actor_name, origin, at, account_id,
        subject, reason, details)
    SELECT a, 'bench', 'bench:' || a, '', 'bench', 'bench', 'bench', '2025-08-01Z', a, 'account:' || a, '',
        '{{"grace_days": 45}}' FROM {ACCOUNTS}""",
    f"""INSERT INTO invoices_invoice (id, account_id, currency, period_start, period_end, status, source,
        created_at, judged_on, series_id, series_number, number, issue_date, issued_at, customer_name,
        account_name, total, credited, payment_reference)
    SELECT (a - 1) * {INVOICES} + i, a, 'USD', {MONTH}, ({MONTH} + interval '1 month')::date, 'issued',
        'usage_import', '2025-08-01Z', '2026-08-02', 1, (a - 1) * {INVOICES} + i,
        'INV-2026-' || lpad(((a - 1) * {INVOICES} + i)::text, 8, '0'), '2026-08-02', '2026-08-02Z',
        'Customer ' || a, 'Customer ' || a || ', main', 1000000, 20 * {OF}, ''
    FROM {ACCOUNTS}, generate_series(1, {INVOICES}) i""",
    f"""INSERT INTO invoices_line (id, account_id, invoice_id, position, item_id, kind, name, unit, quantity,
        unit_price, currency, amount, first_day, last_day)
    SELECT (a - 1) * {INVOICES} + i, a, (a - 1) * {INVOICES} + i, 1, 1, 'usage_meter', 'Calls', 'call', 10000,
        1, 'USD', 1000000, {MONTH}, ({MONTH} + interval '1 month - 1 day')::date
    FROM {ACCOUNTS}, generate_series(1, {INVOICES}) i""",
    f"""INSERT INTO credits_credit (id, account_id, name, category, currency, amount, usable_once_paid,
        priority, effective_from, applies_to, reason, created_at)
    SELECT {FIRST_CREDIT} + c, a, 'Credit ' || c, 'promotional', 'USD', 100000, false, 10, '2025-08-01',
        'invoice', '', '2025-08-01Z' FROM {ACCOUNTS}, LATERAL generate_series(1, {OF}) c""",
    # Each credit pays each invoice twice.
    f"""INSERT INTO credits_entry (id, account_id, number, credit_id, kind, currency, amount, invoice_id,
        line_id, act_id, value_date, booked_at, hash)
    SELECT id, a, k, credit, kind, 'USD', amount, invoice, invoice, a, '2026-08-02', '2026-08-02Z',
        bench_chain(concat_ws('|', a, k, credit, kind, 'USD', amount, '-', coalesce(invoice::text, '-'),
            coalesce(invoice::text, '-'), '-', a, '2026-08-02', '2026-08-02T00:00:00.000000Z'))
            OVER (PARTITION BY a ORDER BY k)
    FROM (SELECT a, k, {FIRST_ENTRY} + k AS id, {FIRST_CREDIT} + 1 + (k - 1) %% {OF} AS credit,
            CASE WHEN k <= {OF} THEN 'granted' ELSE 'applied' END AS kind,
            CASE WHEN k <= {OF} THEN 100000 ELSE -10 END AS amount,
            CASE WHEN k > {OF} THEN (a - 1) * {INVOICES} + 1 + ((k - 1) / {OF} - 1) %% {INVOICES} END invoice
        FROM {ACCOUNTS}, LATERAL generate_series(1, {ENTRIES_OF}) k) facts""",
    f"""INSERT INTO credits_balance (credit_id, account_id, granted, balance, voided, lapsed, entry_id)
    SELECT {FIRST_CREDIT} + c, a, 100000, 100000 - 10 * {PER_ACCOUNT // CREDITS - 1}, false, false,
        {FIRST_ENTRY} + {ENTRIES_OF} - {OF} + c FROM {ACCOUNTS}, LATERAL generate_series(1, {OF}) c""",
)


def history_load(entries: int) -> dict[str, int]:
    """Make about so many entries in the default database, migrated and empty."""
    accounts = max(2, (entries - HEAVY * PER_ACCOUNT // CREDITS) // PER_ACCOUNT + 1)
    triggers_remove(connection)
    with connection.cursor() as cursor:
        for statement in (*CHAIN, "SET synchronous_commit = off"):
            cursor.execute(statement)
        _defaults_set(cursor)
        with _without_indexes():
            for statement in SINGLE:
                cursor.execute(statement, {"accounts": accounts})
            for first in range(1, accounts + 1, BATCH):
                batch = {"first": first, "last": min(accounts, first + BATCH - 1)}
                for statement in BATCHES:
                    cursor.execute(statement, batch)
        for statement in UNCHAIN:
            cursor.execute(statement)
    rules_enforce(using=connection.alias)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("SELECT COUNT(*) FROM credits_entry")
        return {"accounts": accounts, "entries": cursor.fetchone()[0]}


def _defaults_set(cursor: Any) -> None:
    """Columns not named here get the defaults of their fields, in this scratch database, as anywhere else."""
    for model in (Customer, Account, Act, Item, Invoice, Line, Credit, Entry):
        for field in model._meta.concrete_fields:
            default = None if field.null or field.primary_key else field.get_default()
            if default is not None:
                value = json.dumps(default) if isinstance(field, models.JSONField) else default
                change = f"ALTER TABLE {model._meta.db_table} ALTER COLUMN {field.column} SET DEFAULT %s"
                cursor.execute(change, [value])


@contextlib.contextmanager
def _without_indexes() -> Iterator[None]:
    """Without the tables' foreign keys, unique constraints and indexes, but for their primary keys."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT format('ALTER TABLE %%I DROP CONSTRAINT %%I', relname, conname), "
            "format('ALTER TABLE %%I ADD CONSTRAINT %%I %%s', relname, conname, pg_get_constraintdef(c.oid)) "
            "FROM pg_constraint c JOIN pg_class t ON t.oid = conrelid "
            "WHERE relname = ANY(%s) AND contype IN ('f', 'u') ORDER BY contype DESC",
            [list(TABLES)],
        )
        constraints = cursor.fetchall()
        cursor.execute(
            "SELECT format('DROP INDEX %%I', i.relname), pg_get_indexdef(indexrelid) FROM pg_index "
            "JOIN pg_class i ON i.oid = indexrelid JOIN pg_class t ON t.oid = indrelid "
            "WHERE t.relname = ANY(%s) "
            "AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid)",
            [list(TABLES)],
        )
        indexes = cursor.fetchall()
        for lift, _ in (*constraints, *indexes):
            cursor.execute(lift)
        yield
        for _, restore in (*indexes, *constraints):
            cursor.execute(restore)
