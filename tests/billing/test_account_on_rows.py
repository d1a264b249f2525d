"""Every row of what belongs to an account says to which, so that accounts could be spread over servers."""

from django.apps import apps
from django.db import models

from customers.models import Account
from tests.test_house import our_models

OWN = {"customers", "invoices", "credits", "billing"}
# Small, never written by a run, and always read through the credit it belongs to.
THROUGH_ANOTHER = {"credits.ScopeRow": "credit"}


def pointed_at(model: type[models.Model]) -> set[type[models.Model] | None]:
    return {field.related_model for field in model._meta.concrete_fields if field.is_relation}


def account_fields(model: type[models.Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields if field.related_model is Account]


def test_what_belongs_to_an_account_bears_its_id() -> None:
    of_accounts: set[type[models.Model]] = {Account}
    while True:
        more = {
            model
            for model in our_models()
            if not model.__name__.startswith("Historical") and pointed_at(model) & of_accounts
        }
        if more <= of_accounts:
            break
        of_accounts |= more
    bare = {model._meta.label for model in of_accounts - {Account} if account_fields(model) != ["account_id"]}
    assert bare == set(THROUGH_ANOTHER)
    for label, name in THROUGH_ANOTHER.items():
        through = apps.get_model(label)._meta.get_field(name)
        assert not through.null
        assert account_fields(through.related_model) == ["account_id"]


def test_the_rows_that_a_run_reads_and_writes_are_among_them() -> None:
    hot = {
        *("credits.Credit", "credits.Entry", "credits.Balance", "invoices.Invoice", "invoices.Line"),
        *("customers.Act", "billing.RunParked"),
    }
    assert {label for label in hot if account_fields(apps.get_model(label)) == ["account_id"]} == hot
    nullable = {label for label in hot if apps.get_model(label)._meta.get_field("account").null}
    assert nullable == {"customers.Act"}, "an act may be on no account, or on many"
