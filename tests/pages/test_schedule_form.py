"""Add schedule: the Add Credits form with due days in the place of dates, and a look at them (R1, R13)."""

from typing import Any

import pytest
from django.test import Client

from credits.models import Credit, Schedule
from credits.schedule_terms import terms_of
from customers.models import Account, Act
from customers.services import account_close
from invoices.models import Item, Kind
from tests.factories import a_token, an_account, an_item, by_now, day
from tests.pages.reading import fields, rows, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return an_account()


@pytest.fixture
def item() -> Item:
    return an_item()


def path(account: Account) -> str:
    return f"/accounts/{account.pk}/schedules/add/"


def typed(**more: Any) -> dict[str, Any]:
    plain = {
        "name": "Partner plan",
        "denomination": "money",
        "amount": "50.00",
        "category": "promotional",
        "day": "31",
        "lifetime_days": "30",
        "starts_on": "2026-10-01",
        "ends_on": "",
        "priority": "50",
        "applies_to": "invoice",
        "reason": "Contract 4711",
        "request_token": a_token(),
    }
    return plain | more


def test_every_field_of_the_form_reaches_the_schedule(web: Client, account: Account, item: Item) -> None:
    other = an_item("Support", Kind.ADD_ON)
    answer = web.post(
        path(account),
        typed(
            category="purchased",
            ends_on="2027-09-30",
            priority="7",
            applies_to="selected",
            kinds=["fixed_fee", "license"],
            items=[item.pk],
            excluded_items=[other.pk],
            max_percent="50",
            max_amount="20",
        ),
    )
    schedule = Schedule.objects.get()
    assert answer["Location"] == f"/schedules/{schedule.pk}/"
    assert (schedule.account, schedule.name, schedule.day) == (account, "Partner plan", 31)
    assert (schedule.starts_on, schedule.ends_on) == (day("2026-10-01"), day("2027-09-30"))
    assert (schedule.lifetime_days, schedule.reason) == (30, "Contract 4711")
    terms = terms_of(schedule, day("2026-10-31"))
    assert (terms.amount, terms.category, terms.priority) == (5000, "purchased", 7)
    assert (terms.kinds, terms.items, terms.excluded_items) == (
        (Kind.FIXED_FEE, Kind.LICENSE),
        (item,),
        (other,),
    )
    assert (str(terms.max_percent), terms.max_amount) == ("50", 2000)
    assert not Credit.objects.exists()


def test_r11_free_units_recur_too(web: Client, account: Account, item: Item) -> None:
    web.post(path(account), typed(denomination="units", amount="", units="1000", unit_item=item.pk))
    terms = terms_of(Schedule.objects.get(), day("2026-10-31"))
    assert (terms.amount, terms.units, terms.unit_item) == (0, 1_000_000_000, item)


def test_the_act_is_the_operators(web: Client, account: Account) -> None:
    web.post(path(account), typed(), REMOTE_ADDR="192.0.2.44")
    record = Act.objects.get(kind="schedule_add")
    assert (record.actor_name, record.origin, record.reason) == (
        "olivia",
        "page, from 192.0.2.44",
        "Contract 4711",
    )


def test_without_lifetime_and_end_it_runs_on_and_its_credits_live_on(web: Client, account: Account) -> None:
    web.post(path(account), typed(lifetime_days=""))
    schedule = Schedule.objects.get()
    assert (schedule.lifetime_days, schedule.ends_on) == (None, None)


SENTENCES: dict[str, tuple[dict[str, Any], str]] = {
    "no name": ({"name": ""}, "This field is required."),
    "amount": ({"amount": "5,00"}, "Type the amount in digits"),
    "no amount": ({"amount": "0"}, "The amount must not be zero."),
    "no day": ({"day": ""}, "This field is required."),
    "day 0": ({"day": "0"}, "Ensure this value is greater than or equal to 1."),
    "day 32": ({"day": "32"}, "Ensure this value is less than or equal to 31."),
    "day in words": ({"day": "last"}, "Enter a whole number."),
    "half a day": ({"day": "1.5"}, "Enter a whole number."),
    "lifetime 0": ({"lifetime_days": "0"}, "Ensure this value is greater than or equal to 1."),
    "a lifetime without end": ({"lifetime_days": "36526"}, "less than or equal to 36525"),
    "a lifetime of digits": ({"lifetime_days": "9" * 400}, "less than or equal to 36525"),
    "no start": ({"starts_on": ""}, "This field is required."),
    "no such day": ({"starts_on": "2026-02-30"}, "Enter a valid date."),
    "a start long ago": ({"starts_on": "1999-12-31"}, "A day lies between the years 2000 and 2200."),
    "an end far off": ({"ends_on": "9999-12-31"}, "A day lies between the years 2000 and 2200."),
    "order of days": ({"ends_on": "2026-09-30"}, "A schedule cannot end before it starts."),
    "no due day": ({"ends_on": "2026-10-30"}, "No due day lies between its start and its end."),
    "over already": ({"starts_on": "2026-01-01"}, "The last day of this credit is over already."),
    "nothing selected": ({"applies_to": "selected"}, "Choose at least one kind, item or tag below."),
    "no token": ({"request_token": ""}, "This form had lost its token; it has a new one now."),
}


@pytest.mark.parametrize("case", SENTENCES)
def test_r1_whatever_is_refused_is_refused_with_a_sentence_and_the_form_stays_filled(
    web: Client, account: Account, case: str
) -> None:
    wrong, sentence = SENTENCES[case]
    form = typed(**wrong)
    answer = web.post(path(account), form)
    assert sentence in text(answer)
    assert not Schedule.objects.exists()
    again = fields(answer)
    kept = {name: value for name, value in form.items() if name not in wrong}
    assert {name: again[name] for name in kept} == kept
    assert again["request_token"]


def test_a_closed_account_is_refused_in_words(web: Client, account: Account) -> None:
    account_close(account=account, reason="Left", **by_now("2026-09-01"))
    assert "This account is closed: no credit can be granted." in text(web.post(path(account), typed()))


def test_dates_of_a_credit_cannot_be_smuggled_in(web: Client, account: Account) -> None:
    web.post(path(account), typed(effective_from="2020-01-01", expires_on="2020-01-02", stopped_at="x"))
    schedule = Schedule.objects.get()
    assert terms_of(schedule, day("2026-10-31")).effective_from == day("2026-10-31")
    assert schedule.stopped_at is None


VALUES = ["x" * 100_000, "%00", "-1", "1e9", str(2**70), "[]", "٣", "\u202e"]


@pytest.mark.parametrize("field", [name for name in typed() if name != "request_token"])
def test_no_value_of_a_field_is_an_error_of_ours(web: Client, account: Account, field: str) -> None:
    for value in VALUES:
        for more in ({}, {"preview": "1"}):
            assert web.post(path(account), typed(**{field: value}) | more).status_code in (200, 302, 400)


# --- The look at its due days -----------------------------------------------------------

HTMX = {"HX-Request": "true"}


def looked(web: Client, account: Account, **more: Any) -> Any:
    return web.post(path(account), typed(**more), headers=HTMX)


def test_twelve_due_days_are_shown_and_nothing_is_saved(web: Client, account: Account) -> None:
    answer = looked(web, account, starts_on="2027-11-01")
    shown = rows(answer)
    assert len(shown) == 13
    assert shown[1] == "Tue, 30 Nov 2027 29 Dec 2027"
    assert shown[4] == "Tue, 29 Feb 2028 29 Mar 2028"
    assert "$50.00 each." in text(answer)
    assert "And so on, until it is stopped, in days of UTC." in text(answer)
    assert not Schedule.objects.exists()


def test_the_days_are_shown_before_the_rest_is_typed(web: Client, account: Account) -> None:
    answer = looked(web, account, name="", amount="", lifetime_days="")
    assert "come already" not in text(answer)
    shown = rows(answer)
    assert shown[1] == "Sat, 31 Oct 2026 Never expires"


def test_an_end_is_shown_as_one(web: Client, account: Account) -> None:
    answer = looked(web, account, ends_on="2026-12-31")
    assert len(rows(answer)) == 4
    assert "Until 31 Dec 2026, in days of UTC." in text(answer)


def test_days_that_have_come_are_marked(web: Client, account: Account) -> None:
    answer = looked(web, account, day="10", starts_on="2026-08-01", lifetime_days="")
    assert "2 of its days have come already. The next run grants all their credits." in text(answer)
    shown = rows(answer)
    assert shown[1:4] == [
        "Mon, 10 Aug 2026 Never expires with the next run",
        "Thu, 10 Sep 2026 Never expires with the next run",
        "Sat, 10 Oct 2026 Never expires",
    ]


def test_what_is_wrong_with_the_days_is_said_in_their_place(web: Client, account: Account) -> None:
    answer = looked(web, account, day="32")
    assert "No due days yet. Day of the month: Ensure this value is less than or equal to 31." in text(answer)


def test_the_button_shows_the_days_without_scripts(web: Client, account: Account) -> None:
    answer = web.post(path(account), typed(preview="1"))
    assert "Sat, 31 Oct 2026 29 Nov 2026" in text(answer)
    assert fields(answer)["name"] == "Partner plan"
    assert not Schedule.objects.exists()


def test_r13_a_form_sent_twice_adds_one_schedule(web: Client, account: Account) -> None:
    form = typed()
    first, second = web.post(path(account), form), web.post(path(account), form)
    assert first["Location"] == second["Location"]
    assert Schedule.objects.count() == 1
