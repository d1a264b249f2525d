"""Tags of items: words that the scope of a credit can name, copied to every line when it is made (R3)."""

import re
from collections.abc import Iterable

from customers.acts import Refusal
from invoices.models import LONGEST_TAG, TAG_GRAMMAR, Item

MOST_TAGS = 20
LONGEST_TEXT = MOST_TAGS * (LONGEST_TAG + 2)


class TagsRefused(Refusal):
    """Tags that an item cannot bear, or bears already."""


def tags_parse(text: str) -> list[str]:
    """Tags typed with spaces or commas between them. Refuses what `tags_sorted` refuses."""
    return tags_sorted(filter(None, re.split(r"[\s,]+", text)))


def tags_sorted(tags: Iterable[str]) -> list[str]:
    """The same tags sorted, each once: how items and lines keep them. Refuses a word that is no tag, one
    that is too long, and too many."""
    found = sorted(set(tags))
    for tag in found:
        if len(tag) > LONGEST_TAG:
            raise TagsRefused(f"A tag has at most {LONGEST_TAG} letters: “{tag[:LONGEST_TAG]}…” is longer.")
        if not TAG_GRAMMAR.fullmatch(tag):
            raise TagsRefused(
                f"“{tag}” is no tag: a tag is a word of small letters a to z, digits and single hyphens, "
                "such as team-blue."
            )
    if len(found) > MOST_TAGS:
        raise TagsRefused(f"An item bears at most {MOST_TAGS} tags.")
    return found


def tags_in_use() -> list[str]:
    """The tags that items bear today, sorted."""
    borne = Item.objects.exclude(tags=[]).values_list("tags", flat=True)
    return sorted({tag for tags in borne for tag in tags})
