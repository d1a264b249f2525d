"""Somebody holds an account's lock for long: who needs it is told so within seconds; others go on (R7)."""

import json
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from django.db import transaction

from credits.models import Credit
from customers.acts import account_lock
from customers.models import Account
from invoices.models import Invoice
from tests.at_once.databases import Database
from tests.at_once.server import Browser, operator_make, served
from tests.factories import a_credit, a_draft, an_account, an_item

pytestmark = pytest.mark.postgresql

LOCK_TIMEOUT = 5  # seconds, as `billing.environment` sets it
SPARE = 5  # for a busy machine


@contextmanager
def held(account: Account) -> Iterator[None]:
    with transaction.atomic():
        account_lock(account.pk)
        yield


def void(browser: Browser, credit: Credit) -> tuple[int, bool, float]:
    path = f"/credits/{credit.pk}/void/"
    reply = browser.post(path, browser.get(path).form | {"reason": "A mistake"})
    return reply.status, reply.says_try_again, reply.seconds


def test_a_page_says_try_again_in_time_and_other_accounts_notice_nothing(
    database: Database, counted: Callable[[str], None]
) -> None:
    operator_make()
    stuck, free = a_credit(an_account(), "50.00"), a_credit(an_account(), "50.00")
    with served(database, threads=4) as port, ThreadPoolExecutor(2) as people:
        one, other = Browser(port), Browser(port)
        assert (one.sign_in().status, other.sign_in().status) == (302, 302)
        with held(stuck.account):
            waiting = people.submit(void, one, stuck)
            while database.waiting() == 0:
                assert not waiting.done()
            assert other.get(f"/accounts/{stuck.account_id}/").status == 200, "who only reads never waits"
            status, _, seconds = void(other, free)
            assert (status, waiting.done()) == (302, False)
            assert seconds < LOCK_TIMEOUT
            status, tries_again, stuck_for = waiting.result()
        assert (status, tries_again) == (503, True)
        assert stuck_for < LOCK_TIMEOUT + SPARE
        counted(
            f"PostgreSQL: 503 after {stuck_for:.1f} s of a held lock; another account took {seconds:.1f} s"
        )
        assert void(one, stuck)[0] == 302, "once it is let go, the same person can do it"


def test_a_billing_run_parks_the_account_names_it_and_goes_on_with_the_others(database: Database) -> None:
    item = an_item()
    stuck, free = an_account(), an_account()
    left = [a_draft(stuck, (item, "10.00")), a_draft(stuck, (item, "20.00"))]
    taken = [a_draft(free, (item, "10.00"))]

    def ran() -> tuple[int, dict[str, object]]:
        command = ["manage.py", "run_billing", "--period", "2026-08", "--before-end", "--json"]
        with database.start(*command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            answer, _ = process.communicate(timeout=60)
            return process.returncode, json.loads(answer)

    with held(stuck):
        code, said = ran()
    assert code == 1
    assert said["issued"] == 1
    assert said["parked"] == [
        {
            "account": stuck.key,
            "draft": left[0].pk,
            "waiting": 2,
            "reason": "The database refused: canceling statement due to lock timeout.",
        }
    ]
    assert [draft.pk for draft in Invoice.objects.filter(status="issued")] == [draft.pk for draft in taken]
    code, said = ran()
    assert (code, said["issued"], said["parked"]) == (0, 2, [])
