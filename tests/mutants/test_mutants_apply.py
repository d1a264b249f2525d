"""The table of mutants fits the tree, and its judge can tell; `tests.mutants.run` does the killing."""

import ast
from dataclasses import replace
from pathlib import Path

import pytest

from tests.mutants.mutant import GUARDS, Mutant
from tests.mutants.mutants import MUTANTS
from tests.mutants.run import ROOT, MutantError, mutate, survivors

PLAIN = Mutant("the lock", "a change", "act.py", "lock()\n", "", ("tests/test_a.py::test_lock",))


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_s_text_stands_once_in_the_tree_and_its_change_is_python(mutant: Mutant) -> None:
    text = (ROOT / mutant.file).read_text(encoding="utf-8")
    assert text.count(mutant.old) == 1
    assert ast.dump(ast.parse(text.replace(mutant.old, mutant.new))) != ast.dump(ast.parse(text))


def test_every_test_named_is_there() -> None:
    named = {test.partition("[")[0] for mutant in MUTANTS for test in mutant.tests}
    there = set()
    for file in {test.partition("::")[0] for test in named}:
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        there |= {f"{file}::{node.name}" for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert named - there == set()


def test_every_guard_has_a_mutant_and_no_mutant_stands_there_twice() -> None:
    assert {mutant.guard for mutant in MUTANTS} == set(GUARDS)
    assert len({(mutant.file, mutant.old, mutant.new) for mutant in MUTANTS}) == len(MUTANTS)
    assert all(mutant.tests and mutant.engines for mutant in MUTANTS)


def test_a_mutant_is_put_in_and_the_text_before_handed_back(tmp_path: Path) -> None:
    (tmp_path / "act.py").write_text("lock()\nlook()\n")
    assert mutate(tmp_path, PLAIN) == "lock()\nlook()\n"
    assert (tmp_path / "act.py").read_text() == "look()\n"


@pytest.mark.parametrize(("text", "times"), [("look()\n", 0), ("lock()\nlock()\n", 2)])
def test_a_text_that_does_not_stand_there_once_is_refused_and_nothing_changed(
    tmp_path: Path, text: str, times: int
) -> None:
    (tmp_path / "act.py").write_text(text)
    with pytest.raises(MutantError, match=f"{times} times, not once"):
        mutate(tmp_path, PLAIN)
    assert (tmp_path / "act.py").read_text() == text


FAILED = "= short test summary info =\nFAILED tests/test_a.py::test_lock"


@pytest.mark.parametrize(
    ("code", "said", "alive"),
    [
        pytest.param(1, f"{FAILED}\n1 failed in 1.00s", [], id="it failed"),
        pytest.param(1, f"{FAILED}[one] - assert 1\n1 failed, 1 passed", [], id="one of its cases failed"),
        pytest.param(1, f"{FAILED}_order - no\n1 failed", list(PLAIN.tests), id="only another one failed"),
        pytest.param(
            1, f"{FAILED}\nERROR tests/test_a.py::test_lock\n1 failed, 1 error", [], id="so did its end"
        ),
        pytest.param(0, "1 passed in 1.00s", list(PLAIN.tests), id="it passed"),
    ],
)
def test_a_mutant_survives_unless_each_named_test_fails(code: int, said: str, alive: list[str]) -> None:
    assert survivors(PLAIN, code, said) == alive


def test_of_two_named_tests_both_have_to_fail() -> None:
    two = replace(PLAIN, tests=(*PLAIN.tests, "tests/test_a.py::test_look"))
    assert survivors(two, 1, f"{FAILED}\n1 failed, 1 passed") == ["tests/test_a.py::test_look"]


def test_of_a_named_case_just_that_case_has_to_fail() -> None:
    case = replace(PLAIN, tests=("tests/test_a.py::test_lock[one act]",))
    assert survivors(case, 1, f"{FAILED}[one act] - assert [1] == []\n1 failed") == []
    assert survivors(case, 1, f"{FAILED}[another] - assert 1\n1 failed, 1 passed") == list(case.tests)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (1, f"{FAILED}\nERROR tests/test_a.py::test_look\n1 failed, 1 error in 1.00s"),
        (1, "ERROR tests/test_a.py::test_lock\n1 error in 1.00s"),
        (2, "ERROR tests/test_a.py\nInterrupted: 1 error during collection"),
        (4, "ERROR: not found: tests/test_a.py::test_lock"),
        (5, "no tests ran in 0.01s"),
        (-9, ""),
    ],
)
def test_a_run_that_breaks_rather_than_fails_judges_nothing(code: int, said: str) -> None:
    with pytest.raises(MutantError, match=f"exit code {code}"):
        survivors(PLAIN, code, said)
