"""Pages that need invoices and credits: home, customer, account, invoice."""

from collections.abc import Iterable

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from billing.account_page import Available, available_by_account, balances, expiring_soon
from billing.invoice_page import invoice_acts, invoice_view
from credits.models import Credit, Entry
from credits.notice_views import open_notices
from credits.selling import credits_sold
from credits.views import credit_rows
from customers.models import Account, Act, Customer
from customers.replica import replica_read
from customers.requests import permission_needed
from invoices.models import Invoice

FIRST = 20
RECENT = 12
NO_CREDIT = Available()


@permission_needed("customers.view_account", "invoices.view_invoice", "credits.view_credit")
@replica_read
def home(request: HttpRequest) -> HttpResponse:
    today = timezone.localdate()
    search = request.GET.get("q", "").strip()[:200]
    found = Account.objects.none()
    if search:
        match = Q(name__icontains=search) | Q(key__icontains=search)
        match |= Q(customer__name__icontains=search) | Q(customer__key__icontains=search)
        match |= Q(customer__email__icontains=search)
        found = Account.objects.filter(match).select_related("customer")[:FIRST]
        numbered = Invoice.objects.filter(number__iexact=search).first()
        if numbered:
            return redirect(numbered)
    glance = list(found) if search else _recent_accounts()
    available = available_by_account([account.pk for account in glance], today)
    drafts = Invoice.objects.drafts().select_related("account__customer").with_totals()
    context = {
        "search": search,
        "glance": [(account, available.get(account.pk, NO_CREDIT)) for account in glance],
        "expiring": expiring_soon(today, FIRST),
        "drafts": drafts[:FIRST],
        "notices": open_notices(FIRST) if request.user.has_perm("credits.view_notice") else None,
        "today": today,
    }
    return render(request, "billing/home.html", context)


@permission_needed("customers.view_customer", "customers.view_account", "credits.view_credit")
def customer(request: HttpRequest, pk: int) -> HttpResponse:
    shown = get_object_or_404(Customer, pk=pk)
    accounts = list(shown.accounts.all())
    available = available_by_account([account.pk for account in accounts], timezone.localdate())
    context = {"customer": shown, "accounts": [(a, available.get(a.pk, NO_CREDIT)) for a in accounts]}
    return render(request, "billing/customer.html", context)


@permission_needed("customers.view_account", "invoices.view_invoice", "credits.view_credit")
def account(request: HttpRequest, pk: int) -> HttpResponse:
    shown = get_object_or_404(Account.objects.select_related("customer"), pk=pk)
    today = shown.day_of(timezone.now())
    live, closed = credit_rows(shown, today)
    invoices = list(
        Invoice.objects.filter(account=shown).with_totals().order_by("-period_end", "-pk")[: RECENT + 1]
    )
    context = {
        "account": shown,
        "balances": balances(shown, live, today),
        "live": live,
        "closed": closed,
        "invoices": invoices[:RECENT],
        "more_invoices": len(invoices) > RECENT,
        "entries": _newest_entries(shown, [row.credit for row in (*live, *closed)]),
        "acts": _acts_on(shown),
        "today": today,
    }
    return render(request, "billing/account.html", context)


@permission_needed("invoices.view_invoice", "credits.view_credit")
def invoice(request: HttpRequest, pk: int) -> HttpResponse:
    shown = get_object_or_404(
        Invoice.objects.select_related("account__customer", "corrects", "correction"), pk=pk
    )
    now = timezone.now()
    context = {
        "invoice": shown,
        "account": shown.account,
        "view": invoice_view(shown, now),
        "sold": credits_sold(shown),
        "acts": invoice_acts(shown),
        "today": shown.account.day_of(now),
    }
    return render(request, "billing/invoice.html", context)


def _newest_entries(account: Account, credits: Iterable[Credit]) -> list[Entry]:
    """With the credits of the page. One that was granted since those were read is asked for by itself."""
    entries, known = list(Entry.objects.newest_of(account.pk)[:RECENT]), {c.pk: c for c in credits}
    for entry in entries:
        if entry.credit_id in known:
            entry.credit = known[entry.credit_id]
    return entries


def _acts_on(account: Account) -> QuerySet[Act]:
    """The newest acts on the account, those on many at once too: they are known by its newest entries."""
    newest = Entry.objects.filter(account=account).order_by("-number").values("act")[:RECENT]
    return Act.objects.filter(Q(account=account) | Q(pk__in=newest))[:RECENT]


def _recent_accounts() -> list[Account]:
    """Accounts that something happened to last: the likeliest to be looked for."""
    recent = Act.objects.filter(account__isnull=False).values_list("account_id", flat=True)[:200]
    first = list(dict.fromkeys(recent))[:FIRST]
    accounts = Account.objects.select_related("customer").in_bulk(first)
    return [accounts[pk] for pk in first]
