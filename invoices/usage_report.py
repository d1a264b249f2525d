"""The reports of usage imports, in sentences."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from customers.commands import counted
from invoices.usage_import import ImportResult
from invoices.usage_records import RecordsResult

WHY_SET_ASIDE = {
    "Credit": "a provider's credits are not ours to give",
    "Tax": "tax is not the charge of an item",
}
MOST_LISTED = 100


def import_lines(result: ImportResult, name: str, period_start: date) -> list[str]:
    """What was read and booked, every row of the file accounted for."""
    report, month = result.report, f"{period_start:%Y-%m}"
    lines = [
        f"{name} was imported for {month} before: nothing was changed. This is the report of that import."
        if result.repeated
        else f"{name} is imported for {month}."
    ]
    lines.append(
        f"  {counted(report['rows'], 'row')} read; {counted(report['drafts'], 'draft invoice')} "
        f"with {counted(report['lines'], 'line')}."
    )
    lines += [
        f"  {sums['currency']}: exact sum {sums['exact']}, booked {sums['booked']}, "
        f"difference by rounding each line once {sums['difference']}."
        for sums in report["sums"]
    ]
    lines += _left_out(report)
    lines += _listed("customer", "opened", report["customers_opened"])
    lines += _listed("account", "opened", report["accounts_opened"])
    lines += _listed("item", "added to the catalogue", report["items_added"])
    lines += _warnings(report, month)
    return lines


def records_lines(result: RecordsResult, name: str, month: date) -> list[str]:
    """What was read and recorded, every row of the file accounted for."""
    report, of_month = result.report, f"{month:%Y-%m}"
    lines = [
        f"{name} was recorded for {of_month} before: nothing was changed. This is the report of that import."
        if result.repeated
        else f"{name} is recorded for {of_month}; make_drafts prices it."
    ]
    lines.append(
        f"  {counted(report['rows'], 'row')} read; {counted(report['records'], 'usage record')} "
        f"of {counted(report['accounts'], 'account')}."
    )
    lines += [f"  {sums['meter']}: {sums['quantity']} {sums['unit']}".rstrip() for sums in report["meters"]]
    if report["rounded"]:
        lines.append(f"  Rounded to 15 digits: {counted(report['rounded'], 'quantity', 'quantities')}.")
    lines += [
        f"  Set aside: {counted(part['rows'], 'row')} of category {part['reason']}: they are no metered use."
        for part in report["set_aside"]
    ]
    lines += [
        f"  Left for their own period, {part['reason']}: {counted(part['rows'], 'row')}."
        for part in report["other_periods"]
    ]
    if not report["records"]:
        lines.append(f"  Warning: no row of this file is usage of {of_month}.")
    return lines


def _left_out(report: Mapping[str, Any]) -> Iterator[str]:
    for part in report["set_aside"]:
        reason = part["reason"]
        why = WHY_SET_ASIDE.get(reason, "they are not charges")
        yield f"  Set aside: {_part(part)} of category {reason}: {why}."
    for part in report["other_periods"]:
        yield f"  Left for their own period, {part['reason']}: {_part(part)}."


def _part(part: Mapping[str, Any]) -> str:
    return f"{counted(part['rows'], 'row')}, {part['exact']} {part['currency']}"


def _listed(what: str, done: str, names: Sequence[str]) -> Iterator[str]:
    if names:
        more = len(names) - MOST_LISTED
        tail = f" and {more} more (--json names them all)" if more > 0 else ""
        yield f"  {counted(len(names), what)} {done}: {', '.join(names[:MOST_LISTED])}{tail}."


def _warnings(report: Mapping[str, Any], month: str) -> Iterator[str]:
    if not report["drafts"]:
        yield f"  Warning: no row of this file is billed in {month}."
    if billed := report["accounts_billed_before"]:
        yield (
            f"  Warning: {counted(len(billed), 'account')} had an import for {month} already, "
            f"so look for charges that are now billed twice: {', '.join(billed)}."
        )
