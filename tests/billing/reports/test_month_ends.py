"""The reports as of each month end equal a recomputation from the raw entries by other code."""

from datetime import UTC, date, datetime
from itertools import pairwise

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.demo.founding import demo_make
from credits.models import Entry, EntryKind
from customers.acts import Actor
from tests.billing.reports.asked import asked, recounted
from tests.billing.reports.recount import Recount, month_ends
from tests.billing.small_ledger import ledger_make

pytestmark = pytest.mark.django_db

BY = Actor(origin="a test", command="test")
AUTUMN = datetime(2026, 11, 23, 3, 30, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati"])
def test_r10_every_month_end_of_the_demo_is_what_its_entries_say(zone: str) -> None:
    demo_make(by=BY, now=AUTUMN)
    recount = Recount(zone)
    ends = month_ends(recount.first_day(), date(2026, 11, 23))
    assert len(ends) == 8
    assert any(row[0] for row in recount.earned(ends[-1]).values()), "a price is known"
    for since, as_of in pairwise(ends):
        recounted(recount, asked(str(as_of), str(date.fromordinal(since.toordinal() + 1)), zone))
        recounted(recount, asked(str(as_of), "2025-01-01", zone))


def test_every_month_end_of_a_ledger_with_every_kind_of_entry_in_money_and_units() -> None:
    ledger_make()
    assert set(Entry.objects.values_list("kind", flat=True)) == set(EntryKind.values)
    assert Entry.objects.filter(units__isnull=False).exists()
    recount = Recount()
    for as_of in month_ends(recount.first_day(), date(2026, 6, 15)):
        for since in ("2025-01-01", str(as_of.replace(day=1)), "2026-02-14"):
            if since <= str(as_of):
                recounted(recount, asked(str(as_of), since))


def test_a_ledger_without_entries_has_empty_reports() -> None:
    with CaptureQueriesContext(connection) as captured:
        recounted(Recount(), asked("2026-08-31"))
    assert len(captured) == 3 + 12, "what a recount reads; and what five reports ask, however much there is"


def test_the_number_of_queries_does_not_grow_with_the_ledger() -> None:
    demo_make(by=BY, now=AUTUMN)
    recount = Recount()
    with CaptureQueriesContext(connection) as captured:
        recounted(recount, asked("2026-11-23"))
    assert len(captured) == 12
