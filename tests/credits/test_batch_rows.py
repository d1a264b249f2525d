"""What a row of a batch says, what it leaves to the terms for all, and how it is refused: row and column."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from credits.batch_file import MOST_BYTES, MOST_ROWS, BatchFileRefused, batch_file_read
from credits.grant_terms import Terms
from credits.models import AppliesTo, Category
from customers.models import Account
from customers.services import account_close
from invoices.models import Item, Kind
from tests.credits.batches import a_csv, csv_of, read
from tests.factories import a_customer, an_account, an_item, by_now

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return an_account()


@pytest.fixture
def api() -> Item:
    return an_item("API calls")


def terms(account: Account, for_all: dict[str, str] | None = None, **cells: str) -> Terms:
    """One row with these cells."""
    batch = read(one_row(account, **cells), **(for_all or {"name": "Sorry"}))
    assert list(batch.errors) == []
    (row,) = batch.rows
    return row.terms


def one_row(account: Account, **cells: str) -> bytes:
    header = ",".join(("customer", "account", *cells))
    return a_csv(",".join((account.customer.key, account.key, *cells.values())), header=header)


def errors(data: bytes, **for_all: str) -> list[str]:
    return [str(error) for error in read(data, **for_all).errors]


# --- What is read -----------------------------------------------------------------------


def test_a_row_can_say_all_the_terms_of_a_credit_of_money(account: Account, api: Item) -> None:
    seats = an_item("Seats")
    said = terms(
        account,
        amount="50.00",
        name="Referral",
        priority="7",
        effective_from="2026-08-02",
        expires_on="2026-12-31",
        category="purchased",
        price_paid="40.00",
        applies_to="selected",
        kinds="add_on;license",
        items=api.key,
        excluded_items=seats.key,
        tags="team-blue; team-red",
        max_amount="5.00",
        max_percent="50",
    )
    assert said == Terms(
        name="Referral",
        amount=5000,
        priority=7,
        effective_from=date(2026, 8, 2),
        expires_on=date(2026, 12, 31),
        category=Category.PURCHASED,
        price_paid=4000,
        applies_to=AppliesTo.SELECTED,
        kinds=(Kind.ADD_ON, Kind.LICENSE),
        items=(api,),
        excluded_items=(seats,),
        tags=("team-blue", "team-red"),
        max_amount=500,
        max_percent=Decimal(50),
    )


def test_r11_a_row_can_grant_units_of_an_item_and_needs_no_other_scope(account: Account, api: Item) -> None:
    said = terms(account, units="1000.5", unit_item=api.key)
    assert (said.amount, said.units, said.unit_item) == (0, 1000_500_000, api)
    assert (said.applies_to, said.items) == (AppliesTo.SELECTED, (api,))


def test_what_a_row_does_not_say_is_what_is_said_for_all(account: Account) -> None:
    for_all = {"name": "Sorry", "amount": "9.00", "priority": "3", "expires_on": "2026-09-30"}
    said = terms(account, for_all, priority="", name="Referral")
    assert (said.name, said.amount, said.priority) == ("Referral", 900, 3)
    assert said.expires_on == date(2026, 9, 30)


def test_what_nobody_says_has_its_usual_value(account: Account) -> None:
    said = terms(account, amount="1.00")
    assert (said.priority, said.category, said.expires_on) == (50, Category.PROMOTIONAL, None)
    assert (said.applies_to, said.effective_from) == (AppliesTo.INVOICE, date(2026, 8, 1))


def test_lists_of_kinds_items_or_tags_make_the_scope_a_selection(account: Account, api: Item) -> None:
    assert terms(account, amount="1.00", items=api.key).applies_to == AppliesTo.SELECTED
    assert terms(account, amount="1.00", excluded_items=api.key).applies_to == AppliesTo.INVOICE


@pytest.mark.parametrize(
    ("for_all", "cells", "field", "wanted"),
    [
        ({"units": "5", "unit_item": "calls"}, {"amount": "1.00"}, "units", None),
        ({"amount": "1.00"}, {"units": "5", "unit_item": "calls"}, "amount", 0),
        ({"amount": "1.00", "tags": "red"}, {"units": "5", "unit_item": "calls"}, "tags", ()),
        ({"amount": "1.00", "max_percent": "5"}, {"units": "5", "unit_item": "calls"}, "max_percent", None),
        ({"amount": "1.00", "applies_to": "invoice"}, {"tags": "red"}, "applies_to", AppliesTo.SELECTED),
        ({"amount": "1.00", "kinds": "add_on"}, {"tags": "red"}, "kinds", ()),
        ({"amount": "1.00", "tags": "red"}, {"applies_to": "invoice"}, "tags", ()),
        (
            {"amount": "1.00", "category": "purchased", "price_paid": "9"},
            {"category": "promotional"},
            "price_paid",
            None,
        ),
    ],
)
def test_a_common_term_that_would_contradict_a_row_is_not_meant_for_it(
    account: Account, for_all: dict[str, str], cells: dict[str, str], field: str, wanted: Any
) -> None:
    item = an_item("API calls")
    swap = {"calls": item.key}
    for_all = {"name": "Sorry"} | {key: swap.get(text, text) for key, text in for_all.items()}
    cells = {key: swap.get(text, text) for key, text in cells.items()}
    assert getattr(terms(account, for_all, **cells), field) == wanted


def test_r15_each_amount_is_in_the_currency_of_its_account(account: Account) -> None:
    yen = an_account(currency="JPY")
    batch = read(csv_of(account, yen, amount="500"))
    assert [row.terms.amount for row in batch.rows] == [50000, 500]


def test_an_account_left_empty_is_the_one_named_as_its_customer() -> None:
    customer = a_customer()
    account = Account.objects.create(
        customer=customer,
        key=customer.key,
        name="Main",
        currency="USD",
        time_zone="UTC",
        created_at=customer.created_at,
    )
    (row,) = read(a_csv(f"{customer.key},,1.00")).rows
    assert row.account == account


# --- What is refused, by row and column -------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"amount": "1e2"}, "Row 2, column amount: Type the amount in digits"),
        ({"amount": "0"}, "Row 2, column amount: The amount must not be zero"),
        ({"amount": ""}, "Row 2, column amount: The value is missing"),
        (
            {"amount": "1.00", "units": "5", "unit_item": "calls"},
            "Row 2, column units: A credit is granted in money",
        ),
        ({"units": "5"}, "Row 2, column unit_item: A credit of units names the item"),
        ({"units": "-5", "unit_item": "calls"}, "Row 2, column units: Type the units in digits"),
        ({"amount": "1.00", "unit_item": "calls"}, "Row 2, column unit_item: Only a credit of units"),
        (
            {"units": "5", "unit_item": "nothing"},
            "Row 2, column unit_item: There is no item with the key “nothing”",
        ),
        ({"units": "5", "unit_item": "seats"}, "Row 2: Free units are units of a usage meter"),
        (
            {"units": "5", "unit_item": "calls", "tags": "red"},
            "Row 2: A credit of units pays lines of its item",
        ),
        ({"amount": "1.00", "priority": "0"}, "Row 2, column priority: “0” is not a number from 1 to 100"),
        ({"amount": "1.00", "priority": "1.5"}, "Row 2, column priority: “1.5” is not a number"),
        (
            {"amount": "1.00", "expires_on": "31/12/2026"},
            "Row 2, column expires_on: “31/12/2026” is not a day",
        ),
        (
            {"amount": "1.00", "expires_on": "2026-02-30"},
            "Row 2, column expires_on: “2026-02-30” is not a day",
        ),
        (
            {"amount": "1.00", "expires_on": "9999-01-01"},
            "Row 2, column expires_on: “9999-01-01” is not a day",
        ),
        (
            {"amount": "1.00", "expires_on": "2026-07-31"},
            "Row 2, column expires_on: A credit cannot expire before",
        ),
        (
            {"amount": "1.00", "effective_from": "2026-07-01", "expires_on": "2026-07-31"},
            "Row 2, column expires_on: The last day of this credit is over",
        ),
        ({"amount": "1.00", "category": "gift"}, "Row 2, column category: “gift” is not one of promotional"),
        ({"amount": "1.00", "price_paid": "1.00"}, "Row 2: Only a purchased credit has a price"),
        ({"amount": "1.00", "applies_to": "all"}, "Row 2, column applies_to: “all” is not one of invoice"),
        ({"amount": "1.00", "applies_to": "selected"}, "Row 2: Choose at least one kind, item or tag"),
        (
            {"amount": "1.00", "kinds": "add_on;meter"},
            "Row 2, column kinds: “meter” is not one of usage_meter",
        ),
        ({"amount": "1.00", "tags": "Team"}, "Row 2, column tags: “Team” is no tag"),
        (
            {"amount": "1.00", "items": "calls;none"},
            "Row 2, column items: There is no item with the key “none”",
        ),
        ({"amount": "1.00", "items": "calls", "excluded_items": "calls"}, "Row 2: An item cannot be both"),
        ({"amount": "1.00", "max_percent": "101"}, "Row 2, column max_percent: A percentage is above 0"),
        ({"amount": "1.00", "max_percent": "0"}, "Row 2, column max_percent: A percentage is above 0"),
        ({"amount": "1.00", "max_amount": "-1"}, "Row 2, column max_amount: Type the amount in digits"),
        ({"amount": "1.00", "name": "x" * 201}, "Row 2, column name: The text is longer than 200"),
        (
            {"amount": "1.00", "name": "a\x07b"},
            "Row 2, column name: The text holds the control character U+0007",
        ),
    ],
)
def test_a_cell_that_cannot_be_is_named(account: Account, cells: dict[str, str], said: str) -> None:
    keys = {"calls": an_item("API calls").key, "seats": an_item("Seats", Kind.LICENSE).key}
    typed = {
        column: ";".join(keys.get(part, part) for part in text.split(";")) for column, text in cells.items()
    }
    (error,) = errors(one_row(account, **typed), name="Sorry")
    assert error.startswith(said)


def test_a_name_is_needed(account: Account) -> None:
    assert errors(csv_of(account), priority="5") == [
        "Row 2, column name: The value is missing: a credit needs a name."
    ]


def test_all_wrong_rows_are_told_and_the_good_ones_are_still_read(account: Account) -> None:
    batch = read(
        a_csv(
            "nobody,nothing,1.00",
            f"{account.customer.key},{account.key},1.00",
            f"{account.customer.key},{account.key},2.00",
            f"{account.customer.key},other,2.00",
            ",,5",
        )
    )
    assert [str(error) for error in batch.errors] == [
        "Row 2, column account: The customer “nobody” has no account with the key “nothing”.",
        "Row 4, column account: This account is in row 3 already: a batch grants one credit each.",
        f"Row 5, column account: The customer “{account.customer.key}” has no account with the key “other”.",
        "Row 6, column customer: The value is missing.",
    ]
    assert [row.row for row in batch.rows] == [3]


def test_a_closed_account_is_named(account: Account) -> None:
    account_close(account=account, reason="Left", **by_now("2026-08-01"))
    assert errors(csv_of(account)) == [f"Row 2, column account: The account “{account.key}” is closed."]


def test_rows_are_counted_as_an_editor_counts_lines(account: Account) -> None:
    data = b'customer,account,amount,name\n\nx,y,1.00,"two\nlines"\nx,z,1.00,\n'
    assert [error.row for error in read(data).errors] == [3, 5]


def test_a_file_that_breaks_off_tells_where(account: Account) -> None:
    (told,) = errors(a_csv(f"{account.customer.key},{account.key},1.00") + b'x,"y,1.00\n')
    assert told.startswith("Row 3, column account: This is not well-formed CSV: unexpected end of data.")
    assert told.endswith("What follows was not read.")


def test_a_row_with_another_number_of_cells_is_named(account: Account) -> None:
    (told,) = errors(a_csv("x,y"))
    assert told.startswith("Row 2, column amount: The row has 2 cells and the header 3.")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "The file is empty"),
        (b"\n\n", "The file is empty"),
        (b"customer,account,amount\n", "The file has no rows"),
        (b"customer,amount\nx,1\n", "Row 1: the column account is missing"),
        (
            b"customer,account,ammount\nx,y,1\n",
            "Row 1: there is no column “ammount”. Known are customer, account",
        ),
        (b"customer,account,Account\nx,y,1\n", "Row 1: the column account is there twice"),
        (b"\xff\xfe\x00", "Row 1"),
        (b"x" * (MOST_BYTES + 1), "The file is bigger than"),
        (b"customer,account\n" + b"x,y\n" * (MOST_ROWS + 1), "The file has more than 10,000 rows"),
    ],
)
def test_what_is_no_such_file_is_refused_in_words(data: bytes, said: str) -> None:
    with pytest.raises(BatchFileRefused, match=said):
        batch_file_read(data)


def test_a_byte_order_mark_and_the_case_and_order_of_columns_do_not_matter(account: Account) -> None:
    data = f"\ufeffAmount, ACCOUNT ,customer\n1.00,{account.key},{account.customer.key}\n".encode()
    assert [row.terms.amount for row in read(data).rows] == [100]


def test_bytes_that_are_not_utf_8_are_named_by_row_and_column(account: Account) -> None:
    data = one_row(account, amount="1.00", name="caf?").replace(b"caf?", b"caf\xe9")
    (error,) = errors(data)
    assert error.startswith("Row 2, column name: The text holds the control character")
