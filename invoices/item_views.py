"""The catalogue: what can be charged, and under which tags."""

from django.core.paginator import Paginator
from django.db.models import Q, TextField
from django.db.models.functions import Cast
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from customers.replica import replica_read
from customers.requests import permission_needed
from invoices.models import TAG_GRAMMAR, Item, Kind
from invoices.tags import tags_in_use

PER_PAGE = 50


@permission_needed("invoices.view_item")
@replica_read
def items(request: HttpRequest) -> HttpResponse:
    search = request.GET.get("q", "").strip()[:200]
    kind, tag = request.GET.get("kind", ""), request.GET.get("tag", "")
    found = Item.objects.order_by("name", "pk")
    if kind in Kind.values:
        found = found.filter(kind=kind)
    if TAG_GRAMMAR.fullmatch(tag):
        # No engine-neutral lookup asks what a JSON list contains; a tag in quotes is found in its text.
        found = found.annotate(tags_text=Cast("tags", TextField())).filter(tags_text__contains=f'"{tag}"')
    if search:
        found = found.filter(Q(name__icontains=search) | Q(key__icontains=search))
    context = {
        "page": Paginator(found, PER_PAGE).get_page(request.GET.get("page")),
        "search": search,
        "kind": kind,
        "tag": tag,
        "kinds": Kind.choices,
        "tags": tags_in_use(),
        "filtered": bool(search or kind or tag),
    }
    return render(request, "invoices/items.html", context)
