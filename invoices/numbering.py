"""Invoice numbers: one series per issuing company and year, without gaps (R7).

The series' row stays locked from here to the end of the transaction, and every issuer of the
year waits for it: so numbers are taken last, after all other writes, and n of them at once.
"""

from typing import NamedTuple

from django.conf import settings
from django.db import connection

TAKE = """
    INSERT INTO invoices_series (prefix, year, last_number) VALUES (%s, %s, %s)
    ON CONFLICT (prefix, year) DO UPDATE SET last_number = invoices_series.last_number + excluded.last_number
    RETURNING id, last_number
"""


class Number(NamedTuple):
    series_id: int
    figure: int
    text: str


def numbers_take(year: int, count: int) -> list[Number]:
    """The next `count` numbers of the year's series, in one statement. Given back by a rollback."""
    if not connection.in_atomic_block:
        raise RuntimeError("Numbers are taken inside a transaction, or a crash would leave a gap.")
    prefix = settings.SCRIP_INVOICE_PREFIX
    with connection.cursor() as cursor:
        cursor.execute(TAKE, [prefix, year, count])
        series_id, last = cursor.fetchone()
    return [
        Number(series_id, figure, f"{prefix}-{year}-{figure:06d}")
        for figure in range(last - count + 1, last + 1)
    ]
