"""Pages of schedules: add one with a look at its due days, see what it granted, stop it."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from credits.models import Credit, Schedule
from credits.schedule_form import ScheduleForm
from credits.schedule_page import DueDay, due_ahead, schedule_row
from credits.schedules import schedule_add, schedule_stop, stop_facts
from credits.views import credit_row
from customers.acts import fingerprint
from customers.forms import ReasonForm
from customers.models import Account, Act
from customers.requests import actor_of, permission_needed
from invoices.models import Item

PER_PAGE = 50


@permission_needed("credits.add_schedule")
def schedule_add_page(request: HttpRequest, pk: int) -> HttpResponse:
    """The form; with its due days when scripts ask for them, or the Preview button; saved otherwise."""
    account = get_object_or_404(Account.objects.select_related("customer"), pk=pk)
    now = timezone.now()
    today = account.day_of(now)
    htmx = bool(getattr(request, "htmx", False))
    form = ScheduleForm(
        request.POST or None,
        account=account,
        today=today,
        items=Item.objects.order_by("kind", "name", "pk"),
    )
    only_look = htmx or "preview" in request.POST
    if request.method == "POST" and form.is_valid() and (due_days := form.due_days) and not only_look:
        added = form.perform(
            lambda: schedule_add(
                account=account,
                terms=form.terms(),
                due_days=due_days,
                lifetime_days=form.cleaned_data["lifetime_days"],
                reason=form.cleaned_data["reason"],
                by=actor_of(request),
                now=now,
                token=form.token,
            )
        )
        if added:
            messages.success(request, f"{added} is saved. Its credits are granted when their days have come.")
            return redirect(added)
    context = {"account": account, "form": form, **_ahead(form, today)}
    return render(request, "credits/_due_days.html" if htmx else "credits/schedule_add.html", context)


def _ahead(form: ScheduleForm, today: date) -> dict[str, Any]:
    """Its first due days, and how many have come already."""
    if form.due_days is None:
        return {}
    days = due_ahead(form.due_days, None, form.cleaned_data["lifetime_days"], today)
    return {"days": days, "come": len(form.due_days.until(today))}


@permission_needed("credits.view_schedule", "credits.view_credit")
def schedule_page(request: HttpRequest, pk: int) -> HttpResponse:
    schedule = _schedule(pk)
    account = schedule.account
    today = account.day_of(timezone.now())
    row = schedule_row(schedule, today)
    granted = Credit.objects.filter(schedule=schedule).with_balance().order_by("-due_on")
    granted = granted.select_related("unit_item").prefetch_related("scope_rows__item")
    page = Paginator(granted, PER_PAGE).get_page(request.GET.get("page"))
    ahead: list[DueDay] = []
    if row.promise and not account.closed_at:
        ahead = due_ahead(schedule.due_days, schedule.last_granted, schedule.lifetime_days, today)
    context = {
        "schedule": schedule,
        "account": account,
        "row": row,
        "page": page,
        "rows": [credit_row(credit, today) for credit in page],
        "ahead": ahead,
        "acts": Act.objects.filter(subject=f"schedule:{pk}"),
    }
    return render(request, "credits/schedule.html", context)


@permission_needed("credits.stop_schedule")
def schedule_stop_page(request: HttpRequest, pk: int) -> HttpResponse:
    schedule = _schedule(pk)
    if request.method == "GET" and schedule.stopped_at:
        messages.info(request, f"{schedule} is stopped already.")
        return redirect(schedule)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        stopped = form.perform(
            lambda: schedule_stop(
                schedule=schedule,
                reason=form.cleaned_data["reason"],
                by=actor_of(request),
                now=timezone.now(),
                token=form.token,
                shown=form.cleaned_data["shown"],
            )
        )
        if stopped:
            messages.success(request, f"{stopped} is stopped.")
            return redirect(stopped)
        schedule = _schedule(pk)
    form.show(fingerprint(stop_facts(schedule)))
    row = schedule_row(schedule, schedule.account.day_of(timezone.now()))
    context = {"schedule": schedule, "account": schedule.account, "row": row, "form": form}
    return render(request, "credits/schedule_stop.html", context)


def _schedule(pk: int) -> Schedule:
    found = Schedule.objects.with_grants().select_related("account__customer")
    schedule: Schedule = get_object_or_404(found, pk=pk)
    return schedule
