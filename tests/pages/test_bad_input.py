"""Input that no person types: refused, never an error of ours, and nothing changes (R1).

An answer of 500 fails here, whatever it says. 503 is only for a database that is away.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from credits.models import Credit, Entry
from customers.models import Act, Customer
from invoices.models import Invoice
from tests.factories import a_token, an_account
from tests.pages.addresses import House, a_house, addresses, own_addresses
from tests.pages.reading import Answer, text
from tests.pages.test_grant_form import typed

pytestmark = pytest.mark.django_db

FAR_IDS = [0, 2**31, 2**63 - 1, 2**63, 10**30, "9" * 5000]
NO_IDS = ["abc", "1.5", "-1", "%00", "%FF", "1%0A", "٣", "_00", "1/../2", "None"]


def sane(answer: Answer) -> bool:
    return answer.status_code < 500 and b"Traceback" not in answer.content


def facts() -> list[int]:
    return [model.objects.count() for model in (Act, Credit, Entry, Invoice, Customer)]


@pytest.fixture
def house() -> Iterator[House]:
    """Whatever is sent to it, nothing in it changes."""
    house = a_house()
    before = facts()
    yield house
    assert facts() == before


@pytest.mark.parametrize("pk", FAR_IDS, ids=lambda pk: str(pk)[:20])
def test_a_page_of_a_row_that_is_not_there_is_404(root_web: Client, house: House, pk: object) -> None:
    for address in own_addresses():
        if "<int:pk>" in address.route:
            path = address.path(house, pk=pk)
            assert root_web.get(path).status_code == 404, path
            assert root_web.post(path, {"reason": "x", "request_token": a_token()}).status_code == 404, path


@pytest.mark.parametrize("pk", NO_IDS)
def test_a_page_of_what_is_no_id_is_404_or_400(web: Client, house: House, pk: str) -> None:
    for address in own_addresses():
        if "<int:pk>" in address.route:
            assert web.get(address.path(house, pk=pk)).status_code in (404, 400), address.name


@pytest.mark.parametrize("pk", [*FAR_IDS, *NO_IDS], ids=lambda pk: str(pk)[:20])
def test_an_admin_page_of_what_is_not_there_is_no_error(root_web: Client, house: House, pk: object) -> None:
    for address in addresses():
        if "object_id" in address.route or "^([^/]+)" in address.route or "<id>" in address.route:
            path = address.path(house, object_id=pk, id=pk, content_type_id=pk)
            for method in ("get", "post"):
                answer = getattr(root_web, method)(path)
                assert sane(answer), (method, path[:80], answer.status_code)


QUERIES = [
    *("q=%00", "page=%00", "q=a%00b", "%00=1", "q=" + "word+" * 3000, "q=" + "%F0%9F%92%B0" * 60),
    *("q=%FF%FE", "q=%ED%A0%80", "page=abc", "page=-1", "page=0", "page=99999999999999999999"),
    *("page=1e9", "status=gone", "status=draft&status=paid", "q=%25%27%22%5C_", "q=%E2%80%AEabc", "q"),
    *(
        "first=%00",
        "first=9999-99-99",
        "last=0000-00-00",
        "currency=EUR%27",
        "category=[]",
        "all",
        "&&&===",
        "q=[]&q[]=1",
        "page=" + "9" * 1900,
    ),
]


@pytest.mark.parametrize(
    "path", ["/", "/customers/", "/items/", "/invoices/", "/runs/", "/credits/batches/", "/credits/expiring/"]
)
def test_no_query_breaks_a_list(web: Client, house: House, path: str) -> None:
    for query in QUERIES:
        answer = web.get(path, QUERY_STRING=query)
        refused = "%00" in query or len(query) > 2000
        assert answer.status_code == (400 if refused else 200), query[:40]


def test_a_search_finds_what_a_search_language_would_break_on(web: Client, house: House) -> None:
    Customer.objects.filter(pk=house.account.customer_id).update(name="100% O'Neil_\\")
    for word in ("100%", "O'Neil", "_\\"):
        assert "100% O'Neil" in text(web.get("/customers/", {"q": word}))
    assert "Nobody found" in text(web.get("/customers/", {"q": "%%%"}))


@pytest.mark.parametrize("method", ["put", "patch", "delete", "trace", "head", "options"])
def test_no_other_method_breaks_or_changes_anything(root_web: Client, house: House, method: str) -> None:
    for address in addresses():
        if address.name != "admin:logout":
            answer = getattr(root_web, method)(address.path(house))
            assert sane(answer), (address.name, answer.status_code)


BODIES: dict[str, tuple[Any, str]] = {
    "json": ('{"reason": "x"}', "application/json"),
    "deep json": ("[" * 100_000, "application/json"),
    "no type": ("reason=x", ""),
    "odd type": ("reason=x", "text/x-nothing; charset=nothing"),
    "odd charset": (b"reason=\xff\xfe", "application/x-www-form-urlencoded; charset=utf-16"),
    "unknown charset": (b"reason=x", "application/x-www-form-urlencoded; charset=nothing"),
    "invalid utf-8": (b"reason=\xff\xfe&request_token=\xc3\x28", "application/x-www-form-urlencoded"),
    "surrogate": (b"reason=%ED%A0%80&name=%ED%A0%80", "application/x-www-form-urlencoded"),
    "no boundary": (b"--x\r\n", "multipart/form-data"),
    "broken parts": (b"--x\r\nContent-Disposition: form-data", "multipart/form-data; boundary=x"),
    "too many fields": ("&".join(f"f{n}=1" for n in range(5_001)), "application/x-www-form-urlencoded"),
    "xml": ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "text/xml"),
    "nul": (b"reason=a%00b&name=a\x00b&request_token=%00", "application/x-www-form-urlencoded"),
    "nul in a key": (b"re%00ason=1&%00=2", "application/x-www-form-urlencoded"),
}


@pytest.mark.parametrize("case", BODIES)
def test_no_body_breaks_a_form(web: Client, house: House, case: str) -> None:
    body, kind = BODIES[case]
    for address in own_addresses():
        answer = web.generic("POST", address.path(house), body, content_type=kind)
        assert sane(answer), (address.name, answer.status_code)


VALUES = ["x" * 1_000_000, "\ud800", "%00", "\u202e\u200b", "-1", str(2**70), "[]"]


OF_UNITS = ("units", "unit_item")
FIELDS = [
    *(name for name in typed() if name != "request_token"),
    *OF_UNITS,
    "tags",
    "max_amount",
    "max_percent",
]


@pytest.mark.parametrize("field", FIELDS)
def test_no_value_of_a_field_breaks_add_credits(web: Client, field: str) -> None:
    path = f"/accounts/{an_account().pk}/credits/add/"
    of_units = {"denomination": "units", "units": "5"} if field in OF_UNITS else {}
    for value in VALUES:
        form = "&".join(f"{name}={said}" for name, said in typed(**of_units).items() if name != field)
        body = f"{form}&{field}={value}".encode("utf-8", "surrogatepass")
        for sent in (body, body + f"&{field}=1&{field}=".encode()):
            answer = web.generic("POST", path, sent, "application/x-www-form-urlencoded")
            assert sane(answer), (value[:40], answer.status_code)


IDS = ["abc", "1.5", "", str(2**63), "9" * 5000, "-1", "\x00", "1 OR 1=1"]


LISTS = ["items", "excluded_items", "kinds", "tags", "unit_item", "lines-0-item", "lines-0-line"]


@pytest.mark.parametrize("field", LISTS)
def test_no_id_in_a_list_of_items_breaks_a_form(web: Client, field: str) -> None:
    house = a_house()
    lines = {"lines-TOTAL_FORMS": "1", "lines-INITIAL_FORMS": "0", "lines-0-quantity": "1"}
    period = {"period_start": "2026-08-01", "last_day": "2026-08-31"}
    for path in (
        f"/accounts/{house.account.pk}/credits/add/",
        f"/accounts/{house.account.pk}/invoices/add/",
        f"/invoices/{house.draft.pk}/edit/",
        f"/credits/{house.credit.pk}/replace/",
    ):
        for value in IDS:
            form = typed(applies_to="selected", **period, **lines) | {"lines-0-unit_price": "1"}
            form |= {"denomination": "units", "units": "5"} if field == "unit_item" else {}
            answer = web.post(path, form | {field: [value, value]})
            assert sane(answer), (path, value[:40], answer.status_code)


@pytest.mark.parametrize("cookie", ['"abc\\000defghijk"', "x" * 4000, "\x7f", '"', "é"])
def test_no_cookie_breaks_a_page(house: House, cookie: str) -> None:
    client = Client(raise_request_exception=False, headers={"Cookie": f"scrip-session={cookie}"})
    for path in ("/", "/admin/", "/customers/"):
        assert sane(client.get(path)), path
