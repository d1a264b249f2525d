"""Pages of credits: the list in use order, Add Credits with its preview, one credit, void, replace."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from credits.burndown import burndown
from credits.caps import caps_words
from credits.forms import GrantForm, terms_typed
from credits.models import Credit, Entry, credits_of
from credits.preview import grant_preview
from credits.schedule_page import schedule_rows
from credits.selling import credit_sell
from credits.services import credit_grant, credit_replace, credit_void, void_facts
from credits.words import STATE_WORDS, State, credit_state, scope_words, state_note
from customers.acts import fingerprint
from customers.forms import ReasonForm
from customers.models import Account, Act
from customers.requests import actor_of, permission_needed
from invoices.models import Item

# What selling a credit needs besides adding one: it issues an invoice.
BILLING = ("invoices.add_invoice", "invoices.issue_invoice")
ACTS_ON_MANY = ("credits_grant", "credits_void", "credits_extend")
OPEN_STATES = (State.LIVE, State.UNPAID, State.SCHEDULED, State.GRACE)


@dataclass(frozen=True, slots=True)
class CreditRow:
    """One credit as lists show it."""

    credit: Credit
    state: State
    state_words: str
    scope: str
    limit: str

    @property
    def used(self) -> int:
        """In the credit's own measure."""
        return self.credit.size - self.credit.balance

    @property
    def state_note(self) -> str:
        return state_note(self.credit, self.state)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES


def credit_row(credit: Credit, today: date) -> CreditRow:
    state = credit_state(credit, today)
    return CreditRow(
        credit=credit,
        state=state,
        state_words=STATE_WORDS[state],
        scope=scope_words(credit.applies_to, credit.scope_rows.all()),
        limit=caps_words(credit.max_amount, credit.max_percent, credit.currency),
    )


def credit_rows(account: Account, today: date) -> tuple[list[CreditRow], list[CreditRow]]:
    """The account's credits in use order: those that can still pay, and the others."""
    rows = [credit_row(credit, today) for credit in credits_of(account)]
    return [row for row in rows if row.is_open], [row for row in rows if not row.is_open]


@permission_needed("credits.view_credit")
def credits_page(request: HttpRequest, pk: int) -> HttpResponse:
    account = _account(pk)
    today = account.day_of(timezone.now())
    live, closed = credit_rows(account, today)
    context = {"account": account, "live": live, "closed": closed, "show_closed": "all" in request.GET}
    context["schedules"] = schedule_rows(account, today)
    return render(request, "credits/credits.html", context)


@permission_needed("credits.view_credit")
def credit_page(request: HttpRequest, pk: int) -> HttpResponse:
    credit = _credit(pk)
    today = credit.account.day_of(timezone.now())
    entries = list(credit.entries.select_related("invoice", "line", "act").order_by("number"))
    booked = _with_balances(entries)
    steps = [(credit.account.day_of(entry.booked_at), balance) for entry, balance in booked]
    context = {
        "row": credit_row(credit, today),
        "credit": credit,
        "account": credit.account,
        "entries": booked,
        "worth": -sum(entry.amount for entry in entries),
        "acts": _acts(pk, entries),
        "charts": [
            c for c in (burndown(steps, today), burndown(steps, today, width=360, height=200, left=76)) if c
        ],
        "replaced_by": Credit.objects.filter(replaces=credit).first(),
    }
    return render(request, "credits/credit.html", context)


@permission_needed("credits.add_credit")
def credit_grant_page(request: HttpRequest, pk: int) -> HttpResponse:
    account, now = _account(pk), timezone.now()

    def grant(form: GrantForm) -> Credit:
        told: dict[str, Any] = {
            "account": account,
            "terms": form.terms(),
            "reason": form.cleaned_data["reason"],
            "by": actor_of(request),
            "now": now,
            "token": form.token,
        }
        if form.is_sale:
            return credit_sell(**told, usable_once_paid=form.waits_for_payment)
        return credit_grant(**told)

    return _grant_page(request, account, now, grant)


@permission_needed("credits.add_credit", "credits.void_credit")
def credit_replace_page(request: HttpRequest, pk: int) -> HttpResponse:
    credit, now = _credit(pk), timezone.now()

    def replace(form: GrantForm) -> Credit:
        return credit_replace(
            credit=credit,
            terms=form.terms(),
            reason=form.cleaned_data["reason"],
            by=actor_of(request),
            now=now,
            token=form.token,
        )

    return _grant_page(request, credit.account, now, replace, replaced=credit)


@permission_needed("credits.void_credit")
def credit_void_page(request: HttpRequest, pk: int) -> HttpResponse:
    credit = _credit(pk)
    if request.method == "GET" and credit.voided:
        messages.info(request, f"{credit} is voided already.")
        return redirect(credit)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        voided = form.perform(
            lambda: credit_void(
                credit=credit,
                reason=form.cleaned_data["reason"],
                by=actor_of(request),
                now=timezone.now(),
                token=form.token,
                shown=form.cleaned_data["shown"],
            )
        )
        if voided:
            messages.success(request, f"{voided} is voided.")
            return redirect(voided)
        credit = _credit(pk)
    form.show(fingerprint(void_facts(credit)))
    row = credit_row(credit, credit.account.day_of(timezone.now()))
    context = {"credit": credit, "row": row, "form": form, "worth": _worth(credit)}
    return render(request, "credits/credit_void.html", context)


def _grant_page(
    request: HttpRequest,
    account: Account,
    now: datetime,
    save: Callable[[GrantForm], Credit],
    replaced: Credit | None = None,
) -> HttpResponse:
    """The form; with a preview when scripts ask for it, or the Preview button; saved otherwise."""
    htmx = bool(getattr(request, "htmx", False))
    only_look = htmx or "preview" in request.POST
    form = GrantForm(
        request.POST or None,
        account=account,
        today=account.day_of(now),
        items=Item.objects.order_by("kind", "name", "pk"),
        may_bill=replaced is None and request.user.has_perms(BILLING),
        initial=terms_typed(replaced) if replaced else {},
    )
    preview = None
    if request.method == "POST" and form.is_valid():
        if only_look:
            waits = replaced.unpaid if replaced else form.waits_for_payment
            preview = form.perform(
                lambda: grant_preview(account, form.terms(), now=now, replaced=replaced, waits=waits)
            )
        elif saved := form.perform(lambda: save(form)):
            messages.success(request, f"{saved} is saved. From now on nobody can edit it.")
            if form.is_sale and saved.purchase_line:
                messages.success(request, f"Invoice {saved.purchase_line.invoice} bills its price.")
            return redirect(saved)
    context = {"account": account, "form": form, "preview": preview, "replaced": replaced}
    size = "units" if form.is_bound and form.of_units else "amount"
    context["preview_asked"] = only_look and bool(request.POST.get(size))
    if htmx:
        return render(request, "credits/_preview.html", context)
    return render(
        request, "credits/credit_replace.html" if replaced else "credits/credit_grant.html", context
    )


def _account(pk: int) -> Account:
    return get_object_or_404(Account.objects.select_related("customer"), pk=pk)


def _credit(pk: int) -> Credit:
    found = Credit.objects.with_balance().select_related(
        "account__customer", "replaces", "unit_item", "schedule"
    )
    credit: Credit = get_object_or_404(found.prefetch_related("scope_rows__item"), pk=pk)
    return credit


def _acts(pk: int, entries: Sequence[Entry]) -> list[Act]:
    """What was done to this credit alone, and to many of which it is one; the newest first."""
    acts = {act.pk: act for act in Act.objects.filter(subject=f"credit:{pk}")}
    acts |= {entry.act_id: entry.act for entry in entries if entry.act.kind in ACTS_ON_MANY}
    return [acts[at] for at in sorted(acts, reverse=True)]


def _worth(credit: Credit) -> int:
    """The money that the units of a credit have paid so far."""
    if credit.units is None:
        return 0
    return -(credit.entries.aggregate(paid=Sum("amount"))["paid"] or 0)


def _with_balances(entries: Sequence[Entry]) -> list[tuple[Entry, int]]:
    """Each entry with the balance after it."""
    balance, rows = 0, []
    for entry in entries:
        balance += entry.change
        rows.append((entry, balance))
    return rows
