"""Checks of credits bought in advance: what they were sold on, and what they were to wait for (R7, R8)."""

from billing.verification.check import CREDIT, ENTRY, Check, query

SALE_CHECKS: tuple[Check, ...] = (
    query(
        "a credit is sold to its account, on a purchase invoice's line that no credit can pay",
        """
        SELECT l.id AS line, i.id AS invoice, {credits}
        JOIN invoices_line l ON l.id = c.purchase_line_id JOIN invoices_invoice i ON i.id = l.invoice_id
        WHERE l.creditable OR l.account_id <> c.account_id OR i.account_id <> c.account_id
            OR i.source <> 'purchase' OR i.status = 'draft'
        ORDER BY c.id
        """,
        CREDIT + "it names line {line} of invoice {invoice} as the one it was sold on",
    ),
    query(
        "what was sold on a void invoice has nothing left",
        """
        SELECT COALESCE(i.number, 'draft') AS invoice, s.balance AS balance, {credits}
        JOIN invoices_line l ON l.id = c.purchase_line_id JOIN invoices_invoice i ON i.id = l.invoice_id
        LEFT JOIN (SELECT credit_id, SUM(COALESCE(units, amount)) AS balance,
                COUNT(CASE WHEN kind = 'voided' THEN 1 END) AS voided
            FROM credits_entry GROUP BY credit_id) s ON s.credit_id = c.id
        WHERE i.status = 'void' AND (s.balance IS NULL OR s.balance <> 0 OR s.voided = 0)
        ORDER BY c.id
        """,
        CREDIT + "it was sold on {invoice}, which is void, and {balance} is left of it",
    ),
    query(
        "a credit that waits for its payment pays nothing",
        """
        SELECT c.id AS credit, COALESCE(i.number, 'draft') AS invoice, {entries}
        JOIN credits_credit c ON c.id = e.credit_id
        JOIN invoices_line l ON l.id = c.purchase_line_id JOIN invoices_invoice i ON i.id = l.invoice_id
        WHERE e.kind = 'applied' AND c.usable_once_paid AND i.status <> 'paid'
        ORDER BY e.account_id, e.number
        """,
        ENTRY + "credit {credit} pays, and {invoice}, which it was to wait for, is not paid",
    ),
)
