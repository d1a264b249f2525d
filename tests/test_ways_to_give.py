"""Every way to give a credit, each by a story of its own, to the cent and to the unit."""

from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.core.management import call_command

from billing.reports.days import Period
from billing.reports.roll_forward import roll_forward
from credits.batch_services import BatchResult, credits_void
from credits.extension import credits_extend
from credits.models import Category, Credit, Notice
from credits.notice_run import notices_run
from credits.schedule_run import schedules_run
from credits.telling import notice_rule_set
from customers.money import amount_text
from invoices.models import Invoice, Kind
from invoices.units import units_text
from tests.credits.batches import csv_of, grant
from tests.factories import (
    a_command,
    a_credit,
    a_draft,
    a_line,
    a_sale,
    a_schedule,
    a_unit_credit,
    an_account,
    an_invoice,
    an_item,
    at,
    balance,
    by_now,
    day,
    expire,
    issue,
    paid_by_line,
    pay,
    sale_of,
    stop_schedule,
    tag,
    void,
)

pytestmark = pytest.mark.django_db


def paid(invoice: Invoice) -> list[tuple[str, str, str]]:
    """Which credit paid how much of which line."""
    return [(credit, line, amount_text(sum_, "USD")) for credit, line, sum_ in paid_by_line(invoice)]


def due(invoice: Invoice) -> str:
    invoice.refresh_from_db()
    return amount_text(invoice.amount_due or 0, invoice.currency)


def left(credit: Credit) -> str:
    counted = balance(credit)
    return amount_text(counted, credit.currency) if credit.units is None else units_text(counted)


def test_a_thousand_free_calls_cover_calls_before_any_money_is_used() -> None:
    """August: 1,260 calls × 0.0045 = 5.67; 1,000 of them are worth 4.50, and 1.17 is left for money.

    September: 100 calls × 0.0045 = 0.45, and no free call is left. Voiding August gives the calls back.
    """
    account, calls = an_account(), an_item("API calls")
    free = a_unit_credit(account, "1000", calls, name="Free calls", priority=100)
    a_credit(account, "1.00", name="Sorry", priority=1)
    august = an_invoice(account, a_line(calls, "0.0045", "1260"))
    assert paid(august) == [("Free calls", "API calls", "4.50"), ("Sorry", "API calls", "1.00")]
    assert (due(august), left(free)) == ("0.17", "0")
    september = a_draft(account, a_line(calls, "0.0045", "100"), start="2026-09-01", end="2026-10-01")
    assert due(issue(september, "2026-10-02")) == "0.45"
    void(august, "2026-10-03")
    assert left(free) == "1000"


def test_a_scope_mixes_kinds_items_and_tags_less_what_is_excluded() -> None:
    """All usage meters but the archive, and what bears the tag team-blue: 10.00 + 40.00 of 100.00."""
    account = an_account()
    calls, archive = an_item("API calls"), an_item("Archive")
    seats, desk = tag(an_item("Seats", Kind.LICENSE), "team-blue"), an_item("Desk", Kind.FIXED_FEE)
    mixed: dict[str, Any] = {
        "kinds": (Kind.USAGE_METER,),
        "tags": ("team-blue",),
        "excluded_items": (archive,),
    }
    a_credit(account, "500.00", name="Blue", **mixed)
    lines = ((calls, "10.00"), (archive, "20.00"), (seats, "40.00"), (desk, "30.00"))
    invoice = an_invoice(account, *lines)
    assert paid(invoice) == [("Blue", "API calls", "10.00"), ("Blue", "Seats", "40.00")]
    assert due(invoice) == "50.00"


def test_up_to_half_of_usage_and_200_an_invoice() -> None:
    """Half of August's 300.00 is 150.00; half of September's 900.00 is 450.00, and 200.00 the limit."""
    account, calls, seats = an_account(), an_item("API calls"), an_item("Seats", Kind.LICENSE)
    limits: dict[str, Any] = {"max_percent": Decimal(50), "max_amount": 20000}
    half = a_credit(account, "1000.00", name="Half", kinds=(Kind.USAGE_METER,), **limits)
    august = an_invoice(account, (calls, "300.00"), (seats, "80.00"))
    assert paid(august) == [("Half", "API calls", "150.00")]
    september = a_draft(account, (calls, "900.00"), start="2026-09-01", end="2026-10-01")
    assert paid(issue(september, "2026-10-02")) == [("Half", "API calls", "200.00")]
    assert left(half) == "650.00"


def test_a_credit_bought_in_advance_waits_for_its_money_and_goes_with_its_invoice() -> None:
    """100.00 for 80.00. Unpaid, it pays nothing of August; paid, 60.00 of September. Another, sold and never
    paid, goes with its invoice. No credit, not even one for whole invoices, pays for a credit."""
    account, calls = an_account(), an_item("API calls")
    a_credit(account, "5.00", name="Welcome")
    bought = a_sale(account, "100.00", "80.00", waits=True, name="Bought", priority=1)
    sale = sale_of(bought)
    assert (due(sale), paid(sale)) == ("80.00", [])
    assert paid(an_invoice(account, (calls, "40.00"))) == [("Welcome", "API calls", "5.00")]
    pay(sale)
    september = a_draft(account, (calls, "60.00"), start="2026-09-01", end="2026-10-01")
    assert paid(issue(september, "2026-10-02")) == [("Bought", "API calls", "60.00")]
    assert left(bought) == "40.00"

    never_paid = a_sale(account, "50.00", "45.00", now="2026-10-02")
    void(sale_of(never_paid), "2026-10-03")
    assert left(never_paid) == "0.00"


def test_one_credit_to_many_accounts_from_a_file_and_back_again() -> None:
    """10.00 each to three; the same file again does nothing. 4.00 of one are used, and 26.00 are voided."""
    accounts, calls = [an_account(), an_account(), an_account()], an_item("API calls")
    batch = grant(csv_of(*accounts), reason="The outage of 30 July")
    assert grant(csv_of(*accounts)) == BatchResult(batch.batch, repeated=True)
    assert paid(an_invoice(accounts[0], (calls, "4.00"))) == [("Sorry", "API calls", "4.00")]
    granted = Credit.objects.order_by("account")
    assert [left(credit) for credit in granted] == ["6.00", "10.00", "10.00"]
    voided = credits_void(batch=batch.batch, reason="Granted by mistake", **by_now("2026-09-03")).batch
    assert [left(credit) for credit in granted] == ["0.00", "0.00", "0.00"]
    assert [(total["credits"], total["size"]) for total in voided.details["totals"]] == [(3, 2600)]


def test_what_is_left_of_credits_about_to_expire_is_extended_together() -> None:
    """60.00 and 1,000 calls until 30 September, of which 15.00 and 260 calls are used."""
    one, two, calls = an_account(), an_account(), an_item("API calls")
    money = a_credit(one, "60.00", name="Money", expires_on="2026-09-30")
    free = a_unit_credit(two, "1000", calls, name="Free calls", expires_on=day("2026-09-30"))
    an_invoice(one, (calls, "15.00"))
    an_invoice(two, a_line(calls, "0.01", "260"))
    until = {"expires_on": day("2026-12-31"), "reason": "They asked", **by_now("2026-09-15")}
    credits_extend(credits=[money, free], **until)
    again = Credit.objects.filter(replaces__in=(money, free)).order_by("account")
    assert [left(credit) for credit in (money, free)] == ["0.00", "0"]
    assert [(credit.name, left(credit), str(credit.expires_on)) for credit in again] == [
        ("Money", "45.00", "2026-12-31"),
        ("Free calls", "740", "2026-12-31"),
    ]


def test_a_credit_every_last_day_of_the_month_until_it_is_stopped() -> None:
    """The 31st: 31 August, 30 September, 31 October. Run once in November, twice: each month once."""
    account = an_account()
    schedule = a_schedule(account, "10.00", name="Monthly", day_of_month=31, lifetime_days=30)
    for _ in range(2):
        schedules_run(as_of=None, by=a_command("grant_schedules"), now=at("2026-11-02"))
    granted = Credit.objects.filter(schedule=schedule).order_by("effective_from")
    assert [(str(c.effective_from), str(c.expires_on)) for c in granted] == [
        ("2026-08-31", "2026-09-29"),
        ("2026-09-30", "2026-10-29"),
        ("2026-10-31", "2026-11-29"),
    ]
    stop_schedule(schedule, "2026-11-03")
    schedules_run(as_of=None, by=a_command("grant_schedules"), now=at("2027-02-01"))
    assert [left(credit) for credit in granted.all()] == ["10.00", "10.00", "10.00"]


def test_a_low_balance_is_told_once_until_it_has_recovered(settings: Any) -> None:
    settings.SCRIP_EMAIL_FROM = "billing@scrip.example"
    account, calls = an_account(), an_item("API calls")
    a_credit(account, "50.00")
    told: dict[str, Any] = {"low_balance": 2000, "expiring_days": None, "email": "winston@example.com"}
    notice_rule_set(account=account, **told, **by_now("2026-08-02"))

    def letters(now: str) -> int:
        notices_run(clock=lambda: at(now))
        return len(mail.outbox)

    assert letters("2026-08-03") == 0
    an_invoice(account, (calls, "40.00"))
    assert [letters("2026-09-02"), letters("2026-09-03")] == [1, 1]
    a_credit(account, "30.00", now="2026-09-04")
    assert letters("2026-09-05") == 1
    assert Notice.objects.get().cleared_at == at("2026-09-05")
    september = a_draft(account, (calls, "35.00"), start="2026-09-01", end="2026-10-01")
    issue(september, "2026-10-02")
    assert letters("2026-10-03") == 2


def test_what_is_owed_ties_month_by_month_to_the_cent() -> None:
    """August: 100.00 granted. September: 40.00 used, 20.00 more granted. December: 80.00 are gone."""
    account, calls = an_account(), an_item("API calls")
    a_credit(account, "100.00", expires_on="2026-10-15", category=Category.PROMOTIONAL)
    an_invoice(account, (calls, "40.00"))
    a_credit(account, "20.00", expires_on="2026-10-15", now="2026-09-10")
    expire(account, "2026-12-05")
    rows = {
        month: [
            (row.opening, row.flow.granted, row.flow.used, row.flow.expired, row.closing, row.difference)
            for row in roll_forward(Period(day(f"2026-{month}-01"), last, ZoneInfo("UTC")))
        ]
        for month, last in (("08", day("2026-08-31")), ("09", day("2026-09-30")), ("12", day("2026-12-31")))
    }
    assert rows == {
        "08": [(0, 10000, 0, 0, 10000, 0)],
        "09": [(10000, 2000, 4000, 0, 8000, 0)],
        "12": [(8000, 0, 0, 8000, 0, 0)],
    }
    call_command("verify_ledger", "--json")
