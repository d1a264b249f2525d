"""Who may do what: four groups that ship, apart from each other on purpose (R14)."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command

from billing.roles import AUDIT, READ, ROLES, USERS, WRITE
from tests.factories import a_user

pytestmark = pytest.mark.django_db


def held(role: str) -> set[str]:
    permissions = Group.objects.get(name=role).permissions.select_related("content_type")
    return {f"{permission.content_type.app_label}.{permission.codename}" for permission in permissions}


def every_permission() -> set[str]:
    found = Permission.objects.select_related("content_type")
    return {f"{permission.content_type.app_label}.{permission.codename}" for permission in found}


@pytest.mark.parametrize("role", ROLES)
def test_each_role_has_exactly_the_permissions_it_lists(role: str) -> None:
    assert held(role) == set(ROLES[role])


def test_no_role_lists_a_permission_that_does_not_exist() -> None:
    assert {name for names in ROLES.values() for name in names} <= every_permission()


def test_support_only_reads() -> None:
    assert {name.split(".")[1].partition("_")[0] for name in held("Support")} == {"view"}


def test_an_auditor_reads_everything_and_changes_nothing() -> None:
    auditor = held("Auditors")
    assert {name.split(".")[1].partition("_")[0] for name in auditor} == {"view"}
    apps = {"customers", "invoices", "credits", "billing"}
    ours = {name for name in every_permission() if name.partition(".")[0] in apps}
    assert {name for name in ours if ".view_" in name} <= auditor


def test_who_administers_users_moves_no_money() -> None:
    administrator = held("Administrators")
    assert not administrator & set(WRITE)
    money = {name for name in administrator if name.partition(".")[0] in {"credits", "invoices", "billing"}}
    assert all(name.partition(".")[2].startswith("view_") for name in money)


def test_who_moves_money_administers_no_users_and_erases_nobody() -> None:
    assert not held("Operators") & set(USERS)


def test_nobody_may_change_or_delete_what_is_sealed() -> None:
    sealed = {"credit", "scoperow", "entry", "balance", "line", "act", "series"}
    sealed |= {"run", "runpart", "runparked"}
    forbidden = {
        f"{app}.{verb}_{model}"
        for app in ("customers", "invoices", "credits", "billing")
        for verb in ("change", "delete")
        for model in sealed
    }
    forbidden |= {"credits.change_schedule", "credits.delete_schedule"}
    forbidden |= {"customers.delete_customer", "customers.delete_account", "invoices.delete_item"}
    assert not {name for names in ROLES.values() for name in names} & forbidden


def test_acts_on_money_have_permissions_of_their_own() -> None:
    assert {
        "credits.void_credit",
        "credits.stop_schedule",
        "invoices.issue_invoice",
        "invoices.pay_invoice",
        "invoices.void_invoice",
        "billing.start_run",
    } <= held("Operators") - held("Auditors") - held("Support")


def test_operators_can_do_all_that_is_read_written_and_audited() -> None:
    assert held("Operators") == {*READ, *WRITE, *AUDIT}


def test_migrate_takes_away_what_was_added_by_hand_and_gives_back_what_was_taken() -> None:
    support = Group.objects.get(name="Support")
    support.permissions.set(Permission.objects.filter(codename="void_credit"))
    call_command("migrate", verbosity=0)
    assert held("Support") == set(READ)


def test_groups_of_the_house_s_own_are_left_alone() -> None:
    own = Group.objects.create(name="Night shift")
    own.permissions.set(Permission.objects.filter(codename="void_credit"))
    call_command("migrate", verbosity=0)
    assert held("Night shift") == {"credits.void_credit"}


def test_a_person_may_do_what_their_role_may() -> None:
    person = a_user()
    assert not person.has_perm("credits.void_credit")
    person.groups.add(Group.objects.get(name="Operators"))
    again = type(person).objects.get(pk=person.pk)
    assert again.has_perm("credits.void_credit")
    assert not again.has_perm("customers.erase_customer")
