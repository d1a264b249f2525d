"""What the database refuses in this app (R2, R3)."""

from customers.triggers import Rule, sealed

RULES = (
    *sealed("credits_credit", "a saved credit"),
    *sealed("credits_entry", "an entry of the ledger"),
    *sealed("credits_scoperow", "the scope of a credit"),
    Rule(
        "credits_scoperow_insert",
        "credits_scoperow",
        "INSERT",
        "the scope of a granted credit never widens",
        "EXISTS (SELECT 1 FROM credits_entry WHERE credit_id = NEW.credit_id AND kind = 'granted')",
    ),
)
