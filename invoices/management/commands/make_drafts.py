"""`manage.py make_drafts --period YYYY-MM`: a month's charges and usage become drafts."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from customers.acts import Actor
from customers.commands import Report, ReportingCommand, amount_words, counted, period_parse
from customers.money import amount_text
from invoices.recurring import Outcome
from invoices.recurring_run import DraftsResult, drafts_run

MOST_LISTED = 100
COUNTED = (
    (Outcome.MADE, "made"),
    (Outcome.REFRESHED, "refreshed"),
    (Outcome.DISCARDED, "discarded, with nothing left to bill on it"),
    (Outcome.UNCHANGED, "as it was"),
)


class Command(ReportingCommand):
    help = (
        "Make or refresh the drafts of a month from charges and usage. Safe to repeat, to run twice at once, "
        "and to kill. A draft edited by hand is left as it is: discard it to have it made anew."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--period", required=True, metavar="YYYY-MM", help="the month to make drafts for")

    def report(self, options: Mapping[str, Any]) -> Report:
        month, _ = period_parse(options["period"])
        now = timezone.now()
        # Somewhere on earth it is tomorrow.
        if month > (now + timedelta(days=1)).date():
            raise CommandError(f"--period: {month:%Y-%m} has not begun yet.")
        result = drafts_run(
            month=month, by=Actor.from_command("make_drafts"), now=now, progress=self.progress
        )
        failure = f"{counted(len(result.left), 'account')} could not be drafted." if result.left else ""
        return Report(drafts_summary(result, month), list(drafts_lines(result, month)), failure)


def drafts_summary(result: DraftsResult, month: date) -> dict[str, Any]:
    return {
        "period": f"{month:%Y-%m}",
        "made": result.counts[Outcome.MADE],
        "refreshed": result.counts[Outcome.REFRESHED],
        "discarded": result.counts[Outcome.DISCARDED],
        "unchanged": result.counts[Outcome.UNCHANGED],
        "sums": [
            {"currency": currency, "drafts": sums.drafts, "amount": amount_text(sums.amount, currency)}
            for currency, sums in sorted(result.sums.items())
        ],
        "kept": [
            {"invoice": invoice.pk, "account": invoice.account.key, "status": invoice.status}
            for invoice in result.kept
        ],
        "closed": [account.key for account in result.closed],
        "left": [{"account": left.account.key, "reason": left.reason} for left in result.left],
    }


def drafts_lines(result: DraftsResult, month: date) -> Iterator[str]:
    done = [f"{result.counts[outcome]:,} {words}" for outcome, words in COUNTED if result.counts[outcome]]
    yield f"Drafts for {month:%Y-%m}: {', '.join(done) or 'nothing to make'}."
    for currency, sums in sorted(result.sums.items()):
        yield f"  {currency}: {counted(sums.drafts, 'draft')}, {amount_words(sums.amount, currency)}."
    for invoice in result.kept[:MOST_LISTED]:
        was = "was edited by hand" if invoice.is_draft else f"is {invoice.get_status_display().lower()}"
        name = f"{invoice} of account {invoice.account.key}"
        yield f"  Kept as it is: {name} {was}; what is not on it waits for the next month's draft."
    yield from _more(len(result.kept))
    if result.closed:
        names = ", ".join(account.key for account in result.closed[:MOST_LISTED])
        yield f"  Warning: closed, with usage that is not billed or a draft: {names}."
        yield from _more(len(result.closed))
    for left in result.left:
        yield f"  Left: account {left.account.key}: {left.reason}"


def _more(number: int) -> Iterator[str]:
    if number > MOST_LISTED:
        yield f"  … and {number - MOST_LISTED:,} more (--json names them all)."
