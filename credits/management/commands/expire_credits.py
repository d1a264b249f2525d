"""`manage.py expire_credits`: book what is gone. For every day's timetable; late is as good as in time."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.utils import timezone

from credits.expiry import ExpiryResult, expiry_run
from customers.acts import Actor
from customers.commands import Report, ReportingCommand, amount_words, as_of_add, as_of_read, counted
from customers.money import amount_text


class Command(ReportingCommand):
    help = "Book the balances of credits that have expired and whose grace is over. Running it twice is once."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        as_of_add(parser, "the day to look from")

    def report(self, options: Mapping[str, Any]) -> Report:
        now = timezone.now()
        as_of = as_of_read(options["as_of"], now, "what is booked cannot be undone")
        result = expiry_run(
            as_of=as_of, by=Actor.from_command("expire_credits"), now=now, progress=self.progress
        )
        failure = f"{counted(len(result.left), 'account')} could not be booked." if result.left else ""
        return Report(expiry_summary(result, as_of), expiry_lines(result), failure)


def expiry_summary(result: ExpiryResult, as_of: date | None) -> dict[str, Any]:
    return {
        "as_of": as_of.isoformat() if as_of else None,
        "accounts": result.accounts,
        "credits": result.credits,
        "credits_of_units": result.of_units,
        "sums": [
            {"currency": currency, "credits": part.credits, "amount": amount_text(part.amount, currency)}
            for currency, part in sorted(result.sums.items())
        ],
        "left": [{"account": left.account.key, "reason": left.reason} for left in result.left],
    }


def expiry_lines(result: ExpiryResult) -> list[str]:
    if not result.credits and not result.left:
        grace = counted(settings.SCRIP_GRACE_DAYS, "day")
        return [f"Nothing to book: no credit with a balance is more than {grace} past its last day."]
    lines = [
        f"{counted(result.credits, 'credit')} of {counted(result.accounts, 'account')} booked as expired."
    ]
    lines += [
        f"  {currency}: {counted(part.credits, 'credit')}, {amount_words(part.amount, currency)}."
        for currency, part in sorted(result.sums.items())
    ]
    if result.of_units:
        lines.append(f"  Free units: {counted(result.of_units, 'credit')}.")
    return lines + [f"  Left: account {left.account.key}: {left.reason}" for left in result.left]
