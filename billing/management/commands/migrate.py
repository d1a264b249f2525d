"""Django's migrate, able to run when the database lacks rules: it is what puts them back."""

from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate

from customers.commands import DatabaseUnasked
from customers.replica import REPLICA


class Command(DatabaseUnasked, migrate.Command):
    """Its missing rules must not stop the command that mends them."""

    def handle(self, *args: Any, **options: Any) -> None:
        if options["database"] == REPLICA:
            raise CommandError("The replica gets its tables from the primary: migrate that one.")
        super().handle(*args, **options)
