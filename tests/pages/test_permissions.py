"""Who may open what: every address, every role, looking (GET) and sending (POST). R14 stands on this.

One row per address. One letter per role, in the order of `ROLES`: P the page; L to the sign-in; F 403;
R sent on to another page; N 404; M the method is refused.
"""

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from credits.models import Entry
from customers.models import Act
from tests.pages.addresses import a_house, addresses, own_addresses
from tests.pages.conftest import a_person
from tests.pages.reading import Answer

pytestmark = pytest.mark.django_db

ROLES = ("nobody known", "no role", "Support", "Auditors", "Operators", "Administrators", "superuser")

READS, AUDITS, USERS = "LFPPPPP", "LFFPPFP", "LFFPFPP"
ACTS, SENT_ON, ERASES = "LFFFPFP", "LFFFRFR", "LFFFFPP"
ROOT_ONLY, NEVER, STAFF, ANY_STAFF_SENT_ON = "LFFFFFP", "LFFFFFF", "LPPPPPP", "LRRRRRR"
NO_POST = "LMMMMMM"

OWN = {
    "home": READS,
    "customers": READS,
    "customer": READS,
    "account": READS,
    "credits": READS,
    "credit": READS,
    "schedule": READS,
    "items": READS,
    "price_lists": READS,
    "price_list": READS,
    "price_list_add": ACTS,
    "price_list_edit": ACTS,
    "price_add": ACTS,
    "account_prices": READS,
    "invoices": READS,
    "invoice": READS,
    "reports": READS,
    "report_owed": READS,
    "report_breakage": READS,
    "report_use": READS,
    "report_cost_basis": READS,
    "report_roll_forward": READS,
    "runs": READS,
    "run": READS,
    "run_start": ACTS,
    "run_retry": ACTS,
    "customer_open": ACTS,
    "customer_edit": ACTS,
    "customer_close": ACTS,
    "customer_erase": ERASES,
    "account_open": ACTS,
    "account_edit": ACTS,
    "account_close": ACTS,
    "credit_grant": ACTS,
    "credit_void": ACTS,
    "credit_replace": ACTS,
    "schedule_add": ACTS,
    "schedule_stop": ACTS,
    "item_tag": ACTS,
    "notices": READS,
    "batches": READS,
    "batch": READS,
    "credits_grant": ACTS,
    "credits_void": ACTS,
    "expiring": READS,
    "credits_extend": SENT_ON,
    "invoice_draft": ACTS,
    "invoice_edit": ACTS,
    "invoice_discard": ACTS,
    "invoice_issue": ACTS,
    "invoice_pay": ACTS,
    "invoice_void": ACTS,
    "invoice_correct": ACTS,
    "charges": READS,
    "charge_add": ACTS,
    "charge_end": ACTS,
    "usage_record_add": ACTS,
}
# Pages that all readers look at, and where only some may set what they show.
OWN_POST = OWN | {"notices": ACTS, "account_prices": ACTS}
ADMIN_GET = {
    "index": STAFF,
    "login": "PRRRRRR",
    "logout": "RMMMMMM",
    "password_change": STAFF,
    "password_change_done": STAFF,
    "autocomplete": NEVER,
    "jsi18n": STAFF,
    "view_on_site": ANY_STAFF_SENT_ON,
    "app_list": "LNPPPPP",
    "anything": "LNNNNNN",
    "auth_user_password_change": ERASES,
}
ADMIN_POST = ADMIN_GET | {
    "login": "PPPPPPP",
    "logout": "RPPPPPP",
    "password_change_done": NO_POST,
    "autocomplete": NO_POST,
    "jsi18n": NO_POST,
}

# Per model: who lists and looks, who opens the add form, who sends a change, who deletes.
MODELS = {
    "credits_credit": (READS, SENT_ON, NEVER, NEVER),
    "credits_scoperow": (READS, NEVER, NEVER, NEVER),
    "credits_entry": (READS, NEVER, NEVER, NEVER),
    "credits_balance": (READS, NEVER, NEVER, NEVER),
    "credits_schedule": (READS, NEVER, NEVER, NEVER),
    "credits_notice": (READS, NEVER, NEVER, NEVER),
    "credits_noticerule": (READS, NEVER, NEVER, NEVER),
    "billing_run": (READS, NEVER, NEVER, NEVER),
    "billing_runpart": (READS, NEVER, NEVER, NEVER),
    "billing_runparked": (READS, NEVER, NEVER, NEVER),
    "invoices_item": (READS, ACTS, ACTS, NEVER),
    "invoices_invoice": (READS, SENT_ON, NEVER, NEVER),
    "invoices_line": (READS, NEVER, NEVER, NEVER),
    "invoices_pricelist": (READS, NEVER, NEVER, NEVER),
    "invoices_price": (READS, NEVER, NEVER, NEVER),
    "invoices_accountpricelist": (READS, NEVER, NEVER, NEVER),
    "invoices_charge": (READS, NEVER, NEVER, NEVER),
    "invoices_billedmonth": (READS, NEVER, NEVER, NEVER),
    "invoices_usagerecord": (READS, NEVER, NEVER, NEVER),
    "invoices_series": (AUDITS, NEVER, NEVER, NEVER),
    "customers_customer": (READS, SENT_ON, ACTS, NEVER),
    "customers_account": (READS, SENT_ON, ACTS, NEVER),
    "customers_act": (AUDITS, NEVER, NEVER, NEVER),
    "auth_user": (USERS, ERASES, ERASES, ROOT_ONLY),
    "auth_group": (USERS, ROOT_ONLY, ROOT_ONLY, ROOT_ONLY),
}
WITH_HISTORY = ("invoices_item", "customers_customer", "customers_account")


def table(method: str) -> dict[str, str]:
    rows = dict(OWN if method == "get" else OWN_POST)
    rows |= {f"admin:{name}": row for name, row in (ADMIN_GET if method == "get" else ADMIN_POST).items()}
    for model, (look, add, change, delete) in MODELS.items():
        rows |= {
            f"admin:{model}_changelist": look,
            f"admin:{model}_history": look,
            f"admin:{model}_short": ANY_STAFF_SENT_ON,
            f"admin:{model}_add": add,
            f"admin:{model}_change": look if method == "get" else change,
            f"admin:{model}_delete": delete,
        }
        if model in WITH_HISTORY:
            rows[f"admin:{model}_simple_history"] = look if method == "get" else NEVER
    return rows


def browser_of(role: str) -> Client:
    client = Client(raise_request_exception=False)
    if role != "nobody known":
        client.force_login(a_person(role, role, is_superuser=role == "superuser"))
    return client


def letter(answer: Answer) -> str:
    if answer.status_code == 302:
        return "L" if answer["Location"].startswith("/admin/login/?next=") else "R"
    return {200: "P", 403: "F", 404: "N", 405: "M"}.get(answer.status_code, str(answer.status_code))


def test_every_address_has_a_row_and_every_row_an_address() -> None:
    assert {address.name for address in addresses()} == set(table("get")) == set(table("post"))


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("role", ROLES)
def test_r14_every_address_answers_each_role_as_the_table_says(role: str, method: str) -> None:
    house, browser = a_house(), browser_of(role)
    done = Act.objects.count(), Entry.objects.count()
    found = {}
    for address in sorted(addresses(), key=lambda address: address.name == "admin:logout"):
        found[address.name] = letter(getattr(browser, method)(address.path(house)))
    wanted = {name: row[ROLES.index(role)] for name, row in table(method).items()}
    assert {name: (wanted[name], found[name]) for name in wanted if found[name] != wanted[name]} == {}
    assert (Act.objects.count(), Entry.objects.count()) == done


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_no_other_method_opens_what_get_does_not(method: str) -> None:
    house, browser = a_house(), browser_of("no role")
    assert {getattr(browser, method)(address.path(house)).status_code for address in own_addresses()} == {403}


def test_a_person_who_is_no_longer_active_is_asked_to_sign_in() -> None:
    house, browser = a_house(), browser_of("Operators")
    User.objects.filter(username="Operators").update(is_active=False)
    assert {letter(browser.get(address.path(house))) for address in own_addresses()} == {"L"}


def test_who_leaves_a_role_loses_its_pages_at_once() -> None:
    house, browser = a_house(), browser_of("Operators")
    path = f"/credits/{house.credit.pk}/void/"
    assert browser.get(path).status_code == 200
    Group.objects.get(name="Operators").user_set.clear()
    assert browser.get(path).status_code == 403


def test_after_signing_in_a_person_is_back_at_the_page_asked_for() -> None:
    house = a_house()
    user = a_person("root", is_superuser=True)
    user.set_password("a long enough phrase")
    user.save()
    browser = Client()
    path = f"/accounts/{house.account.pk}/"
    sign_in = browser.get(path)["Location"]
    answer = browser.post(sign_in, {"username": "root", "password": "a long enough phrase", "next": path})
    assert answer["Location"] == path


def test_whoever_gives_rights_cannot_give_them_to_themselves_or_touch_a_superuser() -> None:
    administrator, root = a_person("ada", "Administrators"), a_person("root", is_superuser=True)
    browser = Client()
    browser.force_login(administrator)
    operators = Group.objects.get(name="Operators")
    sent = {"username": "ada", "groups": [operators.pk], "is_superuser": "on", "is_staff": "on"}
    sent |= {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00", "is_active": "on"}
    assert browser.post(f"/admin/auth/user/{administrator.pk}/change/", sent).status_code == 302
    administrator.refresh_from_db()
    assert not administrator.is_superuser
    assert [group.name for group in administrator.groups.all()] == ["Administrators"]
    assert browser.post(f"/admin/auth/user/{root.pk}/change/", sent).status_code == 403
    assert (
        browser.post(
            f"/admin/auth/user/{root.pk}/password/", {"password1": "x", "password2": "x"}
        ).status_code
        == 403
    )
