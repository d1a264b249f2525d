"""The run against its floor, on either engine; what it needs in memory, and what its proofs cost."""

from statistics import median
from typing import Any

from billing.bench.limits import Result, figure, quotients
from billing.bench.plan import Desk
from billing.bench.processes import task_run
from billing.bench.scratch import Scratch


def run_measure(desk: Desk, scratch: Scratch) -> None:
    """A B A B: the run, and its rows written again; each verified."""
    plan = desk.plan
    company, rows = desk.company(scratch, plan.accounts)
    file = str(desk.directory / f"{scratch.engine}.written")
    runs: list[dict[str, Any]] = []
    floors: list[dict[str, Any]] = []
    at_once: list[dict[str, Any]] = []
    wrong: list[str] = []
    for turn in range(plan.reps):
        desk.say(f"{scratch.engine}: run and floor, {turn + 1} of {plan.reps}")
        address = desk.copy(scratch, company, "run")
        runs.append(task_run("run", address, chunk=plan.chunk))
        wrong += desk.verified(address, whole=True)
        wrong += [f"{runs[-1]['parked']} accounts were parked"] if runs[-1]["parked"] else []
        if not turn:
            told = {"rows": rows, "chunk": plan.chunk, "file": file}
            written = task_run("read", address, **told, bare=False)
        address = desk.copy(scratch, company, "floor")
        floors.append(task_run("floor", address, file=file))
        wrong += desk.verified(address, whole=False)
        if scratch.engine == "sqlite":
            address = desk.copy(scratch, company, "floor")
            at_once.append(task_run("floor", address, file=file, at_once=True))
            wrong += desk.verified(address, whole=False)
    key = "run" if scratch.engine == "postgresql" else "run_sqlite"
    ratios = quotients([run["wall"] for run in runs], [floor["wall"] for floor in floors])
    details = {"written": written, "runs": runs, "floors": floors, "at_once": at_once}
    notes = _notes(runs, floors, written["invoices"])
    if at_once:
        values = quotients([run["wall"] for run in runs], [floor["wall"] for floor in at_once])
        notes.append(f"÷ the same rows, many a statement: {figure(median(values))}")
    desk.timed(Result(key, ratios, notes, details))
    desk.counted("rows", len(wrong), *(f"{scratch.engine}: {sentence}" for sentence in wrong[:5]))
    if scratch.engine == "postgresql" and not plan.counts_only:
        _extras_measure(desk, scratch, company, rows, floors)


def _notes(runs: list[dict[str, Any]], floors: list[dict[str, Any]], invoices: int) -> list[str]:
    notes = []
    for what, samples in (("run", runs), ("floor", floors)):
        seconds = median(sample["wall"] for sample in samples)
        cpu = f"client {figure(median(sample['client'] for sample in samples))} s of CPU"
        if samples[0]["server"] is not None:
            cpu += f", server {figure(median(sample['server'] for sample in samples))} s"
        every = " ".join(figure(sample["wall"]) for sample in samples)
        notes.append(f"{what} {figure(invoices / seconds)} invoices/s, {cpu}; seconds {every}")
    if runs[0]["server"] is not None:
        sums = [
            median(sample["client"] + sample["server"] for sample in samples) for samples in (runs, floors)
        ]
        notes.append(f"CPU of client and server ÷ the floor's: {figure(sums[0] / sums[1])}")
    return notes


def _extras_measure(
    desk: Desk, scratch: Scratch, company: str, rows: dict[str, int], floors: list[dict[str, Any]]
) -> None:
    """What chain, tokens, numbers and records of acts cost: what the floor saves that leaves them out, and
    what the run computes for them."""
    file = str(desk.directory / "bare.written")
    # The database of the last run is still there.
    last = scratch.address("run")
    task_run("read", last, rows=rows, chunk=desk.plan.chunk, file=file, bare=True)
    values, notes = [], []
    runs = desk.results_of("run")["runs"]
    for turn in range(desk.plan.reps):
        desk.say(f"{scratch.engine}: floor without proofs, {turn + 1} of {desk.plan.reps}")
        whole = task_run(
            "floor", desk.copy(scratch, company, "floor"), file=file.replace("bare", scratch.engine)
        )
        bare = task_run("floor", desk.copy(scratch, company, "floor"), file=file)
        computed = task_run("compute", last, rows=rows)
        extra = max(0.0, whole["wall"] - bare["wall"]) + computed["wall"]
        values.append(100 * extra / (runs[turn]["wall"] - extra))
        notes.append(
            f"written in {figure(whole['wall'] - bare['wall'])} s, computed in {figure(computed['wall'])} s, "
            f"of {figure(runs[turn]['wall'])} s"
        )
    desk.timed(Result("extras", values, notes))


def memory_measure(desk: Desk, scratch: Scratch) -> None:
    """The most memory that runs of two sizes take; the heavy accounts are as heavy in both."""
    peaks = []
    for accounts in (desk.plan.accounts // 4, desk.plan.accounts):
        company, _ = desk.company(scratch, accounts)
        desk.say(f"{scratch.engine}: memory of a run of {accounts:,} accounts")
        answer = task_run("run", desk.copy(scratch, company, "run"), chunk=desk.plan.chunk)
        peaks.append(answer["memory"])
    megabytes = " and ".join(f"{peak / 2**20:.0f} MB" for peak in peaks)
    desk.timed(Result("memory", [peaks[1] / peaks[0]], [megabytes], {"bytes": peaks}))
