"""`manage.py grant_schedules`: make the recurring grants that are due. For every day's timetable; late is as
good as in time."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from credits.schedule_run import ScheduleResult, schedules_run
from customers.acts import Actor
from customers.commands import Report, ReportingCommand, amount_words, as_of_add, as_of_read, counted
from customers.money import amount_text


class Command(ReportingCommand):
    help = "Grant the credits of schedules that are due, missed months too. Running it twice is once."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        as_of_add(parser, "the last due day to grant")

    def report(self, options: Mapping[str, Any]) -> Report:
        now = timezone.now()
        as_of = as_of_read(options["as_of"], now, "what is granted stays")
        result = schedules_run(
            as_of=as_of, by=Actor.from_command("grant_schedules"), now=now, progress=self.progress
        )
        failure = f"{counted(len(result.left), 'schedule')} could not be granted." if result.left else ""
        return Report(schedules_summary(result, as_of), schedules_lines(result), failure)


def schedules_summary(result: ScheduleResult, as_of: date | None) -> dict[str, Any]:
    return {
        "as_of": as_of.isoformat() if as_of else None,
        "accounts": len(result.accounts),
        "credits": result.credits,
        "credits_of_units": result.of_units,
        "granted_meanwhile": result.meanwhile,
        "sums": [
            {"currency": currency, "credits": part.credits, "amount": amount_text(part.amount, currency)}
            for currency, part in sorted(result.sums.items())
        ],
        "left": [
            {
                "account": left.schedule.account.key,
                "schedule": left.schedule.pk,
                "due_on": left.due_on.isoformat(),
                "reason": left.reason,
            }
            for left in result.left
        ],
    }


def schedules_lines(result: ScheduleResult) -> list[str]:
    if not result.credits and not result.left:
        return ["Nothing to grant: every due day that has come has its credit."]
    lines = [f"{counted(result.credits, 'credit')} granted to {counted(len(result.accounts), 'account')}."]
    lines += [
        f"  {currency}: {counted(part.credits, 'credit')}, {amount_words(part.amount, currency)}."
        for currency, part in sorted(result.sums.items())
    ]
    if result.of_units:
        lines.append(f"  Free units: {counted(result.of_units, 'credit')}.")
    if result.meanwhile:
        lines.append(f"  {counted(result.meanwhile, 'credit')} granted by another run meanwhile.")
    return lines + [
        f"  Left: account {left.schedule.account.key}, schedule {left.schedule.pk} “{left.schedule.name}”, "
        f"due on {left.due_on}: {left.reason}"
        for left in result.left
    ]
