"""`grant_credits` and `void_batch` from the command line: all or nothing, once, in sentences or as JSON."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from credits.models import Credit
from customers.models import Account, Act
from tests.credits.batches import a_csv, csv_of, granted
from tests.factories import an_account, an_invoice, an_item, balance, ledger

pytestmark = pytest.mark.django_db


def command(name: str, *options: str) -> str:
    out = StringIO()
    call_command(name, *options, "--reason", "The outage", stdout=out, stderr=StringIO())
    return out.getvalue()


def told(name: str, *options: str) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(command(name, "--json", *options))
    return report


@pytest.fixture
def account() -> Account:
    return an_account()


@pytest.fixture
def file(tmp_path: Path, account: Account) -> str:
    return written(tmp_path, csv_of(account))


def written(folder: Path, data: bytes, name: str = "sorry.csv") -> str:
    path = folder / name
    path.write_bytes(data)
    return str(path)


def test_a_file_is_granted_and_the_options_are_the_terms_it_does_not_say(file: str, account: Account) -> None:
    options = ("--name", "Sorry", "--priority", "7", "--expires-on", "2199-12-31", "--kinds", "add_on")
    printed = command("grant_credits", file, *options)
    batch = Act.objects.get(kind="credits_grant")
    assert printed.splitlines() == [f"sorry.csv is granted as batch {batch.pk}.", "  1 credit: $10.00."]
    assert (batch.command, batch.reason) == ("grant_credits", "The outage")
    credit = Credit.objects.get(account=account)
    assert (credit.name, credit.priority, str(credit.expires_on)) == ("Sorry", 7, "2199-12-31")
    assert credit.scope().kinds == {"add_on"}


def test_r13_the_same_file_again_says_so_and_does_nothing_unless_a_new_token_is_given(
    file: str, account: Account, tmp_path: Path
) -> None:
    first = told("grant_credits", file, "--name", "Sorry")
    renamed = written(tmp_path, Path(file).read_bytes(), "other name.csv")
    again = command("grant_credits", renamed, "--name", "Sorry")
    assert f"other name.csv was granted before, as batch {first['batch']} on" in again
    assert "nothing was done. A new --token grants it once more." in again
    assert told("grant_credits", file, "--name", "Sorry") == {**first, "repeated": True}
    assert len(ledger(account)) == 1
    assert told("grant_credits", file, "--name", "Sorry", "--token", "mine")["repeated"] is False
    assert len(ledger(account)) == 2


def test_a_dry_run_says_every_row_and_grants_nothing(tmp_path: Path, account: Account) -> None:
    item = an_item("API calls")
    other = an_account(currency="EUR")
    rows = (
        f"{account.customer.key},{account.key},10.00,,,5.00",
        f"{other.customer.key},{other.key},,1000,{item.key},",
    )
    file = written(tmp_path, a_csv(*rows, header="customer,account,amount,units,unit_item,max_amount"))
    options = (file, "--dry-run", "--name", "Sorry", "--effective-from", "2199-01-01")
    printed = command("grant_credits", *options).splitlines()
    assert printed == [
        f"Row 2, {account.customer.key} {account.key}: Sorry, $10.00, priority 50, from 2199-01-01, "
        "never expires, pays the whole invoice, at most $5.00 on an invoice.",
        f"Row 3, {other.customer.key} {other.key}: Sorry, 1,000 API calls, priority 50, from 2199-01-01, "
        "never expires, pays API calls.",
        "sorry.csv would grant 2 credits; nothing was granted.",
        "  1 credit: $10.00.",
        "  1 credit: 1,000 API calls.",
    ]
    report = told("grant_credits", *options)
    assert [(row["row"], row["amount"], row["units"]) for row in report["rows"]] == [
        (2, "10.00", None),
        (3, "0.00", "1000"),
    ]
    assert (Act.objects.filter(kind="credits_grant").count(), Credit.objects.count()) == (0, 0)


def test_a_dry_run_of_a_wrong_file_tells_all_that_is_wrong_and_fails(
    tmp_path: Path, account: Account
) -> None:
    data = a_csv("x,y,1.00", f"{account.customer.key},{account.key},1.00", "x,z,1.00")
    out = StringIO()
    with pytest.raises(CommandError, match=r"Row 2, column account: .* Row 4, column account:"):
        call_command(
            "grant_credits",
            written(tmp_path, data),
            *("--dry-run", "--name", "Sorry", "--reason", "x"),
            stdout=out,
        )
    assert "sorry.csv would grant 1 credit; nothing was granted. 2 rows wrong." in out.getvalue()


def test_a_wrong_row_is_named_and_nothing_is_granted(tmp_path: Path, account: Account) -> None:
    data = a_csv(f"{account.customer.key},{account.key},1.00", *(f"x,y{n},1.00" for n in range(12)))
    with pytest.raises(CommandError) as refused:
        command("grant_credits", written(tmp_path, data), "--name", "Sorry")
    said = str(refused.value)
    assert "sorry.csv: Row 3, column account: The customer “x” has no account with the key “y0”." in said
    assert said.endswith("And 2 more wrong rows. Nothing was granted.")
    assert Credit.objects.count() == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--name", "Sorry", "--priority", "high"), "Row 2, column priority: “high” is not a number"),
        ((), "Row 2, column name: The value is missing"),
        (("--name", "Sorry", "--token", "a b"), "A request needs a token of 1 to 100 visible ASCII"),
    ],
)
def test_a_wrong_option_is_refused_in_words(file: str, options: tuple[str, ...], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        command("grant_credits", file, *options)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file or directory"):
        command("grant_credits", str(tmp_path / "missing.csv"))
    with pytest.raises(CommandError, match="Is a directory"):
        command("grant_credits", str(tmp_path))
    with pytest.raises(CommandError, match="The file is empty"):
        command("grant_credits", written(tmp_path, b""))


def test_a_reason_is_needed(file: str) -> None:
    with pytest.raises(CommandError, match="--reason"):
        call_command("grant_credits", file)
    with pytest.raises(CommandError, match="Granting a batch needs a reason"):
        call_command("grant_credits", file, "--reason", " ", "--name", "Sorry")


# --- void_batch -------------------------------------------------------------------------


def test_what_is_left_of_a_batch_is_voided(account: Account) -> None:
    other = an_account(currency="EUR")
    batch = granted(account, other)
    an_invoice(account, (an_item(), "4.00"))
    printed = command("void_batch", str(batch.pk)).splitlines()
    assert printed == [
        f"2 credits of batch {batch.pk} are voided for good.",
        "  Lost: 1 credit: €10.00.",
        "  Lost: 1 credit: $6.00.",
    ]
    assert [balance(credit) for credit in Credit.objects.all()] == [0, 0]
    with pytest.raises(CommandError, match="Nothing is left to void"):
        command("void_batch", str(batch.pk))


def test_r13_a_token_makes_a_second_void_harmless(account: Account) -> None:
    batch = granted(account)
    first = told("void_batch", str(batch.pk), "--token", "mine")
    assert told("void_batch", str(batch.pk), "--token", "mine") == {**first, "repeated": True}
    assert "were voided before: nothing was done." in command("void_batch", str(batch.pk), "--token", "mine")


def test_a_number_that_is_no_batch_is_refused(account: Account) -> None:
    granted(account)
    other = Act.objects.exclude(kind="credits_grant").first()
    assert other
    for number in (other.pk, 10**6):
        with pytest.raises(CommandError, match=f"There is no batch {number}"):
            command("void_batch", str(number))
