"""Checks of what is behind lines: where usage and months of charges are recorded as billed (R9)."""

from billing.verification.check import Check, query

RECORD = "usage record {billed} of account {account} ({key}): "
MONTH = "month {month} of charge {charge} of account {account} ({key}): "
BILLED_ON = "it is recorded as billed on line {line} of {invoice} ({status})"

BEHIND_CHECKS: tuple[Check, ...] = (
    query(
        "usage is billed on a line of its account, and of no void invoice",
        """
        SELECT {billed_usage}
            AND (i.id IS NULL OR i.status = 'void' OR l.account_id <> b.account_id) ORDER BY b.id
        """,
        RECORD + BILLED_ON,
    ),
    query(
        "a month of a charge is billed on a line of its account, and of no void invoice",
        """
        SELECT b.month AS month, b.charge_id AS charge, {billed_months}
            AND (i.id IS NULL OR i.status = 'void' OR l.account_id <> b.account_id
                OR NOT EXISTS (SELECT 1 FROM invoices_charge c WHERE c.id = b.charge_id
                    AND c.account_id = b.account_id)) ORDER BY b.id
        """,
        MONTH + BILLED_ON,
    ),
)
