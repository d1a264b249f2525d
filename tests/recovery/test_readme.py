"""README's part on backup and restore has the lines that the tests here run, and nothing else to type."""

import pytest

from tests.recovery.readme import steps_of


@pytest.mark.parametrize(
    ("engine", "backup", "restore"),
    [
        ("PostgreSQL", ["export_heads", "pg_dump"], ["createdb", "pg_restore"]),
        ("SQLite", ["export_heads", "VACUUM INTO"], ["cp ", "integrity_check"]),
    ],
)
def test_the_lines_are_found_whole_and_in_their_order(
    engine: str, backup: list[str], restore: list[str]
) -> None:
    steps = steps_of(engine)
    for lines, words in (
        (steps.backup, backup),
        (steps.restore, [*restore, "check --database", "verify_ledger", "digest"]),
    ):
        assert len(lines) == len(words)
        assert all(word in line for line, word in zip(lines, words, strict=True))
        assert not [line for line in lines if line.endswith("\\") or line.count("'") % 2]
