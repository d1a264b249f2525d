"""Tagging an item, in two steps: which tags; then which credits they touch, and whether."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from credits.models import Credit, ScopeRole, ScopeRow
from credits.tagging import UNCHANGED, Touched, credits_touched, item_tag, tagging_facts
from credits.words import scope_words
from customers.acts import fingerprint
from customers.models import Act
from customers.requests import actor_of, permission_needed
from invoices.forms import TagForm
from invoices.models import Item, Line, Status
from invoices.tags import tags_in_use

FIRST = 50
SUGGESTED = 100


@dataclass(frozen=True, slots=True)
class TouchedRow:
    credit: Credit
    scope: str
    gains: bool


@permission_needed("invoices.change_item", "credits.view_credit")
def item_tag_page(request: HttpRequest, pk: int) -> HttpResponse:
    item, now = get_object_or_404(Item, pk=pk), timezone.now()
    form = TagForm(request.POST or None, initial={"tags": " ".join(item.tags)})
    step: dict[str, Any] = {}
    if request.method == "POST" and form.is_valid() and "change" not in request.POST:
        tags = form.cleaned_data["tags"]
        if form.cleaned_data["shown"] and "look" not in request.POST:
            tagged = form.perform(
                lambda: item_tag(
                    item=item,
                    tags=tags,
                    reason=form.cleaned_data["reason"],
                    by=actor_of(request),
                    now=now,
                    token=form.token,
                    shown=form.cleaned_data["shown"],
                )
            )
            if tagged:
                messages.success(request, _said(tagged))
                return redirect("items")
            item.refresh_from_db()
        if item.tags != tags:
            touched = credits_touched(item, tags, now)
            form.confirm(fingerprint(tagging_facts(item, tags, touched)))
            step = _confirmation(item, tags, touched)
        elif not form.errors:
            form.add_error("tags", UNCHANGED)
    context = {"item": item, "form": form, "acts": Act.objects.filter(subject=f"item:{pk}")[:12], **step}
    if not step:
        typed = str(form["tags"].value() or "").strip()
        known = _known_tags()
        # A browser holds its list against the whole field, so each offer is what was typed and one word more.
        others = [tag for tag in known if tag not in item.tags]
        context |= {"known": known, "offered": [f"{typed} {tag}".strip() for tag in others[:SUGGESTED]]}
    return render(request, "credits/item_tag.html", context)


def _confirmation(item: Item, tags: list[str], touched: Touched) -> dict[str, Any]:
    gains = dict(touched.changes[:FIRST])
    found = Credit.objects.filter(pk__in=gains).with_balance().select_related("account__customer")
    credits = {credit.pk: credit for credit in found.prefetch_related("scope_rows__item")}
    return {
        "step": "confirm",
        "tags": tags,
        "added": sorted({*tags} - {*item.tags}),
        "removed": sorted({*item.tags} - {*tags}),
        "gaining": len(touched.gaining),
        "losing": len(touched.losing),
        "rows": [
            TouchedRow(credits[pk], scope_words(credits[pk].applies_to, credits[pk].scope_rows.all()), gain)
            for pk, gain in gains.items()
        ],
        "more": len(touched.changes) - len(gains),
        "drafted": Line.objects.filter(item=item, invoice__status=Status.DRAFT).count(),
    }


def _known_tags() -> list[str]:
    """What items bear and scopes name: a new word that nobody else uses is likely a slip."""
    named = ScopeRow.objects.filter(role=ScopeRole.TAG).order_by("tag").values_list("tag", flat=True)
    return sorted({*tags_in_use(), *named.distinct()[:SUGGESTED]})


def _said(item: Item) -> str:
    return f"{item} now bears {', '.join(item.tags)}." if item.tags else f"{item} bears no tags now."
