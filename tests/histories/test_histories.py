"""Whole histories, lived by the product and by a model of the rules; and the same on both engines."""

import json
import os

import pytest
from django.db import connection
from hypothesis.stateful import run_state_machine_as_test

from tests.histories.digests import KEPT
from tests.histories.machine import Histories, histories
from tests.histories.scripts import script_digest

COUNT = {"sqlite": 300, "postgresql": 150}

# Each history is a transaction of its own, which it takes back.
pytestmark = pytest.mark.django_db(transaction=True)


def test_every_history_is_as_the_rules_have_it() -> None:
    count = int(os.environ.get("SCRIP_TEST_HISTORIES", COUNT[connection.vendor]))
    run_state_machine_as_test(Histories, settings=histories(count))


def test_the_same_history_has_the_same_digest_on_every_engine() -> None:
    kept = json.loads(KEPT.read_text(encoding="ascii"))
    assert len(kept) == 20
    assert {number: script_digest(int(number)) for number in kept} == kept
