"""`import_usage --records`: a file's quantities as usage records, all or nothing, the same file once."""

import csv
import json
from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from customers.models import Account, Act
from customers.services import account_close
from invoices.models import Invoice, Item, Kind, UsageRecord, UsageSource
from invoices.services import item_add
from tests.factories import a_customer, an_account, by_now

EXTRACT = Path(__file__).parents[1] / "data/focus_extract.csv"
DAILY = "customer,account,item,day,quantity\n"
FOCUS = (
    "BillingAccountId,BillingCurrency,BillingPeriodStart,ChargeCategory,ChargePeriodStart,ChargePeriodEnd,"
    "ServiceName,PricingUnit,PricingQuantity,BilledCost\n"
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return an_account(a_customer())


@pytest.fixture
def calls() -> Item:
    return item_add(key="calls", name="API calls", kind=Kind.USAGE_METER, unit="", **by_now("2026-01-02"))


def command(file: Path, *options: str, period: str = "2026-08") -> str:
    out = StringIO()
    call_command("import_usage", str(file), "--records", "--period", period, *options, stdout=out)
    return out.getvalue()


def daily(folder: Path, *rows: str, name: str = "usage.csv") -> Path:
    file = folder / name
    file.write_text(DAILY + "".join(f"{row}\n" for row in rows))
    return file


def recorded() -> list[tuple[str, str, str]]:
    rows = UsageRecord.objects.order_by("day", "pk").values_list("item__key", "day", "quantity")
    return [(key, f"{on}", f"{quantity.normalize():f}") for key, on, quantity in rows]


def test_each_day_s_rows_of_a_meter_are_one_record(tmp_path: Path, account: Account, calls: Item) -> None:
    who = f"{account.customer.key},{account.key}"
    rows = (f"{who},calls,2026-08-03,0.1", f"{who},calls,2026-08-03,0.2", f"{who},calls,2026-08-04,-7")
    printed = command(daily(tmp_path, *rows))
    assert recorded() == [("calls", "2026-08-03", "0.3"), ("calls", "2026-08-04", "-7")]
    record = UsageRecord.objects.latest("pk")
    assert (record.account, record.source, record.act.kind) == (
        account,
        UsageSource.IMPORT,
        "usage_records_import",
    )
    assert "3 rows read; 2 usage records of 1 account." in printed
    assert "calls: -6.7" in printed
    assert Invoice.objects.count() == 0


def test_more_in_a_day_than_a_record_can_hold_is_refused_and_nothing_is_booked(
    tmp_path: Path, account: Account, calls: Item
) -> None:
    row = f"{account.customer.key},{account.key},calls,2026-08-03,999999999999999"
    with pytest.raises(CommandError, match="on 3 August 2026: A quantity of 1,999,999,999,999,998 is more"):
        command(daily(tmp_path, row, row, f"{account.customer.key},{account.key},calls,2026-08-04,1"))
    assert recorded() == []


def test_r13_the_same_file_twice_is_once(tmp_path: Path, account: Account, calls: Item) -> None:
    file = daily(tmp_path, f"{account.customer.key},{account.key},calls,2026-08-03,1")
    command(file)
    assert "recorded for 2026-08 before: nothing was changed" in command(file)
    assert json.loads(command(file, "--json"))["repeated"] is True
    assert (UsageRecord.objects.count(), Act.objects.filter(kind="usage_records_import").count()) == (1, 1)


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("{customer},nowhere,calls,2026-08-03,1", "There is no account “nowhere”"),
        ("{customer},{account},cals,2026-08-03,1", "There is no usage meter “cals”"),
        (
            "{customer},{account},seats,2026-08-03,1",
            "is no usage meter: charge it by the month",
        ),
        ("{customer},{account},calls,2026-08-32,1", "Row 3, column day: “2026-08-32” is not a day"),
        ("{customer},{account},calls,2026-08-03,1e", "Row 3, column quantity: “1e” is not a number"),
        ("{customer},{account},calls,2026-08-03,", "Row 3, column quantity: The value is missing"),
        (",{account},calls,2026-08-03,1", "Row 3, column customer: The value is missing"),
    ],
)
def test_all_or_nothing_a_wrong_row_is_refused_in_words(
    tmp_path: Path, account: Account, calls: Item, row: str, sentence: str
) -> None:
    item_add(key="seats", name="Seats", kind=Kind.LICENSE, unit="", **by_now("2026-01-02"))
    keys = {"customer": account.customer.key, "account": account.key}
    good = "{customer},{account},calls,2026-08-03,1".format(**keys)
    with pytest.raises(CommandError, match=sentence):
        command(daily(tmp_path, good, row.format(**keys)))
    assert (UsageRecord.objects.count(), Act.objects.filter(kind__startswith="usage").count()) == (0, 0)


def test_a_closed_account_is_refused(tmp_path: Path, account: Account, calls: Item) -> None:
    account_close(account=account, reason="Left", **by_now("2026-08-01"))
    with pytest.raises(CommandError, match="is closed"):
        command(daily(tmp_path, f"{account.customer.key},{account.key},calls,2026-08-03,1"))


def test_a_file_without_usage_of_the_month_says_so(tmp_path: Path, account: Account, calls: Item) -> None:
    printed = command(daily(tmp_path, f"{account.customer.key},{account.key},calls,2026-07-03,1"))
    assert "Left for their own period, 2026-07: 1 row." in printed
    assert "Warning: no row of this file is usage of 2026-08." in printed


def test_our_file_with_prices_is_not_taken_for_one_of_quantities(tmp_path: Path) -> None:
    file = tmp_path / "usage.csv"
    file.write_text("customer,account,currency,item,unit,first_day,last_day,quantity,amount\n")
    with pytest.raises(CommandError, match="column day: The column is missing"):
        command(file)


def test_quantities_have_fifteen_digits_and_the_report_counts_what_was_rounded(
    tmp_path: Path, account: Account, calls: Item
) -> None:
    printed = command(
        daily(tmp_path, f"{account.customer.key},{account.key},calls,2026-08-03,1.2345678901234567")
    )
    assert recorded() == [("calls", "2026-08-03", "1.234567890123")]
    assert "Rounded to 15 digits: 1 quantity." in printed


@pytest.mark.parametrize(
    ("zone", "hour", "on"),
    [
        ("UTC", "2026-08-03 23:00:00", "2026-08-03"),
        ("Asia/Tokyo", "2026-08-03 23:00:00", "2026-08-04"),
        ("America/New_York", "2026-08-03 03:00:00", "2026-08-02"),
        ("America/New_York", "2026-08-01 00:00:00", "2026-08-01"),
        ("Asia/Tokyo", "2026-08-31 23:00:00", "2026-08-31"),
    ],
)
def test_a_focus_row_is_of_its_day_where_the_account_is_within_the_period_billed(
    tmp_path: Path, calls: Item, zone: str, hour: str, on: str
) -> None:
    account = an_account(time_zone=zone)
    file = tmp_path / "focus.csv"
    row = f"{account.customer.key},USD,2026-08-01 00:00:00,Usage,{hour},{hour},calls,,2,1.00\n"
    file.write_text(
        FOCUS.replace("BillingAccountId", "BillingAccountId,SubAccountId")
        + row.replace(account.customer.key, f"{account.customer.key},{account.key}")
    )
    command(file)
    assert recorded() == [("calls", on, "2")]


def test_a_focus_file_in_another_currency_than_the_account_s_is_refused(tmp_path: Path, calls: Item) -> None:
    account = an_account(currency="EUR")
    file = tmp_path / "focus.csv"
    file.write_text(
        FOCUS.replace("BillingAccountId", "BillingAccountId,SubAccountId")
        + f"{account.customer.key},{account.key},USD,2026-08-01 00:00:00,Usage,2026-08-03 00:00:00,"
        "2026-08-03 01:00:00,calls,,2,1.00\n"
    )
    with pytest.raises(CommandError, match="is billed in EUR; the file charges it in USD"):
        command(file)


def test_a_real_focus_extract_has_every_quantity_recorded_exactly(tmp_path: Path) -> None:
    """Its drafts open the accounts and add the meters; then the quantities are those of the file."""
    call_command("import_usage", str(EXTRACT), "--period", "2024-09", stdout=StringIO())
    report: dict[str, Any] = json.loads(command(EXTRACT, "--json", period="2024-09"))
    sums: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    with EXTRACT.open(newline="", encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            if row["BillingPeriodStart"].startswith("2024-09-01") and row["ChargeCategory"] in (
                "Usage",
                "Adjustment",
            ):
                quantity = row["PricingQuantity"]
                sums[row["ServiceName"], row["PricingUnit"]] += Fraction(
                    quantity if quantity not in ("", "NULL") else "0"
                )
    told = sum(Fraction(Decimal(meter["quantity"])) for meter in report["meters"])
    assert told == sum(sums.values())
    aside = sum(part["rows"] for part in report["set_aside"] + report["other_periods"])
    assert 0 < aside < report["rows"]
    assert report["records"] == UsageRecord.objects.count() > 0
