"""Jobs and workers where there can be none, and what is typed wrong."""

from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection

from billing import jobs
from billing.models import Run

pytestmark = pytest.mark.django_db

RUN = ("run_billing", "--period", "2026-08")
NOT_HERE = "Jobs are kept in PostgreSQL, and this database is SQLite"


@pytest.mark.parametrize("command", [("work",), (*RUN, "--jobs"), (*RUN, "--jobs", "--wait")])
def test_on_sqlite_jobs_are_refused_with_a_sentence_that_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    if connection.vendor != "sqlite":
        monkeypatch.setattr(jobs, "connection", SimpleNamespace(vendor="sqlite"))
    with pytest.raises(CommandError, match=NOT_HERE) as refused:
        call_command(*command)
    assert "without --jobs" in str(refused.value)
    assert not Run.objects.exists()


@pytest.mark.parametrize("seconds", ["0", "-1", "3601", "nan", "inf"])
def test_a_worker_says_that_it_is_alive_every_so_often_or_does_not_start(seconds: str) -> None:
    with pytest.raises(CommandError, match=r"--sign-of-life: from 0\.1 to 3600 seconds\."):
        call_command("work", "--sign-of-life", seconds)


def test_there_is_nothing_to_wait_for_in_a_run_that_does_its_own_work() -> None:
    with pytest.raises(CommandError, match="--wait: only with --jobs"):
        call_command(*RUN, "--wait")
    assert not Run.objects.exists()


@pytest.mark.postgresql
def test_a_database_without_the_tables_of_jobs_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise ProgrammingError('relation "procrastinate_workers" does not exist')

    monkeypatch.setattr("billing.management.commands.work.jobs_needed", fail)
    with pytest.raises(CommandError, match=r"does not exist\. Run `manage.py migrate` first\."):
        call_command("work")
