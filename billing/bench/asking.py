"""One at a time: issuing one invoice against the bare wire, and the newest entries of an account."""

import random

from billing.bench.limits import Result, figure, quotients
from billing.bench.plan import Desk
from billing.bench.processes import task_run
from billing.bench.scratch import Scratch

HEAVIEST, LIGHTEST = 1, 2  # accounts of the company: most credits and lines, and one of each
TIMES = 400


def statements_count(desk: Desk, scratch: Scratch) -> None:
    """One credit and one line take as many statements as a thousand and five hundred, alone or in a chunk."""
    company, _ = desk.company(scratch, desk.plan.accounts)
    address = desk.copy(scratch, company, "statements")
    told = task_run("statements", address, accounts=[LIGHTEST, HEAVIEST], chunk=desk.plan.chunk)
    key = "statements" if scratch.engine == "postgresql" else "statements_sqlite"
    desk.counted(key, max(told["one"]))
    note = f"{scratch.engine}: a chunk of 1 and of {desk.plan.chunk} accounts take {told['chunks']}"
    desk.counted("statements_chunk", max(told["chunks"]), note)
    differ = sum(len(set(counts)) - 1 for counts in (told["one"], told["chunks"]))
    desk.counted("statements_differ", differ, f"{scratch.engine}: light and heavy {told['one']}")


def issue_measure(desk: Desk, scratch: Scratch) -> None:
    """A B A B: invoices issued one by one, and their statements sent again."""
    company, _ = desk.company(scratch, desk.plan.accounts)
    file = str(desk.directory / "issued.sent")
    told = {"first": LIGHTEST + 1, "count": desk.plan.issues}
    task_run("issue", desk.copy(scratch, company, "issue"), **told, file=file)
    issued, floors = [], []
    for turn in range(desk.plan.reps):
        desk.say(f"{scratch.engine}: {desk.plan.issues} invoices one by one, {turn + 1} of {desk.plan.reps}")
        one = task_run("issue", desk.copy(scratch, company, "issue"), **told, file="")
        floor = task_run("issue_floor", desk.copy(scratch, company, "issue"), file=file)
        issued.append(one["wall"] / one["count"])
        floors.append(floor["wall"] / floor["count"])
    notes = [
        f"{what} in {' '.join(figure(1000 * value) for value in values)} ms each"
        for what, values in (("issued", issued), ("floor", floors))
    ]
    desk.timed(Result("issue", quotients(issued, floors), notes))


def entries_measure(desk: Desk, scratch: Scratch) -> None:
    """The last 50 entries in a large ledger against the shortest question there is."""
    entries = desk.plan.entries
    desk.say(f"{scratch.engine}: loading {entries:,} entries")
    loaded = task_run("load_history", scratch.create("history"), entries=entries)
    desk.say(f"{scratch.engine}: loaded in {loaded['wall']:.0f} s; asking")
    rng = random.Random(entries)
    medians: dict[str, list[float]] = {"one": [], "typical": [], "heavy": []}
    for _ in range(desk.plan.reps):
        accounts = [rng.randint(2, loaded["accounts"]) for _ in range(50)]
        told = {"accounts": accounts, "heavy": HEAVIEST, "times": TIMES}
        asked = task_run("newest", scratch.address("history"), **told)
        for what, seconds in asked.items():
            medians[what].append(sorted(seconds)[len(seconds) // 2])
    scratch.drop("history")
    one, typical, heavy = medians["one"], medians["typical"], medians["heavy"]
    in_ms = {what: " ".join(figure(1000 * value) for value in values) for what, values in medians.items()}
    notes = [
        f"{loaded['entries']:,} entries of {loaded['accounts']:,} accounts, loaded in {loaded['wall']:.0f} s",
        f"select 1 {in_ms['one']} ms, typical {in_ms['typical']} ms, heaviest {in_ms['heavy']} ms",
    ]
    desk.timed(
        Result("entries", quotients(typical, one), notes), Result("entries_heavy", quotients(heavy, typical))
    )
