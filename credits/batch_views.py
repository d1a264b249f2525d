"""Pages of batches: the list, one of them, granting one in two steps, voiding what is left of one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from credits.batch_forms import BatchForm
from credits.batch_services import GRANT, BatchResult, batch_token, credits_grant, credits_void
from credits.batch_summary import (
    Lost,
    Standing,
    batch_credits,
    batch_lost,
    batch_standing,
    details_totals,
    void_facts,
)
from credits.batch_words import rows_words, totals_words
from credits.batches import Batch
from credits.measures import measured
from credits.models import Credit
from credits.words import STATE_WORDS, State, credit_state
from customers.acts import fingerprint
from customers.commands import counted
from customers.forms import ReasonForm
from customers.models import Act
from customers.replica import replica_read
from customers.requests import actor_of, permission_needed
from invoices.models import Item

PER_PAGE = 50
MOST_ERRORS = 200


@dataclass(frozen=True, slots=True)
class BatchLine:
    """A batch in the list: what was granted, in words."""

    batch: Act
    credits: int
    totals: Sequence[str]


@dataclass(frozen=True, slots=True)
class BatchCredit:
    credit: Credit
    state: State
    state_words: str


@permission_needed("credits.view_credit")
@replica_read
def batches_page(request: HttpRequest) -> HttpResponse:
    found = Act.objects.filter(kind=GRANT).order_by("-pk")
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    parts = {batch.pk: batch.details["totals"] for batch in page.object_list}
    keys = {part["item"] for totals in parts.values() for part in totals} - {""}
    items = {item.key: item for item in Item.objects.filter(key__in=keys)}
    lines = [
        BatchLine(batch, batch.details["credits"], totals_words(details_totals(parts[batch.pk], items)))
        for batch in page.object_list
    ]
    return render(request, "credits/batches.html", {"page": page, "lines": lines})


@permission_needed("credits.view_credit")
def batch_page(request: HttpRequest, pk: int) -> HttpResponse:
    batch = _batch(pk)
    standing = batch_standing(batch)
    credits = batch_credits(batch).select_related("account__customer", "unit_item").order_by("pk")
    page = Paginator(credits, PER_PAGE).get_page(request.GET.get("page"))
    now = timezone.now()
    context = {
        "batch": batch,
        "standing": [_words(part) for part in standing],
        "open": sum(part.open_credits for part in standing),
        "credits": sum(part.credits for part in standing),
        "page": page,
        "rows": [_row(credit, now) for credit in page.object_list],
        "acts": [*Act.objects.filter(subject=f"batch:{pk}"), batch],
    }
    return render(request, "credits/batch.html", context)


@permission_needed("credits.add_credit")
def credits_grant_page(request: HttpRequest) -> HttpResponse:
    """First what and for whom; then every row of it, and whether."""
    now = timezone.now()
    items = Item.objects.order_by("kind", "name", "pk")
    form = BatchForm(request.POST or None, request.FILES or None, items=items)
    batch = None
    if request.method == "POST" and form.is_valid() and "change" not in request.POST:
        batch = form.perform(lambda: form.batch(now))
        for error in [error for error in batch.errors if not error.row] if batch else ():
            form.add_error(error.column if error.column in form.fields else None, error.sentence)
            batch = None
        if batch and not batch.errors and form.cleaned_data["shown"] and "look" not in request.POST:
            result = _grant(request, form, batch, now)
            if result:
                return redirect("batch", result.batch.pk)
    if batch is None:
        return render(request, "credits/credits_grant.html", {"form": form})
    form.show(fingerprint(batch.facts()))
    return render(request, "credits/credits_grant_confirm.html", _confirmation(form, batch))


@permission_needed("credits.void_credit")
def credits_void_page(request: HttpRequest, pk: int) -> HttpResponse:
    batch = _batch(pk)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        result = form.perform(
            lambda: credits_void(
                batch=batch,
                reason=form.cleaned_data["reason"],
                by=actor_of(request),
                now=timezone.now(),
                token=form.token,
                shown=form.cleaned_data["shown"],
            )
        )
        if result:
            messages.success(request, f"What was left of batch {pk} is voided.")
            return redirect("batch", pk)
    lost = batch_lost(batch)
    if request.method == "GET" and not lost:
        messages.info(request, f"Every credit of batch {pk} is voided already.")
        return redirect("batch", pk)
    form.show(fingerprint(void_facts(batch, lost)))
    context = {"batch": batch, "form": form, "lost": [_lost_words(part) for part in lost]}
    return render(request, "credits/credits_void.html", context)


def _grant(request: HttpRequest, form: BatchForm, batch: Batch, now: datetime) -> BatchResult | None:
    result = form.perform(
        lambda: credits_grant(
            batch=batch,
            reason=form.cleaned_data["reason"],
            by=actor_of(request),
            now=now,
            token=_token(form, batch),
            shown=form.cleaned_data["shown"],
        )
    )
    if result and result.repeated:
        messages.info(request, f"This was granted before, as batch {result.batch.pk}: nothing was done.")
    elif result:
        messages.success(request, f"Batch {result.batch.pk} is granted. From now on nobody can edit it.")
    return result


def _token(form: BatchForm, batch: Batch) -> str:
    """A file names itself, so that it is granted once whoever sends it; a filter does not."""
    if form.of_file and not form.cleaned_data["again"]:
        return batch_token(batch.source["digest"])
    return form.token


def _confirmation(form: BatchForm, batch: Batch) -> dict[str, Any]:
    before = Act.objects.filter(token=batch_token(batch.source["digest"])) if form.of_file else ()
    return {
        "form": form,
        "reason": form.cleaned_data["reason"],
        "rows": rows_words(batch.rows),
        "credits": len(batch.rows),
        "totals": totals_words(batch.totals()),
        "wrong": len(batch.errors),
        "errors": batch.errors[:MOST_ERRORS],
        "before": next(iter(before), None),
    }


def _words(part: Standing) -> dict[str, Any]:
    sizes = {name: getattr(part, name) for name in ("granted", "used", "voided", "expired", "left")}
    return {
        "measure": part.currency or (part.unit_item and part.unit_item.name),
        "credits": part.credits,
        **{name: measured(size, part) for name, size in sizes.items()},
    }


def _lost_words(part: Lost) -> str:
    return f"{measured(part.left, part)} on {counted(part.credits, 'credit')}"


def _row(credit: Credit, now: datetime) -> BatchCredit:
    state = credit_state(credit, credit.account.day_of(now))
    return BatchCredit(credit, state, STATE_WORDS[state])


def _batch(pk: int) -> Act:
    return get_object_or_404(Act, pk=pk, kind=GRANT)
