"""R10: a report as of a past day knows what was booked by then, whatever day it was for."""

import pytest

from billing.reports.breakage import breakage
from billing.reports.use import use
from credits.models import Entry, EntryKind
from tests.billing.reports.asked import asked, owed_sums, rolled
from tests.factories import a_credit, an_account, an_invoice, an_item, at, expire, void

pytestmark = pytest.mark.django_db

PROMOTIONAL = ("USD", "promotional", None)


def test_r10_an_expiry_booked_late_is_breakage_of_the_month_it_was_booked_in() -> None:
    account = an_account()
    a_credit(account, "50.00", expires_on="2026-08-31")
    expire(account, "2026-10-16", now="2026-12-03")
    entry = Entry.objects.get(kind=EntryKind.EXPIRED)
    assert str(entry.value_date) == "2026-10-16"
    assert owed_sums(asked("2026-11-30")) == {(PROMOTIONAL, "91–180 days"): (1, 5000)}
    assert owed_sums(asked("2026-12-31")) == {}
    assert [(row.month.month, row.expired) for row in breakage(asked("2026-12-31")).rows] == [(12, 5000)]
    assert breakage(asked("2026-11-30")).rows == []


def test_r9_a_reversal_after_a_month_s_end_does_not_change_that_month_s_end() -> None:
    account, item = an_account(), an_item()
    a_credit(account, "50.00")
    issued = an_invoice(account, (item, "30.00"), now="2026-09-01")
    before = rolled(asked("2026-09-30", "2026-09-01"))
    used = use(asked("2026-09-30")).rows
    void(issued, now="2026-10-01 00:00")
    assert rolled(asked("2026-09-30", "2026-09-01")) == before
    assert before[PROMOTIONAL] == {"opening": 5000, "used": 3000, "closing": 2000}
    assert use(asked("2026-09-30")).rows == used
    assert rolled(asked("2026-10-31", "2026-10-01"))[PROMOTIONAL] == {
        "opening": 2000,
        "used": -3000,
        "closing": 5000,
    }
    by_month = [(row.month.month, row.paid) for row in use(asked("2026-10-31")).rows]
    assert by_month == [(9, 3000), (10, -3000)]


@pytest.mark.parametrize(
    ("zone", "as_of"),
    [("UTC", "2026-08-31"), ("Pacific/Kiritimati", "2026-09-01"), ("America/New_York", "2026-08-31")],
)
def test_a_day_ends_at_midnight_of_the_reports_zone(zone: str, as_of: str) -> None:
    a_credit(an_account(), "50.00", now="2026-08-31 23:59")
    assert owed_sums(asked(as_of, zone=zone)) == {(PROMOTIONAL, "0–30 days"): (1, 5000)}
    day_before = {"2026-08-31": "2026-08-30", "2026-09-01": "2026-08-31"}[as_of]
    assert owed_sums(asked(day_before, zone=zone)) == {}


@pytest.mark.parametrize(
    ("day", "zone", "start"),
    [
        ("2026-03-29", "Europe/Berlin", "2026-03-28 23:00"),
        ("2026-10-26", "Europe/Berlin", "2026-10-25 23:00"),
        ("2018-11-04", "America/Sao_Paulo", "2018-11-04 03:00"),  # midnight was skipped
        ("2018-02-18", "America/Sao_Paulo", "2018-02-18 03:00"),  # 23 o'clock came twice the evening before
        ("2026-09-01", "Asia/Kathmandu", "2026-08-31 18:15"),
    ],
)
def test_a_day_begins_where_the_zone_s_clocks_say(day: str, zone: str, start: str) -> None:
    assert asked("2026-12-31", day, zone).start == at(start)


@pytest.mark.parametrize(
    ("days", "age"),
    [
        (0, "0–30 days"),
        (30, "0–30 days"),
        (31, "31–90 days"),
        (90, "31–90 days"),
        (91, "91–180 days"),
        (180, "91–180 days"),
        (181, "181–365 days"),
        (365, "181–365 days"),
        (366, "More than 365 days"),
    ],
)
def test_an_age_is_counted_in_days_from_the_day_of_the_grant(days: int, age: str) -> None:
    granted = asked("2026-09-10").as_of.fromordinal(asked("2026-09-10").as_of.toordinal() - days)
    account = an_account(now="2025-01-01")
    a_credit(account, "50.00", now=f"{granted} 00:00", effective_from="2025-01-01")
    a_credit(account, "7.00", now=f"{granted} 23:59", effective_from="2025-01-01", priority=60)
    assert owed_sums(asked("2026-09-10")) == {(PROMOTIONAL, age): (2, 5700)}
