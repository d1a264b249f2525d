"""What a report's file holds, and that no text in it is taken for a formula."""

import csv
from datetime import date

import pytest

from billing.reports.tables import SHOWN, Amount, Count, Day, Month, Table, Text, Units


def test_a_page_shows_amounts_for_people_and_a_file_writes_plain_decimals() -> None:
    cells = (
        (Amount(-123450, "USD"), "−$1,234.50", "-1234.50"),
        (Amount(500, "JPY"), "¥500", "500"),
        (Amount(1234567, "KWD"), "KWD1,234.567", "1234.567"),
        (Amount(None, "USD"), "–", ""),
        (Units(1_234_500_000), "1,234.5", "1234.5"),
        (Count(1234), "1,234", "1234"),
        (Month(date(2026, 9, 1)), "Sep 2026", "2026-09"),
        (Day(date(2026, 9, 1)), "1 Sep 2026", "2026-09-01"),
        (Text("Welcome", "/credits/1/"), "Welcome", "Welcome"),
    )
    for cell, shown, written in cells:
        assert (str(cell), cell.written()) == (shown, written)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_text_that_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    assert Text(text).written() == f"'{text}"
    assert str(Text(text)) == text


@pytest.mark.parametrize("text", ["", "1=1", "a-b", " =", "Ünïcode, “quoted”", 'say "x"', "two\nlines"])
def test_other_text_is_written_as_it_is(text: str) -> None:
    table = Table("t", "T", "", ("Name", "Open"), [(Text(text), Amount(-1, "USD"))])
    assert list(csv.reader(table.csv().splitlines(keepends=True))) == [["Name", "Open"], [text, "-0.01"]]


def test_a_page_shows_the_first_rows_and_a_file_has_all_of_them() -> None:
    table = Table("t", "T", "", ("Credits",), [(Count(number),) for number in range(SHOWN + 7)])
    assert (len(table.shown), table.not_shown) == (SHOWN, 7)
    assert len(table.csv().splitlines()) == SHOWN + 8


def test_a_table_without_rows_is_a_line_of_heads() -> None:
    assert Table("t", "T", "", ("Month", "Open"), []).csv() == "Month,Open\r\n"
