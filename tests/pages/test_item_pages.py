"""The catalogue and the page that tags an item: first which credits it touches, then the act (R3, R13)."""

import pytest
from django.test import Client

from credits.models import Credit
from customers.models import Account, Act
from invoices.models import Item, Kind
from tests.factories import a_credit, a_draft, a_token, an_account, an_item, tag
from tests.pages.reading import fields, rows, sent, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return an_account(name="ChatPPT")


@pytest.fixture
def item() -> Item:
    return an_item("Training", unit="hours")


def for_tags(account: Account, *tags: str, name: str = "GPU grant") -> Credit:
    return a_credit(account, "50.00", name=name, tags=tags)


def path(item: Item) -> str:
    return f"/items/{item.pk}/tag/"


def tags_of(item: Item) -> list[str]:
    return list(Item.objects.get(pk=item.pk).tags)


def looked(web: Client, item: Item, tags: str) -> dict[str, str]:
    """The confirmation's form, after these tags were typed."""
    answer = sent(web, path(item), tags=tags, look="1")
    assert "Change the tags of" in text(answer)
    return fields(answer)


# --- The catalogue ----------------------------------------------------------------------


def test_the_catalogue_lists_items_with_kind_unit_and_tags(web: Client, item: Item) -> None:
    tag(item, "gpu", "eu")
    an_item("Seats", Kind.LICENSE)
    listed = rows(web.get("/items/"))
    assert listed[1:] == [
        f"Seats {Item.objects.get(name='Seats').key} License – – Change tags",
        f"Training {item.key} Usage meter hours eu gpu Change tags",
    ]


def names(web: Client, query: str) -> list[str]:
    return [row.split()[0] for row in rows(web.get(f"/items/?{query}"))[1:]]


def test_it_is_searched_by_name_and_key_and_filtered_by_kind_and_tag(web: Client, item: Item) -> None:
    tag(item, "gpu")
    tag(an_item("Inference"), "gpu-2", "eu")
    an_item("Seats", Kind.LICENSE)
    assert names(web, "q=train") == ["Training"]
    assert names(web, f"q={item.key}") == ["Training"]
    assert names(web, "kind=license") == ["Seats"]
    assert names(web, "tag=gpu") == ["Training"]
    assert names(web, "tag=eu") == ["Inference"]
    assert names(web, "tag=gpu&kind=license") == []
    assert names(web, "tag=gpu&q=inf") == []


@pytest.mark.parametrize("query", ["tag=%22", "tag=GPU", "tag=g_u", "tag=%25", "kind=gone"])
def test_a_filter_that_is_none_finds_all(web: Client, item: Item, query: str) -> None:
    tag(item, "gpu")
    assert names(web, query) == ["Training"]


def test_an_empty_catalogue_says_what_to_do(web: Client) -> None:
    assert "No items yet" in text(web.get("/items/"))
    an_item()
    assert "No item found" in text(web.get("/items/?q=zzz"))


# --- Step 1: which tags -----------------------------------------------------------------


def test_the_form_has_the_item_s_tags_and_offers_those_in_use(
    web: Client, account: Account, item: Item
) -> None:
    tag(item, "gpu", "eu")
    tag(an_item(), "cpu")
    for_tags(account, "npu")
    answer = web.get(path(item))
    assert fields(answer)["tags"] == "eu gpu"
    page = answer.content.decode()
    assert "In use: cpu, eu, gpu, npu." in text(answer)
    assert [f'<option value="eu gpu {word}">' in page for word in ("cpu", "npu", "eu")] == [True, True, False]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("GPU", "“GPU” is no tag"),
        ("gpu;eu", "“gpu;eu” is no tag"),
        ("<script>", "“<script>” is no tag"),
        ("x" * 61, "at most 60 letters"),
        (" ".join(f"t{number}" for number in range(21)), "at most 20 tags"),
        ("eu, gpu", "The item bears just these tags already."),
        ("y" * 5000, "at most 1240 characters"),
    ],
)
def test_bad_tags_are_refused_in_words_and_the_form_comes_back_filled(
    web: Client, item: Item, typed: str, sentence: str
) -> None:
    tag(item, "gpu", "eu")
    answer = sent(web, path(item), tags=typed, look="1")
    assert sentence in text(answer)
    assert fields(answer)["tags"] in (typed, typed.replace("<script>", "&lt;script&gt;"))
    assert tags_of(item) == ["eu", "gpu"]


# --- Step 2: which credits it touches ---------------------------------------------------


def test_r3_the_confirmation_shows_which_credits_gain_and_lose_and_that_lines_keep_theirs(
    web: Client, account: Account, item: Item
) -> None:
    a_draft(account, (tag(item, "gpu"), "10.00"))
    for_tags(account, "cpu", "npu", name="Gains")
    for_tags(account, "gpu", name="Loses")
    for_tags(account, "other", name="Not touched")
    answer = sent(web, path(item), tags="cpu", look="1")
    seen = text(answer)
    assert "Now gpu Then cpu Added cpu Taken away gpu" in seen
    assert "1 open credit gains this item, and 1 open credit loses it" in seen
    assert "also the 1 line of it on drafts" in seen
    listed = rows(answer)[1:]
    assert [("Gains" in row, "Gains it" in row, "$50.00" in row) for row in listed] == [
        (True, True, True),
        (False, False, True),
    ]
    assert "Loses it" in listed[1]
    assert tags_of(item) == ["gpu"]


def test_no_credit_touched_is_said(web: Client, item: Item) -> None:
    answer = sent(web, path(item), tags="gpu", look="1")
    assert "No open credit is touched, for lines made from now on." in text(answer)


def test_the_first_50_are_shown_with_the_count_of_all(web: Client, account: Account, item: Item) -> None:
    for number in range(52):
        for_tags(account, "gpu", name=f"Grant {number}")
    answer = sent(web, path(item), tags="gpu", look="1")
    assert "52 open credits gain this item" in text(answer)
    assert "The first 50 of 52, by customer and account." in text(answer)
    assert len(rows(answer)[1:]) == 50


def test_confirmed_it_is_one_act_and_the_list_shows_the_tags(
    web: Client, account: Account, item: Item
) -> None:
    for_tags(account, "gpu")
    form = looked(web, item, "gpu, eu") | {"reason": "New cluster"}
    first, second = web.post(path(item), form), web.post(path(item), form)
    assert first["Location"] == second["Location"] == "/items/"
    assert tags_of(item) == ["eu", "gpu"]
    record = Act.objects.get(kind="item_tag")
    assert (record.reason, record.user and record.user.username) == ("New cluster", "olivia")
    assert "Training now bears eu, gpu." in text(web.get("/items/"))
    assert "olivia tagged item" in text(web.get(path(item)))


def test_all_tags_are_taken_away_with_an_empty_field(web: Client, item: Item) -> None:
    tag(item, "gpu")
    web.post(path(item), looked(web, item, ""))
    assert tags_of(item) == []
    assert "Training bears no tags now." in text(web.get("/items/"))


def test_r13_sent_without_having_looked_it_shows_first_and_changes_nothing(web: Client, item: Item) -> None:
    answer = web.post(path(item), {"tags": "gpu", "request_token": a_token()})
    assert "Change the tags of Training?" in text(answer)
    assert tags_of(item) == []
    web.post(path(item), fields(answer))
    assert tags_of(item) == ["gpu"]


def test_r13_facts_that_changed_meanwhile_are_shown_again(web: Client, account: Account, item: Item) -> None:
    form = looked(web, item, "gpu")
    for_tags(account, "gpu")
    again = web.post(path(item), form)
    assert "The facts have changed since this page was shown." in text(again)
    assert "1 open credit gains this item" in text(again)
    assert tags_of(item) == []
    assert web.post(path(item), fields(again)).status_code == 302
    assert tags_of(item) == ["gpu"]


def test_r13_tags_exchanged_behind_the_confirmation_are_shown_again(web: Client, item: Item) -> None:
    form = looked(web, item, "gpu") | {"tags": "cpu"}
    assert "The facts have changed since this page was shown." in text(web.post(path(item), form))
    assert tags_of(item) == []


def test_r13_what_somebody_else_has_done_meanwhile_is_said_once(web: Client, item: Item) -> None:
    form = looked(web, item, "gpu")
    tag(item, "gpu")
    answer = web.post(path(item), form)
    assert text(answer).count("The item bears just these tags already.") == 1
    assert fields(answer)["tags"] == "gpu"


def test_back_leads_to_the_form_with_what_was_typed(web: Client, item: Item) -> None:
    answer = web.post(path(item), looked(web, item, "gpu eu") | {"change": "1"})
    assert "Change the tags of" not in text(answer)
    assert fields(answer)["tags"] == "gpu eu"


# --- The admin --------------------------------------------------------------------------


def test_the_admin_shows_an_item_s_tags_read_only_and_leads_to_their_page(web: Client, item: Item) -> None:
    tag(item, "gpu", "eu")
    admin = f"/admin/invoices/item/{item.pk}/change/"
    assert "eu, gpu" in text(web.get(admin))
    assert f'href="{path(item)}"'.encode() in web.get(admin).content
    sent(web, admin, name="Renamed", tags='["stolen"]')
    changed = Item.objects.get(pk=item.pk)
    assert (changed.name, changed.tags) == ("Renamed", ["eu", "gpu"])
    assert "eu, gpu" in text(web.get("/admin/invoices/item/"))


def test_the_admin_shows_the_tags_of_a_line(web: Client, account: Account, item: Item) -> None:
    line = a_draft(account, (tag(item, "gpu", "eu"), "10.00")).lines.get()
    assert "eu, gpu" in text(web.get("/admin/invoices/line/"))
    assert "eu, gpu" in text(web.get(f"/admin/invoices/line/{line.pk}/change/"))
