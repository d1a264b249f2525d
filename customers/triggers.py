"""The third ring: the database itself refuses (R2, R7).

One table of rules, written once in SQL both engines read the same way; this module turns each
rule into a trigger for PostgreSQL and for SQLite. The triggers are put in again after every
migrate, because SQLite drops them whenever it rebuilds a table, and a system check counts them.

A rule's condition is SQL over OLD and NEW. `{distinct}` stands for the engine's NULL-safe
"is different": a save that names every column and changes none is let through.
`{json_text}(column, '{json_key}name')` is the text that a JSON object has under a name.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from django.db.backends.base.base import BaseDatabaseWrapper

PREFIX = "seal_"
WORDS = {
    "sqlite": {"distinct": "IS NOT", "json_text": "json_extract", "json_key": "$."},
    "postgresql": {"distinct": "IS DISTINCT FROM", "json_text": "jsonb_extract_path_text", "json_key": ""},
}


@dataclass(frozen=True, slots=True)
class Rule:
    """Refuse `event` on a row of `table` when `condition` holds (empty: always).

    `lock` names rows whose state the condition depends on, such as `credits_credit WHERE id = NEW.credit_id`:
    PostgreSQL locks them before it looks, or two sessions would each miss the other's row. It is never
    another lock than an act already holds. SQLite has one writer at a time.

    `when` is a part of the condition that looks at the row alone: where it does not hold, nothing is asked.

    `after` judges what the change has left, not what it is about to do. So PostgreSQL can ask once for all
    rows of a statement, which is several times as fast as once a row, and whatever their order is; a `lock`
    then names rows by the table `new_rows`. SQLite judges each row as it is written.
    """

    name: str
    table: str
    event: Literal["INSERT", "UPDATE", "DELETE"]
    sentence: str
    condition: str = ""
    lock: str = ""
    when: str = ""
    after: bool = False

    @property
    def trigger(self) -> str:
        return PREFIX + self.name


@dataclass(frozen=True, slots=True)
class Effect:
    """Run `statement` after each row inserted into `table`: what the database itself keeps up to date."""

    name: str
    table: str
    statement: str
    condition: str = ""
    event: Literal["INSERT"] = "INSERT"

    @property
    def trigger(self) -> str:
        return PREFIX + self.name


def changed(*columns: str) -> str:
    return "(" + " OR ".join(f"NEW.{column} {{distinct}} OLD.{column}" for column in columns) + ")"


def sealed(table: str, what: str) -> tuple[Rule, Rule]:
    """Neither UPDATE nor DELETE, ever."""
    name = table.replace(".", "_")
    return (
        Rule(f"{name}_update", table, "UPDATE", f"{what} is never changed"),
        Rule(f"{name}_delete", table, "DELETE", f"{what} is never deleted"),
    )


def triggers_install(connection: BaseDatabaseWrapper, rules: Sequence[Rule | Effect]) -> None:
    """Put every rule in force, replacing what stood there under its name."""
    triggers_remove(connection)
    with connection.cursor() as cursor:
        for rule in rules:
            for statement in _statements(connection.vendor, rule):
                cursor.execute(statement)
        if connection.vendor == "postgresql":
            for table in sorted({rule.table for rule in rules if rule.event == "DELETE"}):
                for statement in _truncate_statements(table):
                    cursor.execute(statement)


def triggers_remove(connection: BaseDatabaseWrapper) -> None:
    """Lift every rule of ours; for migrations and for emptying a test database."""
    with connection.cursor() as cursor:
        for trigger, table in triggers_present(connection).items():
            if connection.vendor == "postgresql":
                cursor.execute(f"DROP TRIGGER {trigger} ON {table}")
                cursor.execute(f"DROP FUNCTION IF EXISTS {trigger}()")
            else:
                cursor.execute(f"DROP TRIGGER {trigger}")


def triggers_present(connection: BaseDatabaseWrapper) -> dict[str, str]:
    """Triggers of ours in force, and their tables. On PostgreSQL a disabled one does not count."""
    if connection.vendor == "postgresql":
        query = (
            "SELECT tgname, relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
            "WHERE tgname LIKE 'seal\\_%%' AND NOT tgisinternal AND tgenabled IN ('O', 'A') "
            "AND relnamespace = current_schema()::regnamespace"
        )
    else:
        query = (
            "SELECT name, tbl_name FROM sqlite_master "
            "WHERE type = 'trigger' AND name LIKE 'seal\\_%%' ESCAPE '\\'"
        )
    with connection.cursor() as cursor:
        cursor.execute(query, [])
        return dict(cursor.fetchall())


def triggers_missing(connection: BaseDatabaseWrapper, rules: Iterable[Rule | Effect]) -> list[str]:
    rules = list(rules)
    expected = {rule.trigger for rule in rules}
    if connection.vendor == "postgresql":
        expected |= {f"{PREFIX}{rule.table}_truncate" for rule in rules if rule.event == "DELETE"}
    return sorted(expected - set(triggers_present(connection)))


def _statements(vendor: str, rule: Rule | Effect) -> tuple[str, ...]:
    if isinstance(rule, Effect):
        return _effect_statements(vendor, rule)
    if vendor == "sqlite":
        parts = [f"({part.format(**WORDS[vendor])})" for part in (rule.when, rule.condition) if part]
        when = f"WHEN {' AND '.join(parts)} " if parts else ""
        moment = "AFTER" if rule.after else "BEFORE"
        return (
            f"CREATE TRIGGER {rule.trigger} {moment} {rule.event} ON {rule.table} FOR EACH ROW "
            f"{when}BEGIN SELECT RAISE(ABORT, '{rule.sentence}'); END",
        )
    if rule.after:
        return _after_statements(rule)
    # OR REPLACE: a trigger that was switched off is still there, and is switched on again by it.
    condition = rule.condition.format(**WORDS[vendor]) or "TRUE"
    row = "OLD" if rule.event == "DELETE" else "NEW"
    when = rule.when.format(**WORDS[vendor])
    return (
        _refusing_function(rule.trigger, condition, rule.sentence, row, rule.lock, when),
        f"CREATE OR REPLACE TRIGGER {rule.trigger} BEFORE {rule.event} ON {rule.table} "
        f"FOR EACH ROW EXECUTE FUNCTION {rule.trigger}()",
    )


def _after_statements(rule: Rule) -> tuple[str, str]:
    """Once a statement, over all its rows.

    The CASE keeps the planner from turning the condition's questions into joins with whole tables, which
    it does right after a table has grown: each stays a look into an index.
    """
    parts = [f"({part.format(**WORDS['postgresql'])})" for part in (rule.when, rule.condition) if part]
    condition = " AND ".join(parts).replace("NEW.", "new_rows.").replace("OLD.", "old_rows.")
    tables, rows = "NEW TABLE AS new_rows", "new_rows"
    if rule.event == "UPDATE":
        tables += " OLD TABLE AS old_rows"
        rows += " JOIN old_rows ON old_rows.id = new_rows.id"
    found = f"EXISTS (SELECT 1 FROM {rows} WHERE CASE WHEN {condition} THEN TRUE ELSE FALSE END)"  # noqa: S608
    return (
        _refusing_function(rule.trigger, found, rule.sentence, "NULL", rule.lock),
        f"CREATE OR REPLACE TRIGGER {rule.trigger} AFTER {rule.event} ON {rule.table} "
        f"REFERENCING {tables} FOR EACH STATEMENT EXECUTE FUNCTION {rule.trigger}()",
    )


def _truncate_statements(table: str) -> tuple[str, str]:
    trigger = f"{PREFIX}{table}_truncate"
    return (
        _refusing_function(trigger, "TRUE", f"{table} is never emptied", "NULL"),
        f"CREATE OR REPLACE TRIGGER {trigger} BEFORE TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {trigger}()",
    )


def _effect_statements(vendor: str, effect: Effect) -> tuple[str, ...]:
    if vendor == "sqlite":
        when = f"WHEN {effect.condition} " if effect.condition else ""
        return (
            f"CREATE TRIGGER {effect.trigger} AFTER INSERT ON {effect.table} FOR EACH ROW "
            f"{when}BEGIN {effect.statement}; END",
        )
    return (
        f"CREATE OR REPLACE FUNCTION {effect.trigger}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {effect.condition or 'TRUE'} THEN {effect.statement}; END IF; RETURN NULL; END $$",
        f"CREATE OR REPLACE TRIGGER {effect.trigger} AFTER INSERT ON {effect.table} "
        f"FOR EACH ROW EXECUTE FUNCTION {effect.trigger}()",
    )


def _refusing_function(
    name: str, condition: str, sentence: str, row: str, lock: str = "", when: str = ""
) -> str:
    """`restrict_violation` makes psycopg raise IntegrityError, as SQLite's ABORT does.

    `when` stands in the function, not on the trigger, where a table that is not migrated yet would be judged.
    """
    locking = f"PERFORM 1 FROM {lock} FOR NO KEY UPDATE; " if lock else ""
    refusing = f"RAISE EXCEPTION '{sentence}' USING ERRCODE = 'restrict_violation'"
    judging = f"{locking}IF {condition} THEN {refusing}; END IF; "
    if when:
        judging = f"IF {when} THEN {judging}END IF; "
    return (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {judging}"
        f"RETURN {row}; END $$"
    )
