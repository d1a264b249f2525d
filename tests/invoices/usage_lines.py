"""Rows of usage files for the tests of the reader: a good one of each layout, and ways to spoil it."""

import csv
import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pytest

from invoices.usage_file import UsageCharge, UsageFile, UsageRefused, usage_read

ROOT = Path(__file__).parents[2]
EXTRACT = ROOT / "tests/data/focus_extract.csv"

FOCUS_ROW = {
    "BillingAccountId": "bill-1",
    "BillingAccountName": "Acme",
    "BillingCurrency": "USD",
    "BillingPeriodStart": "2024-09-01 00:00:00",
    "ChargeCategory": "Usage",
    "ChargePeriodStart": "2024-09-18 22:00:00",
    "ChargePeriodEnd": "2024-09-18 23:00:00",
    "ServiceName": "Amazon Elastic Compute Cloud",
    "PricingUnit": "GB-Months",
    "PricingQuantity": "2.5",
    "BilledCost": "0.004",
    "SubAccountId": "sub-1",
    "SubAccountName": "Research",
}
SIMPLE_ROW = {
    "customer": "Acme",
    "account": "Acme research",
    "currency": "USD",
    "item": "api-calls",
    "unit": "calls",
    "first_day": "2024-09-01",
    "last_day": "2024-09-30",
    "quantity": "1000",
    "amount": "12.34",
}


def read(lines: Iterable[str], currencies: Iterable[str] = ("EUR", "USD")) -> UsageFile:
    return usage_read(
        lines,
        period_start=date(2024, 9, 1),
        period_end=date(2024, 10, 1),
        currencies=frozenset(currencies),
    )


def written(rows: list[dict[str, str]], header: Iterable[str]) -> list[str]:
    def line(cells: Iterable[str]) -> str:
        return ",".join('"' + cell.replace('"', '""') + '"' for cell in cells) + "\n"

    return [line(header), *(line(row.values()) for row in rows)]


def focus_lines(*changes: dict[str, str]) -> list[str]:
    return written([FOCUS_ROW | change for change in changes or ({},)], FOCUS_ROW)


def simple_lines(*changes: dict[str, str]) -> list[str]:
    rows = [SIMPLE_ROW | change for change in changes or ({},)]
    return written(rows, rows[0])


def focus(*changes: dict[str, str]) -> UsageFile:
    return read(focus_lines(*changes))


def simple(*changes: dict[str, str]) -> UsageFile:
    return read(simple_lines(*changes))


def only(file: UsageFile) -> UsageCharge:
    (charge,) = file.charges
    return charge


def without(column: str, lines: list[str]) -> list[str]:
    rows = list(csv.reader(lines))
    place = rows[0].index(column)
    return [",".join(row[:place] + row[place + 1 :]) + "\n" for row in rows]


def refused(lines: Iterable[str], row: int, column: str, words: str) -> None:
    with pytest.raises(UsageRefused) as caught:
        read(lines)
    refusal = caught.value
    assert (refusal.row, refusal.column) == (row, column)
    assert words in refusal.sentence
    assert str(refusal) == f"Row {row}, column {column}: {refusal.sentence}"
    assert re.fullmatch(r"[^\x00-\x1f\x7f]+\.", refusal.sentence), "a sentence, fit to print"


def extract_lines() -> list[str]:
    with EXTRACT.open(encoding="utf-8", newline="") as file:
        return list(file)
