"""What a check is: a question to the database for rows that break a rule, and the words for the first.

The questions are SQL that both engines read alike, written without the code of the acts, so that an
error there is not made here again. Each is answered by the database in one pass.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

CHUNK = 2000

# How the sentences name a row.
ENTRY = "entry {number} of account {account} ({key}): "
CREDIT = "credit {credit} of account {account} ({key}): "
INVOICE = "invoice {invoice} ({invoice_number}): "
LINE = "line {position} of invoice {invoice} ({invoice_number}): "

BILLED = """b.id AS billed, b.line_id AS line, COALESCE(i.number, 'a draft') AS invoice,
        COALESCE(i.status, 'gone') AS status, a.id AS account, a.key AS key
        FROM {table} b JOIN customers_account a ON a.id = b.account_id
        LEFT JOIN invoices_line l ON l.id = b.line_id LEFT JOIN invoices_invoice i ON i.id = l.invoice_id
        WHERE b.line_id IS NOT NULL"""

# What `{entries}` and the like stand for in a question: the columns those names need, and their table.
FRAGMENTS = {
    "entries": """e.number AS number, a.id AS account, a.key AS key
        FROM credits_entry e JOIN customers_account a ON a.id = e.account_id""",
    "credits": """c.id AS credit, a.id AS account, a.key AS key
        FROM credits_credit c JOIN customers_account a ON a.id = c.account_id""",
    "invoices": """i.id AS invoice, COALESCE(i.number, 'draft') AS invoice_number
        FROM invoices_invoice i""",
    "lines": """l.position AS position, i.id AS invoice, COALESCE(i.number, 'draft') AS invoice_number
        FROM invoices_line l JOIN invoices_invoice i ON i.id = l.invoice_id""",
    # What is recorded as billed, on whatever line; they end in a WHERE.
    "billed_usage": BILLED.format(table="invoices_usagerecord"),
    "billed_months": BILLED.format(table="invoices_billedmonth"),
    # As `entries`, with what each adds to its credit, the balance right after it, what its act gave back to
    # the credit (all in the credit's own measure, R11), and the number of the entry that voided it.
    "running_entries": """e.number AS number, a.id AS account, a.key AS key
        FROM (SELECT e.*, SUM(e.change) OVER (PARTITION BY e.credit_id ORDER BY e.number) AS balance,
                SUM(CASE WHEN e.kind = 'reversed' THEN e.change ELSE 0 END)
                    OVER (PARTITION BY e.credit_id, e.act_id) AS returned,
                MIN(CASE WHEN e.kind = 'voided' THEN e.number END)
                    OVER (PARTITION BY e.credit_id) AS voided_at
            FROM (SELECT e.*, COALESCE(e.units, e.amount) AS change FROM credits_entry e) e) e
        JOIN customers_account a ON a.id = e.account_id""",
}
# The last day of issue of a credit `c`, by the grace in force when the act `t` issued the invoice (R6).
LAST_ISSUE = {
    "sqlite": "date(c.expires_on, '+' || json_extract(t.details, '$.grace_days') || ' days')",
    "postgresql": "(c.expires_on + (t.details ->> 'grace_days')::int)",
}
# Whether the line `l` bore the tag of the scope row `s` when it was made (R3).
BORE_TAG = {
    "sqlite": "EXISTS (SELECT 1 FROM json_each(l.tags) g WHERE g.value = s.tag)",
    "postgresql": "l.tags ? s.tag",
}

Find = Callable[[BaseDatabaseWrapper], Iterator[str]]


@dataclass(frozen=True, slots=True)
class Check:
    """One rule. `find` yields a sentence for each row that breaks it."""

    rule: str
    find: Find


def query(rule: str, sql: str, sentence: str) -> Check:
    """A rule whose breaches one SELECT returns, the first first."""

    def find(connection: BaseDatabaseWrapper) -> Iterator[str]:
        for row in rows(connection, sql):
            yield sentence.format(**row)

    return Check(rule, find)


def rows(connection: BaseDatabaseWrapper, sql: str) -> Iterator[dict[str, Any]]:
    """Rows by column name, a chunk at a time, so that a large table does not fill the memory."""
    own = {"last_issue": LAST_ISSUE[connection.vendor], "bore_tag": BORE_TAG[connection.vendor]}
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql.format(**own, **FRAGMENTS))
        found = cursor.fetchmany(CHUNK)
        names = [column[0] for column in cursor.description]
        while found:
            yield from (dict(zip(names, row, strict=True)) for row in found)
            found = cursor.fetchmany(CHUNK)
