"""The expiry desk: credits whose last day is near, and extending several of them in two steps."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from credits.batch_words import totals_words
from credits.batches import totals_of
from credits.desk_forms import FILTERS, DeskFilter, ExtendForm
from credits.extension import (
    MOST_CREDITS,
    credits_extend,
    extended_terms,
    extension_check,
    extension_credits,
    extension_facts,
)
from credits.models import Credit
from customers.acts import fingerprint
from customers.commands import counted
from customers.money import money_display
from customers.replica import replica_read
from customers.requests import actor_of, permission_needed

PER_PAGE = 50
ID = re.compile(r"[0-9]{1,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class DeskRow:
    credit: Credit
    in_grace: bool


@dataclass(frozen=True, slots=True)
class ExtensionRow:
    """One credit to be extended: what is voided is what is granted anew."""

    credit: Credit
    price: str


@permission_needed("credits.view_credit")
@replica_read
def expiring_page(request: HttpRequest) -> HttpResponse:
    today = timezone.localdate()
    chosen = DeskFilter(request.GET, today=today)
    found = chosen.credits().select_related("account__customer", "unit_item").order_by("expires_on", "pk")
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "filter": chosen,
        "said": {name: request.GET[name] for name in FILTERS if request.GET.get(name)},
        "page": page,
        "rows": [_row(credit, today) for credit in page.object_list],
    }
    return render(request, "credits/expiring.html", context)


@permission_needed("credits.add_credit", "credits.void_credit")
def credits_extend_page(request: HttpRequest) -> HttpResponse:
    """First which and until when; then what is voided and granted, and whether."""
    now = timezone.now()
    form = ExtendForm(request.POST or None, initial={"credits": ",".join(_asked_for(request))})
    credits = _credits(form)
    sure = False
    if request.method == "POST" and form.is_valid() and "change" not in request.POST:
        day = form.cleaned_data["expires_on"]
        if form.cleaned_data["shown"] and "look" not in request.POST:
            if form.perform(lambda: _extend(request, form, credits, now)):
                said = f"{counted(len(credits), 'credit')} extended to {day.day} {day:%b %Y}."
                messages.success(request, said)
                return redirect("expiring")
            credits = _credits(form)
        sure = form.perform(lambda: _checked(credits, day, now)) is not None
        form.show(fingerprint(extension_facts(credits, day)) if sure else "")
    if not credits:
        messages.info(request, "Choose the credits to extend.")
        return redirect("expiring")
    day = form.cleaned_data.get("expires_on") if sure else None
    context = {"form": form, "sure": sure, "day": day, **_step(credits, day)}
    return render(request, "credits/credits_extend.html", context)


def _extend(request: HttpRequest, form: ExtendForm, credits: Sequence[Credit], now: datetime) -> Any:
    return credits_extend(
        credits=credits,
        expires_on=form.cleaned_data["expires_on"],
        reason=form.cleaned_data["reason"],
        by=actor_of(request),
        now=now,
        token=form.token,
        shown=form.cleaned_data["shown"],
    )


def _checked(credits: Sequence[Credit], day: date, now: datetime) -> bool:
    extension_check(credits, day, now=now)
    return True


def _asked_for(request: HttpRequest) -> list[str]:
    """The credits ticked on the desk, or all that its filter finds."""
    if "all" in request.GET:
        found = DeskFilter(request.GET, today=timezone.localdate()).credits()
        return [str(pk) for pk in found.order_by("pk").values_list("pk", flat=True)[:MOST_CREDITS]]
    return [pk for pk in request.GET.getlist("credit") if pk.isascii() and pk.isdigit() and len(pk) <= 18]


def _credits(form: ExtendForm) -> list[Credit]:
    pks = str(form["credits"].value() or "").split(",")[:MOST_CREDITS]
    wanted = [int(pk) for pk in pks if ID.fullmatch(pk)]
    return list(extension_credits(wanted)) if wanted else []


def _row(credit: Credit, today: date) -> DeskRow:
    return DeskRow(credit, bool(credit.expires_on and credit.expires_on < today))


def _step(credits: Sequence[Credit], day: date | None) -> dict[str, Any]:
    prices = [extended_terms(credit, day).price_paid if day else None for credit in credits]
    return {
        "rows": [
            ExtensionRow(
                credit,
                "" if price is None else money_display(price, credit.currency),
            )
            for credit, price in zip(credits, prices, strict=True)
        ],
        "totals": totals_words(totals_of((c.currency, c.unit_item, c.balance) for c in credits)),
    }
