"""A schedule where it is shown: among the account's credits, on its own page, and when it is stopped."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from credits.models import Schedule
from credits.schedule_run import schedules_run
from customers.models import Account, Act
from customers.services import account_close
from invoices.models import Kind
from invoices.services import item_edit
from tests.factories import a_command, a_schedule, an_account, an_item, at, by_now, day, ledger, stop_schedule
from tests.pages.conftest import a_person
from tests.pages.reading import fields, rows, sent, text

pytestmark = pytest.mark.django_db

CANNOT = "Its terms cannot be read."


@pytest.fixture
def account() -> Account:
    return an_account()


def run(now: str) -> None:
    schedules_run(as_of=None, by=a_command("grant_schedules"), now=at(now))


def listed(web: Client, account: Account) -> list[str]:
    seen = rows(web.get(f"/accounts/{account.pk}/credits/"))
    return seen[seen.index("Schedule Each month Applies to Last granted Next due State Stop") + 1 :]


def page(schedule: Schedule) -> str:
    return f"/schedules/{schedule.pk}/"


def test_an_account_without_one_says_so_and_offers_to_add_one(web: Client, account: Account) -> None:
    answer = web.get(f"/accounts/{account.pk}/credits/")
    assert "No credit recurs on this account." in text(answer)
    assert f'href="/accounts/{account.pk}/schedules/add/"' in answer.content.decode()


def test_the_account_s_schedules_are_listed_those_that_run_first(web: Client, account: Account) -> None:
    item = an_item("API calls")
    stop_schedule(a_schedule(account, "15.00", name="Student rebate"), "2026-09-01")
    a_schedule(account, "10.00", name="Trial", starts_on="2026-07-01", ends_on="2026-08-14", day_of_month=1)
    a_schedule(account, "200.00", name="Partner plan", day_of_month=31, lifetime_days=30, items=(item,))
    run("2026-08-31")
    a_schedule(account, "1.00", name="Sixth", day_of_month=6, now="2026-09-01", starts_on="2026-09-01")
    assert listed(web, account) == [
        "Partner plan $200.00 on day 31 or the last, each for 30 days API calls 31 Aug 2026 30 Sep 2026 "
        "Running Stop",
        "Sixth $1.00 on day 6 The whole invoice – 6 Sep 2026 with the next run Running Stop",
        "Student rebate $15.00 on day 15 The whole invoice 15 Aug 2026 – Stopped",
        "Trial $10.00 on day 1 The whole invoice 1 Aug 2026 – Ended",
    ]


def test_terms_that_cannot_be_read_break_no_page(web: Client, account: Account) -> None:
    broken: list[Any] = [7, "x", {"items": [None, {}, 2**70]}, {"amount": "x"}]
    for terms in broken:
        bad = Schedule.objects.create(
            account=account,
            name="Bad",
            day=1,
            starts_on=day("2026-09-01"),
            terms=terms,
            created_at=at("2026-09-01"),
        )
        assert CANNOT in text(web.get(page(bad)))
        assert web.get(f"{page(bad)}stop/").status_code == 200
    assert sum(CANNOT in row for row in listed(web, account)) == 4
    sent(web, f"{page(bad)}stop/", reason="Broken")
    assert Schedule.objects.get(pk=bad.pk).stopped_at == at("2026-09-10")


def test_a_schedule_s_page_says_its_terms_in_words(web: Client, account: Account) -> None:
    api, support = an_item("API calls"), an_item("Support", Kind.ADD_ON)
    schedule = a_schedule(
        account,
        "200.00",
        name="Partner plan",
        day_of_month=31,
        lifetime_days=30,
        ends_on="2027-07-31",
        kinds=(Kind.USAGE_METER,),
        items=(support,),
        excluded_items=(api,),
        max_amount=5000,
    )
    item_edit(item=support, name="Premium support", unit="", **by_now("2026-08-10"))
    seen = text(web.get(page(schedule)))
    for words in (
        "Partner plan Running",
        "Each month $200.00 0 credits granted so far",
        "Next due 31 Aug 2026 the next run of grant_schedules grants it",
        "Every month on day 31, or the last day of a shorter month, from 1 Aug 2026 until 31 Jul 2027",
        "All usage meters and Premium support, but not API calls",
        "At most $50.00 on an invoice",
        "Each credit lives 30 days",
        "Reason Agreed for the year",
        "olivia added schedule",
    ):
        assert words in seen


def test_its_due_days_are_shown_with_the_credits_granted(web: Client, account: Account) -> None:
    schedule = a_schedule(account, lifetime_days=30)
    run("2026-08-15")
    answer = web.get(page(schedule))
    credit = schedule.credits.get()
    assert f'href="/credits/{credit.pk}/"' in answer.content.decode()
    assert rows(answer)[1] == "15 Aug 2026 13 Sep 2026 Live $50.00"
    assert rows(answer)[3:5] == ["15 Sep 2026 14 Oct 2026", "15 Oct 2026 13 Nov 2026"]
    seen = text(web.get(f"/credits/{credit.pk}/"))
    assert "Schedule Welcome, due on 15 Aug 2026" in seen


def test_the_day_is_the_account_s_own(web: Client, clock: Callable[[str], None]) -> None:
    west = a_schedule(an_account(time_zone="Pacific/Pago_Pago"))
    east = a_schedule(an_account(time_zone="Pacific/Kiritimati"))
    clock("2026-08-15 10:30")
    assert "Next due 15 Aug 2026 at midnight in Pacific/Pago_Pago" in text(web.get(page(west)))
    assert "the next run of grant_schedules grants it" in text(web.get(page(east)))


def test_a_long_list_of_credits_has_pages(web: Client, account: Account) -> None:
    schedule = a_schedule(account, starts_on="2020-01-01", now="2020-01-01")
    run("2026-09-01")
    answer = web.get(page(schedule))
    assert "Page 1 of 2" in text(answer)
    assert "80 credits granted so far" in text(answer)
    assert "15 Jan 2020" in text(web.get(f"{page(schedule)}?page=2"))
    assert web.get(f"{page(schedule)}?page=x").status_code == 200


def test_on_a_closed_account_none_is_next_and_it_can_be_stopped(web: Client, account: Account) -> None:
    schedule = a_schedule(account)
    account_close(account=account, reason="Left", **by_now("2026-08-10"))
    seen = text(web.get(page(schedule)))
    assert "Account closed" in seen
    assert "Next due Never the account is closed" in seen
    assert listed(web, account) == [
        "Welcome $50.00 on day 15 The whole invoice – – Account closed Stop",
    ]
    sent(web, f"{page(schedule)}stop/", reason="Closed")
    assert "Stopped" in text(web.get(page(schedule)))


# --- Stopping ---------------------------------------------------------------------------


def test_the_confirmation_shows_what_stays_and_what_is_lost(web: Client, account: Account) -> None:
    schedule = a_schedule(account)
    run("2026-08-15")
    seen = text(web.get(f"{page(schedule)}stop/"))
    assert "This cannot be undone." in seen
    assert "Stays 1 credit what was granted is not changed" in seen
    assert "Lost $50.00 a month the next would be due on 15 Sep 2026" in seen
    assert Schedule.objects.get().stopped_at is None


def test_the_confirmation_says_that_days_that_have_come_are_granted(web: Client, account: Account) -> None:
    seen = text(web.get(f"{page(a_schedule(account))}stop/"))
    assert "Due on 15 Aug 2026 days that have come are granted with the next run" in seen


def test_it_is_stopped_with_a_reason_and_what_was_granted_stays(web: Client, account: Account) -> None:
    schedule = a_schedule(account)
    run("2026-08-15")
    before = ledger(account)
    answer = sent(web, f"{page(schedule)}stop/", reason="They left the plan")
    assert answer["Location"] == page(schedule)
    assert Schedule.objects.get().stopped_at == at("2026-09-10")
    assert ledger(account) == before
    record = Act.objects.get(kind="schedule_stop")
    assert (record.actor_name, record.reason) == ("olivia", "They left the plan")
    assert "olivia stopped schedule" in text(web.get(page(schedule)))


@pytest.mark.parametrize("reason", ["", "  "])
def test_stopping_without_a_reason_is_refused(web: Client, account: Account, reason: str) -> None:
    answer = sent(web, f"{page(a_schedule(account))}stop/", reason=reason)
    assert "Say why: the reason is kept with the act." in text(answer)
    assert Schedule.objects.get().stopped_at is None


def test_r13_a_confirmation_of_other_facts_is_shown_again(web: Client, account: Account) -> None:
    schedule = a_schedule(account)
    form = fields(web.get(f"{page(schedule)}stop/")) | {"reason": "Enough"}
    run("2026-08-15")
    answer = web.post(f"{page(schedule)}stop/", form)
    assert "The facts have changed since this page was shown." in text(answer)
    assert "Stays 1 credit" in text(answer)
    assert Schedule.objects.get().stopped_at is None
    assert web.post(f"{page(schedule)}stop/", fields(answer)).status_code == 302


def test_one_that_was_stopped_offers_no_stop(web: Client, account: Account) -> None:
    schedule = stop_schedule(a_schedule(account), "2026-09-01")
    assert b"/stop/" not in web.get(page(schedule)).content
    assert web.get(f"{page(schedule)}stop/")["Location"] == page(schedule)
    answer = web.post(f"{page(schedule)}stop/", {"reason": "Again", "request_token": "again"})
    assert "This schedule was stopped already." in text(answer)


def test_who_may_only_look_is_offered_neither_add_nor_stop(account: Account) -> None:
    schedule = a_schedule(account)
    client = Client()
    client.force_login(a_person("sam", "Support"))
    for path in (f"/accounts/{account.pk}/credits/", page(schedule)):
        seen = client.get(path).content
        assert b"Welcome" in seen
        assert b"/stop/" not in seen
        assert b"/schedules/add/" not in seen
