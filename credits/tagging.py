"""Tagging an item: the act, and which credits it touches.

A credit scoped to a tag pays lines whose item bore the tag when the line was made. So a change of tags moves
nothing that is there, drafts neither; it decides what open credits may pay on lines made from now on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q

from credits.models import Credit, ScopeRole, ScopeRow, last_issue
from customers.acts import Actor, act, act_record, act_repeated, facts_check
from invoices.models import Item
from invoices.tags import TagsRefused, tags_sorted

UNCHANGED = "The item bears just these tags already."


@dataclass(frozen=True, slots=True)
class Touched:
    """Open credits whose reach over an item changes with its tags, by account: the id of each, and whether
    it may then pay lines of the item and may not now, or the other way round."""

    changes: tuple[tuple[int, bool], ...]

    @property
    def gaining(self) -> list[int]:
        return [pk for pk, gains in self.changes if gains]

    @property
    def losing(self) -> list[int]:
        return [pk for pk, gains in self.changes if not gains]


@act
def item_tag(
    *,
    item: Item,
    tags: Sequence[str],
    by: Actor,
    now: datetime,
    token: str,
    reason: str = "",
    shown: str = "",
) -> Item:
    """Let an item bear these tags and no others. Lines already made keep the tags they were made with.

    Refuses words that are no tags, too many, tags it bears already, and a `shown` fingerprint of other facts.
    """
    tags = tags_sorted(tags)
    content = {"item": item.pk, "tags": tags, "reason": reason}
    if first := act_repeated("item_tag", token, content):
        return Item.objects.get(pk=first.subject_id)
    item = Item.objects.select_for_update(no_key=True).get(pk=item.pk)
    before = item.tags
    if tags == before:
        raise TagsRefused(UNCHANGED)
    touched = credits_touched(item, tags, now)
    facts_check(shown, tagging_facts(item, tags, touched))
    item.tags = tags
    item.save()
    act_record(
        "item_tag",
        token=token,
        content=content,
        by=by,
        now=now,
        subject=f"item:{item.pk}",
        reason=reason,
        details={
            "before": before,
            "after": tags,
            "credits_gaining": len(touched.gaining),
            "credits_losing": len(touched.losing),
        },
    )
    return item


def tagging_facts(item: Item, tags: Sequence[str], touched: Touched) -> dict[str, Any]:
    """What tagging would do, for the confirmation's fingerprint."""
    return {
        "item": item.pk,
        "before": item.tags,
        "after": list(tags),
        "gaining": sorted(touched.gaining),
        "losing": sorted(touched.losing),
    }


def credits_touched(item: Item, tags: Sequence[str], now: datetime) -> Touched:
    """Credits that can still pay something, and whose reach over the item changes with its tags.

    Those that admit the item by its kind or by itself, or exclude it, go on as before; so do those that
    name a tag of before and one of after.
    """
    of_credit = ScopeRow.objects.filter(credit=OuterRef("pk"))
    decided = Q(role=ScopeRole.KIND, kind=item.kind)
    decided |= Q(role__in=(ScopeRole.ITEM, ScopeRole.EXCLUDED_ITEM), item=item)
    changed = ScopeRow.objects.filter(role=ScopeRole.TAG, tag__in={*item.tags} ^ {*tags})
    found: Any = Credit.objects.filter(
        ~Exists(of_credit.filter(decided)),
        pk__in=changed.values("credit"),
        kept__balance__gt=0,
        kept__voided=False,
    ).annotate(
        before=Exists(of_credit.filter(role=ScopeRole.TAG, tag__in=item.tags)),
        after=Exists(of_credit.filter(role=ScopeRole.TAG, tag__in=tags)),
    )
    rows = found.order_by("account__customer__name", "account", "priority", "pk").values_list(
        "pk", "before", "after", "expires_on", "account__time_zone"
    )
    return Touched(
        tuple(
            (pk, after)
            for pk, before, after, expires_on, zone in rows
            if before != after and not _is_gone(expires_on, zone, now)
        )
    )


def _is_gone(expires_on: date | None, zone: str, now: datetime) -> bool:
    last = last_issue(expires_on)
    return last is not None and now.astimezone(ZoneInfo(zone)).date() > last
