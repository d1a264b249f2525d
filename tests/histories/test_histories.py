"""Whole histories, lived by the product and by a model of the rules; and the same on both engines."""

import ast
import json
import os
import sys
from pathlib import Path

import pytest
from django.db import connection
from hypothesis.stateful import run_state_machine_as_test

from tests.histories.digests import COUNT as SCRIPTS
from tests.histories.digests import KEPT
from tests.histories.machine import Histories, histories
from tests.histories.scripts import script_digest

COUNT = {"sqlite": 300, "postgresql": 150}

# Each history is a transaction of its own, which it takes back.
in_its_own_transaction = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("name", ["rules", "facts", "model"])
def test_the_model_knows_nothing_of_the_product(name: str) -> None:
    tree = ast.parse(Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8"))
    froms = {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    plain = {names.name for node in ast.walk(tree) if isinstance(node, ast.Import) for names in node.names}
    roots = {name.partition(".")[0] for name in froms | plain} - {"tests"}
    assert roots <= sys.stdlib_module_names
    assert {name for name in froms if name.startswith("tests")} <= {
        "tests.histories.facts",
        "tests.histories.rules",
    }


@in_its_own_transaction
def test_every_history_is_as_the_rules_have_it() -> None:
    count = int(os.environ.get("SCRIP_TEST_HISTORIES", COUNT[connection.vendor]))
    run_state_machine_as_test(Histories, settings=histories(count))


@in_its_own_transaction
def test_the_same_history_has_the_same_digest_on_every_engine() -> None:
    kept = json.loads(KEPT.read_text(encoding="ascii"))
    assert len(kept) == SCRIPTS
    assert {number: script_digest(int(number)) for number in kept} == kept
