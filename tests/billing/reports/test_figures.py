"""What the reports count, story by story: kinds, currencies, units, replacements."""

from datetime import date

import pytest

from billing.reports.breakage import breakage
from billing.reports.entries import HALF
from billing.reports.use import use
from credits.models import Category
from credits.services import credit_replace
from invoices.units import PARTS
from tests.billing.reports.asked import asked, owed_sums, rolled, some_units
from tests.factories import (
    a_credit,
    a_line,
    an_account,
    an_invoice,
    an_item,
    by_now,
    terms,
    void,
    void_credit,
)

pytestmark = pytest.mark.django_db


def test_r15_currencies_and_categories_are_never_added_up() -> None:
    for currency, amount in (("USD", "50.00"), ("JPY", "5000"), ("KWD", "5.000")):
        account = an_account(currency=currency)
        a_credit(account, amount)
        a_credit(account, amount, category=Category.PURCHASED)
    sums = owed_sums(asked("2026-08-31"))
    assert len(sums) == 6
    assert set(sums.values()) == {(1, 5000)}


def test_r11_units_are_counted_apart_and_their_money_beside_them() -> None:
    account, calls = an_account(), an_item()
    a_credit(account, "50.00")
    units = some_units(account, calls, 1000 * PARTS)
    issued = an_invoice(account, a_line(calls, "0.10", "260"), (an_item("Seats"), "20.00"))
    of_units = ("USD", "promotional", calls.pk)
    assert rolled(asked("2026-09-30", "2026-09-01")) == {
        ("USD", "promotional", None): {"opening": 5000, "used": 2000, "closing": 3000},
        of_units: {"opening": 1000 * PARTS, "used": 260 * PARTS, "closing": 740 * PARTS},
    }
    rows = [(row.item, row.by_money, row.by_units, row.units) for row in use(asked("2026-09-30")).rows]
    assert rows == [("API calls", 0, 2600, 260 * PARTS), ("Seats", 2000, 0, 0)]
    void(issued, now="2026-09-12")
    assert all(not (row.paid or row.units) for row in use(asked("2026-09-30")).rows)
    void_credit(units, now="2026-09-13")
    [ended] = breakage(asked("2026-09-30")).rows
    assert (ended.of.item, ended.voided, ended.breakage) == ("API calls", 1000 * PARTS, 1000 * PARTS)


def test_r2_what_a_replacement_takes_over_is_voided_but_no_breakage() -> None:
    account, item = an_account(), an_item()
    credit = a_credit(account, "50.00", name="First")
    issued = an_invoice(account, (item, "30.00"))
    credit_replace(
        credit=credit, terms=terms(account, "25.00", name="Second"), reason="More", **by_now("2026-09-10")
    )
    void_credit(a_credit(account, "4.00", name="Mistake"), now="2026-09-11")
    [row] = breakage(asked("2026-09-30")).rows
    assert (row.voided, row.replaced, row.breakage) == (2400, 2000, 400)
    void(issued, now="2026-10-05")
    rows = breakage(asked("2026-10-31", "2026-10-01")).rows
    assert [(row.voided, row.replaced, row.breakage) for row in rows] == [(3000, 0, 3000)], (
        "what flows back to a replaced credit is lost"
    )


def test_a_period_begins_and_ends_with_its_days() -> None:
    account = an_account()
    for day in ("2026-08-09", "2026-08-10", "2026-09-20", "2026-09-21"):
        void_credit(a_credit(account, "1.00", now=f"{day} 00:00"), now=f"{day} 23:59")
    rows = breakage(asked("2026-09-20", "2026-08-10")).rows
    assert [(row.month, row.voided) for row in rows] == [(date(2026, 8, 1), 100), (date(2026, 9, 1), 100)]


def test_sums_beyond_the_numbers_of_a_database_are_exact() -> None:
    account, calls = an_account(), an_item()
    most = 10**12 * PARTS - 1
    for _ in range(12):
        credit = some_units(account, calls, most)
    void_credit(credit, now="2026-08-20")
    of = ("USD", "promotional", calls.pk)
    assert 12 * most > 2**63 > HALF**2
    assert rolled(asked("2026-08-31"))[of] == {"granted": 12 * most, "voided": most, "closing": 11 * most}
    assert owed_sums(asked("2026-08-31")) == {(of, "0–30 days"): (11, 11 * most)}
