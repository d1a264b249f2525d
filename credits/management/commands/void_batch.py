"""`manage.py void_batch ID --reason TEXT`: take back what is left of a batch, for good."""

from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from credits.batch_services import GRANT, BatchResult, credits_void
from credits.batch_summary import details_totals
from credits.batch_words import totals_words
from customers.acts import Actor
from customers.commands import Report, ReportingCommand, counted
from customers.models import Act
from customers.requests import token_new
from invoices.models import Item


class Command(ReportingCommand):
    help = "Void what is left of every credit of a batch. What they paid stays paid."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("batch", metavar="ID", type=int, help="the number of the batch")
        parser.add_argument("--reason", required=True, metavar="TEXT", help="why; it is kept with the act")
        parser.add_argument(
            "--token", default="", metavar="TEXT", help="a request token: the same token twice is once"
        )

    def report(self, options: Mapping[str, Any]) -> Report:
        batch = Act.objects.filter(pk=options["batch"], kind=GRANT).first()
        if batch is None:
            raise CommandError(f"There is no batch {options['batch']}.")
        result = credits_void(
            batch=batch,
            reason=options["reason"],
            by=Actor.from_command("void_batch"),
            now=timezone.now(),
            token=options["token"] or token_new(),
        )
        details = result.batch.details
        summary = {"batch": batch.pk, "repeated": result.repeated, **details}
        return Report(summary, _lines(batch, result, details))


def _lines(batch: Act, result: BatchResult, details: Mapping[str, Any]) -> list[str]:
    keys = [part["item"] for part in details["totals"]]
    items = {item.key: item for item in Item.objects.filter(key__in=keys)}
    done = "were voided before: nothing was done" if result.repeated else "are voided for good"
    lost = totals_words(details_totals(details["totals"], items))
    return [
        f"{counted(details['credits'], 'credit')} of batch {batch.pk} {done}.",
        *(f"  Lost: {part}." for part in lost),
    ]
