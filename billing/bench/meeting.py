"""Several at once: two workers of one run, and operators who void credits while runs go on."""

from typing import Any

from billing.bench.limits import Result, figure, percentile
from billing.bench.plan import Desk
from billing.bench.processes import task_run, tasks_run
from billing.bench.scratch import Scratch

LONGEST = 300.0  # seconds an operator goes on at most


def workers_measure(desk: Desk, scratch: Scratch) -> None:
    """The run carried out by one worker, and by two; how many times as fast two are."""
    company, _ = desk.company(scratch, desk.plan.accounts)
    values, notes, wrong = [], [], []
    for turn in range(desk.plan.reps):
        walls = []
        for workers in (1, 2):
            desk.say(f"{scratch.engine}: {workers} at work, {turn + 1} of {desk.plan.reps}")
            address = desk.copy(scratch, company, "workers")
            run = task_run("open_run", address, token="bench:run")["run"]  # noqa: S106
            told = {"run": run, "chunk": desk.plan.chunk}
            answers = tasks_run([("work", address, told) for _ in range(workers)])
            walls.append(max(answer["wall"] for answer in answers))
            wrong += desk.verified(address, whole=False)
        values.append(walls[0] / walls[1])
        notes.append(f"{figure(walls[0])} s alone, {figure(walls[1])} s together")
    desk.timed(Result("workers", values, notes))
    desk.counted("rows", len(wrong), *(f"{workers} workers: {sentence}" for sentence in wrong[:5]))


def operator_measure(desk: Desk, scratch: Scratch) -> None:
    """What an operator waits while one run goes on; then two runs and two operators: nothing may go wrong."""
    company, _ = desk.company(scratch, desk.plan.accounts)
    waits: list[float] = []
    for turn in range(0 if desk.plan.counts_only else desk.plan.reps):
        desk.say(f"{scratch.engine}: an operator beside a run, {turn + 1} of {desk.plan.reps}")
        address = desk.copy(scratch, company, "operator")
        waits += _together(desk, address, runs=1, operators=1)["waits"]
    if waits:
        in_ms = [1000 * wait for wait in waits]
        note = (
            f"{len(waits):,} credits voided beside runs, median {figure(percentile(in_ms, 0.5))} ms, "
            f"most {figure(max(in_ms))} ms"
        )
        desk.timed(Result("operator", [percentile(in_ms, 0.99)], [note]))
    desk.say(f"{scratch.engine}: two runs and two operators at once")
    address = desk.copy(scratch, company, "operator")
    told = _together(desk, address, runs=2, operators=2)
    errors = told["errors"] + desk.verified(address, whole=True)
    note = f"{scratch.engine}: {len(told['waits']):,} credits voided meanwhile"
    desk.counted("errors", len(errors), note, *errors[:5])


def _together(desk: Desk, address: str, *, runs: int, operators: int) -> dict[str, list[Any]]:
    """Runs with one worker each, and operators; what the operators waited, and what went wrong."""
    opened = [task_run("open_run", address, token=f"bench:run:{number}")["run"] for number in range(runs)]
    orders = [("work", address, {"run": run, "chunk": desk.plan.chunk}) for run in opened]
    orders += [("operate", address, {"seed": seed, "longest": LONGEST}) for seed in range(operators)]
    answers = tasks_run(orders)
    working, operating = answers[:runs], answers[runs:]
    errors = [f"{answer['parked']} accounts were parked" for answer in working if answer["parked"]]
    errors += [error for answer in operating for error in answer["errors"]]
    return {"waits": [wait for answer in operating for wait in answer["waits"]], "errors": errors}
