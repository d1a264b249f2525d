"""Checks of the balances that the database keeps: each is the sum of its credit's entries (I12)."""

from billing.verification.check import CREDIT, Check, query

BALANCE_CHECKS: tuple[Check, ...] = (
    query(
        "a balance is the sum of its credit's entries, and knows whether it was voided or expired",
        """
        SELECT b.balance AS balance, s.balance AS other, {credits}
        LEFT JOIN credits_balance b ON b.credit_id = c.id
        LEFT JOIN (SELECT credit_id, SUM(COALESCE(units, amount)) AS balance, MAX(id) AS last,
                MAX(CASE WHEN kind = 'voided' THEN 1 ELSE 0 END) AS voided,
                MAX(CASE WHEN kind = 'expired' THEN 1 ELSE 0 END) AS lapsed
            FROM credits_entry GROUP BY credit_id) s ON s.credit_id = c.id
        WHERE b.balance IS NULL OR s.balance IS NULL OR b.balance <> s.balance
            OR b.granted <> COALESCE(c.units, c.amount) OR b.account_id <> c.account_id
            OR b.entry_id <> s.last
            OR (CASE WHEN b.voided THEN 1 ELSE 0 END) <> s.voided
            OR (CASE WHEN b.lapsed THEN 1 ELSE 0 END) <> s.lapsed
        ORDER BY c.id
        """,
        CREDIT + "the balance kept is {balance}, and its entries come to {other}",
    ),
)
