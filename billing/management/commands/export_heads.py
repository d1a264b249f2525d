"""`manage.py export_heads`: the newest hash of every account, for keeping elsewhere."""

from typing import Any

from django.core.management.base import CommandError
from django.db import Error, connections
from django.utils import timezone

from billing.heads import heads_write
from billing.snapshot import snapshot
from billing.verification.chain import heads_now
from customers.commands import DatabaseUnasked, refused_by_database


class Command(DatabaseUnasked):
    help = (
        "Print the newest hash of every account's ledger, one line each. Keep it where the database's owner "
        "cannot write; `verify_ledger --heads FILE` then shows a rewritten or cut ledger."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with snapshot():
                for line in heads_write(heads_now(connections["default"]), timezone.now()):
                    self.stdout.write(line)
        except Error as trouble:
            raise CommandError(refused_by_database(trouble)) from trouble
