"""`manage.py work`: a worker for the jobs of billing runs."""

import asyncio
import logging
from typing import Any

import psycopg
from django.core.management.base import CommandError, CommandParser
from procrastinate.exceptions import ConnectorException

from billing.jobs import jobs_needed
from billing.worker import SIGN_OF_LIFE, work
from customers.commands import DatabaseUnasked, first_line, trouble_told


class Command(DatabaseUnasked):
    help = (
        "Take up jobs of billing runs (`run_billing --jobs`) until told to stop; SIGTERM or Ctrl-C lets it "
        "end the job it is at. Start as many as the database has cores, on any machines."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--until-idle", action="store_true", help="end when no job waits any more")
        parser.add_argument(
            "--sign-of-life",
            type=float,
            default=SIGN_OF_LIFE,
            metavar="SECONDS",
            help="how often it says that it is alive (default: %(default)s); silent three times as long, it "
            "is taken for dead, so give all workers the same",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        seconds = options["sign_of_life"]
        if not 0.1 <= seconds <= 3600:
            raise CommandError("--sign-of-life: from 0.1 to 3600 seconds.")
        with trouble_told():
            jobs_needed()
        logging.getLogger("procrastinate").setLevel(logging.INFO)
        try:
            asyncio.run(work(sign_of_life=seconds, until_idle=options["until_idle"]))
        except (ConnectorException, psycopg.Error) as trouble:
            cause = trouble.__cause__ if isinstance(trouble.__cause__, Exception) else trouble
            raise CommandError(f"The database refused: {first_line(cause)}.") from trouble
