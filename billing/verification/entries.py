"""Checks of the ledger, entry by entry (R9, R14, R15)."""

from billing.verification.check import ENTRY, Check, query

ENTRY_CHECKS: tuple[Check, ...] = (
    query(
        "what an entry names exists",
        """
        SELECT e.number, e.account_id AS account, a.key AS key,
            CASE WHEN a.id IS NULL THEN 'account' WHEN t.id IS NULL THEN 'act' WHEN c.id IS NULL THEN 'credit'
                WHEN e.invoice_id IS NOT NULL AND i.id IS NULL THEN 'invoice'
                WHEN e.line_id IS NOT NULL AND l.id IS NULL THEN 'line' ELSE 'reversed entry' END AS missing
        FROM credits_entry e
        LEFT JOIN customers_account a ON a.id = e.account_id LEFT JOIN customers_act t ON t.id = e.act_id
        LEFT JOIN credits_credit c ON c.id = e.credit_id LEFT JOIN invoices_invoice i ON i.id = e.invoice_id
        LEFT JOIN invoices_line l ON l.id = e.line_id LEFT JOIN credits_entry r ON r.id = e.reverses_id
        WHERE a.id IS NULL OR t.id IS NULL OR c.id IS NULL OR (e.invoice_id IS NOT NULL AND i.id IS NULL)
            OR (e.line_id IS NOT NULL AND l.id IS NULL) OR (e.reverses_id IS NOT NULL AND r.id IS NULL)
        ORDER BY e.account_id, e.number
        """,
        ENTRY + "the {missing} it names is not there",
    ),
    query(
        "entries are numbered without gaps",
        """
        SELECT n.number, n.account_id AS account, a.key AS key, n.before
        FROM (SELECT account_id, number,
                LAG(number, 1, 0) OVER (PARTITION BY account_id ORDER BY number) AS before
            FROM credits_entry) n
        JOIN customers_account a ON a.id = n.account_id
        WHERE n.number <> n.before + 1 ORDER BY n.account_id, n.number
        """,
        ENTRY + "it follows number {before}, and the numbers have no gaps",
    ),
    query(
        "an entry is of its credit's account and currency",
        """
        SELECT e.currency AS currency, c.id AS credit, c.currency AS other, c.account_id AS owner, {entries}
        JOIN credits_credit c ON c.id = e.credit_id
        WHERE c.account_id <> e.account_id OR c.currency <> e.currency ORDER BY e.account_id, e.number
        """,
        ENTRY + "it is in {currency}, and credit {credit} is of account {owner} in {other}",
    ),
    query(
        "an entry is of its invoice's account and currency",
        """
        SELECT e.currency AS currency, i.id AS invoice, i.currency AS other, i.account_id AS owner, {entries}
        JOIN invoices_invoice i ON i.id = e.invoice_id
        WHERE i.account_id <> e.account_id OR i.currency <> e.currency ORDER BY e.account_id, e.number
        """,
        ENTRY + "it is in {currency}, and invoice {invoice} is of account {owner} in {other}",
    ),
    query(
        "an entry's line is of its invoice",
        """
        SELECT l.invoice_id AS owner, e.invoice_id AS invoice, {entries}
        JOIN invoices_line l ON l.id = e.line_id
        WHERE e.invoice_id IS NULL OR l.invoice_id <> e.invoice_id ORDER BY e.account_id, e.number
        """,
        ENTRY + "its line is of invoice {owner}, and not of invoice {invoice}",
    ),
    query(
        "an entry's act is of its account",
        """
        SELECT t.id AS act, t.account_id AS owner, {entries} JOIN customers_act t ON t.id = e.act_id
        WHERE t.account_id <> e.account_id ORDER BY e.account_id, e.number
        """,
        ENTRY + "its act {act} is of account {owner}",
    ),
    query(
        "the sign and parts of an entry are those of its kind",
        """
        SELECT e.kind AS kind, e.amount AS amount, {entries} WHERE NOT (
            e.kind = 'granted' AND COALESCE(e.units, e.amount) > 0
            OR e.kind = 'applied' AND COALESCE(e.units, e.amount) < 0 AND e.amount <= 0
            OR e.kind = 'reversed' AND COALESCE(e.units, e.amount) > 0 AND e.amount >= 0
                AND e.reverses_id IS NOT NULL
            OR e.kind = 'voided' AND COALESCE(e.units, e.amount) <= 0
            OR e.kind = 'expired' AND COALESCE(e.units, e.amount) < 0)
            OR (e.units IS NOT NULL AND e.kind NOT IN ('applied', 'reversed') AND e.amount <> 0)
            OR (e.kind IN ('applied', 'reversed')) <> (e.line_id IS NOT NULL)
            OR (e.kind <> 'reversed' AND e.reverses_id IS NOT NULL)
        ORDER BY e.account_id, e.number
        """,
        ENTRY + "no entry of kind {kind} has this amount ({amount}), line or reversal",
    ),
    query(
        "a reversal exactly undoes what it names",
        """
        SELECT e.amount AS amount, r.number AS other, r.amount AS undone, {entries}
        JOIN credits_entry r ON r.id = e.reverses_id
        WHERE r.kind <> 'applied' OR r.amount <> -e.amount OR r.credit_id <> e.credit_id
            OR COALESCE(r.units, 0) <> -COALESCE(e.units, 0) OR r.line_id <> e.line_id
            OR r.number >= e.number ORDER BY e.account_id, e.number
        """,
        ENTRY + "its {amount} do not exactly undo the {undone} of entry {other}",
    ),
    query(
        "an entry counts units just where its credit does",
        """
        SELECT c.id AS credit, {entries} JOIN credits_credit c ON c.id = e.credit_id
        WHERE (c.unit_item_id IS NULL) <> (e.units IS NULL) ORDER BY e.account_id, e.number
        """,
        ENTRY + "it and credit {credit} do not both count in units, or both in money",
    ),
    query(
        "units cover lines of their item",
        """
        SELECT c.id AS credit, l.name AS line, {entries}
        JOIN credits_credit c ON c.id = e.credit_id JOIN invoices_line l ON l.id = e.line_id
        WHERE e.kind = 'applied' AND c.unit_item_id <> l.item_id ORDER BY e.account_id, e.number
        """,
        ENTRY + "the units of credit {credit} are not of the item of the line “{line}”",
    ),
    query(
        "an entry is reversed once",
        """
        SELECT e.reverses_id AS other, {entries} WHERE EXISTS (
            SELECT 1 FROM credits_entry o WHERE o.reverses_id = e.reverses_id AND o.id < e.id)
        ORDER BY e.account_id, e.number
        """,
        ENTRY + "what it reverses was reversed before",
    ),
)
