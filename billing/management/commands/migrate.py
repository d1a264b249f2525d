"""Django's migrate, able to run when the database lacks rules: it is what puts them back."""

from typing import Any

from django.core.management.commands import migrate


class Command(migrate.Command):
    def check(self, *args: Any, **kwargs: Any) -> Any:
        """Check all but the database: its missing rules must not stop the command that mends them."""
        kwargs["databases"] = None
        return super().check(*args, **kwargs)
