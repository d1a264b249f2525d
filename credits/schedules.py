"""Acts on schedules of recurring grants: add one, stop it, grant what is due on one of its days."""

from dataclasses import replace
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from credits.due_days import DueDays, last_day_of
from credits.grant_terms import Terms, terms_check
from credits.granting import Grant, credit_write
from credits.ledger import entries_write
from credits.models import Credit, Schedule
from credits.postings import granted
from credits.schedule_terms import terms_of, terms_plain
from customers.acts import Actor, Refusal, account_lock, act, act_record, act_repeated, facts_check
from customers.models import Account

FIRST_YEAR, LAST_YEAR = 2000, 2200
LONGEST_LIFETIME = 36_525  # days: a hundred years


class ScheduleRefused(Refusal):
    """A schedule that cannot be, or does not allow what was asked of it."""


@act
def schedule_add(
    *,
    account: Account,
    terms: Terms,
    due_days: DueDays,
    lifetime_days: int | None,
    reason: str,
    by: Actor,
    now: datetime,
    token: str,
) -> Schedule:
    """Promise a credit for every due day. It grants none yet: `grant_schedules` does, when the day has come.

    The dates in `terms` do not count; those of the first due day do. Refuses what could not be granted on it.
    """
    content = {
        "account": account.pk,
        "reason": reason,
        "name": terms.name,
        "day": due_days.day,
        "starts_on": due_days.starts_on,
        "ends_on": due_days.ends_on,
        "lifetime_days": lifetime_days,
        **terms_plain(terms),
    }
    account = account_lock(account.pk)
    if first := act_repeated("schedule_add", token, content):
        return schedule_get(first.subject_id)
    schedule_check(account, terms, due_days, lifetime_days, now=now)
    schedule = Schedule.objects.create(
        account=account,
        name=terms.name.strip(),
        day=due_days.day,
        starts_on=due_days.starts_on,
        ends_on=due_days.ends_on,
        lifetime_days=lifetime_days,
        terms=terms_plain(terms),
        reason=reason,
        created_at=now,
    )
    act_record(
        "schedule_add",
        token=token,
        content=content,
        by=by,
        now=now,
        account=account,
        reason=reason,
        subject=f"schedule:{schedule.pk}",
    )
    return schedule


@act
def schedule_stop(
    *, schedule: Schedule, reason: str, by: Actor, now: datetime, token: str, shown: str = ""
) -> Schedule:
    """No credit for due days after today, for good. What was granted stays.

    Refuses without a reason, on a schedule already stopped, and when `shown` is of other facts.
    """
    content = {"schedule": schedule.pk, "reason": reason}
    account = account_lock(schedule.account_id)
    if act_repeated("schedule_stop", token, content):
        return schedule_get(schedule.pk)
    schedule = schedule_get(schedule.pk)
    if not reason.strip():
        raise ScheduleRefused("Stopping a schedule needs a reason.")
    if schedule.stopped_at is not None:
        raise ScheduleRefused("This schedule was stopped already.")
    facts_check(shown, stop_facts(schedule))
    schedule.stopped_at = now
    schedule.save(update_fields=["stopped_at"])
    act_record(
        "schedule_stop",
        token=token,
        content=content,
        by=by,
        now=now,
        account=account,
        reason=reason,
        subject=f"schedule:{schedule.pk}",
    )
    return schedule


@act
def schedule_grant(*, schedule: Schedule, due_on: date, by: Actor, now: datetime, token: str) -> Credit:
    """Grant the credit of one due day. Late is the same as in time, but for the time of booking.

    Refuses a day that is not due, has not come yet, or was granted under another token.
    """
    content = {"schedule": schedule.pk, "due_on": due_on}
    account = account_lock(schedule.account_id)
    if first := act_repeated("schedule_grant", token, content):
        return Credit.objects.get(pk=first.subject_id)
    schedule = schedule_get(schedule.pk)
    _due_check(schedule, due_on, account.day_of(now))
    terms = terms_of(schedule, due_on)
    terms_check(account, terms, now=_noon(account, due_on))
    grant = Grant(account, terms, schedule=schedule, due_on=due_on)
    credit = credit_write(grant, reason=schedule.reason, now=now)
    record = act_record(
        "schedule_grant",
        token=token,
        content=content,
        by=by,
        now=now,
        account=account,
        subject=f"credit:{credit.pk}",
        details={**content, "due_on": str(due_on)},
    )
    entries_write(account, record, [granted(credit)], now=now)
    return credit


def grant_token(schedule: Schedule, due_on: date) -> str:
    """Whoever grants the credit of this day, and however often, it is the same act."""
    return f"schedule:{schedule.pk}:{due_on}"


def schedule_get(pk: int) -> Schedule:
    return Schedule.objects.select_related("account").get(pk=pk)


def schedule_check(
    account: Account, terms: Terms, due_days: DueDays, lifetime_days: int | None, *, now: datetime
) -> Terms:
    """Refuses what could not be granted on the first due day; the terms of that day."""
    starts, ends = due_days.starts_on, due_days.ends_on
    for refused, sentence in (
        (not 1 <= due_days.day <= 31, "The day of the month is a number from 1 to 31."),
        (
            not all(FIRST_YEAR <= day.year <= LAST_YEAR for day in (starts, ends or starts)),
            f"A day lies between the years {FIRST_YEAR} and {LAST_YEAR}.",
        ),
        (ends is not None and ends < starts, "A schedule cannot end before it starts."),
        (
            lifetime_days is not None and not 1 <= lifetime_days <= LONGEST_LIFETIME,
            f"A credit lives from 1 to {LONGEST_LIFETIME:,} days, or for ever.",
        ),
    ):
        if refused:
            raise ScheduleRefused(sentence)
    first = next(iter(due_days), None)
    if first is None:
        raise ScheduleRefused("No due day lies between the start and the end of this schedule.")
    terms = replace(terms, effective_from=first, expires_on=last_day_of(first, lifetime_days))
    terms_check(account, terms, now=now)
    return terms


def stop_facts(schedule: Schedule) -> dict[str, Any]:
    """What a stop leaves, for the confirmation's fingerprint."""
    return {
        "schedule": schedule.pk,
        "stopped": schedule.stopped_at is not None,
        "granted": schedule.credits.count(),
    }


def _due_check(schedule: Schedule, due_on: date, today: date) -> None:
    if due_on not in schedule.due_days:
        raise ScheduleRefused(f"{due_on} is not a due day of this schedule.")
    if due_on > today:
        raise ScheduleRefused(f"{due_on} has not come yet for this account.")
    if schedule.credits.filter(due_on=due_on).exists():
        raise ScheduleRefused(f"The credit of {due_on} was granted already.")


def _noon(account: Account, day: date) -> datetime:
    """The terms are judged as of the due day, so that a late run grants what one in time would have."""
    return datetime.combine(day, time(12), ZoneInfo(account.time_zone))
