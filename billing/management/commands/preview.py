"""`manage.py preview FILE.json`: what credits would do to lines. Touches no database."""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from credits.scenario import ScenarioRefused, scenario_answer


class Command(BaseCommand):
    help = "Print, as JSON, what the credits of a scenario would pay on its lines; no database is needed."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE.json", help="a scenario file; - is standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        name = "standard input" if options["file"] == "-" else options["file"]
        try:
            read = sys.stdin.buffer.read() if options["file"] == "-" else Path(options["file"]).read_bytes()
            # Some editors start a file with a byte order mark; that is no reason to refuse it.
            answer = scenario_answer(read.decode("utf-8-sig"))
        except OSError as error:
            raise CommandError(f"{name}: {error.strerror}.") from error
        except UnicodeDecodeError as error:
            raise CommandError(f"{name}: byte {error.start} is not UTF-8 text.") from error
        except ScenarioRefused as error:
            raise CommandError(f"{name}: {error}") from error
        self.stdout.write(json.dumps(answer, indent=2, ensure_ascii=False))
