"""All rules the database keeps, and the moments they are put in force.

Django's migrate announces itself before and after: SQLite rebuilds a table to alter it, which
drops the table's triggers without a word and stumbles over other tables' triggers that name it.
So there they are lifted before a migration; everywhere they are put in again after it, and a
system check counts them (`manage.py check --database default`).
"""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error
from django.db import connections

from credits.database_rules import RULES as CREDIT_RULES
from customers.database_rules import RULES as CUSTOMER_RULES
from customers.triggers import (
    Effect,
    Rule,
    changed,
    sealed,
    triggers_install,
    triggers_missing,
    triggers_remove,
)
from invoices.database_rules import RULES as INVOICE_RULES

RUN_FACTS = ("id", "period_start", "period_end", "before_end", "retries_id", "actor_name", "started_at")
RUN_RULES = (
    Rule(
        "billing_run_update",
        "billing_run",
        "UPDATE",
        "the record of a run changes only by being finished, once",
        f"{changed(*RUN_FACTS)} OR (OLD.finished_at IS NOT NULL AND {changed('finished_at')})",
    ),
    Rule("billing_run_delete", "billing_run", "DELETE", "the record of a run is never deleted"),
    *sealed("billing_runpart", "what a run issued"),
    *sealed("billing_runparked", "what a run left"),
)
RULES: tuple[Rule | Effect, ...] = (*CUSTOMER_RULES, *INVOICE_RULES, *CREDIT_RULES, *RUN_RULES)
MISSING = "scrip.E001"


def rules_lift(*, using: str, plan: Sequence[Any] = (), **kwargs: Any) -> None:
    connection = connections[using]
    if connection.vendor == "sqlite" and plan:
        triggers_remove(connection)


def rules_enforce(*, using: str, **kwargs: Any) -> None:
    """Put every rule in force whose table is there (a partial migrate has not made all of them)."""
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    triggers_install(connection, [rule for rule in RULES if rule.table in tables])


def rules_check(*, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """An error naming each missing rule; nothing on a database that was never migrated."""
    messages: list[CheckMessage] = []
    for alias in databases or ():
        connection = connections[alias]
        tables = set(connection.introspection.table_names())
        if not tables.issuperset(rule.table for rule in RULES):
            continue
        missing = triggers_missing(connection, RULES)
        if missing:
            messages.append(
                Error(
                    f"The database does not keep {len(missing)} of its rules: {', '.join(missing)}.",
                    hint="Run `manage.py migrate`: it puts them back.",
                    id=MISSING,
                )
            )
    return messages
