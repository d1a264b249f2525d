"""What the database refuses in this app (R1, R7, R15)."""

from customers.triggers import Rule, changed, sealed

FROZEN = (
    *("id", "account_id", "currency", "period_start", "period_end", "source", "corrects_id"),
    *("created_at", "judged_on", "series_id", "series_number", "number", "issue_date", "issued_at"),
    *("customer_name", "account_name", "total", "credited"),
)
LINE_FROZEN = "(SELECT status FROM invoices_invoice WHERE id = {row}.invoice_id) <> 'draft'"
CURRENCY_AGREES = "SELECT 1 FROM customers_account WHERE id = NEW.account_id AND currency = NEW.currency"
LAST_GIVEN = "SELECT last_number FROM invoices_series WHERE id = NEW.series_id"
NUMBER_BEFORE = (
    "SELECT 1 FROM invoices_invoice WHERE series_id = NEW.series_id AND series_number = NEW.series_number - 1"
)
OLD_LINE, NEW_LINE = LINE_FROZEN.format(row="OLD"), LINE_FROZEN.format(row="NEW")
LIST_AGREES = (
    "SELECT 1 FROM customers_account a JOIN invoices_pricelist p ON p.currency = a.currency "
    "WHERE a.id = NEW.account_id AND p.id = NEW.price_list_id"
)

SAME_DAY = (
    "SELECT 1 FROM invoices_price p WHERE p.price_list_id = NEW.price_list_id AND p.item_id = NEW.item_id "
    "AND p.effective_from = NEW.effective_from"
)
ISSUED_BY_IT = (
    "SELECT 1 FROM invoices_line l JOIN invoices_invoice i ON i.id = l.invoice_id "
    "JOIN invoices_pricelist p ON p.id = NEW.price_list_id "
    "WHERE l.item_id = NEW.item_id AND i.status IN ('issued', 'paid') "
    "AND {json_text}(l.pricing, '{json_key}price_list') = p.key "
    "AND {json_text}(l.pricing, '{json_key}effective_from') = CAST(NEW.effective_from AS text)"
)

CHARGE_FACTS = (
    *("id", "account_id", "item_id", "description", "quantity", "unit_price", "prorated", "starts_on"),
    "created_at",
)
USAGE_FACTS = ("id", "account_id", "item_id", "quantity", "day", "source", "act_id", "created_at")
METER = "SELECT 1 FROM invoices_item WHERE id = NEW.item_id AND kind = 'usage_meter'"
OWN_CHARGE = "SELECT 1 FROM invoices_charge WHERE id = NEW.charge_id AND account_id = NEW.account_id"
OPEN_LINE = (
    "SELECT 1 FROM invoices_line l JOIN invoices_invoice i ON i.id = l.invoice_id "
    "WHERE l.id = NEW.line_id AND l.account_id = NEW.account_id AND i.status = 'draft'"
)
BILLED_AS = (
    "(SELECT i.status FROM invoices_line l JOIN invoices_invoice i ON i.id = l.invoice_id "
    "WHERE l.id = OLD.line_id)"
)

INVOICE_RULES = (
    Rule(
        "invoices_invoice_born_draft",
        "invoices_invoice",
        "INSERT",
        "an invoice begins as a draft",
        "NEW.status <> 'draft'",
    ),
    Rule(
        "invoices_invoice_currency",
        "invoices_invoice",
        "INSERT",
        "an invoice has the currency of its account",
        f"NOT EXISTS ({CURRENCY_AGREES})",
    ),
    Rule(
        "invoices_invoice_fixed",
        "invoices_invoice",
        "UPDATE",
        "the currency and account of an invoice never change",
        changed("currency", "account_id"),
    ),
    Rule(
        "invoices_invoice_frozen",
        "invoices_invoice",
        "UPDATE",
        "an issued invoice is never changed",
        f"OLD.status <> 'draft' AND {changed(*FROZEN)}",
    ),
    Rule(
        "invoices_invoice_status",
        "invoices_invoice",
        "UPDATE",
        "an invoice goes from draft to issued, and from issued to paid or void",
        "NEW.status <> OLD.status AND NOT (OLD.status = 'draft' AND NEW.status = 'issued' "
        "OR OLD.status = 'issued' AND NEW.status IN ('paid', 'void'))",
    ),
    Rule(
        "invoices_invoice_payment",
        "invoices_invoice",
        "UPDATE",
        "a payment is recorded once, when the invoice becomes paid",
        f"NEW.status = OLD.status AND {changed('paid_on', 'payment_reference')}",
    ),
    Rule(
        "invoices_invoice_delete",
        "invoices_invoice",
        "DELETE",
        "an issued invoice is never deleted",
        "OLD.status <> 'draft'",
    ),
    Rule(
        "invoices_line_insert",
        "invoices_line",
        "INSERT",
        "an issued invoice gets no further line",
        NEW_LINE,
    ),
    Rule(
        "invoices_line_update",
        "invoices_line",
        "UPDATE",
        "a line of an issued invoice is never changed",
        f"({OLD_LINE} OR {NEW_LINE})",
    ),
    Rule(
        "invoices_line_creditable",
        "invoices_line",
        "UPDATE",
        "whether credits may pay a line is settled when it is made",
        changed("creditable"),
    ),
    Rule(
        "invoices_line_delete",
        "invoices_line",
        "DELETE",
        "a line of an issued invoice is never deleted",
        OLD_LINE,
    ),
    Rule(
        "invoices_item_kind",
        "invoices_item",
        "UPDATE",
        "the kind and key of an item never change",
        changed("kind", "key"),
    ),
    Rule(
        "invoices_series_grows",
        "invoices_series",
        "UPDATE",
        "a number series only grows",
        f"({changed('prefix', 'year')} OR NEW.last_number < OLD.last_number)",
    ),
    Rule(
        "invoices_series_used",
        "invoices_series",
        "UPDATE",
        "a number that was taken is used before the next is",
        "OLD.last_number <> (SELECT COALESCE(MAX(series_number), 0) FROM invoices_invoice "
        "WHERE series_id = OLD.id)",
    ),
    Rule(
        "invoices_invoice_number",
        "invoices_invoice",
        "UPDATE",
        "an invoice bears the next number that its series has given",
        f"NEW.series_number > ({LAST_GIVEN}) OR (NEW.series_number <> 1 AND NOT EXISTS ({NUMBER_BEFORE}))",
        when="OLD.status = 'draft' AND NEW.status = 'issued'",
        after=True,
    ),
    Rule("invoices_series_delete", "invoices_series", "DELETE", "a number series is never deleted"),
)

PRICE_RULES = (
    *sealed("invoices_price", "a price"),
    Rule(
        "invoices_price_replaced",
        "invoices_price",
        "INSERT",
        "a price by which an issued invoice was rated is not replaced",
        f"EXISTS ({ISSUED_BY_IT})",
        when=f"EXISTS ({SAME_DAY})",
    ),
    *sealed("invoices_accountpricelist", "the choice of a price list"),
    Rule(
        "invoices_accountpricelist_currency",
        "invoices_accountpricelist",
        "INSERT",
        "a price list has the currency of the account that uses it",
        f"NEW.price_list_id IS NOT NULL AND NOT EXISTS ({LIST_AGREES})",
    ),
    Rule(
        "invoices_pricelist_fixed",
        "invoices_pricelist",
        "UPDATE",
        "the key and currency of a price list never change, and a default stays the default",
        f"({changed('key', 'currency')} OR OLD.is_default AND NOT NEW.is_default)",
    ),
    Rule("invoices_pricelist_delete", "invoices_pricelist", "DELETE", "a price list is never deleted"),
)

CHARGE_RULES = (
    Rule(
        "invoices_charge_item",
        "invoices_charge",
        "INSERT",
        "a usage meter is not charged by the month",
        f"EXISTS ({METER})",
    ),
    Rule(
        "invoices_charge_update",
        "invoices_charge",
        "UPDATE",
        "a charge changes only by being ended, once, and not later than was agreed",
        f"({changed(*CHARGE_FACTS)} OR ({changed('ends_on', 'ended_at')} AND (OLD.ended_at IS NOT NULL "
        "OR NEW.ended_at IS NULL OR NEW.ends_on IS NULL OR NEW.ends_on > OLD.ends_on)))",
    ),
    Rule("invoices_charge_delete", "invoices_charge", "DELETE", "a charge is ended, never deleted"),
    Rule(
        "invoices_billedmonth_insert",
        "invoices_billedmonth",
        "INSERT",
        "a month of a charge is billed on a draft of its account",
        f"NOT EXISTS ({OPEN_LINE}) OR NOT EXISTS ({OWN_CHARGE})",
    ),
    Rule(
        "invoices_billedmonth_update",
        "invoices_billedmonth",
        "UPDATE",
        "a billed month moves only from a void invoice to the draft that corrects it",
        f"({changed('id', 'account_id', 'charge_id', 'month')} "
        f"OR {changed('line_id')} AND ({BILLED_AS} <> 'void' OR NOT EXISTS ({OPEN_LINE})))",
    ),
    Rule(
        "invoices_billedmonth_delete",
        "invoices_billedmonth",
        "DELETE",
        "a month that an issued invoice bills stays billed",
        f"{BILLED_AS} IN ('issued', 'paid')",
    ),
)

USAGE_RULES = (
    Rule(
        "invoices_usagerecord_insert",
        "invoices_usagerecord",
        "INSERT",
        "a usage record is of a usage meter, and not billed yet",
        f"NEW.line_id IS NOT NULL OR NOT EXISTS ({METER})",
    ),
    Rule(
        "invoices_usagerecord_update",
        "invoices_usagerecord",
        "UPDATE",
        "a usage record never changes",
        changed(*USAGE_FACTS),
    ),
    Rule(
        "invoices_usagerecord_billed",
        "invoices_usagerecord",
        "UPDATE",
        "usage is billed once, on a draft of its account, until that is discarded or void",
        f"{changed('line_id')} AND (OLD.line_id IS NOT NULL AND ({BILLED_AS} IN ('issued', 'paid') "
        f"OR NEW.line_id IS NOT NULL AND {BILLED_AS} <> 'void') "
        f"OR NEW.line_id IS NOT NULL AND NOT EXISTS ({OPEN_LINE}))",
    ),
    Rule("invoices_usagerecord_delete", "invoices_usagerecord", "DELETE", "a usage record is never deleted"),
)

RULES = (*INVOICE_RULES, *PRICE_RULES, *CHARGE_RULES, *USAGE_RULES)
