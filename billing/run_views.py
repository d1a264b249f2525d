"""Pages of billing runs: the list, one of them, starting one, and taking up again what one left."""

import re
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from billing.forms import RunForm
from billing.issuing.drafts import Order
from billing.issuing.loop import drafts_issue
from billing.models import Run
from billing.run import drafts_from_before, run_finish, run_start
from billing.run_page import (
    COUNTED,
    MOST_DRAFTS,
    MOST_RETRIED,
    STATES,
    RunPreview,
    accounts_to_retry,
    first_waiting,
    parked_rows,
    run_lines,
    run_preview,
    run_retry,
    run_state,
    run_too_large,
)
from customers.forms import ActForm
from customers.models import Act
from customers.requests import actor_of, permission_needed

FIRST, PER_PAGE = 20, 50
LEAST_TIMED = timedelta(seconds=1)
ID = re.compile(r"[0-9]{1,18}", re.ASCII)


@permission_needed("billing.view_run")
def runs_page(request: HttpRequest) -> HttpResponse:
    """The newest first. The next page begins where this one ends, and nothing has to be counted."""
    found, before = Run.objects.all(), request.GET.get("before", "")
    if ID.fullmatch(before):
        found = found.filter(pk__lt=int(before))
    lines = run_lines(found[: FIRST + 1], timezone.now())
    context = {
        "lines": lines[:FIRST],
        "earlier": lines[FIRST - 1].run.pk if len(lines) > FIRST else None,
        "newest": not before,
    }
    return render(request, "billing/runs.html", context)


@permission_needed("billing.view_run", "customers.view_account", "invoices.view_invoice")
def run_page(request: HttpRequest, pk: int) -> HttpResponse:
    run, now = get_object_or_404(Run.objects.select_related("retries"), pk=pk), timezone.now()
    state, sums = run_state(run, now), run.sums()
    page = Paginator(run.parked.select_related("account__customer"), PER_PAGE).get_page(
        request.GET.get("page")
    )
    took = run.finished_at - run.started_at if run.finished_at else None
    issued = sum(of.invoices for of in sums)
    context = {
        "run": run,
        "state": state,
        "state_words": STATES[state],
        "sums": sums,
        "issued": issued,
        "took_words": _took(took),
        "rate": issued / took.total_seconds() if took and took >= LEAST_TIMED else None,
        "page": page,
        "rows": parked_rows(list(page.object_list)),
        "earlier": drafts_from_before(run, most=COUNTED),
        "counted": COUNTED,
        "most_retried": MOST_RETRIED,
        "retried_by": run.retried_by.order_by("pk")[:FIRST],
        "to_retry": accounts_to_retry(run, by=actor_of(request), now=now),
        "acts": Act.objects.filter(subject=f"run:{run.pk}"),
    }
    return render(request, "billing/run.html", context)


@permission_needed("billing.start_run")
def run_start_page(request: HttpRequest) -> HttpResponse:
    """First which month; then what would be issued and left, and whether."""
    now = timezone.now()
    form = RunForm.of(first_waiting(), request.POST or None)
    preview = None
    if request.method == "POST" and form.is_valid() and "change" not in request.POST:
        order = form.order()
        sure = form.cleaned_data["shown"] and "look" not in request.POST
        if sure and (run := _started(request, form, order, now)):
            return redirect(run)
        preview = run_preview(order, by=actor_of(request), now=now)
        form.show(preview.fingerprint)
    return render(request, "billing/run_start.html", _confirmation(form, preview))


@permission_needed("billing.start_run")
def run_retry_page(request: HttpRequest, pk: int) -> HttpResponse:
    first, now = get_object_or_404(Run, pk=pk), timezone.now()
    order, form = run_retry(first), ActForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if run := _started(request, form, order, now):
            return redirect(run)
    elif not accounts_to_retry(first, by=actor_of(request), now=now):
        messages.info(request, f"Nothing that {first} left still waits.")
        return redirect(first)
    preview = run_preview(order, by=actor_of(request), now=now)
    form.show(preview.fingerprint)
    return render(request, "billing/run_retry.html", {"run": first, **_confirmation(form, preview)})


def _took(time: timedelta | None) -> str:
    if time is None:
        return "–"
    seconds = time.total_seconds()
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def _started(request: HttpRequest, form: ActForm, order: Run, now: datetime) -> Run | None:
    """The run, started and carried out; nothing if it was refused, or is too large for a page.

    Sent twice, the second goes on with what the first has not come to, and shows the same run.
    """
    by = actor_of(request)
    if run_too_large(order, by=by, now=now):
        return None
    run = form.perform(
        lambda: run_start(
            period_start=order.period_start,
            period_end=order.period_end,
            before_end=order.before_end,
            retries=order.retries,
            by=by,
            now=now,
            token=form.token,
            shown=form.cleaned_data["shown"],
        )
    )
    if run and run.finished_at is None:
        drafts_issue(Order(run, by, now))
        run = run_finish(run, now=timezone.now())
    if run:
        messages.success(request, f"{run} is finished.")
    return run


def _confirmation(form: ActForm, preview: RunPreview | None) -> dict[str, Any]:
    return {
        "form": form,
        "preview": preview,
        "most_drafts": MOST_DRAFTS,
        "most_retried": MOST_RETRIED,
        "counted": COUNTED,
    }
