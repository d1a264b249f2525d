"""The database keeps our rules, notices when one is missing, and gets it back (R2, R7)."""

import pytest
from django.core.checks import CheckMessage, run_checks
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import IntegrityError, connection, transaction

from billing.database_rules import MISSING, RULES, rules_check, rules_enforce, rules_lift
from credits.models import ScopeRow
from customers.triggers import Rule, triggers_install, triggers_present, triggers_remove
from tests.factories import a_credit, an_account, balance

pytestmark = pytest.mark.django_db

ONE = "seal_credits_credit_update"


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def drop_one() -> None:
    execute(f"DROP TRIGGER {ONE}" + (" ON credits_credit" if connection.vendor == "postgresql" else ""))


def complaints() -> list[CheckMessage]:
    return [message for message in run_checks(databases=["default"]) if message.id == MISSING]


def credit_changes() -> bool:
    """Whether SQL can change a saved credit; if it can, the change is taken back."""
    credit = a_credit(an_account(), "50.00")
    changed = False
    with transaction.atomic():
        try:
            with transaction.atomic():
                execute(f"UPDATE credits_credit SET amount = 1 WHERE id = {credit.pk}")
            changed = True
        except IntegrityError:
            pass
        transaction.set_rollback(True)
    assert balance(credit) == 5000
    return changed


def test_a_migrated_database_keeps_every_rule() -> None:
    assert complaints() == []
    assert {rule.trigger for rule in RULES} <= set(triggers_present(connection))


def test_rules_have_names_of_their_own_and_a_sentence() -> None:
    assert len({rule.trigger for rule in RULES}) == len(RULES)
    assert not [rule for rule in RULES if len(rule.trigger) > 63]
    sentences = [rule.sentence for rule in RULES if isinstance(rule, Rule)]
    assert all(sentences)
    assert not [sentence for sentence in sentences if "'" in sentence]


def test_the_check_names_a_rule_that_is_missing() -> None:
    drop_one()
    [complaint] = complaints()
    assert complaint.msg == f"The database does not keep 1 of its rules: {ONE}."
    assert "migrate" in str(complaint.hint)


def test_the_check_says_nothing_of_a_database_it_was_not_asked_about() -> None:
    drop_one()
    assert rules_check(databases=None) == []
    assert [message for message in run_checks() if message.id == MISSING] == []


def test_migrate_puts_a_rule_back_though_the_check_fails() -> None:
    drop_one()
    with pytest.raises(SystemCheckError, match=ONE):
        call_command("check", databases=["default"])
    assert credit_changes()
    call_command("migrate", verbosity=0, skip_checks=False)
    assert complaints() == []
    assert not credit_changes()


def test_a_rule_changed_by_hand_is_replaced_by_ours() -> None:
    before = triggers_present(connection)
    rules_enforce(using="default")
    rules_enforce(using="default")
    assert triggers_present(connection) == before


def test_a_partial_migrate_gets_the_rules_of_the_tables_that_are_there() -> None:
    rules = [rule for rule in RULES if rule.table == "credits_credit"]
    triggers_install(connection, rules)
    assert set(triggers_present(connection).values()) == {"credits_credit"}
    rules_enforce(using="default")
    assert complaints() == []


def test_lifting_lifts_all_and_only_ours() -> None:
    triggers_remove(connection)
    assert triggers_present(connection) == {}
    assert len(complaints()) == 1
    rules_enforce(using="default")
    assert complaints() == []


if connection.vendor == "sqlite":

    def test_before_a_migration_the_rules_are_lifted_for_tables_are_rebuilt() -> None:
        rules_lift(using="default", plan=())
        assert ONE in triggers_present(connection)
        rules_lift(using="default", plan=["a migration"])
        assert triggers_present(connection) == {}

    @pytest.mark.django_db(transaction=True)
    def test_a_rebuilt_table_loses_its_rules_and_gets_them_back_after_migrate() -> None:
        in_force = triggers_present(connection)
        with connection.schema_editor() as editor:
            editor._remake_table(ScopeRow)  # type: ignore[attr-defined]
        lost = set(in_force) - set(triggers_present(connection))
        assert lost == {name for name, table in in_force.items() if table == "credits_scoperow"} != set()
        call_command("migrate", verbosity=0, skip_checks=False)
        assert triggers_present(connection) == in_force


if connection.vendor == "postgresql":

    def test_before_a_migration_the_rules_stay_in_force() -> None:
        rules_lift(using="default", plan=["a migration"])
        assert complaints() == []

    @pytest.mark.parametrize("trigger", [ONE, "seal_credits_credit_truncate"])
    @pytest.mark.parametrize("state", ["DISABLE TRIGGER", "ENABLE REPLICA TRIGGER"])
    def test_a_rule_that_is_switched_off_counts_as_missing_and_migrate_puts_it_back(
        state: str, trigger: str
    ) -> None:
        execute(f"ALTER TABLE credits_credit {state} {trigger}")
        [complaint] = complaints()
        assert trigger in complaint.msg
        call_command("migrate", verbosity=0, skip_checks=False)
        assert complaints() == []
        assert not credit_changes()

    def test_a_rule_that_always_fires_is_in_force() -> None:
        execute(f"ALTER TABLE credits_credit ENABLE ALWAYS TRIGGER {ONE}")
        assert complaints() == []

    def test_a_table_without_its_rule_against_emptying_is_noticed() -> None:
        execute("DROP TRIGGER seal_credits_entry_truncate ON credits_entry")
        [complaint] = complaints()
        assert "seal_credits_entry_truncate" in complaint.msg
