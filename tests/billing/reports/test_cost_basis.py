"""Purchased credits at cost: earned on use, as breakage, carried on; the parts come to the price paid."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.reports.cost_basis import CostRow, cost_basis
from credits.discount import price_of_part
from credits.models import Category, Credit
from credits.services import credit_replace
from customers.models import Account
from invoices.units import PARTS
from tests.billing.reports.asked import asked, cost_rows, some_units
from tests.factories import (
    a_credit,
    a_line,
    a_sale,
    an_account,
    an_invoice,
    an_item,
    by_now,
    expire,
    sale_of,
    terms,
    void,
    void_credit,
)

pytestmark = pytest.mark.django_db


def bought(account: Account, amount: str, price: int | None, **more: Any) -> Credit:
    return a_credit(account, amount, category=Category.PURCHASED, price_paid=price, **more)


def parts(row: CostRow) -> tuple[int | None, int, int, int, int]:
    return row.price, row.earned_on_use, row.earned_as_breakage, row.carried, row.deferred


def test_the_price_is_earned_in_proportion_as_the_credit_is_used() -> None:
    account, item = an_account(), an_item()
    bought(account, "100.00", 8000)
    for month, used, on_use in ((9, "33.33", 2666), (10, "33.33", 5333), (11, "33.34", 8000)):
        an_invoice(account, (item, used), now=f"2026-{month:02}-02")
        row = cost_rows(asked(f"2026-{month:02}-28"))["Welcome"]
        assert parts(row) == (8000, on_use, 0, 0, 8000 - on_use)
    assert parts(cost_rows(asked("2026-08-31"))["Welcome"]) == (8000, 0, 0, 0, 8000)


def test_r9_what_a_void_invoice_puts_back_is_no_longer_earned() -> None:
    account, item = an_account(), an_item()
    bought(account, "100.00", 8000)
    void(an_invoice(account, (item, "33.33")), now="2026-10-02")
    assert cost_rows(asked("2026-09-30"))["Welcome"].earned_on_use == 2666
    assert parts(cost_rows(asked("2026-10-31"))["Welcome"]) == (8000, 0, 0, 0, 8000)


def test_what_is_voided_or_expired_is_earned_as_breakage() -> None:
    account, item = an_account(), an_item()
    voided = bought(account, "100.00", 8000, name="Voided", priority=1)
    bought(account, "30.00", 2000, name="Expired", expires_on="2026-08-31")
    an_invoice(account, (item, "110.01"))
    void_credit(bought(account, "10.00", 1000, name="Untouched"), now="2026-10-03")
    void_credit(voided, now="2026-10-03")
    expire(account, "2026-10-16")
    rows = cost_rows(asked("2026-10-31"))
    assert parts(rows["Voided"]) == (8000, 8000, 0, 0, 0)
    assert parts(rows["Expired"]) == (2000, 667, 1333, 0, 0)
    assert parts(rows["Untouched"]) == (1000, 0, 1000, 0, 0)


def test_r2_what_a_purchased_replacement_carries_on_is_not_earned() -> None:
    account, item = an_account(), an_item()
    first = bought(account, "100.00", 8000, name="First")
    an_invoice(account, (item, "25.00"))
    again = terms(account, "75.00", name="Second", category=Category.PURCHASED)
    second = credit_replace(credit=first, terms=again, reason="Longer", **by_now("2026-09-10"))
    an_invoice(account, (item, "15.00"), now="2026-09-11")
    rows = cost_rows(asked("2026-09-30"))
    assert parts(rows["First"]) == (8000, 2000, 0, 6000, 0)
    assert parts(rows["Second"]) == (6000, 1200, 0, 0, 4800), "it has no price of its own"
    priced = terms(account, "60.00", name="Third", category=Category.PURCHASED, price_paid=5000)
    credit_replace(credit=second, terms=priced, reason="Longer", **by_now("2026-10-10"))
    rows = cost_rows(asked("2026-10-31"))
    assert parts(rows["Second"]) == (6000, 1200, 0, 4800, 0)
    assert parts(rows["Third"]) == (5000, 0, 0, 0, 5000)


def test_a_sale_voided_before_it_was_paid_earns_nothing_more() -> None:
    account, item = an_account(), an_item()
    credit = a_sale(account, "100.00", "80.00")
    an_invoice(account, (item, "25.00"))
    void(sale_of(credit), now="2026-10-02")
    assert parts(cost_rows(asked("2026-09-30"))["Welcome"]) == (8000, 2000, 0, 0, 6000)
    assert parts(cost_rows(asked("2026-10-31"))["Welcome"]) == (8000, 2000, 0, 6000, 0)


def test_what_a_promotional_replacement_takes_over_is_breakage() -> None:
    account = an_account()
    first = bought(account, "100.00", 8000, name="First")
    credit_replace(credit=first, terms=terms(account, "1.00"), reason="Gift", **by_now("2026-09-10"))
    assert parts(cost_rows(asked("2026-09-30"))["First"]) == (8000, 0, 8000, 0, 0)


def test_of_a_sale_that_was_taken_back_only_what_was_used_is_earned() -> None:
    account, item = an_account(), an_item()
    credit = a_sale(account, "100.00", "80.00", now="2026-09-01")
    an_invoice(account, (item, "25.00"), now="2026-09-02")
    void(sale_of(credit), now="2026-09-10")
    assert parts(cost_rows(asked("2026-09-09"))["Welcome"]) == (8000, 2000, 0, 0, 6000)
    assert parts(cost_rows(asked("2026-09-30"))["Welcome"]) == (8000, 2000, 0, 6000, 0)


def test_a_credit_without_a_price_is_unknown_and_in_no_sum() -> None:
    account, item = an_account(currency="JPY"), an_item()
    bought(account, "10000", None, name="Unknown")
    bought(account, "9000", 0, name="Free of charge", priority=60)
    bought(account, "5000", 4500, name="Known", priority=1)
    an_invoice(account, (item, "4001"))
    report = cost_basis(asked("2026-09-30"))
    assert [row.name for row in report.rows] == ["Known", "Free of charge", "Unknown"]
    assert [(row.name, row.left) for row in report.unknown] == [("Unknown", 10000)]
    assert list(report.sums()) == ["JPY"]
    sums = report.sums()["JPY"]
    assert (sums.credits, sums.price, sums.earned_on_use, sums.deferred) == (2, 4500, 3601, 899)


def test_r11_units_bought_are_earned_by_the_unit() -> None:
    account, calls = an_account(), an_item()
    some_units(account, calls, 1000 * PARTS, category=Category.PURCHASED, price_paid=4999)
    an_invoice(account, a_line(calls, "0.10", "500"))
    [row] = cost_basis(asked("2026-09-30")).rows
    assert (row.of.item, row.size, row.used) == ("API calls", 1000 * PARTS, 500 * PARTS)
    assert parts(row) == (4999, 2500, 0, 0, 2499), "49.99 in halves, rounded half-even"


def test_a_promotional_credit_is_in_no_row() -> None:
    a_credit(an_account(), "50.00")
    assert cost_basis(asked("2026-08-31")).rows == []


@given(st.integers(0, 10**15), st.integers(1, 10**18), st.data())
def test_a_share_is_exact_rounded_half_even_and_never_falls(
    price: int, size: int, data: st.DataObject
) -> None:
    part = data.draw(st.integers(0, size))
    found = price_of_part(price, part, size)
    assert abs(2 * (found * size - price * part)) <= size
    assert 2 * abs(found * size - price * part) < size or found % 2 == 0
    assert found <= price_of_part(price, data.draw(st.integers(part, size)), size) <= price
    assert price_of_part(price, size, size) == price
