"""R13, form by form: what is sent twice, or from two tabs, has one effect and shows the first result."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client

from billing.digest import ledger_digest
from billing.verification.runner import ledger_verify
from customers.models import Act
from customers.services import customer_close
from tests.factories import a_credit, a_customer, an_account, by_now
from tests.pages.addresses import House, a_house, own_addresses
from tests.pages.reading import fields
from tests.pages.test_permissions import ACTS, ERASES, OWN_POST

pytestmark = pytest.mark.django_db

REASON = {"reason": "Because"}
LINE = {"lines-0-item": "{item}", "lines-0-quantity": "2", "lines-0-unit_price": "3.00"}


@dataclass(frozen=True, slots=True)
class Form:
    """What is typed into a page; `prepare` brings a house to where the page makes sense, and may name the row
    it is about. `again`: a second tab may do the same once more, as a second credit is a second credit.
    `looks`: what is typed is sent once to be looked at, and confirmed on the page that answers.
    `asked`: what the page's address says besides."""

    typed: dict[str, str] = field(default_factory=dict)
    prepare: Callable[[House], int | None] = lambda house: None
    again: bool = False
    looks: bool = False
    asked: Callable[[House], str] = lambda house: ""


def _expiring(house: House) -> str:
    return f"?credit={a_credit(house.account, '5.00', expires_on='2026-09-30').pk}"


def _without_accounts(house: House) -> int:
    return a_customer("Leaving").pk


def _closed(house: House) -> int:
    return customer_close(customer=a_customer("Left"), reason="Left", **by_now("2026-09-01")).pk


def _without_money(house: House) -> int:
    return an_account().pk


FORMS: dict[str, Form] = {
    "customer_open": Form({"key": "C-2", "name": "Ada"}),
    "customer_edit": Form({"name": "John W."}, again=True),
    "customer_close": Form(REASON, _without_accounts),
    "customer_erase": Form(REASON, _closed),
    "account_open": Form({"key": "A-2", "name": "Second", "currency": "EUR", "time_zone": "UTC"}),
    "account_edit": Form({"name": "Renamed"}, again=True),
    "account_close": Form(REASON, _without_money),
    "credit_grant": Form({"name": "Sorry", "amount": "5.00"}, again=True),
    "credit_void": Form(REASON),
    "credit_replace": Form({"amount": "7.00"} | REASON),
    "schedule_add": Form({"name": "Monthly", "amount": "5.00"}, again=True),
    "schedule_stop": Form(REASON),
    "item_tag": Form({"tags": "team-blue"}, looks=True),
    "notices": Form({"low_balance": "50.00"}, again=True),
    "credits_grant": Form(
        {"source": "filter", "currency": "USD", "name": "Sorry", "amount": "5.00"} | REASON,
        again=True,
        looks=True,
    ),
    "credits_void": Form(REASON),
    "credits_extend": Form({"expires_on": "2026-12-31"} | REASON, looks=True, asked=_expiring),
    # What is left each time: a run that issues leaves a record of each invoice besides its own.
    "run_start": Form({"period": "2026-09"}, looks=True, again=True),
    "run_retry": Form(again=True),
    "invoice_draft": Form({"period_start": "2026-10-01", "last_day": "2026-10-31"} | LINE, again=True),
    "price_list_add": Form({"key": "second", "name": "Second", "currency": "EUR"}),
    "price_list_edit": Form({"name": "Renamed"}, again=True),
    "price_add": Form({"item": "{item}", "unit_price": "3", "effective_from": "2027-01-01"}),
    "account_prices": Form({"effective_from": "2027-01-01"}, again=True),
    "invoice_edit": Form({"lines-0-quantity": "3"}, again=True),
    "invoice_discard": Form(),
    "invoice_issue": Form({"before_end": "on"}),
    "invoice_pay": Form({"paid_on": "2026-09-10", "reference": "bank"}),
    "invoice_void": Form(REASON),
    "invoice_correct": Form(REASON),
    "charge_add": Form({"item": "{seats}", "unit_price": "9.99"}, again=True),
    "charge_end": Form({"last_day": "2026-12-31"} | REASON),
    "usage_record_add": Form({"item": "{item}", "quantity": "1000"}, again=True),
}


def test_every_form_of_an_act_is_sent_twice_here() -> None:
    acts = {name for name, row in OWN_POST.items() if row in (ACTS, ERASES)}
    assert set(FORMS) == acts | {"credits_extend"}


def opened(house: House, web: Client, name: str) -> tuple[str, dict[str, Any]]:
    """The address of the page, and its form filled in."""
    form = FORMS[name]
    row = form.prepare(house)
    address = next(address for address in own_addresses() if address.name == name)
    path = address.path(house, **({"pk": row} if row else {}))
    page = web.get(path + form.asked(house))
    assert page.status_code == 200, path
    typed = {
        at: value.format(item=house.item.pk, seats=house.charge.item_id) for at, value in form.typed.items()
    }
    if form.looks:
        page = web.post(path, fields(page) | typed)
    return path, fields(page) | typed


@pytest.mark.parametrize("name", FORMS)
def test_r13_sent_twice_it_acts_once_and_shows_the_first_result(root_web: Client, name: str) -> None:
    path, form = opened(a_house(), root_web, name)
    before = Act.objects.count()
    first = root_web.post(path, form)
    assert first.status_code == 302, first.content[:3000]
    after, digest = Act.objects.count(), ledger_digest()
    assert after == before + 1
    second = root_web.post(path, form)
    assert (second.status_code, second["Location"]) == (302, first["Location"])
    assert (Act.objects.count(), ledger_digest()) == (after, digest)


@pytest.mark.parametrize("name", FORMS)
def test_r13_two_tabs_are_answered_in_words_and_leave_every_sum_right(root_web: Client, name: str) -> None:
    house = a_house()
    path, form = opened(house, root_web, name)
    other = form | {"request_token": "the-other-tab"}
    assert root_web.post(path, form).status_code == 302
    done = Act.objects.count()
    answer = root_web.post(path, other)
    assert answer.status_code in (200, 302, 404, 409), answer.status_code
    assert Act.objects.count() == done + FORMS[name].again
    assert ledger_verify().breach is None
