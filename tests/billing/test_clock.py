"""What the product does when clocks and zones of machines go astray: nothing else than before (R6, R10, R14).

Days are the account's, instants are told from outside, and the order of an account's entries is their number.
"""

import itertools
from datetime import date, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from billing.digest import ledger_digest
from billing.run import billing_run
from billing.verification.runner import ledger_verify
from credits.expiry import expiry_run
from credits.models import Entry
from invoices.models import Invoice
from tests import factories
from tests.factories import (
    a_command,
    a_credit,
    a_draft,
    an_account,
    an_item,
    at,
    expire,
    issue,
    ledger,
    void,
    void_credit,
)
from tests.processes import command

FAR_EAST, FAR_WEST, HALF = "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu"


def verified() -> bool:
    return ledger_verify().breach is None


# --- Zones of the server and of the database's session -----------------------------------


def last_year() -> None:
    """Two months of drafts in accounts at both ends of the world, and credits long gone."""
    item = an_item(now="2025-01-02")
    for number, zone in enumerate((FAR_EAST, FAR_WEST, "UTC", HALF)):
        account = an_account(time_zone=zone, now="2025-01-02")
        for name, ends in (("Gone", "2025-03-31"), ("Gone too", "2025-05-31"), ("Lasting", None)):
            a_credit(
                account,
                f"{number + 5}.00",
                name=name,
                expires_on=ends,
                effective_from="2025-01-01",
                now="2025-01-02",
            )
        for start, end in (("2025-01-01", "2025-02-01"), ("2025-02-01", "2025-03-01")):
            a_draft(account, (item, "2.34"), start=start, end=end, now="2025-03-01")


def in_zone(zone: str, home: Path) -> dict[str, str]:
    """The environment of a server whose clock, settings and database client are all set to a zone."""
    module = f"set_to_{zone.replace('/', '_')}"
    home.joinpath(f"{module}.py").write_text(f"from billing.settings import *\nTIME_ZONE = {zone!r}\n")
    return {"TZ": zone, "PGTZ": zone, "DJANGO_SETTINGS_MODULE": module, "PYTHONPATH": str(home)}


def moments() -> list[tuple[str, object]]:
    entries = Entry.objects.filter(kind="expired").order_by("credit_id")
    return [(entry.credit.name, entry.value_date) for entry in entries.select_related("credit")]


@pytest.mark.django_db(transaction=True)
def test_the_server_s_zone_may_change_between_two_runs(tmp_path: Path) -> None:
    last_year()
    with transaction.atomic():
        for start, end in ((date(2025, 1, 1), date(2025, 2, 1)), (date(2025, 2, 1), date(2025, 3, 1))):
            billing_run(
                period_start=start,
                period_end=end,
                before_end=False,
                by=a_command(),
                now=at("2026-08-01"),
                token=f"run:{start}",
            )
        expiry_run(as_of=date(2025, 6, 1), by=a_command(), now=at("2026-08-01"))
        expiry_run(as_of=None, by=a_command(), now=at("2026-08-01"))
        at_home, booked = ledger_digest(), moments()
        transaction.set_rollback(True)
    assert len(booked) == 8
    east, west = in_zone(FAR_EAST, tmp_path), in_zone(FAR_WEST, tmp_path)
    command("run_billing", "--period", "2025-01", **east)
    command("run_billing", "--period", "2025-02", **west)
    command("expire_credits", "--as-of", "2025-06-01", **west)
    command("expire_credits", **east)
    assert moments() == booked
    assert ledger_digest() == at_home
    assert command("digest", **west) == at_home
    assert "Every sum is right." in command("verify_ledger", **in_zone(HALF, tmp_path))


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_the_database_s_own_zone_may_change_between_two_acts() -> None:
    """As an administrator would change it: for the database, hence for every session that begins after."""
    database = connection.ops.quote_name(str(connection.settings_dict["NAME"]))
    account, item = an_account(time_zone="Europe/Berlin"), an_item()
    try:
        for number, zone in enumerate((FAR_EAST, FAR_WEST)):
            with connection.cursor() as cursor:
                cursor.execute(f"ALTER DATABASE {database} SET TIME ZONE '{zone}'")
            connection.close()
            now = f"2026-08-3{number} 22:30"  # a day later in Berlin already
            a_credit(account, "50.00", name=zone, now=now)
            invoice = issue(a_draft(account, (item, "7.00"), now=now), now, before_end=True)
            assert (invoice.issue_date, invoice.issued_at) == (at(now).date() + timedelta(days=1), at(now))
            assert verified()
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER DATABASE {database} RESET TIME ZONE")
        connection.close()
    assert verified()
    assert [entry.booked_at for entry in Entry.objects.filter(kind="applied").order_by("number")] == [
        at("2026-08-30 22:30"),
        at("2026-08-31 22:30"),
    ]


# --- The clock ---------------------------------------------------------------------------


def a_history(monkeypatch: pytest.MonkeyPatch, *hours: int) -> str:
    """Six acts at these hours of 10 September; the digest of what they leave, which is then taken back."""
    monkeypatch.setattr(factories, "_numbers", itertools.count(1))  # the same keys in every history
    moments = [f"2026-09-10 {hour:02}:00" for hour in hours]
    with transaction.atomic():
        account, item = an_account(), an_item()
        first = a_credit(account, "50.00", name="First", priority=1, now=moments[0])
        a_credit(account, "20.00", name="Second", priority=2, now=moments[1])
        invoice = issue(a_draft(account, (item, "60.00")), moments[2])
        void(invoice, moments[3])
        void_credit(first, moments[4])
        issue(a_draft(account, (item, "60.00")), moments[5])
        entries = Entry.objects.filter(account=account).order_by("number")
        assert list(entries.values_list("number", flat=True)) == list(range(1, 9))
        assert [kind for _, kind, _ in ledger(account)] == [
            *("granted", "granted", "applied", "applied", "reversed", "reversed", "voided", "applied")
        ]
        assert [entry.booked_at.hour for entry in entries] == [hours[n] for n in (0, 1, 2, 2, 3, 3, 4, 5)]
        assert verified()
        digest = ledger_digest()
        transaction.set_rollback(True)
    return digest


@pytest.mark.django_db
def test_r14_a_clock_that_steps_back_an_hour_between_any_two_acts_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    straight = a_history(monkeypatch, 10, 11, 12, 13, 14, 15)
    for step in range(1, 6):
        hours = [10 + number - (2 if number >= step else 0) for number in range(6)]
        assert hours[step] == hours[step - 1] - 1
        assert a_history(monkeypatch, *hours) == straight
    assert a_history(monkeypatch, *range(15, 9, -1)) == straight


class Ticking:
    """A clock that is a minute further on whenever somebody looks."""

    def __init__(self, start: datetime) -> None:
        self.start, self.looks = start, 0

    def __call__(self) -> datetime:
        self.looks += 1
        return self.start + timedelta(minutes=self.looks - 1)


@pytest.mark.django_db
def test_r14_a_run_over_midnight_has_one_moment_and_one_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """It begins in the last minute of the credit's last day of grace, and of the year."""
    for _ in range(3):
        account = an_account(time_zone="Africa/Cairo")  # UTC+2
        a_credit(account, "50.00", expires_on="2026-11-16")
        a_draft(account, (an_item(), "60.00"), start="2026-11-01", end="2026-12-01")
    began = at("2026-12-31 21:59")
    clock = Ticking(began)
    monkeypatch.setattr(timezone, "now", clock)
    call_command("run_billing", "--period", "2026-11", stdout=StringIO())
    invoices = list(Invoice.objects.order_by("number"))
    assert [invoice.number for invoice in invoices] == [f"INV-2026-00000{n}" for n in (1, 2, 3)]
    facts = {(i.issued_at, i.issue_date, i.judged_on, i.credited) for i in invoices}
    assert facts == {(began, date(2026, 12, 31), date(2026, 12, 31), 5000)}
    entries = Entry.objects.filter(kind="applied")
    assert {(e.booked_at, e.value_date, e.act.at) for e in entries} == {(began, date(2026, 12, 31), began)}
    assert clock() == at("2026-12-31 22:01"), "the run has looked twice: to begin, and in the new year to end"


@pytest.mark.django_db
def test_r10_a_report_as_of_a_day_gone_by_goes_by_what_was_booked_by_then() -> None:
    """What was booked late has the day it means and the moment it was written; the second decides."""
    account = an_account()
    a_credit(account, "50.00", expires_on="2026-08-31")
    expire(account, "2026-10-16", now="2026-12-01")
    late = Entry.objects.get(kind="expired")
    assert (late.value_date, late.booked_at) == (date(2026, 10, 16), at("2026-12-01"))
    assert late.act.at == at("2026-12-01")

    def reported(moment: str) -> int:
        booked = Entry.objects.filter(account=account, booked_at__lte=at(moment))
        return sum(booked.values_list("amount", flat=True))

    assert [reported(day) for day in ("2026-10-15", "2026-11-30", "2026-12-01", "2027-01-01")] == [
        *(5000, 5000, 0, 0)
    ]
    assert verified()
