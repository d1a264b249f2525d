"""`export_heads` and the file it writes: lines of JSON, read back strictly."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from billing.heads import VERSION, HeadsRefused, heads_read, heads_write
from billing.verification.chain import Head
from credits.models import Entry
from tests.billing.books import Books, heads_export, verify
from tests.factories import a_credit, an_account

HASH = "0123456789abcdef" * 4
FIRST = '{"version": "scrip-heads-1", "exported_at": "2026-09-01T12:00:00+00:00"}'
SECOND = f'{{"account": 7, "key": "Zo\\u00eb", "number": 12, "hash": "{HASH}"}}'

LAST = '{"accounts": 1}'


def second(**facts: object) -> str:
    return json.dumps({**json.loads(SECOND), **facts})


def test_the_file_is_a_line_of_version_and_moment_one_per_account_and_their_count() -> None:
    lines = list(heads_write([Head(7, "Zoë", 12, HASH)], datetime(2026, 9, 1, 12, tzinfo=UTC)))
    assert lines == [FIRST, SECOND, LAST]
    assert all(line.isascii() for line in lines)


def test_what_was_written_is_read_again() -> None:
    heads = [Head(7, "Zoë", 12, HASH), Head(8, "a\nb", 1, HASH)]
    assert heads_read(heads_write(heads, datetime.now(UTC))) == {head.account: head for head in heads}


@pytest.mark.django_db
def test_the_newest_hash_of_every_account_that_has_entries_is_exported(tmp_path: Path) -> None:
    books = Books()
    an_account()  # has none
    newest = [
        Entry.objects.filter(account=account).latest("number") for account in (books.account, books.other)
    ]
    _, file = heads_export(tmp_path)
    first, *heads, last = [json.loads(line) for line in Path(file).read_text().splitlines()]
    assert first["version"] == VERSION == "scrip-heads-1"
    assert datetime.fromisoformat(first["exported_at"]).utcoffset() is not None
    assert heads == [
        {"account": e.account_id, "key": e.account.key, "number": e.number, "hash": e.hash} for e in newest
    ]
    assert [head["number"] for head in heads] == [11, 2]
    assert last == {"accounts": 2}


def exported(directory: Path) -> dict[int, Head]:
    return heads_read(Path(heads_export(directory)[1]).read_text().splitlines())


@pytest.mark.django_db
def test_a_head_moves_with_every_entry_and_only_then(tmp_path: Path) -> None:
    books = Books()
    before = exported(tmp_path)
    assert exported(tmp_path) == before
    a_credit(books.other, "1.00")
    after = exported(tmp_path)
    assert after[books.account.pk] == before[books.account.pk]
    assert (before[books.other.pk].number, after[books.other.pk].number) == (2, 3)


@pytest.mark.django_db
def test_a_ledger_without_entries_has_no_heads_to_compare_with(tmp_path: Path) -> None:
    options = heads_export(tmp_path)
    with pytest.raises(CommandError, match="names no account"):
        verify(*options)


MALFORMED = {
    "nothing": ("", "the file was cut"),
    "no head": (f'{FIRST}\n{{"accounts": 0}}', "names no account"),
    "only its first line": (FIRST, "the file was cut"),
    "cut at the end of a line": (f"{FIRST}\n{SECOND}", "the file was cut"),
    "a line taken out": (f'{FIRST}\n{SECOND}\n{{"accounts": 2}}', "the file was cut"),
    "a count that is none": (f'{FIRST}\n{SECOND}\n{{"accounts": true}}', "the file was cut"),
    "something after its end": (f"{FIRST}\n{LAST}\n{SECOND}", "line 3: the line that counts the accounts"),
    "another version": ('{"version": "scrip-heads-2"}', "line 1: the version is not scrip-heads-1"),
    "no version": (SECOND, "line 1: the version is not scrip-heads-1"),
    "no JSON at first": ("heads\n" + SECOND, "line 1: the version"),
    "a list at first": ("[]\n" + SECOND, "line 1: the version"),
    "no JSON": (f"{FIRST}\n{SECOND}\nheads", "line 3: this is not the head of an account"),
    "an empty line": (f"{FIRST}\n\n{SECOND}", "line 2: "),
    "half a line": (f"{FIRST}\n{SECOND[:-20]}", "line 2: "),
    "too deep": (f"{FIRST}\n{'[' * 100_000}", "line 2: "),
    "a list": (f"{FIRST}\n{SECOND}\n[1, 2]", "line 3: "),
    "the version again": (f"{FIRST}\n{FIRST}", "line 2: "),
    "no hash": (f"{FIRST}\n{second(hash=None)}", "line 2: "),
    "a short hash": (f"{FIRST}\n{second(hash=HASH[1:])}", "line 2: "),
    "a hash in capitals": (f"{FIRST}\n{second(hash=HASH.upper())}", "line 2: "),
    "a number as text": (f"{FIRST}\n{second(number='12')}", "line 2: "),
    "a number that is none": (f"{FIRST}\n{second(number=float('inf'))}", "line 2: "),
    "half a number": (f"{FIRST}\n{second(number=12.5)}", "line 2: "),
    "true for a number": (f"{FIRST}\n{second(number=True)}", "line 2: "),
    "no account": (f"{FIRST}\n{second(account=None)}", "line 2: "),
    "no key": (f"{FIRST}\n{second(key=None)}", "line 2: "),
    "an account twice": (f"{FIRST}\n{SECOND}\n{SECOND}", "line 3: account 7 was named before"),
}


@pytest.mark.parametrize("what", MALFORMED)
def test_a_file_of_anything_else_is_refused_with_its_line(what: str) -> None:
    content, sentence = MALFORMED[what]
    with pytest.raises(HeadsRefused, match=sentence):
        heads_read(content.splitlines())


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", r"the file was cut"),
        (f"{FIRST}\n{SECOND}\nheads".encode(), r"line 3: this is not the head of an account"),
        (f"{FIRST}\n".encode() + b"\xff\xfe\x00", r"line 2: this is not the head of an account"),
    ],
)
@pytest.mark.django_db
def test_the_command_says_which_file_it_refuses_and_why(
    tmp_path: Path, content: bytes, sentence: str
) -> None:
    file = tmp_path / "heads"
    file.write_bytes(content)
    with pytest.raises(CommandError, match=f"^--heads: {file}: .*{sentence}") as refused:
        verify("--heads", str(file))
    assert refused.value.returncode == 1


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        (lambda here: here / "missing", "No such file or directory"),
        (lambda here: here, "Is a directory"),
        (lambda here: "", "No such file|Is a directory"),
        (lambda here: "heads\0", "null byte"),
    ],
)
@pytest.mark.django_db
def test_a_file_that_cannot_be_read_is_refused_in_words(
    tmp_path: Path, path: Callable[[Path], object], sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence) as refused:
        verify("--heads", str(path(tmp_path)))
    assert str(refused.value).startswith("--heads: ")


@pytest.mark.django_db
def test_the_summary_counts_the_heads_that_were_compared(tmp_path: Path) -> None:
    Books()
    summary = json.loads(verify("--json", *heads_export(tmp_path)))
    assert (summary["verified"], summary["heads"]) == (True, 2)
    assert "heads" not in json.loads(verify("--json"))


@pytest.mark.django_db
def test_a_database_that_refuses_ends_the_export_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("billing.verification.chain.NEWEST", "SELECT 1 FROM nowhere")
    with pytest.raises(CommandError, match=r"^The database refused: .*nowhere[^\n]*\.$"):
        call_command("export_heads", stdout=StringIO())


@pytest.mark.django_db(transaction=True)
def test_exporting_and_verifying_need_no_transaction_of_the_caller_s(tmp_path: Path) -> None:
    Books()
    assert "Compared with 2 exported heads: all is still there." in verify(*heads_export(tmp_path))
    out = StringIO()
    call_command("export_heads", stdout=out)
    assert len(out.getvalue().splitlines()) == 4
