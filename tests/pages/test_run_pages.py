"""The list of billing runs, and the page of one."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from billing.models import Run
from billing.run import run_finish, run_seen, run_stop
from invoices.drafts import invoice_discard
from tests.factories import a_credit, a_draft, a_run, an_account, an_invoice, an_item, at, by_now, issue
from tests.pages.conftest import a_person
from tests.pages.reading import rows, text

pytestmark = pytest.mark.django_db
Clock = Callable[[str], None]


def an_unfinished_run() -> Run:
    started = at("2026-09-10")
    month = {"period_start": at("2026-08-01").date(), "period_end": at("2026-09-01").date()}
    return Run.objects.create(**month, actor_name="olivia", started_at=started, seen_at=started)


def test_a_run_tells_what_it_issued_per_currency_and_how_fast(web: Client) -> None:
    dollars, yen, item = an_account(), an_account(currency="JPY"), an_item()
    a_credit(dollars, "4.00")
    for account, price in ((dollars, "10.00"), (dollars, "1.00"), (yen, "700")):
        a_draft(account, (item, price))
    run = a_run("2026-08")
    page = web.get(f"/runs/{run.pk}/")
    assert rows(page)[1:] == ["JPY 1 ¥700 – ¥700", "USD 2 $11.00 −$4.00 $7.00"]
    seen = text(page)
    assert f"Run {run.pk} Finished" in seen
    assert "Drafts whose last day lies in August 2026. Started by olivia on 1 Sep 2026, 12:00 UTC." in seen
    assert "Invoices issued 3 2 per second Took 2.0 s finished 1 Sep 2026, 12:00 UTC Accounts left 0" in seen


def test_what_it_left_is_named_with_its_draft_and_the_reason(web: Client) -> None:
    account = an_account(name="Waits")
    draft = a_draft(account, (an_item(), "1.00"), start="2026-09-01", end="2026-10-01")
    run = a_run("2026-09", "2026-09-10")
    page = web.get(f"/runs/{run.pk}/")
    assert rows(page)[-1] == (
        f"Waits John Wick {draft} 1 The period ends on 30 September 2026, and is not over yet."
    )
    for address in (account.get_absolute_url(), draft.get_absolute_url(), f"/runs/{run.pk}/retry/"):
        assert f'href="{address}"' in page.content.decode()


def test_a_draft_that_is_issued_or_discarded_since_is_said_to_be_and_is_not_retried(web: Client) -> None:
    accounts, item = [an_account(), an_account()], an_item()
    issued, gone = [a_draft(a, (item, "1.00"), start="2026-09-01", end="2026-10-01") for a in accounts]
    run = a_run("2026-09", "2026-09-10")
    issue(issued, "2026-09-10", before_end=True)
    invoice_discard(invoice=gone, **by_now("2026-09-10"))
    seen = text(web.get(f"/runs/{run.pk}/"))
    assert "issued since" in seen
    assert "discarded since" in seen
    assert "Accounts left 2 none waits any more" in seen
    assert f"/runs/{run.pk}/retry/" not in web.get(f"/runs/{run.pk}/").content.decode()


def test_drafts_of_earlier_months_are_pointed_out(web: Client) -> None:
    a_draft(an_account(), (an_item(), "1.00"), start="2026-07-01", end="2026-08-01")
    page = web.get(f"/runs/{a_run('2026-08').pk}/")
    assert "Drafts of earlier months wait: 1. A run issues those of its own month only." in text(page)
    assert 'href="/invoices/?status=draft"' in page.content.decode()


def test_a_run_is_at_work_as_long_as_there_are_signs_of_life_and_then_is_unfinished(
    web: Client, clock: Clock
) -> None:
    run = an_unfinished_run()
    path = f"/runs/{run.pk}/"
    at_work = text(web.get(path))
    assert "It is still at work." in at_work
    assert "Nothing issued yet" in at_work
    assert "No draft of that month was waiting." not in at_work
    clock("2026-09-10 12:03")
    assert "It ended before it was done." in text(web.get(path))
    run_seen(run, now=at("2026-09-10 12:02"))
    assert "It is still at work." in text(web.get(path))
    run_stop(run)
    assert "It ended before it was done." in text(web.get(path))
    run_finish(run, now=at("2026-09-10") + timedelta(hours=2, minutes=5))
    assert "Took 2 h 5 min" in text(web.get(path))


def test_a_finished_run_is_not_unfinished_by_who_comes_late() -> None:
    run = run_finish(an_unfinished_run(), now=at("2026-09-10 12:01"))
    seen = run.seen_at
    run_seen(run, now=at("2026-09-10 12:05"))
    assert (run_stop(run).finished_at, run.seen_at) == (at("2026-09-10 12:01"), seen)


def test_the_list_shows_the_newest_first_and_leads_to_the_earlier(web: Client) -> None:
    account, item = an_account(), an_item()
    a_draft(account, (item, "1.00"))
    first = a_run("2026-08")
    a_draft(account, (item, "1.00"), start="2026-09-01", end="2026-10-01")
    runs = [a_run("2026-09", "2026-09-10") for _ in range(21)]
    newest = web.get("/runs/")
    assert len(rows(newest)) == 1 + 20
    assert rows(newest)[1] == f"{runs[-1]} September 2026 olivia 10 Sep 2026, 12:00 Finished 0 1"
    assert f'href="?before={runs[1].pk}"' in newest.content.decode()
    earlier = web.get("/runs/", {"before": runs[1].pk})
    assert rows(earlier)[1:] == [
        f"{runs[0]} September 2026 olivia 10 Sep 2026, 12:00 Finished 0 1",
        f"{first} August 2026 olivia 1 Sep 2026, 12:00 Finished 1 –",
    ]
    assert "Earlier runs" not in text(earlier)


def test_before_the_first_run_the_list_says_what_a_run_is(web: Client) -> None:
    assert "No runs yet A run issues all drafts whose last day lies in a month" in text(web.get("/runs/"))


def test_who_only_reads_is_offered_neither_start_nor_retry() -> None:
    account, item = an_account(), an_item()
    a_draft(account, (item, "1.00"), start="2026-09-01", end="2026-10-01")
    run = a_run("2026-09", "2026-09-10")
    reader = Client()
    reader.force_login(a_person("rita", "Support"))
    for path in ("/", "/runs/", f"/runs/{run.pk}/"):
        content = reader.get(path).content.decode()
        assert "/runs/start/" not in content
        assert "/retry/" not in content


def test_an_invoice_names_the_run_that_issued_it_and_one_issued_by_hand_names_none(web: Client) -> None:
    account, item = an_account(), an_item()
    draft = a_draft(account, (item, "1.00"))
    run = a_run("2026-08")
    assert f'<a href="/runs/{run.pk}/">run {run.pk}</a>' in web.get(f"/invoices/{draft.pk}/").content.decode()
    by_hand = an_invoice(account, (item, "1.00"))
    assert "/runs/" not in web.get(f"/invoices/{by_hand.pk}/").content.decode().partition("<main")[2]


def test_a_run_is_linked_in_the_activity(web: Client) -> None:
    run = a_run("2026-08")
    assert f"olivia started Run {run.pk}".lower() in text(web.get(f"/runs/{run.pk}/")).lower()
