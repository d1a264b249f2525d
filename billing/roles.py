"""The roles that ship: which group may do what. Put in force after every migrate.

Separation on purpose: the administrator of users and roles moves no money (and cannot give
themselves more: `billing.admin`), and an auditor reads everything and changes nothing.
"""

from typing import Any

from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db.models import Q

READ = (
    "customers.view_customer",
    "customers.view_account",
    "invoices.view_item",
    "invoices.view_invoice",
    "invoices.view_line",
    "invoices.view_pricelist",
    "invoices.view_price",
    "invoices.view_accountpricelist",
    "invoices.view_charge",
    "invoices.view_billedmonth",
    "invoices.view_usagerecord",
    "credits.view_credit",
    "credits.view_scoperow",
    "credits.view_entry",
    "credits.view_balance",
    "credits.view_schedule",
    "credits.view_schedule",
    "credits.view_noticerule",
    "credits.view_notice",
    "billing.view_run",
    "billing.view_runpart",
    "billing.view_runparked",
)
WRITE = (
    "customers.add_customer",
    "customers.change_customer",
    "customers.close_customer",
    "customers.add_account",
    "customers.change_account",
    "customers.close_account",
    "invoices.add_item",
    "invoices.change_item",
    "invoices.add_invoice",
    "invoices.change_invoice",
    "invoices.delete_invoice",
    "invoices.issue_invoice",
    "invoices.pay_invoice",
    "invoices.void_invoice",
    "invoices.add_pricelist",
    "invoices.change_pricelist",
    "invoices.add_price",
    "invoices.add_accountpricelist",
    "invoices.add_charge",
    "invoices.end_charge",
    "invoices.add_usagerecord",
    "credits.add_credit",
    "credits.void_credit",
    "credits.add_schedule",
    "credits.stop_schedule",
    "credits.change_noticerule",
    "billing.start_run",
)
AUDIT = (
    "customers.view_act",
    "customers.view_historicalcustomer",
    "customers.view_historicalaccount",
    "invoices.view_historicalitem",
    "invoices.view_series",
)
USERS = (
    "auth.view_user",
    "auth.add_user",
    "auth.change_user",
    "auth.view_group",
    "customers.erase_customer",
)
ROLES: dict[str, tuple[str, ...]] = {
    "Operators": (*READ, *WRITE, *AUDIT),
    "Support": READ,
    "Auditors": (*READ, *AUDIT, "auth.view_user", "auth.view_group"),
    "Administrators": (*READ, *USERS),
}


def roles_enforce(*, using: str, **kwargs: Any) -> None:
    """Give each shipped group exactly its permissions; groups of the house's own are left alone."""
    for label in ("auth", "customers", "invoices", "credits", "billing"):
        create_permissions(apps.get_app_config(label), verbosity=0, using=using)
    for role, names in ROLES.items():
        group, _ = Group.objects.using(using).get_or_create(name=role)
        wanted = Q(pk=None)
        for name in names:
            app, codename = name.split(".")
            wanted |= Q(content_type__app_label=app, codename=codename)
        group.permissions.set(Permission.objects.using(using).filter(wanted))
