"""What a tag is, and how it is typed."""

import pytest

from invoices.tags import TagsRefused, tags_in_use, tags_parse, tags_sorted
from tests.factories import an_item, tag


@pytest.mark.parametrize(
    ("typed", "tags"),
    [
        ("", []),
        (" , ,, \n\t", []),
        ("gpu", ["gpu"]),
        ("team-blue gpu", ["gpu", "team-blue"]),
        ("gpu,cpu, gpu\r\n4090", ["4090", "cpu", "gpu"]),
        ("a-1-b", ["a-1-b"]),
        ("x" * 60, ["x" * 60]),
    ],
)
def test_tags_are_words_between_spaces_or_commas_sorted_and_each_once(typed: str, tags: list[str]) -> None:
    assert tags_parse(typed) == tags


@pytest.mark.parametrize(
    "word",
    ["GPU", "team_blue", "-gpu", "gpu-", "a--b", "größe", "٣", "ｇｐｕ", '"gpu"', "a;b", "%", "\x00", "—"],
)
def test_a_word_that_is_no_tag_is_refused_by_its_name(word: str) -> None:
    with pytest.raises(TagsRefused, match="is no tag") as refused:
        tags_parse(f"cpu {word}")
    assert word in str(refused.value)


def test_a_tag_of_more_than_60_letters_is_refused() -> None:
    with pytest.raises(TagsRefused, match="at most 60 letters"):
        tags_sorted(["x" * 61])


def test_an_item_bears_at_most_20_tags() -> None:
    twenty = [f"t{number}" for number in range(20)]
    assert len(tags_sorted(twenty)) == 20
    with pytest.raises(TagsRefused, match="at most 20 tags"):
        tags_sorted([*twenty, "one-more"])


@pytest.mark.django_db
def test_the_tags_in_use_are_those_that_items_bear_today() -> None:
    an_item()
    tag(tag(an_item(), "gpu", "old"), "gpu")
    tag(an_item(), "gpu", "cpu")
    assert tags_in_use() == ["cpu", "gpu"]
