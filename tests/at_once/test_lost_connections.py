"""Connections cut off under load: every act whole or not at all, every answer one that a person can use."""

import json
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from threading import Event

import pytest
from django.db import connection

from billing.verification.runner import ledger_verify
from credits.models import Credit
from customers.models import Account, Act
from invoices.models import Invoice
from tests.at_once.databases import Database, asked
from tests.at_once.server import Browser, Reply, operator_make, served
from tests.factories import a_credit, a_draft, an_account, an_item

pytestmark = pytest.mark.postgresql

PEOPLE = 4
CUTS = 60  # connections cut off while they were at work
LONGEST = 60  # seconds

# The ones at work first; an idle one when nobody works, since it is found dead by the next request.
CUT = """
    SELECT state <> 'idle', pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = %s AND backend_type = 'client backend' ORDER BY state = 'idle', random() LIMIT 1
"""


@dataclass(slots=True)
class Person:
    """Signs in, grants, voids, drafts and issues, until told to stop. Every other form that was answered
    with 503 is sent again as it is, until it is done; the others are left at that."""

    browser: Browser
    account: int
    drafts: list[int]
    done: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=count)

    def work(self, stop: Event) -> None:
        while not stop.is_set():
            self.browser.sign_in()
            saved = self.send(f"/accounts/{self.account}/credits/add/", name="Welcome", amount="5.00")
            if saved:
                self.send(f"{saved.location}void/", reason="A mistake")
            if self.drafts:
                self.send(f"/invoices/{self.drafts.pop()}/issue/")

    def send(self, path: str, **typed: str) -> Reply | None:
        """Open the page, type, send; what came of it if it was done."""
        page = self.browser.get(path)
        while page.status == 503:
            page = self.browser.get(path)
        if page.status != 200:
            return None  # signed out: signing in was cut off
        form = page.form | typed
        reply = self.browser.post(path, form)
        while reply.status == 503 and next(self.numbers) % 2:
            reply = self.browser.post(path, form)
        if reply.status == 503:
            self.left.append(form["request_token"])
        elif reply.status == 302 and "/login/" not in reply.location:
            self.done.append(form["request_token"])
            return reply
        return None


def test_every_act_is_whole_or_not_at_all_and_no_answer_is_a_server_error(
    database: Database, counted: Callable[[str], None]
) -> None:
    operator_make()
    item = an_item()
    accounts = [an_account() for _ in range(2)]
    for account in accounts:
        a_credit(account, "50.00", effective_from="2024-01-01")
    month = {"start": "2024-05-01", "end": "2024-06-01"}
    drafts = [a_draft(accounts[number % 2], (item, "3.00"), **month).pk for number in range(80)]
    connection.close()

    stop, cuts, begun = Event(), Counter[bool](), time.monotonic()
    with served(database, threads=PEOPLE) as port, ThreadPoolExecutor(PEOPLE) as pool:
        people = [
            Person(Browser(port), accounts[number % 2].pk, drafts[number::PEOPLE]) for number in range(PEOPLE)
        ]
        assert [person.browser.sign_in().status for person in people] == [302] * PEOPLE
        at_work = [pool.submit(person.work, stop) for person in people]
        try:
            while cuts[True] < CUTS and time.monotonic() < begun + LONGEST:
                for busy, _ in asked(CUT, database.name):
                    cuts[busy] += 1
                time.sleep(0.05)
        finally:
            stop.set()
        for work in at_work:
            work.result()
        for person in people:
            # The first may still meet a connection that died meanwhile, never the second.
            assert person.browser.sign_in().status == 302, "the next request is fine"
            assert person.browser.get(f"/accounts/{person.account}/").status == 200

    replies = [reply for person in people for reply in person.browser.replies]
    statuses = Counter(reply.status for reply in replies)
    done = [token for person in people for token in person.done]
    left = [token for person in people for token in person.left]
    half = Act.objects.filter(token__in=left).count()
    counted(
        f"PostgreSQL: {cuts[True]} connections cut off at work and {cuts[False]} idle: "
        f"answers {dict(statuses)}, {len(done)} acts done, "
        f"{len(left)} left at 503, of which {half} had been done"
    )
    assert set(statuses) <= {200, 302, 503}
    assert all(reply.says_try_again for reply in replies if reply.status == 503)
    assert cuts[True] >= CUTS
    assert statuses[503] >= CUTS / 4, "the cuts hit nobody"
    assert Act.objects.filter(token__in=done).count() == len(set(done)) == len(done)
    assert ledger_verify().breach is None
    assert Account.objects.count() == 2
    assert Invoice.objects.count() == len(drafts)


def test_a_billing_run_whose_connection_is_cut_off_goes_on_on_a_new_one(
    database: Database, counted: Callable[[str], None]
) -> None:
    item = an_item()
    month = {"start": "2024-05-01", "end": "2024-06-01"}
    drafts = [a_draft(an_account(), (item, "3.00"), **month) for _ in range(60)]
    connection.close()

    def ran(cuts: int) -> tuple[int, int]:
        command = ("manage.py", "run_billing", "--period", "2024-05", "--json", "--chunk", "1")
        with database.start(*command, stdout=subprocess.PIPE) as run:
            while not Invoice.objects.filter(status="issued").exists():
                assert run.poll() is None
            connection.close()
            while cuts and run.poll() is None:
                cuts -= len(asked(CUT, database.name))
                time.sleep(0.05)
            said = json.loads(run.communicate(timeout=LONGEST)[0])
        return run.returncode, len(said["parked"])

    code, parked = ran(cuts=5)
    counted(f"PostgreSQL: a billing run of {len(drafts)} drafts, cut off 5 times, parked {parked}")
    assert (code, parked) in ((0, 0), *((1, number) for number in range(1, 6)))
    assert ran(cuts=0) == (0, 0)
    assert not Invoice.objects.drafts().exists()
    assert ledger_verify().breach is None


def test_a_database_that_may_only_be_read_shows_pages_and_refuses_acts(database: Database) -> None:
    operator_make()
    credit = a_credit(an_account(), "50.00")
    with served(database, threads=1) as port:
        asked(f"ALTER DATABASE {database.name} SET default_transaction_read_only = on")
        stranger = Browser(port)
        assert stranger.get("/admin/login/").status == 200
        assert stranger.sign_in().says_try_again
        asked(f"ALTER DATABASE {database.name} RESET default_transaction_read_only")
    assert Credit.objects.with_balance().get(pk=credit.pk).balance == 5000
