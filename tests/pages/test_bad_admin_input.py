"""The admin asked for what it does not offer: refused, never an error of ours."""

import pytest
from django.test import Client

from credits.models import Credit, Entry
from customers.models import Act
from invoices.models import Item
from tests.pages.addresses import House, a_house
from tests.pages.test_bad_input import sane

pytestmark = pytest.mark.django_db

MODELS = {
    "credits/credit": "created_at",
    "credits/scoperow": "",
    "credits/entry": "value_date",
    "credits/balance": "",
    "invoices/item": "",
    "invoices/invoice": "period_end",
    "invoices/line": "",
    "invoices/series": "",
    "customers/customer": "",
    "customers/account": "",
    "customers/act": "at",
}
NOT_OFFERED = [
    *("name__regex=(", "name__iregex=(a%2B)%2B$", "account__customer__email__startswith=a", "token=x"),
    *(
        "customer=abc",
        "customer__id__exact=abc",
        "id__in=1,2,x",
        "pk=abc",
        "act__user__password__startswith=a",
    ),
    *("kind__regex=(", "currency__regex=(", "status__in=(", "kind__id__exact=1", "closed_at__isempty=x"),
]
ODD = [
    *("customer=%00", "q=%00", "q=" + "word+" * 3000, "q=%22%27%5C", "q=" + "a+" * 50, "p=abc", "p=-5"),
    *(
        "p=99999999999999999999",
        "o=abc",
        "o=-99.99",
        "o=1.2.3.-4.x",
        "o=" + "1." * 500,
        "e=1",
        "all=",
        "all=x",
    ),
    *(
        "_popup=1",
        "_popup=x",
        "_to_field=name",
        "_to_field=id",
        "_facets=1",
        "_source_model=a.b",
        "kind__exact=",
    ),
    *("kind__isnull=maybe", "currency__exact=%FF", "_changelist_filters=%FF%3D(", "closed_at__isempty=1"),
]


@pytest.fixture
def house() -> House:
    return a_house()


@pytest.mark.parametrize("model", MODELS)
def test_a_list_is_filtered_only_by_what_it_offers(root_web: Client, house: House, model: str) -> None:
    for query in NOT_OFFERED:
        answer = root_web.get(f"/admin/{model}/?{query}")
        assert answer.status_code in (302, 400), (query, answer.status_code)


@pytest.mark.parametrize("model", MODELS)
def test_no_query_breaks_an_admin_list(root_web: Client, house: House, model: str) -> None:
    for query in ODD:
        answer = root_web.get(f"/admin/{model}/?{query}")
        assert answer.status_code in (200, 302, 400), (query[:40], answer.status_code)


YEARS = ["abc", "0", "99999", "-1", "20260", "2026.5", "1" * 40, "%FF", "", "1999"]


DAYS = ["month=13", "month=2&{0}__day=30", "month=0", "day=40", "month=x&{0}__day=y"]


@pytest.mark.parametrize("model", [model for model in MODELS if MODELS[model]])
def test_a_year_or_a_day_that_is_none_is_refused(root_web: Client, house: House, model: str) -> None:
    field = MODELS[model]
    days = [f"{field}__year=2026&{field}__{rest.format(field)}" for rest in DAYS]
    for query in [*(f"{field}__year={year}" for year in YEARS), *days]:
        assert root_web.get(f"/admin/{model}/?{query}").status_code == 400, query


def test_a_day_of_the_date_hierarchy_lists_what_is_of_that_day(root_web: Client, house: House) -> None:
    path = "/admin/customers/act/?at__year=2026&at__month=9&at__day=1"
    acts = Act.objects.filter(at__date="2026-09-01").count()
    assert 0 < acts < Act.objects.count()
    assert root_web.get(path).context["cl"].result_count == acts


SELECTIONS: list[dict[str, object]] = [
    {"_selected_action": "1"},
    {"_selected_action": "abc"},
    {"_selected_action": str(2**70)},
    {"_selected_action": ["1", "1", "x"]},
    {"_selected_action": "1", "select_across": "yes"},
    {"_selected_action": "1", "index": "99"},
    {"_selected_action": "1", "index": "x"},
    {"_selected_action": "1", "post": "yes"},
    {},
]


@pytest.mark.parametrize("action", ["delete_selected", "void"])
def test_no_bulk_action_is_taken(root_web: Client, house: House, action: str) -> None:
    before = [model.objects.count() for model in (Act, Credit, Entry, Item)]
    for model in MODELS:
        for selection in SELECTIONS:
            answer = root_web.post(f"/admin/{model}/", {"action": action, "index": "0", **selection})
            assert sane(answer), (model, selection, answer.status_code)
    assert [model.objects.count() for model in (Act, Credit, Entry, Item)] == before


AUTOCOMPLETE = {
    "term=a&app_label=credits&model_name=credit&field_name=account": 200,
    "term=%FF&app_label=credits&model_name=entry&field_name=act": 200,
    "term=%00&app_label=credits&model_name=credit&field_name=account": 400,
    "term=a&page=99&app_label=credits&model_name=credit&field_name=account": 404,
    "term=a&app_label=auth&model_name=user&field_name=password": 403,
    "term=a&app_label=nothing&model_name=nothing&field_name=nothing": 403,
    "app_label=credits": 403,
    "": 403,
}


@pytest.mark.parametrize("query", AUTOCOMPLETE)
def test_completion_is_asked_for_relations_only(root_web: Client, house: House, query: str) -> None:
    assert root_web.get(f"/admin/autocomplete/?{query}").status_code == AUTOCOMPLETE[query]


@pytest.mark.parametrize("account", ["abc", "-1", "0", str(2**70), "9" * 1900, "٣", "%FF", "1.0"])
def test_add_credit_with_an_account_that_is_none_leads_to_the_customers(
    root_web: Client, house: House, account: str
) -> None:
    assert root_web.get(f"/admin/credits/credit/add/?account={account}")["Location"] == "/customers/"


PREFILLS = [
    "kind=gift",
    "kind=%FF",
    "name=" + "x" * 1500,
    "created_at=foo",
    "_popup=1",
    "_changelist_filters=(",
]


@pytest.mark.parametrize("query", PREFILLS, ids=lambda query: query[:24])
def test_no_prefilled_value_breaks_an_add_form(root_web: Client, house: House, query: str) -> None:
    assert root_web.get(f"/admin/invoices/item/add/?{query}").status_code == 200


ITEMS = [
    {"key": "a b", "name": "x", "kind": "license"},
    {"key": "ok", "name": "x" * 100_000, "kind": "license"},
    {"key": "ok", "name": "x", "kind": "gift"},
    {"key": "", "name": "", "kind": ""},
    {"key": "ok", "name": "\u202e", "kind": ["license", "add_on"], "_popup": "1", "_to_field": "name"},
    {"key": "ok\ud800", "name": "x", "kind": "license"},
]


@pytest.mark.parametrize("form", ITEMS, ids=lambda form: str(form)[:40])
def test_no_item_typed_oddly_breaks_its_form(root_web: Client, house: House, form: dict[str, str]) -> None:
    said = {
        name: value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
        for name, value in form.items()
    }
    assert sane(root_web.post("/admin/invoices/item/add/", said))
