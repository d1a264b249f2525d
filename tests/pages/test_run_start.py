"""Starting a billing run from the page, and taking up again what one left (R13)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from billing import run_page
from billing.digest import ledger_digest
from billing.models import Run
from customers.models import Account, Act
from invoices.models import Invoice, Status
from tests.factories import a_credit, a_draft, a_run, an_account, an_item
from tests.pages.reading import Answer, fields, rows, text

pytestmark = pytest.mark.django_db
START = "/runs/start/"
Clock = Callable[[str], None]


def looked(web: Client, **typed: Any) -> Answer:
    return web.post(START, fields(web.get(START)) | {"look": "1"} | typed)


def confirmed(web: Client, page: Answer, path: str = START, **typed: Any) -> Answer:
    return web.post(path, fields(page) | typed)


def issued() -> int:
    return Invoice.objects.filter(status=Status.ISSUED).count()


def waiting(account: Account) -> Invoice:
    """A draft whose period is not over on the tests' day."""
    return a_draft(account, (an_item(), "7.00"), start="2026-09-01", end="2026-10-01")


def test_the_month_that_has_waited_longest_is_typed_in(web: Client) -> None:
    assert fields(web.get(START))["period"] == ""
    waiting(an_account())
    a_draft(an_account(), (an_item(), "1.00"), start="2026-06-01", end="2026-07-01")
    assert fields(web.get(START))["period"] == "2026-06"


def test_what_would_be_issued_and_left_is_shown_before_anything_is(web: Client) -> None:
    account, yen = an_account(name="Main"), an_account(currency="JPY")
    a_credit(account, "4.00")
    a_draft(account, (an_item(), "10.00"), start="2026-09-01", end="2026-09-05")
    a_draft(yen, (an_item(), "700"), start="2026-09-01", end="2026-09-05")
    waiting(account)
    before = ledger_digest(), Act.objects.count()
    page = looked(web, period="2026-09")
    assert "Issue 2 invoices for September 2026?" in text(page)
    assert rows(page)[1:3] == ["JPY 1 ¥700 – ¥700", "USD 1 $10.00 −$4.00 $6.00"]
    assert "The period ends on 30 September 2026" in rows(page)[-1]
    assert (ledger_digest(), Act.objects.count(), Run.objects.count()) == (*before, 0)


def test_confirming_issues_them_as_the_person_who_did(web: Client) -> None:
    drafts = [a_draft(an_account(), (an_item(), "10.00")) for _ in range(2)]
    answer = confirmed(web, looked(web, period="2026-08"))
    run = Run.objects.get()
    assert answer["Location"] == f"/runs/{run.pk}/"
    assert (issued(), run.actor_name, run.finished_at is not None) == (2, "olivia", True)
    act = Act.objects.get(kind="invoice_issue", subject=f"invoice:{drafts[0].pk}")
    assert (act.actor_name, act.origin, act.details["run"]) == ("olivia", "page, from 127.0.0.1", run.pk)
    assert f"{run} is finished." in text(web.get(answer["Location"]))


def test_before_its_end_only_who_ticks_it_is_issued(web: Client) -> None:
    draft = waiting(an_account())
    left = looked(web, period="2026-09")
    assert "Nothing can be issued now." in text(left)
    assert "go back and tick that" in text(left)
    page = looked(web, period="2026-09", before_end="on")
    assert "also before its period is over" in text(page)
    confirmed(web, page)
    assert Invoice.objects.get(pk=draft.pk).status == Status.ISSUED
    assert Run.objects.get().before_end


def test_r13_facts_that_changed_meanwhile_are_shown_again(web: Client) -> None:
    account, item = an_account(), an_item()
    a_draft(account, (item, "10.00"))
    page = looked(web, period="2026-08")
    a_draft(account, (item, "5.00"))
    again = confirmed(web, page)
    assert "The facts have changed since this page was shown." in text(again)
    assert "Issue 2 invoices" in text(again)
    assert (issued(), Run.objects.count()) == (0, 0)
    assert confirmed(web, again).status_code == 302
    assert issued() == 2


def test_back_returns_to_the_form_filled(web: Client) -> None:
    waiting(an_account())
    page = confirmed(web, looked(web, period="2026-09", before_end="on"), change="1")
    assert (fields(page)["period"], fields(page)["before_end"]) == ("2026-09", "on")
    assert Run.objects.count() == 0


@pytest.mark.parametrize(
    "period", ["", "2026-13", "August", "2026-8", "1999-12", "2201-01", "9999-12", "٢٠٢٦-٠٨"]
)
def test_what_is_no_month_is_refused_and_the_form_comes_back_filled(web: Client, period: str) -> None:
    page = looked(web, period=period, before_end="on")
    said = f"“{period}” is not a month of the years 2000 to 2200." if period else "This field is required."
    assert f"Month : {said}" in text(page)
    assert (fields(page)["period"], fields(page)["before_end"]) == (period, "on")


def test_a_month_without_drafts_has_nothing_to_confirm(web: Client) -> None:
    page = looked(web, period="2026-08")
    assert "No draft of that month waits: there is nothing to issue." in text(page)
    assert "Start it all the same" not in text(page)


def test_more_than_a_page_has_time_for_is_left_to_the_command(
    web: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    account, item = an_account(), an_item()
    for _ in range(2):
        a_draft(account, (item, "1.00"))
    page = looked(web, period="2026-08", before_end="on")
    monkeypatch.setattr(run_page, "MOST_DRAFTS", 1)
    large = looked(web, period="2026-08", before_end="on")
    assert "manage.py run_billing --period 2026-08 --before-end" in text(large)
    for forced in (page, large):
        assert confirmed(web, forced).status_code == 200
    assert (issued(), Run.objects.count()) == (0, 0)


# --- Retry ------------------------------------------------------------------------------


def test_a_retry_issues_what_can_be_by_now_and_the_two_runs_name_each_other(
    web: Client, operator: User, clock: Clock
) -> None:
    left, other = waiting(an_account()), an_account()
    first = a_run("2026-09", "2026-09-10")
    late = waiting(other)
    clock("2026-10-02")
    web.force_login(operator)
    page = web.get(f"/runs/{first.pk}/retry/")
    assert rows(page)[1:] == ["USD 1 $7.00 – $7.00"]
    answer = confirmed(web, page, f"/runs/{first.pk}/retry/")
    retry = Run.objects.get(retries=first)
    assert answer["Location"] == f"/runs/{retry.pk}/"
    assert Invoice.objects.get(pk=left.pk).status == Status.ISSUED
    assert Invoice.objects.get(pk=late.pk).is_draft, "the first run did not leave it"
    assert f"to take up again what {first} left." in text(web.get(f"/runs/{retry.pk}/"))
    assert f"was taken up again by {retry}." in text(web.get(f"/runs/{first.pk}/"))
    gone = web.get(f"/runs/{first.pk}/retry/")
    assert gone["Location"] == f"/runs/{first.pk}/"
    assert f"Nothing that {first} left still waits." in text(web.get(f"/runs/{first.pk}/"))


def test_a_retry_goes_by_the_terms_of_the_first_and_can_leave_it_again(web: Client) -> None:
    waiting(an_account())
    first = a_run("2026-09", "2026-09-10")
    path = f"/runs/{first.pk}/retry/"
    page = web.get(path)
    assert "The period ends on 30 September 2026" in rows(page)[-1]
    confirmed(web, page, path)
    retry = Run.objects.get(retries=first)
    assert (retry.before_end, retry.parked.count(), issued()) == (False, 1, 0)


def test_a_run_that_left_nothing_is_not_retried(web: Client) -> None:
    run = a_run("2026-08")
    path = f"/runs/{run.pk}/retry/"
    assert web.get(path)["Location"] == f"/runs/{run.pk}/"
    forced = web.post(path, {"request_token": "forced", "shown": ""})
    assert f"{run} left no account: there is nothing to retry." in text(forced)


def test_more_accounts_than_a_page_has_time_for_are_left_to_the_command(
    web: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        waiting(an_account())
    first = a_run("2026-09", "2026-09-10")
    path = f"/runs/{first.pk}/retry/"
    page = web.get(path)
    monkeypatch.setattr(run_page, "MOST_RETRIED", 1)
    assert f"manage.py run_billing --retry {first.pk}" in text(web.get(path))
    assert confirmed(web, page, path).status_code == 200
    assert Run.objects.count() == 1
