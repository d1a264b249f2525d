"""What the database refuses in this app, and the one thing it keeps itself: balances (R2, R3, R8, R9).

A credit's balance stands in a table of its own that only the trigger on entries can write. A sum over
the entries, guarded by a locking trigger, would be simpler; it was measured, and pages over credits with
many entries took many times as long (README, "Two ways to keep a balance"). The row is also the lock
that makes an overdraft impossible under any interleaving: its CHECK refuses.

A credit of free units keeps its balance in units, so what an entry adds is its units where it has any, and
its amount otherwise; the amount of such an entry is the money its units paid (R11).

A write to a balance must name a newer entry of the credit than the last one and change the balance by
just that entry's amount. The trigger has used up every entry there is, so nobody else can write one.
"""

from customers.triggers import Effect, Rule, changed, sealed
from invoices.database_rules import CURRENCY_AGREES

CREDIT_AGREES = (
    "SELECT 1 FROM credits_credit WHERE id = NEW.credit_id "
    "AND account_id = NEW.account_id AND currency = NEW.currency"
)
MEASURE_AGREES = (
    "SELECT 1 FROM credits_credit WHERE id = NEW.credit_id AND (unit_item_id IS NULL) = (NEW.units IS NULL)"
)
LINE_AGREES = (
    "SELECT 1 FROM invoices_line l JOIN invoices_invoice i ON i.id = l.invoice_id "
    "WHERE l.id = NEW.line_id AND i.id = NEW.invoice_id AND i.account_id = NEW.account_id "
    "AND l.account_id = NEW.account_id AND l.currency = NEW.currency AND i.currency = NEW.currency"
)
NUMBER_BEFORE = "SELECT 1 FROM credits_entry WHERE account_id = NEW.account_id AND number = NEW.number - 1"
LINE_AMOUNT = "SELECT amount FROM invoices_line WHERE id = NEW.line_id"
ON_LINE = "SELECT COALESCE(SUM(amount), 0) FROM credits_entry WHERE line_id = NEW.line_id"
UNITS_ON_LINE = "SELECT COALESCE(SUM(units), 0) FROM credits_entry WHERE line_id = NEW.line_id"
# Rounded, since SQLite multiplies decimals as floating point; a quantity has at most 15 digits.
LINE_UNITS = "SELECT ROUND(quantity * 1000000, 3) FROM invoices_line WHERE id = NEW.line_id"
UNIT_LINE = (
    "SELECT 1 FROM invoices_line l JOIN credits_credit c ON c.unit_item_id = l.item_id "
    "WHERE l.id = NEW.line_id AND c.id = NEW.credit_id"
)
OF_CREDIT = (
    "SELECT COALESCE(SUM(COALESCE(units, amount)), 0) FROM credits_entry "
    "WHERE credit_id = NEW.credit_id AND number <= NEW.number"
)
ON_INVOICE = "SELECT COALESCE(SUM(amount), 0) FROM credits_entry WHERE invoice_id = NEW.id"
LINES = "SELECT COALESCE(SUM(amount), 0) FROM invoices_line WHERE invoice_id = NEW.id"
UNDONE = (
    "SELECT 1 FROM credits_entry WHERE id = NEW.reverses_id AND kind = 'applied' "
    "AND credit_id = NEW.credit_id AND line_id = NEW.line_id AND amount = -NEW.amount "
    "AND COALESCE(units, 0) = -COALESCE(NEW.units, 0)"
)
STATUS = "SELECT status FROM invoices_invoice WHERE id = NEW.invoice_id"
GRANTED = "SELECT 1 FROM credits_entry WHERE credit_id = NEW.credit_id AND kind = 'granted'"
ACCOUNTS = "customers_account WHERE id IN (SELECT account_id FROM new_rows) ORDER BY id"
INVOICES = "invoices_invoice WHERE id IN (SELECT invoice_id FROM new_rows) ORDER BY id"
APPLIED = "NEW.kind = 'applied'"
PAID = "SELECT 1 FROM credits_entry WHERE line_id = OLD.id"
PURCHASE_AGREES = (
    "SELECT 1 FROM invoices_line l JOIN invoices_invoice i ON i.id = l.invoice_id "
    "WHERE l.id = NEW.purchase_line_id AND l.account_id = NEW.account_id AND i.account_id = NEW.account_id "
    "AND i.source = 'purchase' AND i.status <> 'void' AND NOT l.creditable"
)
SOLD_BEFORE = "SELECT 1 FROM credits_credit WHERE purchase_line_id = NEW.purchase_line_id"
PURCHASE_INVOICE = (
    "invoices_invoice WHERE id = (SELECT invoice_id FROM invoices_line WHERE id = NEW.purchase_line_id)"
)
UNPAID = (
    "SELECT 1 FROM credits_credit c JOIN invoices_line l ON l.id = c.purchase_line_id "
    "JOIN invoices_invoice i ON i.id = l.invoice_id "
    "WHERE c.id = NEW.credit_id AND c.usable_once_paid AND i.status <> 'paid'"
)
STILL_SOLD = (
    "SELECT 1 FROM credits_credit c JOIN invoices_line l ON l.id = c.purchase_line_id "
    "LEFT JOIN credits_balance b ON b.credit_id = c.id "
    "WHERE l.invoice_id = NEW.id AND (b.credit_id IS NULL OR NOT b.voided)"
)
NAMED_ENTRY = (
    "SELECT 1 FROM credits_entry WHERE id = NEW.entry_id AND credit_id = NEW.credit_id "
    "AND account_id = NEW.account_id AND COALESCE(units, amount) = NEW.balance - {before}"
)

ENTRY_RULES = (
    Rule(
        "credits_entry_credit",
        "credits_entry",
        "INSERT",
        "an entry has the account and the currency of its credit",
        f"NOT EXISTS ({CREDIT_AGREES})",
        after=True,
    ),
    Rule(
        "credits_entry_measure",
        "credits_entry",
        "INSERT",
        "an entry counts units just where its credit does",
        f"NOT EXISTS ({MEASURE_AGREES})",
        after=True,
    ),
    Rule(
        "credits_entry_line_units",
        "credits_entry",
        "INSERT",
        "units cover lines of their item, and no more than the quantity of a line",
        f"NOT EXISTS ({UNIT_LINE}) OR -({UNITS_ON_LINE}) > ({LINE_UNITS})",
        when=f"{APPLIED} AND NEW.units IS NOT NULL",
        lock=INVOICES,
        after=True,
    ),
    Rule(
        "credits_entry_creditable",
        "credits_entry",
        "INSERT",
        "no credit pays a line that sells a credit",
        "NOT (SELECT creditable FROM invoices_line WHERE id = NEW.line_id)",
        when=APPLIED,
        after=True,
    ),
    Rule(
        "credits_entry_unpaid",
        "credits_entry",
        "INSERT",
        "a credit that waits for its payment pays nothing",
        f"EXISTS ({UNPAID})",
        when=APPLIED,
        after=True,
    ),
    Rule(
        "credits_entry_line",
        "credits_entry",
        "INSERT",
        "an entry has the account, the currency and the invoice of its line",
        f"NOT EXISTS ({LINE_AGREES})",
        when="NEW.line_id IS NOT NULL",
        after=True,
    ),
    Rule(
        "credits_entry_number",
        "credits_entry",
        "INSERT",
        "the entries of an account are numbered 1, 2, 3 without a gap",
        f"NEW.number <> 1 AND NOT EXISTS ({NUMBER_BEFORE})",
        lock=ACCOUNTS,
        after=True,
    ),
    Rule(
        "credits_entry_granted",
        "credits_entry",
        "INSERT",
        "a credit is granted with its amount or its units",
        "COALESCE(NEW.units, NEW.amount) <> "
        "(SELECT COALESCE(units, amount) FROM credits_credit WHERE id = NEW.credit_id)",
        when="NEW.kind = 'granted'",
        after=True,
    ),
    Rule(
        "credits_entry_granted_first",
        "credits_entry",
        "INSERT",
        "nothing happens to a credit before it is granted",
        f"NOT EXISTS ({GRANTED} AND number < NEW.number)",
        when="NEW.kind <> 'granted'",
        after=True,
    ),
    Rule(
        "credits_entry_applied",
        "credits_entry",
        "INSERT",
        "a credit pays lines of a draft that is being issued",
        f"({STATUS}) <> 'draft'",
        when=APPLIED,
        after=True,
    ),
    Rule(
        "credits_entry_line_amount",
        "credits_entry",
        "INSERT",
        "credits pay no more than the amount of a line",
        f"-({ON_LINE}) > ({LINE_AMOUNT})",
        when=APPLIED,
        lock=INVOICES,
        after=True,
    ),
    Rule(
        "credits_entry_reversed",
        "credits_entry",
        "INSERT",
        "a reversal undoes an entry of a void invoice, all of it",
        f"({STATUS}) <> 'void' OR NOT EXISTS ({UNDONE})",
        when="NEW.kind = 'reversed'",
        after=True,
    ),
    Rule(
        "credits_entry_closed",
        "credits_entry",
        "INSERT",
        "voiding a credit leaves nothing of it",
        f"({OF_CREDIT}) <> 0",
        when="NEW.kind = 'voided'",
        after=True,
    ),
    Rule(
        "invoices_line_paid",
        "invoices_line",
        "UPDATE",
        "a line that credits pay is never changed",
        f"EXISTS ({PAID})",
        when=changed("invoice_id", "account_id", "currency", "amount"),
    ),
    Rule(
        "invoices_invoice_totals",
        "invoices_invoice",
        "UPDATE",
        "an issued invoice bears the sums of its lines and of the credits applied to it",
        f"NEW.total <> ({LINES}) OR NEW.credited <> -({ON_INVOICE})",
        when="OLD.status = 'draft' AND NEW.status = 'issued'",
        after=True,
    ),
)

BALANCE_RULES = (
    Rule(
        "credits_balance_insert",
        "credits_balance",
        "INSERT",
        "a balance begins with the entry that grants the credit",
        f"NEW.voided OR NEW.lapsed OR NOT EXISTS ({NAMED_ENTRY.format(before='0')} AND kind = 'granted')",
    ),
    Rule(
        "credits_balance_update",
        "credits_balance",
        "UPDATE",
        "a balance changes only by a new entry, and a voided credit pays nothing",
        "NEW.credit_id <> OLD.credit_id OR NEW.account_id <> OLD.account_id OR NEW.granted <> OLD.granted "
        f"OR NEW.entry_id <= OLD.entry_id OR NOT EXISTS ({NAMED_ENTRY.format(before='OLD.balance')} "
        "AND NEW.voided = (OLD.voided OR kind = 'voided') AND NEW.lapsed = (OLD.lapsed OR kind = 'expired') "
        "AND NOT (OLD.voided AND kind = 'applied'))",
    ),
    Rule("credits_balance_delete", "credits_balance", "DELETE", "a balance is never deleted"),
    Effect(
        "credits_entry_balance_begin",
        "credits_entry",
        "INSERT INTO credits_balance (credit_id, account_id, granted, balance, voided, lapsed, entry_id) "
        "VALUES (NEW.credit_id, NEW.account_id, COALESCE(NEW.units, NEW.amount), "
        "COALESCE(NEW.units, NEW.amount), FALSE, FALSE, NEW.id)",
        "NEW.kind = 'granted'",
    ),
    Effect(
        "credits_entry_balance_move",
        "credits_entry",
        "UPDATE credits_balance SET balance = balance + COALESCE(NEW.units, NEW.amount), entry_id = NEW.id, "
        "voided = (voided OR NEW.kind = 'voided'), lapsed = (lapsed OR NEW.kind = 'expired') "
        "WHERE credit_id = NEW.credit_id",
        "NEW.kind <> 'granted'",
    ),
)

PURCHASE_RULES = (
    Rule(
        "credits_credit_purchase",
        "credits_credit",
        "INSERT",
        "a credit is sold to its account, on a line of a purchase invoice that no credit can pay",
        f"NOT EXISTS ({PURCHASE_AGREES})",
        when="NEW.purchase_line_id IS NOT NULL",
        lock=PURCHASE_INVOICE,
    ),
    Rule(
        "credits_credit_sold_once",
        "credits_credit",
        "INSERT",
        "a line sells one credit, and those that replace it",
        f"EXISTS ({SOLD_BEFORE}) AND NOT EXISTS ({SOLD_BEFORE} AND id = NEW.replaces_id)",
        when="NEW.purchase_line_id IS NOT NULL",
        lock=PURCHASE_INVOICE,
    ),
    Rule(
        "invoices_invoice_sale_undone",
        "invoices_invoice",
        "UPDATE",
        "voiding an invoice voids what was sold on it",
        f"EXISTS ({STILL_SOLD})",
        when="OLD.status <> 'void' AND NEW.status = 'void'",
    ),
)

SCHEDULE_FACTS = (
    *("id", "account_id", "name", "day", "starts_on", "ends_on"),
    *("lifetime_days", "terms", "reason", "created_at"),
)
OWN_SCHEDULE = "SELECT 1 FROM credits_schedule WHERE id = NEW.schedule_id AND account_id = NEW.account_id"

SCHEDULE_RULES = (
    Rule(
        "credits_schedule_update",
        "credits_schedule",
        "UPDATE",
        "a schedule changes only by being stopped, once",
        f"{changed(*SCHEDULE_FACTS)} OR (OLD.stopped_at IS NOT NULL AND {changed('stopped_at')})",
    ),
    Rule("credits_schedule_delete", "credits_schedule", "DELETE", "a schedule is never deleted"),
    Rule(
        "credits_credit_schedule",
        "credits_credit",
        "INSERT",
        "a credit is granted by a schedule of its own account",
        f"NEW.schedule_id IS NOT NULL AND NOT EXISTS ({OWN_SCHEDULE})",
    ),
)

RULES = (
    *sealed("credits_credit", "a saved credit"),
    Rule(
        "credits_credit_currency",
        "credits_credit",
        "INSERT",
        "a credit has the currency of its account",
        f"NOT EXISTS ({CURRENCY_AGREES})",
    ),
    *sealed("credits_entry", "an entry of the ledger"),
    *sealed("credits_scoperow", "the scope of a credit"),
    Rule(
        "credits_scoperow_insert",
        "credits_scoperow",
        "INSERT",
        "the scope of a granted credit never widens",
        "EXISTS (SELECT 1 FROM credits_entry WHERE credit_id = NEW.credit_id AND kind = 'granted')",
    ),
    *PURCHASE_RULES,
    *ENTRY_RULES,
    *BALANCE_RULES,
    *SCHEDULE_RULES,
)
