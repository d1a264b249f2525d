"""What `verify_ledger` finds: each rule broken by SQL, with the database's own rules lifted.

The chain of hashes is made to fit what was broken, or it alone would be found (`test_tamper.py`).
"""

import json
import threading
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from billing.demo.founding import demo_make
from billing.snapshot import snapshot
from billing.verification.runner import CHECKS, ledger_verify
from customers.models import Customer
from customers.services import customer_open
from tests.billing.small_ledger import BY, at, ledger_make
from tests.forging import chains_forge, execute, rules_lift


@pytest.fixture
def ledger(db: None) -> None:
    ledger_make()


def verify(*options: str) -> dict[str, Any]:
    out = StringIO()
    call_command("verify_ledger", *options, "--json", stdout=out)
    summary: dict[str, Any] = json.loads(out.getvalue())
    return summary


def check_lift(table: str, constraint: str) -> None:
    if connection.vendor == "postgresql":
        execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}")
    else:
        execute("PRAGMA ignore_check_constraints = ON")


ACCOUNT_B = "(SELECT id FROM customers_account WHERE key = 'B')"
SEATS = "(SELECT id FROM invoices_item WHERE key = 'seats')"
OF_A = "account_id = (SELECT id FROM customers_account WHERE key = 'A')"
OF_B = f"account_id = {ACCOUNT_B}"
OF_C = "account_id = (SELECT id FROM customers_account WHERE key = 'C')"
DRAFT = "invoice_id = (SELECT id FROM invoices_invoice WHERE status = 'draft')"
CALLS = "(SELECT id FROM invoices_item WHERE key = 'api-calls')"
FIRST_INVOICE = "(SELECT id FROM invoices_invoice WHERE series_number = 1)"

FIRST_LINE = f"(SELECT id FROM invoices_line WHERE position = 1 AND invoice_id = {FIRST_INVOICE})"


def entry(number: int, assignment: str, of: str = OF_A) -> str:
    return f"UPDATE credits_entry SET {assignment} WHERE number = {number} AND {of}"


def credit(name: str, assignment: str) -> str:
    return f"UPDATE credits_credit SET {assignment} WHERE name = '{name}'"


def invoice(figure: int, assignment: str) -> str:
    return f"UPDATE invoices_invoice SET {assignment} WHERE series_number = {figure}"


def kept(name: str, assignment: str) -> str:
    credit = f"(SELECT id FROM credits_credit WHERE name = '{name}')"
    return f"UPDATE credits_balance SET {assignment} WHERE credit_id = {credit}"


def sold(name: str, figure: int) -> list[str]:
    """As if a credit had been bought on the first line of an invoice."""
    of = f"(SELECT id FROM invoices_invoice WHERE series_number = {figure})"
    line = f"(SELECT id FROM invoices_line WHERE position = 1 AND invoice_id = {of})"
    return [
        invoice(figure, "source = 'purchase'"),
        f"UPDATE invoices_line SET creditable = FALSE WHERE invoice_id = {of}",
        credit(name, f"category = 'purchased', purchase_line_id = {line}"),
    ]


def of_invoice(figure: int, columns: str) -> str:
    """A row for the first line of an invoice."""
    return (
        f"SELECT {columns}, l.account_id, l.id FROM invoices_line l JOIN invoices_invoice i "
        f"ON i.id = l.invoice_id WHERE i.series_number = {figure} AND l.position = 1"
    )


def used(figure: int) -> str:
    """Usage that is recorded as billed there."""
    columns = "item_id, quantity, day, source, act_id, created_at, account_id, line_id"
    values = f"{CALLS}, 5, '2026-02-03', 'typed', (SELECT MIN(id) FROM customers_act), '2026-02-04 12:00:00Z'"
    return f"INSERT INTO invoices_usagerecord ({columns}) {of_invoice(figure, values)}"


def charged(figure: int) -> list[str]:
    """A month of a charge that is."""
    columns = "item_id, description, quantity, unit_price, prorated, starts_on, created_at"
    values = f"{SEATS}, '', 1, 5, TRUE, '2026-02-01', '2026-02-01 12:00:00Z'"
    charge = f"INSERT INTO invoices_charge ({columns}, account_id) SELECT {values}, id"
    month = of_invoice(figure, "'2026-02-01', (SELECT MAX(id) FROM invoices_charge)")
    return [
        f"{charge} FROM customers_account WHERE key = 'A'",
        f"INSERT INTO invoices_billedmonth (month, charge_id, account_id, line_id) {month}",
    ]


USED = "usage is billed on a line of its account, and of no void invoice"
CHARGED = "a month of a charge is billed on a line of its account, and of no void invoice"
CHAIN = "every entry's hash follows from it and the entry before"
KEPT = "a balance is the sum of its credit's entries, and knows whether it was voided or expired"


BROKEN = [
    ("what an entry names exists", [entry(6, "act_id = 999999999")], r"entry 6 of account \d+ \(A\)"),
    ("entries are numbered without gaps", [entry(11, "number = 99")], r"entry 99 of .* follows number 10"),
    ("an entry is of its credit's account and currency", [entry(6, "currency = 'EUR'")], "entry 6 of "),
    (
        "an entry is of its invoice's account and currency",
        [invoice(1, f"account_id = {ACCOUNT_B}")],
        "entry 6 of ",
    ),
    (
        "an entry's line is of its invoice",
        [entry(6, "invoice_id = (SELECT id FROM invoices_invoice WHERE series_number = 3)")],
        "entry 6 of ",
    ),
    (
        "an entry's act is of its account",
        [
            f"UPDATE customers_act SET account_id = {ACCOUNT_B} "
            f"WHERE id = (SELECT act_id FROM credits_entry WHERE number = 6 AND {OF_A})"
        ],
        "entry 6 of ",
    ),
    (
        "a reversal exactly undoes what it names",
        [entry(9, "amount = 2999")],
        "entry 9 of .* -3000 of entry 8",
    ),
    (
        "a credit is of its account's currency",
        ["UPDATE customers_account SET currency = 'EUR' WHERE key = 'A'"],
        r"credit \d+ of account \d+ \(A\)",
    ),
    (
        "a credit is granted once, with its amount",
        [entry(1, "amount = 10001")],
        r"credit \d+ of .* 10001 in 1",
    ),
    (
        "a balance is never below zero nor above the amount",
        [entry(7, "amount = -10001")],
        "entry 7 of .* -1,",
    ),
    (
        "voiding leaves nothing, and nothing is paid after it",
        [entry(5, "amount = -1999")],
        "entry 5 of .* at 1",
    ),
    (
        "voiding leaves nothing, and nothing is paid after it",
        [entry(2, "number = 99", OF_B), entry(3, "number = 2", OF_B), entry(99, "number = 3", OF_B)],
        r"entry 2 of account \d+ \(B\)",
    ),
    (
        "a voided credit has no balance",
        [f"DELETE FROM credits_entry WHERE number = 5 AND {OF_B}"],
        "credit .* 700",
    ),
    (
        "expiry closes all that was open, or what was just given back",
        [entry(10, "amount = -2999")],
        "entry 10 of .* leaves it at 1",
    ),
    (
        "a credit expires after its last day",
        [entry(10, "value_date = '2025-12-31'")],
        "entry 10 of .* its last day is 2025-12-31",
    ),
    (
        "the scope of a credit is whole or selected",
        [credit("Calls", "applies_to = 'invoice'")],
        r"credit \d+ of ",
    ),
    (
        "the scope admits the line paid",
        [f"UPDATE credits_scoperow SET item_id = {SEATS} WHERE item_id = {CALLS}"],
        "entry 6 of .* “api-calls”",
    ),
    (
        "an entry counts units just where its credit does",
        [entry(1, "units = NULL, amount = 5", OF_C)],
        r"entry 1 of account \d+ \(C\).* both count in units",
    ),
    (
        "units cover lines of their item",
        [credit("Free calls", f"unit_item_id = {SEATS}")],
        r"entry 2 of account \d+ \(C\).* not of the item of the line “api-calls”",
    ),
    (
        "no line is covered by more units than it has",
        [f"UPDATE invoices_line SET quantity = 100, unit_price = 0.026 WHERE {OF_C}"],
        "line 1 of .*: 260000000 millionths of a unit cover its quantity of 100",
    ),
    (
        "no credit pays a line that sells one",
        [f"UPDATE invoices_line SET creditable = FALSE WHERE {OF_C}"],
        "line 1 of .*: it sells a credit, and credits paid 260 on it",
    ),
    (
        "the scope admits the line paid",
        [
            "INSERT INTO credits_scoperow (credit_id, role, kind, tag, item_id) "
            f"SELECT id, 'excluded_item', '', '', {SEATS} FROM credits_credit WHERE name = 'Whole'"
        ],
        "entry 7 of .* “Seats”",
    ),
    (
        "the dates of a credit admit the line paid",
        [credit("Calls", "effective_from = '2026-02-02'")],
        "entry 6 of ",
    ),
    (
        "the dates of a credit admit the line paid",
        [credit("Calls", "expires_on = '2025-12-31'")],
        "entry 6 of ",
    ),
    (
        "the dates of a credit admit the line paid",
        [
            f"UPDATE invoices_line SET first_day = '2025-12-01' WHERE invoice_id = {FIRST_INVOICE}",
            credit("Calls", "expires_on = '2025-12-17'"),
        ],
        "entry 6 of ",
    ),
    (
        "an invoice is of its account's currency",
        ["UPDATE invoices_invoice SET currency = 'EUR' WHERE status = 'draft'"],
        r"invoice \d+ \(draft\)",
    ),
    (
        "a line is of its invoice's account and currency",
        [f"UPDATE invoices_line SET currency = 'EUR' WHERE {DRAFT}"],
        r"line 1 of invoice \d+ \(draft\)",
    ),
    (
        "a line's kind is its item's",
        [f"UPDATE invoices_line SET kind = 'add_on' WHERE {DRAFT}"],
        "line 1 of ",
    ),
    (
        "the total of an invoice is the sum of its lines",
        [invoice(1, "total = 9001")],
        r"invoice \d+ \(INV-2026-000001\)",
    ),
    ("what is credited is what the ledger applied", [invoice(1, "credited = 8999")], r"\(INV-2026-000001\)"),
    (
        "a void invoice has given everything back, any other nothing",
        [invoice(3, "status = 'void'")],
        "INV-2026-000003",
    ),
    (
        "a void invoice has given everything back, any other nothing",
        [invoice(2, "status = 'issued'")],
        "INV-2026-000002",
    ),
    (
        "a draft has no entries",
        [invoice(3, "status = 'draft', number = NULL, total = NULL, credited = NULL")],
        "entry 11 of ",
    ),
    (
        "no line is paid more than it comes to",
        [
            entry(7, f"line_id = {FIRST_LINE}"),
        ],
        "line 1 of .* credits paid 9000 on its amount of 6000",
    ),
    (
        "the amount of a line is its price, rounded once",
        [f"UPDATE invoices_line SET quantity = 2 WHERE {DRAFT}"],
        "line 1 of .* its amount is 500, and 2.* is 1000",
    ),
    (
        "the amount of a line is its price, rounded once",
        ["UPDATE invoices_line SET exact_amount = '12.355' WHERE exact_amount <> ''"],
        "line 1 of .* its amount is 1234, and its exact sum 12.355 is 1236",
    ),
    (
        "the steps of a rated line add up to its exact sum",
        [f"""UPDATE invoices_line SET pricing = '{{"steps": []}}' WHERE {DRAFT}"""],
        r"line 1 of .* the steps of its price do not add up to its exact sum \(none\)",
    ),
    (
        "credits pay only what corrections leave",
        [f"UPDATE invoices_line SET item_id = {SEATS}, kind = 'license' WHERE amount < 0"],
        "line 2 of .* credits paid 4000 on it, and after corrections 3000",
    ),
    (
        "an issued invoice has a number",
        ["UPDATE invoices_invoice SET series_number = 9 WHERE status = 'draft'"],
        r"invoice \d+ \(draft\)",
    ),
    (
        "the numbers of a series have no gaps",
        [invoice(4, "series_number = 7")],
        "INV-2026-000005.* follows number 3",
    ),
    (
        "a series ends with its last number",
        ["UPDATE invoices_series SET last_number = 9"],
        "series INV-2026: ",
    ),
    (CHAIN, [entry(6, f"hash = '{'0' * 64}'")], r"entry 6 of account \d+ \(A\)"),
    (KEPT, [kept("Whole", "balance = balance - 1")], r"credit \d+ of .* \(A\): the balance kept is \d+"),
    (KEPT, [kept("Whole", "granted = granted + 1")], r"credit \d+ of account \d+ \(A\)"),
    (KEPT, [kept("Whole", "voided = TRUE")], r"credit \d+ of account \d+ \(A\)"),
    (KEPT, [kept("Trial", "lapsed = FALSE")], r"credit \d+ of account \d+ \(A\)"),
    (KEPT, [kept("Whole", "entry_id = entry_id - 1")], r"credit \d+ of account \d+ \(A\)"),
    (KEPT, [kept("Whole", f"account_id = {ACCOUNT_B}")], r"credit \d+ of account \d+ \(A\)"),
    (KEPT, ["DELETE FROM credits_balance"], r"credit \d+ of account \d+ \(A\): the balance kept is None"),
    (
        "a credit is sold to its account, on a purchase invoice's line that no credit can pay",
        [credit("Whole", f"category = 'purchased', purchase_line_id = {FIRST_LINE}")],
        r"credit \d+ of account \d+ \(A\): it names line \d+ of invoice \d+",
    ),
    (
        "what was sold on a void invoice has nothing left",
        sold("Whole", 2),
        r"credit \d+ of account \d+ \(A\): it was sold on INV-2026-000002, which is void, and \d+ is left",
    ),
    (
        "a credit that waits for its payment pays nothing",
        [*sold("Whole", 3), credit("Whole", "usable_once_paid = TRUE")],
        r"entry 7 of account \d+ \(A\): credit \d+ pays, and INV-2026-000003, which it was to wait for",
    ),
    (
        USED,
        [used(2)],
        r"usage record \d+ of account \d+ \(A\): .* on line \d+ of INV-2026-000002 \(void\)",
    ),
    (USED, [used(1), "UPDATE invoices_usagerecord SET line_id = 999999999"], r"on line 999999999 of .*gone"),
    (USED, [used(1), f"UPDATE invoices_usagerecord SET account_id = {ACCOUNT_B}"], r"of account \d+ \(B\)"),
    (CHARGED, charged(2), r"month 2026-02-01 of charge \d+ of .* on line \d+ of INV-2026-000002 \(void\)"),
    (CHARGED, [*charged(1), "UPDATE invoices_billedmonth SET line_id = 999999999"], r"999999999 of .*gone"),
    (CHARGED, [*charged(1), f"UPDATE invoices_charge SET account_id = {ACCOUNT_B}"], r"of charge \d+ of "),
    ("the database keeps its rules", [], "database rule seal_"),
]


def test_an_untouched_ledger_is_verified(ledger: None) -> None:
    summary = verify()
    assert summary["verified"] is True
    assert summary["checks"] == len(CHECKS)
    assert summary["counts"] == {
        "account": 3,
        "credit": 6,
        "entry": 18,
        "invoice": 6,
        "line": 8,
        "act": summary["counts"]["act"],
    }


@pytest.mark.parametrize(("rule", "statements", "row"), BROKEN)
def test_a_broken_rule_is_named_with_its_first_bad_row(
    ledger: None, rule: str, statements: list[str], row: str
) -> None:
    with transaction.atomic():
        rules_lift()
        execute(*statements)
        if rule != CHAIN:
            chains_forge()
        out = StringIO()
        with pytest.raises(CommandError, match=row) as refused:
            call_command("verify_ledger", "--json", stdout=out)
        transaction.set_rollback(True)
    assert refused.value.returncode == 1
    first_bad = json.loads(out.getvalue())["first_bad"]
    assert first_bad["rule"] == rule
    assert first_bad["row"] in str(refused.value)


def test_an_entry_with_the_wrong_sign_or_parts_is_named_where_the_database_let_it_in(ledger: None) -> None:
    with transaction.atomic():
        rules_lift()
        check_lift("credits_entry", "entry_line_when_applied")
        try:
            execute(entry(6, "line_id = NULL"))
            with pytest.raises(CommandError, match=r"entry 6 of .* of kind applied"):
                verify()
        finally:
            if connection.vendor == "sqlite":
                execute("PRAGMA ignore_check_constraints = OFF")
        transaction.set_rollback(True)


@pytest.mark.postgresql
def test_an_entry_reversed_twice_is_named_where_the_database_let_it_in(ledger: None) -> None:
    with transaction.atomic():
        rules_lift()
        check_lift("credits_entry", "credits_entry_reverses_id_key")
        columns = (
            "account_id, credit_id, kind, currency, amount, invoice_id, line_id, reverses_id, act_id, "
            "value_date"
        )
        execute(
            f"INSERT INTO credits_entry (number, booked_at, hash, {columns}) "
            f"SELECT 12, booked_at, hash, {columns} FROM credits_entry WHERE number = 9 AND {OF_A}"
        )
        with pytest.raises(CommandError, match=r"entry 12 of .* reversed before"):
            verify()
        transaction.set_rollback(True)


def test_every_rule_is_broken_by_a_test() -> None:
    here = {rule for rule, _, _ in BROKEN}
    alone = {"the sign and parts of an entry are those of its kind", "an entry is reversed once"}
    assert here | alone == {check.rule for check in CHECKS}


@pytest.mark.django_db(transaction=True)
def test_reading_is_one_snapshot_that_writes_nothing_and_hinders_nobody_who_does() -> None:
    with snapshot():
        before = Customer.objects.count()
        writer = threading.Thread(target=customer_opened_elsewhere)
        writer.start()
        writer.join(10)
        assert not writer.is_alive(), "the reader kept the writer waiting"
        assert Customer.objects.count() == before
        with pytest.raises(DatabaseError), transaction.atomic():
            Customer.objects.create(key="x", name="X", created_at=at("2026-01-01"))
    assert Customer.objects.count() == before + 1
    Customer.objects.create(key="x", name="X", created_at=at("2026-01-01"))


def customer_opened_elsewhere() -> None:
    customer_open(key="new", name="New", email="", by=BY, now=at("2026-01-01"), token="elsewhere")
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_the_ledger_of_the_demo_is_verified_in_a_snapshot_of_its_own() -> None:
    demo_make(by=BY, now=at("2026-11-23 12:00"))
    verified = ledger_verify()
    assert verified.breach is None
    assert verified.counts["account"] == 13
