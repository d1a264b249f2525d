"""`manage.py run_billing --period YYYY-MM`: issue the drafts of a month."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from billing.run import RunResult, billing_run
from customers.acts import Actor
from customers.commands import Report, ReportingCommand, amount_words, counted, period_parse
from customers.money import amount_text


class Command(ReportingCommand):
    help = (
        "Issue the drafts whose last day lies in a month. Safe to repeat, to run twice at once, and to kill."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--period", required=True, metavar="YYYY-MM", help="the month to bill")
        parser.add_argument(
            "--before-end", action="store_true", help="issue also drafts whose period is not over yet"
        )

    def report(self, options: Mapping[str, Any]) -> Report:
        period_start, period_end = period_parse(options["period"])
        result = billing_run(
            period_start=period_start,
            period_end=period_end,
            before_end=options["before_end"],
            by=Actor.from_command("run_billing"),
            now=timezone.now(),
            progress=self.progress,
        )
        failure = ""
        if result.left:
            failure = f"{counted(len(result.left), 'draft')} could not be issued."
        return Report(run_summary(result, period_start), run_lines(result, period_start), failure)


def run_summary(result: RunResult, period_start: date) -> dict[str, Any]:
    return {
        "period": f"{period_start:%Y-%m}",
        "issued": result.issued,
        "issued_meanwhile": result.meanwhile,
        "sums": [
            {
                "currency": currency,
                "invoices": sums.invoices,
                "total": amount_text(sums.total, currency),
                "credited": amount_text(sums.credited, currency),
                "due": amount_text(sums.due, currency),
            }
            for currency, sums in sorted(result.sums.items())
        ],
        "left": [
            {
                "draft": left.invoice.pk,
                "account": left.invoice.account.key,
                "period_end": left.invoice.period_end.isoformat(),
                "reason": left.reason,
            }
            for left in result.left
        ],
        "earlier_drafts": result.earlier_drafts,
    }


def run_lines(result: RunResult, period_start: date) -> list[str]:
    lines = [f"{counted(result.issued, 'invoice')} issued for {period_start:%Y-%m}."]
    lines += [
        f"  {currency}: {counted(sums.invoices, 'invoice')}, total {amount_words(sums.total, currency)}, "
        f"credited {amount_words(sums.credited, currency)}, due {amount_words(sums.due, currency)}."
        for currency, sums in sorted(result.sums.items())
    ]
    if result.meanwhile:
        lines.append(f"  {counted(result.meanwhile, 'draft')} had been issued by somebody else meanwhile.")
    lines += [f"  Left: draft {at.invoice.pk} of {at.invoice.account.key}: {at.reason}" for at in result.left]
    if result.earlier_drafts:
        waiting = counted(result.earlier_drafts, "draft")
        lines.append(f"  Warning: still to be issued from earlier months: {waiting}.")
    return lines
