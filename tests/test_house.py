"""How the house is built: what may import what, and what may be where."""

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import models
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.factories import a_user

ROOT = Path(__file__).resolve().parent.parent
APPS = ("customers", "invoices", "credits", "billing")

# Computations that need no database: values in, values out.
PURE = {
    "billing.reports.bars",
    "billing.reports.days",
    "credits.allocation",
    "credits.burndown",
    "credits.discount",
    "credits.due_days",
    "credits.moving_aside",
    "credits.netting",
    "credits.notices",
    "credits.scenario",
    "credits.scenario_reading",
    "credits.settlement",
    "credits.terms",
    "credits.units",
    "invoices.plan_text",
    "invoices.pricing",
    "invoices.proration",
    "invoices.rating",
    "invoices.usage_cells",
    "invoices.usage_columns",
    "invoices.usage_days",
    "invoices.usage_file",
}

# Imports inside a function, and why they cannot stand at the top.
LATE_IMPORTS = {
    ("billing.apps", "billing.database_rules"): "models are loaded only when the app is ready",
    ("billing.apps", "billing.roles"): "models are loaded only when the app is ready",
    ("credits.apps", "credits.telling"): "models are loaded only when the app is ready",
}


def modules(*places: str) -> dict[str, Path]:
    """Every Python module of these apps, by its dotted name; migrations are the past and stay out."""
    found = {}
    for place in places:
        for path in (ROOT / place).rglob("*.py"):
            if "migrations" not in path.parts:
                found[".".join(path.relative_to(ROOT).with_suffix("").parts)] = path
    return found


MODULES = modules(*APPS)


def imports(nodes: Iterator[ast.AST]) -> set[str]:
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports here are written in full"
            found.add(str(node.module))
    return found


def tree(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


@pytest.mark.parametrize("app", APPS)
def test_arrows_run_one_way(app: str) -> None:
    right_of_it = set(APPS[APPS.index(app) + 1 :])
    wrong = {
        (module, name)
        for module in MODULES
        if module.partition(".")[0] == app
        for name in imports(ast.walk(tree(module)))
        if name.partition(".")[0] in right_of_it | {"tests"}
    }
    assert wrong == set()


@pytest.mark.parametrize("module", sorted(PURE))
def test_a_pure_module_knows_neither_django_nor_our_models(module: str) -> None:
    ours_or_django = {
        name
        for name in imports(ast.walk(tree(module)))
        if name.partition(".")[0] in {*APPS, "django", "djmoney", "simple_history"}
    }
    assert ours_or_django <= PURE


def test_no_import_hides_in_a_function_unless_it_is_listed_with_a_reason() -> None:
    hidden = {
        (module, name)
        for module in MODULES
        for function in ast.walk(tree(module))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for name in imports(ast.walk(function))
    }
    assert hidden == set(LATE_IMPORTS)


def our_models() -> list[type[models.Model]]:
    return [model for app in APPS for model in apps.get_app_config(app).get_models()]


def test_a_foreign_key_that_points_down_cannot_be_looked_up_from_below() -> None:
    looked_up = {
        f"{field.model.__name__}.{field.name}"
        for model in our_models()
        for field in model._meta.get_fields()
        if isinstance(field, models.ForeignKey)
        and field.remote_field.model._meta.app_label != model._meta.app_label
        and not field.remote_field.hidden
    }
    assert looked_up == set()


def test_r1_no_column_holds_a_float_and_every_sum_is_a_whole_number() -> None:
    fields = [field for model in our_models() for field in model._meta.concrete_fields]
    assert [str(field) for field in fields if isinstance(field, models.FloatField)] == []
    sums = {
        str(field): type(field)
        for field in fields
        if field.name in {"amount", "total", "credited", "balance"}
    }
    assert set(sums.values()) == {models.BigIntegerField}
    assert len(sums) == 9, (
        "credit, entry, line, notice; an invoice's total and what was credited, and a run's; the balance kept"
    )


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_files_are_short() -> None:
    lengths = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in MODULES.items()}
    assert {name: length for name, length in lengths.items() if length >= 500} == {}
    assert statistics.median(length for length in lengths.values() if length) < 100


def test_no_drawer_everything_falls_into() -> None:
    names = {name.rpartition(".")[2] for name in MODULES}
    assert names & {"utils", "common", "helpers", "misc", "signals"} == set()


def named_patterns(resolver: URLResolver) -> Iterator[URLPattern]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLPattern):
            yield pattern
        elif not pattern.namespace:  # the admin's own addresses bring their own guard
            yield from named_patterns(pattern)


ADDRESSES = {str(pattern.name): pattern for pattern in named_patterns(get_resolver())}


def path_of(name: str) -> str:
    """The address of row 1, which need not exist: who may not come in is not told."""
    return reverse(name, kwargs=dict.fromkeys(ADDRESSES[name].pattern.converters, 1))


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(ADDRESSES))
def test_r14_every_page_asks_who_is_there_and_what_they_may_do(name: str) -> None:
    path, stranger = path_of(name), Client()
    for answer in (stranger.get(path), stranger.post(path)):
        assert (answer.status_code, answer["Location"]) == (302, f"/admin/login/?next={path}")
    nobody = Client()
    nobody.force_login(a_user())
    assert [nobody.get(path).status_code, nobody.post(path).status_code] == [403, 403]


def test_there_are_pages_to_ask() -> None:
    assert {"home", "account", "credit_grant", "credit_void", "invoice_issue", "customer_erase"} <= set(
        ADDRESSES
    )
    assert all(pattern.name for pattern in named_patterns(get_resolver()))


@pytest.mark.django_db
def test_the_admin_s_door_is_shut_to_strangers_and_to_people_without_staff_status() -> None:
    person = Client()
    person.force_login(a_user())
    for visitor in (Client(), person):
        assert visitor.get("/admin/")["Location"] == "/admin/login/?next=/admin/"
