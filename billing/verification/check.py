"""What a check is: a question to the database for rows that break a rule, and the words for the first.

The questions are SQL that both engines read alike, written without the code of the acts, so that an
error there is not made here again. Each is answered by the database in one pass.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper

CHUNK = 2000

# How the sentences name a row.
ENTRY = "entry {number} of account {account} ({key}): "
CREDIT = "credit {credit} of account {account} ({key}): "
INVOICE = "invoice {invoice} ({invoice_number}): "
LINE = "line {position} of invoice {invoice} ({invoice_number}): "

# And where they find the names.
ENTRIES = """
    e.number AS number, a.id AS account, a.key AS key
    FROM credits_entry e JOIN customers_account a ON a.id = e.account_id
"""
CREDITS = """
    c.id AS credit, a.id AS account, a.key AS key
    FROM credits_credit c JOIN customers_account a ON a.id = c.account_id
"""
INVOICES = "i.id AS invoice, COALESCE(i.number, 'draft') AS invoice_number FROM invoices_invoice i"
LINES = """
    l.position AS position, i.id AS invoice, COALESCE(i.number, 'draft') AS invoice_number
    FROM invoices_line l JOIN invoices_invoice i ON i.id = l.invoice_id
"""

Find = Callable[[BaseDatabaseWrapper], Iterator[str]]


@dataclass(frozen=True, slots=True)
class Check:
    """One rule. `find` yields a sentence for each row that breaks it."""

    rule: str
    find: Find


def query(rule: str, sql: str, sentence: str, **dialects: str) -> Check:
    """A rule whose breaches one SELECT returns, the first first.

    `dialects` holds, by vendor, what `{dialect}` in the SQL stands for; `{grace}` in it is the setting.
    """

    def find(connection: BaseDatabaseWrapper) -> Iterator[str]:
        dialect = dialects.get(connection.vendor, "").replace("{grace}", str(settings.SCRIP_GRACE_DAYS))
        for row in rows(connection, sql.replace("{dialect}", dialect)):
            yield sentence.format(**row)

    return Check(rule, find)


def rows(connection: BaseDatabaseWrapper, sql: str) -> Iterator[dict[str, Any]]:
    """Rows by column name, a chunk at a time, so that a large table does not fill the memory."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql)
        found = cursor.fetchmany(CHUNK)
        names = [column[0] for column in cursor.description]
        while found:
            yield from (dict(zip(names, row, strict=True)) for row in found)
            found = cursor.fetchmany(CHUNK)
