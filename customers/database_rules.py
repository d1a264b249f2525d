"""What the database refuses in this app."""

from customers.triggers import Rule, changed, sealed

RULES = (
    *sealed("customers_act", "the record of an act"),
    Rule(
        "customers_account_fixed",
        "customers_account",
        "UPDATE",
        "the currency, key, zone and customer of an account never change",
        changed("currency", "customer_id", "key", "time_zone"),
    ),
    Rule("customers_account_delete", "customers_account", "DELETE", "an account is closed, never deleted"),
    Rule("customers_customer_delete", "customers_customer", "DELETE", "a customer is closed, never deleted"),
)
