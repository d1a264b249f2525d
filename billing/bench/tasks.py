"""The tasks of the bench: what one process does on one scratch database.

Each prepares, says that it is ready, waits for the word to start, works, and answers with figures.
"""

import os
import pickle
import random
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import Error, connection

from billing.bench.clock import Clock, peak_memory
from billing.bench.data import NOW, PERIOD, Size
from billing.bench.floor import FloorInFile, FloorOnServer
from billing.bench.history import history_load
from billing.bench.loading import company_load
from billing.bench.scratch import PREFIX
from billing.bench.statements import Counted, Sent, statements_counted
from billing.bench.wire import Wire
from billing.bench.written import Written, written_read
from billing.issuing.chunk import chunk_issue
from billing.issuing.drafts import Order, issue_token
from billing.issuing.loop import drafts_issue
from billing.models import Run, RunParked
from billing.run import billing_run, run_finish, run_start
from billing.services import invoice_issue
from billing.verification.chain import CHAIN_CHECKS
from billing.verification.figures import FIGURE_CHECKS
from billing.verification.runner import CHECKS, ledger_verify
from credits.chain import GENESIS, link_hash
from credits.ledger import entry_link
from credits.models import Credit, Entry
from credits.services import VoidRefused, credit_void
from customers.acts import Actor, Refusal, fingerprint
from customers.models import Act
from invoices.models import Invoice

Ready = Callable[[], None]
Figures = dict[str, Any]
NEWEST = 50
BY = Actor(origin="bench", command="bench")


def load(ready: Ready, *, accounts: int, credits: int, lines: int) -> Figures:
    """An empty database becomes the company."""
    ready()
    call_command("migrate", verbosity=0)
    with Clock() as clock:
        counts = company_load(Size(accounts, credits, lines))
    return {"rows": counts, **clock.taken}


def load_history(ready: Ready, *, entries: int) -> Figures:
    ready()
    call_command("migrate", verbosity=0)
    with Clock() as clock:
        counts = history_load(entries)
    return {**counts, **clock.taken}


def run(ready: Ready, *, chunk: int) -> Figures:
    """The product's own run, by one worker."""
    backend = _backend()
    ready()
    with Clock(backend) as clock:
        done = billing_run(
            **_period(), before_end=False, by=BY, now=NOW, token="bench:run", chunk=chunk  # noqa: S106
        )  # fmt: skip
    return {"memory": peak_memory(), "parked": done.parked.count(), **clock.taken}


def open_run(ready: Ready, *, token: str) -> Figures:
    """A run that workers are to carry out."""
    ready()
    return {"run": run_start(**_period(), before_end=False, by=BY, now=NOW, token=token).pk}


def work(ready: Ready, *, run: int, chunk: int) -> Figures:
    """One worker of a run."""
    order = Order(Run.objects.get(pk=run), BY, NOW)
    issued = 0

    def count(drafts: int) -> None:
        nonlocal issued
        issued += drafts

    backend = _backend()
    ready()
    with Clock(backend) as clock:
        drafts_issue(order, chunk=chunk, done=count)
    run_finish(order.run, now=NOW)
    return {"drafts": issued, "parked": RunParked.objects.filter(run=run).count(), **clock.taken}


def operate(ready: Ready, *, seed: int, longest: float) -> Figures:
    """An operator who voids one credit after another as long as there are drafts; how long each took."""
    rng = random.Random(seed)
    credits = list(Credit.objects.with_balance().filter(kept__balance__gt=0, kept__voided=False))
    rng.shuffle(credits)
    ready()
    waits: list[float] = []
    errors: list[str] = []
    end = time.perf_counter() + longest
    for number, credit in enumerate(credits):
        if time.perf_counter() > end or (number % 20 == 0 and not Invoice.objects.drafts().exists()):
            break
        began = time.perf_counter()
        try:
            credit_void(credit=credit, reason="bench", by=BY, now=NOW, token=f"bench:void:{seed}:{number}")
        except VoidRefused:
            continue  # the other operator was here first
        except (Refusal, Error, AssertionError, RuntimeError) as broken:
            errors.append(str(broken))
        waits.append(time.perf_counter() - began)
    return {"waits": waits, "errors": errors}


def verify(ready: Ready, *, whole: bool) -> Figures:
    """The first row that breaks a rule, and the drafts left; not `whole`: only what the database can say."""
    ready()
    left = Invoice.objects.drafts().count()
    if whole:
        breach = ledger_verify().breach
        return {"left": left, "breach": breach.sentence if breach else ""}
    row_by_row = (*CHAIN_CHECKS, *FIGURE_CHECKS)
    found = (next(check.find(connection), "") for check in CHECKS if check not in row_by_row)
    return {"left": left, "breach": next(filter(None, found), "")}


def read(ready: Ready, *, rows: dict[str, int], chunk: int, file: str, bare: bool) -> Figures:
    """What the run wrote, into a file for the floor."""
    ready()
    written = written_read({**rows, "issued_before": _issued_before(rows)}, chunk, bare=bare)
    Path(file).write_bytes(pickle.dumps(written))
    return {"invoices": written.invoices, "entries": written.entries, "chunks": len(written.chunks)}


def floor(ready: Ready, *, file: str, at_once: bool = False) -> Figures:
    written: Written = pickle.loads(Path(file).read_bytes())  # noqa: S301 -- the bench's own file
    floor: FloorOnServer | FloorInFile
    if connection.vendor == "postgresql":
        floor = FloorOnServer(os.environ["DATABASE_URL"], written)
    else:
        floor = FloorInFile(connection.settings_dict, written, at_once=at_once)
    ready()
    with Clock(floor.backend) as clock:
        floor.write()
    return clock.taken


def compute(ready: Ready, *, rows: dict[str, int]) -> Figures:
    """What the run computes for its chain, tokens and records alone, done again on what it wrote."""
    entries = list(Entry.objects.filter(pk__gt=rows["entry"]))
    acts = list(Act.objects.filter(pk__gt=rows["act"], subject__startswith="invoice:"))
    ready()
    with Clock() as clock:
        for entry in entries:
            link_hash(GENESIS, entry_link(entry))
        for act in acts:
            fingerprint({"invoice": act.subject_id})
            issue_token(act.subject_id)
            Act._meta.get_field("details").get_db_prep_save(act.details, connection)
    return clock.taken


def issue(ready: Ready, *, first: int, count: int, file: str) -> Figures:
    """Issue so many drafts one by one. With `file`, keep the statements for the floor."""
    drafts = list(Invoice.objects.drafts().filter(account_id__gte=first).order_by("account_id")[:count])
    counted: list[Counted] = []
    ready()
    with Clock(_backend()) as clock:
        for draft in drafts:
            with statements_counted(counted, keep=bool(file)):
                invoice_issue(invoice=draft, by=BY, now=NOW, token=f"bench:issue:{draft.pk}")
    if file:
        Path(file).write_bytes(pickle.dumps([one.kept for one in counted]))
    return {"count": len(drafts), "statements": sorted({one.count for one in counted}), **clock.taken}


def issue_floor(ready: Ready, *, file: str) -> Figures:
    """The same statements with the same values, prepared, over the bare wire."""
    acts: list[list[Sent]] = pickle.loads(Path(file).read_bytes())  # noqa: S301 -- the bench's own file
    wire = Wire(os.environ["DATABASE_URL"])
    wire.prepare(acts)
    ready()
    with Clock(wire.backend) as clock:
        for statements in acts:
            wire.replay(statements)
    return {"count": len(acts), **clock.taken}


def statements(ready: Ready, *, accounts: list[int], chunk: int) -> Figures:
    """How many statements it takes to issue these accounts' drafts one by one; then a chunk of one, and a
    whole chunk of the run."""
    ready()
    counted: list[Counted] = []
    for account in accounts:
        draft = Invoice.objects.drafts().get(account_id=account)
        with statements_counted(counted):
            invoice_issue(invoice=draft, by=BY, now=NOW, token=f"bench:issue:{draft.pk}")
    opened = run_start(**_period(), before_end=False, by=BY, now=NOW, token="bench:run")  # noqa: S106
    chunks: list[Counted] = []
    for size in (1, chunk):
        with statements_counted(chunks):
            chunk_issue(Order(opened, BY, NOW), after=0, size=size)
    return {"one": [one.count for one in counted], "chunks": [one.count for one in chunks]}


def newest(ready: Ready, *, accounts: list[int], heavy: int, times: int) -> Figures:
    """Seconds for the page's question for the last 50 entries, and for `select 1` between."""
    asked: dict[str, list[float]] = {"one": [], "typical": [], "heavy": []}
    questions = {account: _newest_of(account) for account in (*accounts, heavy)}
    with connection.cursor() as cursor:
        for sql, values in questions.values():
            cursor.execute(sql, values)  # read it into memory before it counts
        ready()
        for turn in range(times):
            account = accounts[turn % len(accounts)]
            for what, (sql, values) in (
                ("one", ("SELECT 1", ())),
                ("typical", questions[account]),
                ("heavy", questions[heavy]),
            ):
                began = time.perf_counter()
                cursor.execute(sql, values)
                found = cursor.fetchall()
                asked[what].append(time.perf_counter() - began)
                if what != "one" and len(found) != NEWEST:
                    raise AssertionError(f"Account {account} has {len(found)} entries, not {NEWEST}.")
    return asked


def _newest_of(account: int) -> tuple[str, Any]:
    sql, values = Entry.objects.newest_of(account)[:NEWEST].query.sql_with_params()
    return sql, values


def _period() -> dict[str, Any]:
    return {"period_start": PERIOD[0], "period_end": PERIOD[1]}


def _backend() -> int:
    """The server's process behind the connection."""
    connection.ensure_connection()
    return connection.connection.info.backend_pid if connection.vendor == "postgresql" else 0


def _issued_before(rows: dict[str, int]) -> int:
    """The last number that the company was loaded with."""
    before = Invoice.objects.filter(issued_at__lt=NOW - timedelta(days=1)).order_by("-series_number")
    return before.values_list("series_number", flat=True).first() or 0


TASKS: dict[str, Callable[..., Figures]] = {
    task.__name__: task
    for task in (
        *(load, load_history, run, open_run, work, operate, verify, read, floor, compute),
        *(issue, issue_floor, statements, newest),
    )
}


def task_answer(name: str, told: Figures, ready: Ready) -> Figures:
    """Refuses any database but a scratch one."""
    database = Path(str(connection.settings_dict["NAME"])).name
    if not database.startswith(PREFIX):
        raise Refusal(f"The bench works in scratch databases alone, and “{database}” is none.")
    return TASKS[name](ready, **told)
