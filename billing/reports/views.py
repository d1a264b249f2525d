"""Pages of reports, and their files: read from one view of the ledger, written nowhere."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from billing.reports.days import Period, month_ends
from billing.reports.forms import AsOfForm, PeriodForm
from billing.reports.movement import breakage_page, roll_forward_page, use_page
from billing.reports.pages import ReportPage
from billing.reports.standing import cost_basis_page, owed_page
from billing.reports.tables import Table
from billing.snapshot import snapshot
from customers.replica import replica_read
from customers.requests import permission_needed

MONTH_ENDS = 3
READ = ("credits.view_entry", "credits.view_credit", "customers.view_account", "customers.view_customer")


@dataclass(frozen=True, slots=True)
class Report:
    """One report: `name` is its place in addresses."""

    name: str
    title: str
    lead: str
    form: type[AsOfForm]
    page: Callable[[Period], ReportPage]


REPORTS = (
    Report("owed", "What we owe", "Open balances by age, category and currency.", AsOfForm, owed_page),
    Report("breakage", "Breakage", "What expired or was voided, month by month.", PeriodForm, breakage_page),
    Report("use", "Use", "What credits paid, by month and item.", PeriodForm, use_page),
    Report(
        "cost-basis",
        "Purchased credits at cost",
        "What was paid for credits: earned as they are used, deferred until then.",
        AsOfForm,
        cost_basis_page,
    ),
    Report(
        "roll-forward",
        "Roll-forward",
        "From the opening balance to the closing one, tied to the cent.",
        PeriodForm,
        roll_forward_page,
    ),
)
BY_NAME = {report.name: report for report in REPORTS}


@permission_needed(*READ)
def reports(request: HttpRequest) -> HttpResponse:
    return render(request, "billing/reports.html", {"reports": REPORTS, "zone": _zone()})


@permission_needed(*READ)
@replica_read
def report(request: HttpRequest, name: str) -> HttpResponse:
    shown, zone = BY_NAME[name], _zone()
    form = shown.form(request.GET, now=timezone.now(), zone=zone)
    context = {"report": shown, "form": form, "zone": zone, "month_ends": month_ends(form.today, MONTH_ENDS)}
    if form.is_valid():
        period = form.period()
        with snapshot():
            page = shown.page(period)
        if table := page.table(request.GET.get("csv", "")):
            return _file(shown, table, period)
        context |= {"page": page, "period": period, "has_rows": any(table.rows for table in page.tables)}
        context["asked"] = f"?{urlencode({name: form.cleaned_data[name] for name in form.fields})}"
    return render(request, "billing/report.html", context)


def _zone() -> ZoneInfo:
    return ZoneInfo(settings.SCRIP_TIME_ZONE)


def _file(report: Report, table: Table, period: Period) -> HttpResponse:
    since = f"-{period.since}" if report.form is PeriodForm else ""
    answer = HttpResponse(table.csv(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = (
        f'attachment; filename="{report.name}-{table.name}{since}-{period.as_of}.csv"'
    )
    return answer
