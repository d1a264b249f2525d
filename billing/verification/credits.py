"""Checks of credits: what the ledger makes of them, and what they were to pay (R2, R3, R6, R8, R10)."""

from billing.verification.check import CREDIT, ENTRY, Check, query

CREDIT_CHECKS: tuple[Check, ...] = (
    query(
        "a credit is of its account's currency",
        """
        SELECT c.currency AS currency, a.currency AS other, {credits}
        WHERE c.currency <> a.currency ORDER BY c.id
        """,
        CREDIT + "it is in {currency}, and its account in {other}",
    ),
    query(
        "a credit is granted once, with its amount",
        """
        SELECT COALESCE(c.units, c.amount) AS amount, g.times AS times, g.granted AS granted, {credits}
        LEFT JOIN (SELECT credit_id, COUNT(*) AS times, SUM(COALESCE(units, amount)) AS granted
            FROM credits_entry WHERE kind = 'granted' GROUP BY credit_id) g ON g.credit_id = c.id
        WHERE g.times IS NULL OR g.times <> 1 OR g.granted <> COALESCE(c.units, c.amount) ORDER BY c.id
        """,
        CREDIT + "its amount is {amount}, and the ledger grants {granted} in {times} entries",
    ),
    query(
        "a balance is never below zero nor above the amount",
        """
        SELECT e.balance AS balance, c.id AS credit, COALESCE(c.units, c.amount) AS amount, {running_entries}
        JOIN credits_credit c ON c.id = e.credit_id
        WHERE e.balance < 0 OR e.balance > COALESCE(c.units, c.amount) ORDER BY e.account_id, e.number
        """,
        ENTRY + "it takes the balance of credit {credit} to {balance}, outside 0 to {amount}",
    ),
    query(
        "voiding leaves nothing, and nothing is paid after it",
        """
        SELECT e.kind AS kind, e.balance AS balance, e.credit_id AS credit, {running_entries}
        WHERE (e.kind = 'voided' AND e.balance <> 0) OR (e.kind = 'applied' AND e.number > e.voided_at)
        ORDER BY e.account_id, e.number
        """,
        ENTRY + "credit {credit} was voided, and this entry ({kind}) leaves it at {balance}",
    ),
    query(
        "a voided credit has no balance",
        """
        SELECT s.balance AS balance, {credits}
        JOIN (SELECT credit_id, SUM(COALESCE(units, amount)) AS balance,
                COUNT(CASE WHEN kind = 'voided' THEN 1 END) AS voided
            FROM credits_entry GROUP BY credit_id) s ON s.credit_id = c.id
        WHERE s.voided > 0 AND s.balance <> 0 ORDER BY c.id
        """,
        CREDIT + "it was voided, and has a balance of {balance}",
    ),
    query(
        "expiry closes all that was open, or what was just given back",
        """
        SELECT e.credit_id AS credit, e.balance AS balance, {running_entries}
        WHERE e.kind = 'expired' AND e.balance <> 0 AND e.change <> -e.returned
        ORDER BY e.account_id, e.number
        """,
        ENTRY + "credit {credit} expired, and this entry leaves it at {balance}",
    ),
    query(
        "a credit expires after its last day",
        """
        SELECT c.id AS credit, c.expires_on AS ends, e.value_date AS day, {entries}
        JOIN credits_credit c ON c.id = e.credit_id
        WHERE e.kind = 'expired' AND (c.expires_on IS NULL OR e.value_date <= c.expires_on)
        ORDER BY e.account_id, e.number
        """,
        ENTRY + "it expires credit {credit} on {day}, and its last day is {ends}",
    ),
)

SCOPE_CHECKS: tuple[Check, ...] = (
    query(
        "the scope of a credit is whole or selected",
        """
        SELECT c.applies_to AS applies_to, {credits}
        WHERE (c.applies_to = 'selected') <> EXISTS (
            SELECT 1 FROM credits_scoperow s WHERE s.credit_id = c.id AND s.role IN ('kind', 'item', 'tag'))
        ORDER BY c.id
        """,
        CREDIT + "it applies to “{applies_to}”, and its scope says otherwise",
    ),
    query(
        "the scope admits the line paid",
        """
        SELECT c.id AS credit, l.name AS line, {entries}
        JOIN credits_credit c ON c.id = e.credit_id JOIN invoices_line l ON l.id = e.line_id
        WHERE e.kind = 'applied' AND (
            EXISTS (SELECT 1 FROM credits_scoperow s WHERE s.credit_id = c.id AND s.role = 'excluded_item'
                AND s.item_id = l.item_id)
            OR c.applies_to <> 'invoice' AND NOT EXISTS (
                SELECT 1 FROM credits_scoperow s WHERE s.credit_id = c.id
                AND (s.role = 'kind' AND s.kind = l.kind OR s.role = 'item' AND s.item_id = l.item_id
                    OR s.role = 'tag' AND {bore_tag})))
        ORDER BY e.account_id, e.number
        """,
        ENTRY + "the scope of credit {credit} does not admit the line “{line}”",
    ),
    query(
        "the dates of a credit admit the line paid",
        """
        SELECT c.id AS credit, c.effective_from AS starts, c.expires_on AS ends, i.judged_on AS judged_on,
            l.first_day AS first_day, {entries}
        JOIN credits_credit c ON c.id = e.credit_id JOIN invoices_invoice i ON i.id = e.invoice_id
        JOIN invoices_line l ON l.id = e.line_id JOIN customers_act t ON t.id = e.act_id
        WHERE e.kind = 'applied' AND (c.effective_from > i.judged_on
            OR c.expires_on < l.first_day AND c.expires_on < i.judged_on OR {last_issue} < i.judged_on)
        ORDER BY e.account_id, e.number
        """,
        ENTRY + "credit {credit} ({starts} to {ends}) was not to pay a line served from {first_day} "
        "on an invoice of {judged_on}",
    ),
)
