"""The admin: the other door to the same acts, and read-only where money is (R2, R7, R14)."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client, RequestFactory

from customers.models import Account, Act, Customer
from customers.services import account_edit, customer_edit
from invoices.models import Item
from tests.factories import an_account, an_item, by_now
from tests.pages.addresses import House, a_house, addresses
from tests.pages.conftest import a_person
from tests.pages.reading import fields, sent, text

pytestmark = pytest.mark.django_db

OURS = [
    model
    for label in ("customers", "invoices", "credits", "billing")
    for model in apps.get_app_config(label).get_models()
    if not model.__name__.startswith("Historical")
]
FROZEN = {"credit", "scoperow", "entry", "balance", "schedule", "invoice", "line", "series", "act"}
FROZEN |= {"notice", "noticerule"}  # set on a page of their own
FROZEN |= {"charge", "billedmonth", "usagerecord"}
ADD_LEADS_TO = {
    "credits/credit": "/customers/",
    "customers/customer": "/customers/add/",
    "customers/account": "/customers/",
    "invoices/invoice": "/customers/",
}


@pytest.fixture
def house() -> House:
    return a_house()


def of(house: House, model: str, page: str) -> str:
    return next(
        a.path(house) for a in addresses() if a.name.endswith(f"_{model}_{page}") and a.name[:6] == "admin:"
    )


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_every_model_is_listed_and_can_be_searched(model: Any) -> None:
    page = admin.site._registry[model]
    assert page.list_display != ("__str__",)
    assert page.search_fields or model.__name__ == "Series"


def test_no_model_of_ours_offers_an_action_or_a_list_to_edit(db: None) -> None:
    request = RequestFactory().get("/")
    request.user = User(is_superuser=True, is_active=True, is_staff=True)
    assert len(OURS) == 23
    for model in OURS:
        page = admin.site._registry[model]
        assert (page.get_actions(request), page.list_editable, page.get_inline_instances(request)) == (
            {},
            (),
            [],
        )


@pytest.mark.parametrize("model", sorted(FROZEN))
def test_r2_what_is_frozen_is_looked_at_and_no_more(root_web: Client, house: House, model: str) -> None:
    listed, shown = root_web.get(of(house, model, "changelist")), root_web.get(of(house, model, "change"))
    assert listed.status_code == shown.status_code == 200
    for page in (listed.content, shown.content):
        for button in (
            b'name="_save"',
            b'name="_continue"',
            b'name="_saveasnew"',
            b"deletelink",
            b'name="action"',
        ):
            assert button not in page, button
    form = {"name": "Changed", "amount": "1", "total": "1", "reason": "x", "_save": "1", "post": "yes"}
    for page_of in ("change", "delete", *(() if model in ("credit", "invoice") else ("add",))):
        answer = root_web.post(of(house, model, page_of), form | {"action": "delete_selected"})
        assert answer.status_code == 403, page_of


def test_r2_nothing_frozen_changed_by_asking(root_web: Client, house: House) -> None:
    before = house.credit.name, house.issued.total, Act.objects.count()
    for model in FROZEN:
        for page in ("change", "delete"):
            root_web.post(of(house, model, page), {"name": "Changed", "total": "1", "post": "yes"})
    house.credit.refresh_from_db()
    house.issued.refresh_from_db()
    assert (house.credit.name, house.issued.total, Act.objects.count()) == before


@pytest.mark.parametrize("model", ["customer", "account", "item"])
def test_r16_customers_accounts_and_items_are_not_deleted(root_web: Client, house: House, model: str) -> None:
    assert b"deletelink" not in root_web.get(of(house, model, "change")).content
    assert root_web.post(of(house, model, "delete"), {"post": "yes"}).status_code == 403
    assert all(rows.objects.exists() for rows in (Customer, Account, Item))


@pytest.mark.parametrize("model", ADD_LEADS_TO)
def test_add_leads_to_the_operators_own_form(web: Client, model: str) -> None:
    assert f"/admin/{model}/add/".encode() in web.get(f"/admin/{model}/").content
    assert web.get(f"/admin/{model}/add/")["Location"] == ADD_LEADS_TO[model]
    assert web.post(f"/admin/{model}/add/", {"name": "x"})["Location"] == ADD_LEADS_TO[model]


def test_add_credit_of_an_account_leads_to_its_form(web: Client, house: House) -> None:
    answer = web.get(f"/admin/credits/credit/add/?account={house.account.pk}")
    assert answer["Location"] == f"/accounts/{house.account.pk}/credits/add/"


def test_void_of_a_listed_credit_leads_to_the_confirmation(web: Client, house: House) -> None:
    link = f'href="/credits/{house.credit.pk}/void/"'
    assert link in web.get("/admin/credits/credit/").content.decode()
    sent(web, f"/credits/{house.credit.pk}/void/", reason="Tidy up")
    assert link not in web.get("/admin/credits/credit/").content.decode()


def test_who_may_not_void_is_offered_no_void(house: House) -> None:
    client = Client()
    client.force_login(a_person("sam", "Support"))
    page = client.get("/admin/credits/credit/")
    assert page.status_code == 200
    assert b"/void/" not in page.content


def test_r14_an_item_added_here_is_an_act(web: Client, operator: User) -> None:
    answer = sent(
        web, "/admin/invoices/item/add/", key="api", name="API calls", kind="usage_meter", unit="calls"
    )
    item, record = Item.objects.get(), Act.objects.get()
    assert answer["Location"] == "/admin/invoices/item/"
    assert (item.key, item.kind, item.unit) == ("api", "usage_meter", "calls")
    assert (record.kind, record.subject, record.user) == ("item_add", f"item:{item.pk}", operator)


def test_an_item_whose_key_is_taken_is_refused_in_words(web: Client) -> None:
    item = an_item()
    answer = sent(web, "/admin/invoices/item/add/", key=item.key, name="Another", kind="license")
    assert "Item with this Key already exists." in text(answer)
    assert Item.objects.count() == 1


def test_r3_an_items_kind_is_fixed_and_its_name_is_edited_by_an_act(web: Client, operator: User) -> None:
    item = an_item("API calls")
    path = f"/admin/invoices/item/{item.pk}/change/"
    assert "kind" not in fields(web.get(path))
    sent(web, path, name="API requests", kind="license", key="stolen")
    changed = Item.objects.get()
    assert (changed.name, changed.kind, changed.key) == ("API requests", "usage_meter", item.key)
    record = Act.objects.get(kind="item_edit")
    assert (record.user, record.subject) == (operator, f"item:{item.pk}")


def test_r14_a_customer_and_an_account_are_edited_by_acts(web: Client, house: House, operator: User) -> None:
    customer, account = house.account.customer, house.account
    sent(web, f"/admin/customers/customer/{customer.pk}/change/", name="Baba Yaga", key="stolen")
    sent(web, f"/admin/customers/account/{account.pk}/change/", name="Second", currency="EUR")
    customer.refresh_from_db()
    account.refresh_from_db()
    assert (customer.name, account.name, account.currency) == ("Baba Yaga", "Second", "USD")
    assert customer.key != "stolen"
    acts = Act.objects.filter(kind__in=("customer_edit", "account_edit")).order_by("pk")
    assert [(act.kind, act.user) for act in acts] == [("customer_edit", operator), ("account_edit", operator)]


def test_r16_an_erased_customer_is_not_named_again_here(web: Client, root_web: Client, house: House) -> None:
    customer = house.account.customer
    sent(root_web, f"/accounts/{house.account.pk}/close/", reason="x")
    sent(root_web, f"/customers/{customer.pk}/close/", reason="x")
    sent(root_web, f"/customers/{customer.pk}/erase/", reason="They asked")
    answer = sent(web, f"/admin/customers/customer/{customer.pk}/change/", name="John Wick")
    assert answer.status_code == 409
    assert b"This customer was erased" in answer.content
    assert Customer.objects.get(pk=customer.pk).name.startswith("Erased")


def test_r14_the_history_shows_what_changed_and_who_did_it(web: Client, house: House) -> None:
    customer, account, item = house.account.customer, house.account, house.item
    sent(web, f"/admin/customers/customer/{customer.pk}/change/", name="Baba Yaga")
    sent(web, f"/accounts/{account.pk}/edit/", name="Second")
    sent(web, f"/admin/invoices/item/{item.pk}/change/", name="API requests")
    for model, pk, old in (
        ("customers/customer", customer.pk, "John Wick"),
        ("customers/account", account.pk, "Main"),
        ("invoices/item", item.pk, "API calls"),
    ):
        seen = text(web.get(f"/admin/{model}/{pk}/history/"))
        assert "olivia" in seen, model
        assert old in seen, model


def test_r14_a_command_in_the_history_is_no_person(web: Client) -> None:
    account = an_account()
    account_edit(account=account, name="Renamed", **by_now("2026-02-01"))
    customer_edit(customer=account.customer, name="Winston", email="", **by_now("2026-02-01"))
    for model, pk in (("account", account.pk), ("customer", account.customer_id)):
        assert web.get(f"/admin/customers/{model}/{pk}/history/").status_code == 200


@pytest.mark.parametrize("model", ["customer", "account", "item"])
def test_r14_history_is_looked_at_and_never_put_back(root_web: Client, house: House, model: str) -> None:
    path = of(house, model, "simple_history")
    page = root_web.get(path)
    assert page.status_code == 200
    assert b'type="submit" value=' not in page.content
    assert root_web.post(path, {"name": "Put back"}).status_code == 403
    assert not Act.objects.filter(kind__endswith="_edit").exists()
