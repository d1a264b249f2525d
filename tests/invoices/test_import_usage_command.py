"""`import_usage` from the command line: sums recomputed here, twice is once, all or nothing."""

import csv
import json
from collections import defaultdict
from fractions import Fraction
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from billing.digest import ledger_digest
from customers.models import Account, Act, Customer
from invoices.models import Invoice, Item, Line, Source, Status

EXTRACT = Path(__file__).parents[1] / "data/focus_extract.csv"
SIMPLE = "customer,account,currency,item,unit,first_day,last_day,quantity,amount\n"


def command(file: Path | str, *options: str, period: str = "2024-09") -> str:
    out = StringIO()
    call_command("import_usage", str(file), "--period", period, *options, stdout=out)
    return out.getvalue()


def imported(file: Path | str, *options: str, period: str = "2024-09") -> dict[str, Any]:
    report: dict[str, Any] = json.loads(command(file, "--json", *options, period=period))
    return report


def written(folder: Path, text: str, name: str = "usage.csv") -> Path:
    file = folder / name
    file.write_text(text)
    return file


def charges() -> dict[tuple[str, str, str], Fraction]:
    """What the file charges in September, by account, service and unit; added up by other means."""
    sums: dict[tuple[str, str, str], Fraction] = defaultdict(Fraction)
    with EXTRACT.open(newline="", encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            september = row["BillingPeriodStart"].startswith("2024-09-01")
            if september and row["ChargeCategory"] not in ("Credit", "Tax"):
                purchase = "Purchase" if row["ChargeCategory"] == "Purchase" else ""
                account = (
                    row["SubAccountId"]
                    if row["SubAccountId"] not in ("", "NULL")
                    else row["BillingAccountId"]
                )
                key = (account, row["ServiceName"] + purchase, row["PricingUnit"])
                sums[key] += Fraction(row["BilledCost"])
    return sums


def test_each_line_is_the_exact_sum_of_its_rows_rounded_once(db: None) -> None:
    report = imported(EXTRACT)
    sums = charges()
    booked = Line.objects.values_list("account__key", "amount")
    assert sorted((account, round(total * 100)) for (account, _, _), total in sums.items()) == sorted(booked)
    [dollars] = report["sums"]
    assert Fraction(dollars["exact"]) == sum(sums.values())
    assert Fraction(dollars["booked"]) * 100 == sum(amount for _, amount in booked)
    assert Fraction(dollars["difference"]) == Fraction(dollars["booked"]) - Fraction(dollars["exact"])


def test_every_account_of_the_file_gets_one_draft(db: None) -> None:
    report = imported(EXTRACT)
    drafts = Invoice.objects.all()
    assert {(draft.status, draft.source) for draft in drafts} == {(Status.DRAFT, Source.USAGE_IMPORT)}
    assert len({draft.account_id for draft in drafts}) == len(drafts) == report["drafts"]
    assert len({account for account, _, _ in charges()}) == report["drafts"]
    assert Account.objects.count() == len(report["accounts_opened"])
    assert Customer.objects.count() == len(report["customers_opened"])
    assert sorted(Item.objects.values_list("key", flat=True)) == sorted(report["items_added"])


def test_rows_left_out_are_counted_and_summed_with_the_reason(db: None) -> None:
    printed = command(EXTRACT)
    assert "60 rows read" in printed
    assert "of category Credit: a provider's credits are not ours to give." in printed
    assert "Left for their own period, 2024-10-01: 1 row" in printed


def test_r13_the_same_file_again_says_so_shows_the_first_report_and_changes_nothing(
    db: None, tmp_path: Path
) -> None:
    first = imported(EXTRACT)
    digest, acts = ledger_digest(), Act.objects.count()
    renamed = tmp_path / "another name.csv"
    renamed.write_bytes(EXTRACT.read_bytes())
    assert imported(renamed) == {**first, "repeated": True}
    assert "another name.csv was imported for 2024-09 before: nothing was changed." in command(renamed)
    assert (ledger_digest(), Act.objects.count()) == (digest, acts)


def test_the_same_file_for_another_month_bills_that_months_rows(db: None) -> None:
    imported(EXTRACT)
    report = imported(EXTRACT, period="2024-10")
    assert (report["repeated"], report["drafts"], report["lines"]) == (False, 1, 1)


def test_r13_a_token_of_ones_own_takes_the_place_of_the_files(db: None, tmp_path: Path) -> None:
    file = written(tmp_path, f"{SIMPLE}a,a,USD,calls,call,2024-09-01,2024-09-30,1,1.00\n")
    imported(file, "--token", "mine")
    assert Act.objects.get(kind="usage_import").token == "mine"
    assert imported(file, "--token", "mine")["repeated"] is True
    other = written(tmp_path, f"{SIMPLE}a,a,USD,calls,call,2024-09-01,2024-09-30,1,2.00\n", "other.csv")
    with pytest.raises(CommandError, match="already used for something else"):
        command(other, "--token", "mine")


def test_a_second_file_for_accounts_already_imported_is_booked_with_a_warning(
    db: None, tmp_path: Path
) -> None:
    command(written(tmp_path, f"{SIMPLE}a,a,USD,calls,call,2024-09-01,2024-09-30,1,1.00\n"))
    printed = command(
        written(tmp_path, f"{SIMPLE}a,a,USD,calls,call,2024-09-01,2024-09-30,1,2.00\n", "more.csv")
    )
    assert "Warning: 1 account had an import for 2024-09 already" in printed
    assert Invoice.objects.count() == 2


def test_a_file_without_a_row_of_the_month_is_said_to_have_none(db: None) -> None:
    assert "Warning: no row of this file is billed in 2026-01." in command(EXTRACT, period="2026-01")


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        (",2024-09-18,1,1.00", ",2024-09-18,one,1.00", r"Row 3, column quantity: “one” is not a number"),
        ("USD,calls", "XTS,calls", r"Row 3, column currency: “XTS” is not a currency in use here"),
        (",1.00", ",1.00,9", r"Row 3, column amount: The row has 10 cells"),
    ],
)
def test_a_bad_row_is_named_with_row_and_column_and_nothing_is_written(
    db: None, tmp_path: Path, old: str, new: str, named: str
) -> None:
    good = "a,a,USD,calls,call,2024-09-01,2024-09-18,1,1.00\n"
    file = written(tmp_path, SIMPLE + good + good.replace(old, new))
    before = ledger_digest()
    with pytest.raises(CommandError, match=named) as refused:
        command(file)
    assert str(refused.value).startswith(str(file))
    assert "Traceback" not in str(refused.value)
    assert (ledger_digest(), Act.objects.count(), Item.objects.count()) == (before, 0, 0)


def test_more_of_an_item_than_a_line_can_hold_is_refused(db: None, tmp_path: Path) -> None:
    row = "a,a,USD,calls,call,2024-09-01,2024-09-18,999999999999999,1.00\n"
    with pytest.raises(CommandError, match="“calls” of account “a” comes to more than an invoice can hold"):
        command(written(tmp_path, SIMPLE + row + row))
    assert Item.objects.count() == 0


def test_a_byte_that_is_not_utf_8_is_named_with_row_and_column(db: None, tmp_path: Path) -> None:
    file = tmp_path / "latin.csv"
    file.write_bytes(f"{SIMPLE}a,a,USD,".encode() + b"caf\xe9,call,2024-09-01,2024-09-30,1,1.00\n")
    with pytest.raises(CommandError, match="Row 2, column item"):
        command(file)


def test_a_byte_order_mark_is_no_part_of_the_first_column(db: None, tmp_path: Path) -> None:
    file = tmp_path / "marked.csv"
    file.write_bytes(b"\xef\xbb\xbf" + f"{SIMPLE}a,a,USD,calls,call,2024-09-01,2024-09-30,1,1.00\n".encode())
    assert imported(file)["drafts"] == 1


def test_a_file_that_cannot_be_read_is_named(db: None, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file or directory"):
        command(tmp_path / "missing.csv")
    with pytest.raises(CommandError, match="Is a directory"):
        command(tmp_path)
    with pytest.raises(CommandError, match="The file is empty"):
        command(written(tmp_path, ""))


def test_a_period_that_is_no_month_is_named(db: None) -> None:
    with pytest.raises(CommandError, match="--period: “September” is not a month"):
        command(EXTRACT, period="September")
