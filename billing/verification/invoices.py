"""Checks of invoices and their lines: sums, what credits paid on them, and numbers (R1, R7, R9, R15)."""

from billing.verification.check import ENTRY, INVOICE, LINE, Check, query

INVOICE_CHECKS: tuple[Check, ...] = (
    query(
        "an invoice is of its account's currency",
        """
        SELECT i.currency AS currency, a.currency AS other, {invoices}
        JOIN customers_account a ON a.id = i.account_id WHERE i.currency <> a.currency ORDER BY i.id
        """,
        INVOICE + "it is in {currency}, and its account in {other}",
    ),
    query(
        "a line is of its invoice's account and currency",
        """
        SELECT l.currency AS currency, l.account_id AS account, i.currency AS other,
            i.account_id AS owner, {lines}
        WHERE l.currency <> i.currency OR l.account_id <> i.account_id ORDER BY i.id, l.position
        """,
        LINE + "it is of account {account} in {currency}, and its invoice of account {owner} in {other}",
    ),
    query(
        "a line's kind is its item's",
        """
        SELECT l.kind AS kind, t.kind AS other, {lines} JOIN invoices_item t ON t.id = l.item_id
        WHERE l.kind <> t.kind ORDER BY i.id, l.position
        """,
        LINE + "its kind is {kind}, and its item's is {other}",
    ),
    query(
        "the total of an invoice is the sum of its lines",
        """
        SELECT i.total AS total, COALESCE(s.amount, 0) AS lines, {invoices}
        LEFT JOIN (SELECT invoice_id, SUM(amount) AS amount FROM invoices_line GROUP BY invoice_id) s
            ON s.invoice_id = i.id
        WHERE i.status <> 'draft' AND (i.total IS NULL OR i.total <> COALESCE(s.amount, 0)) ORDER BY i.id
        """,
        INVOICE + "its total is {total}, and its lines sum up to {lines}",
    ),
    query(
        "what is credited is what the ledger applied",
        """
        SELECT i.credited AS credited, COALESCE(s.applied, 0) AS applied, {invoices}
        LEFT JOIN (SELECT invoice_id, -SUM(amount) AS applied FROM credits_entry WHERE kind = 'applied'
            GROUP BY invoice_id) s ON s.invoice_id = i.id
        WHERE i.status <> 'draft' AND (i.credited IS NULL OR i.credited <> COALESCE(s.applied, 0)
            OR i.credited <> 0 AND i.credited > i.total) ORDER BY i.id
        """,
        INVOICE + "{credited} is credited to it, and the ledger applied {applied}",
    ),
    query(
        "a void invoice has given everything back, any other nothing",
        """
        SELECT i.status AS status, s.applied AS applied, s.reversed AS reversed, {invoices}
        JOIN (SELECT invoice_id, -SUM(CASE WHEN kind = 'applied' THEN amount ELSE 0 END) AS applied,
                SUM(CASE WHEN kind = 'reversed' THEN amount ELSE 0 END) AS reversed
            FROM credits_entry GROUP BY invoice_id) s ON s.invoice_id = i.id
        WHERE s.reversed <> CASE WHEN i.status = 'void' THEN s.applied ELSE 0 END ORDER BY i.id
        """,
        INVOICE + "it is {status}, credits paid {applied} on it, and {reversed} went back to them",
    ),
    query(
        "a draft has no entries",
        """
        SELECT i.id AS invoice, {entries} JOIN invoices_invoice i ON i.id = e.invoice_id
        WHERE i.status = 'draft' ORDER BY e.account_id, e.number
        """,
        ENTRY + "it belongs to draft {invoice}, and a draft takes nothing",
    ),
    query(
        "no line is paid more than it comes to",
        """
        SELECT l.amount AS amount, s.applied AS applied, {lines}
        JOIN (SELECT line_id, -SUM(amount) AS applied FROM credits_entry WHERE kind = 'applied'
            GROUP BY line_id) s ON s.line_id = l.id
        WHERE s.applied > CASE WHEN l.amount > 0 THEN l.amount ELSE 0 END ORDER BY i.id, l.position
        """,
        LINE + "credits paid {applied} on its amount of {amount}",
    ),
    query(
        "no line is covered by more units than it has",
        """
        SELECT l.quantity AS quantity, s.units AS units, {lines}
        JOIN (SELECT line_id, -SUM(units) AS units FROM credits_entry WHERE kind = 'applied'
            GROUP BY line_id) s ON s.line_id = l.id
        WHERE s.units > ROUND(l.quantity * 1000000, 3) ORDER BY i.id, l.position
        """,
        LINE + "{units} millionths of a unit cover its quantity of {quantity}",
    ),
    query(
        "no credit pays a line that sells one",
        """
        SELECT s.applied AS applied, {lines}
        JOIN (SELECT line_id, -SUM(amount) AS applied FROM credits_entry WHERE kind = 'applied'
            GROUP BY line_id) s ON s.line_id = l.id
        WHERE NOT l.creditable ORDER BY i.id, l.position
        """,
        LINE + "it sells a credit, and credits paid {applied} on it",
    ),
)

NUMBER_CHECKS: tuple[Check, ...] = (
    query(
        "an issued invoice has a number",
        """
        SELECT i.status AS status, {invoices} WHERE (i.status = 'draft') <> (i.series_number IS NULL)
            OR (i.series_number IS NULL) <> (i.series_id IS NULL) ORDER BY i.id
        """,
        INVOICE + "it is {status}, and draft means without a number, anything else with one",
    ),
    query(
        "the numbers of a series have no gaps",
        """
        SELECT n.id AS invoice, n.number AS invoice_number, n.series_number AS figure, n.before AS before
        FROM (SELECT id, number, series_id, series_number,
                LAG(series_number, 1, 0) OVER (PARTITION BY series_id ORDER BY series_number) AS before
            FROM invoices_invoice WHERE series_id IS NOT NULL) n
        WHERE n.series_number <> n.before + 1 ORDER BY n.series_id, n.series_number
        """,
        INVOICE + "it is number {figure} of its series, and follows number {before}",
    ),
    query(
        "a series ends with its last number",
        """
        SELECT s.prefix, s.year, s.last_number, COALESCE(i.last, 0) AS last FROM invoices_series s
        LEFT JOIN (SELECT series_id, MAX(series_number) AS last FROM invoices_invoice GROUP BY series_id) i
            ON i.series_id = s.id
        WHERE s.last_number <> COALESCE(i.last, 0) ORDER BY s.year, s.prefix
        """,
        "series {prefix}-{year}: its last number is {last_number}, and that of its invoices {last}",
    ),
)
