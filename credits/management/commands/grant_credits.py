"""`manage.py grant_credits FILE --reason TEXT`: one credit for every account of a CSV, all or none."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from credits.batch_file import MOST_BYTES, batch_file_read
from credits.batch_services import BatchResult, batch_token, credits_grant
from credits.batch_terms import TERMS
from credits.batch_words import errors_words, rows_words, totals_words
from credits.batches import Batch, batch_from_file
from customers.acts import Actor, Refusal
from customers.commands import Report, ReportingCommand, counted
from customers.money import amount_text
from invoices.units import units_text

HELP = {
    "kinds": "separated by semicolons",
    "items": "keys, separated by semicolons",
    "excluded_items": "keys, separated by semicolons",
    "tags": "separated by semicolons",
    "effective_from": "YYYY-MM-DD (default: today in each account)",
    "expires_on": "YYYY-MM-DD, its last day",
    "unit_item": "the key of the item that units are units of",
    "applies_to": "invoice or selected",
    "category": "promotional or purchased",
    "priority": "1 to 100 (default: 50)",
}


class Command(ReportingCommand):
    help = (
        "Grant one credit to every account of a CSV with the columns customer, account and any terms: "
        "all of it or nothing, and the same file twice is once. Options are terms that a row does not say."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", metavar="FILE", help="the CSV file")
        parser.add_argument("--reason", required=True, metavar="TEXT", help="why; it is kept with the batch")
        parser.add_argument(
            "--token", default="", metavar="TEXT", help="a request token of your own, instead of the file's"
        )
        parser.add_argument("--dry-run", action="store_true", help="say what every row grants, grant nothing")
        for term in TERMS:
            option = f"--{term.replace('_', '-')}"
            parser.add_argument(option, default="", metavar="TEXT", dest=term, help=HELP.get(term))

    def report(self, options: Mapping[str, Any]) -> Report:
        name, now = options["file"], timezone.now()
        try:
            file = batch_file_read(_read(name))
            batch = batch_from_file(file, _for_all(options), now=now, progress=self.progress)
            if options["dry_run"]:
                return _previewed(batch, Path(name).name)
            result = credits_grant(
                batch=batch,
                reason=options["reason"],
                by=Actor.from_command("grant_credits"),
                now=now,
                token=options["token"] or batch_token(file.digest),
            )
        except Refusal as refused:
            raise CommandError(f"{name}: {refused}") from refused
        return Report(_summary(result), _lines(result, batch, Path(name).name))


def _for_all(options: Mapping[str, Any]) -> dict[str, str]:
    return {term: options[term] for term in TERMS if options[term]}


def _read(name: str) -> bytes:
    """No more than can be taken: whatever else the name may stand for, it does not fill the memory."""
    try:
        with Path(name).open("rb") as source:
            return source.read(MOST_BYTES + 1)
    except OSError as trouble:
        raise CommandError(f"{name}: {trouble.strerror}.") from trouble


def _summary(result: BatchResult) -> dict[str, Any]:
    return {"batch": result.batch.pk, "repeated": result.repeated, **result.batch.details}


def _lines(result: BatchResult, batch: Batch, name: str) -> list[str]:
    if result.repeated:
        first = result.batch
        return [
            f"{name} was granted before, as batch {first.pk} on {first.at:%Y-%m-%d} by {first.actor_name}: "
            "nothing was done. A new --token grants it once more."
        ]
    return [f"{name} is granted as batch {result.batch.pk}.", *_indented(totals_words(batch.totals()))]


def _previewed(batch: Batch, name: str) -> Report:
    rows = [
        {
            "row": row.row,
            "customer": row.account.customer.key,
            "account": row.account.key,
            "name": row.terms.name,
            "currency": row.account.currency,
            "amount": amount_text(row.terms.amount, row.account.currency),
            "units": None if row.terms.units is None else units_text(row.terms.units),
            "terms": words.terms,
        }
        for row, words in zip(batch.rows, rows_words(batch.rows), strict=True)
    ]
    errors = [str(error) for error in batch.errors]
    said = [
        f"Row {words.row}, {words.account.customer.key} {words.account.key}: "
        f"{words.name}, {words.size}, {words.terms}."
        for words in rows_words(batch.rows)
    ]
    wrong = f" {counted(len(errors), 'row')} wrong." if errors else ""
    lines = [
        *said,
        *errors,
        f"{name} would grant {counted(len(rows), 'credit')}; nothing was granted.{wrong}",
        *_indented(totals_words(batch.totals())),
    ]
    failure = f"{name}: {errors_words(batch)}" if errors else ""
    return Report({"dry_run": True, "rows": rows, "errors": errors}, lines, failure)


def _indented(lines: list[str]) -> list[str]:
    return [f"  {line}." for line in lines]
