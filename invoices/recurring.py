"""The act behind `make_drafts`: a month's recurring drafts of a chunk of accounts, made or made anew.

For each account and month there is one recurring draft; the database keeps it at one. It is made from what
is pending (`invoices.recurring_facts`), and made anew as long as nobody has edited it by hand. What comes
after that, or after it was issued, waits for the next month's. To have an edited draft made anew, discard
it.

Whether there is something to do is judged by the facts under the accounts' locks, so doing it twice, or two
at once, is doing it once, and where nothing changed nothing is written.
"""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from django.db import connection

from customers.acts import Actor, accounts_lock, act, act_record
from customers.models import Account
from invoices.models import BilledMonth, Invoice, Line, Source
from invoices.recurring_facts import Facts, facts_read
from invoices.recurring_lines import LinesRefused, Wanted, line_content, lines_wanted

MOST_ACCOUNTS = 100
USAGE_BILLED = (
    "UPDATE invoices_usagerecord SET line_id = %s "
    "WHERE account_id = %s AND item_id = %s AND day BETWEEN %s AND %s AND line_id IS NULL"
)


class Outcome(StrEnum):
    """What came of an account's draft. `KEPT`: edited by hand or issued, and more waits for the next one."""

    MADE = "draft_make"
    REFRESHED = "draft_refresh"
    DISCARDED = "invoice_discard"
    UNCHANGED = "unchanged"
    KEPT = "kept"
    CLOSED = "closed"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Drafted:
    """`invoice` is the account's recurring invoice of the month, if it has one now; `reason` why it was
    left."""

    account: Account
    outcome: Outcome
    invoice: Invoice | None = None
    lines: int = 0
    amount: int = 0
    reason: str = ""


@dataclass(slots=True)
class Plan:
    """What is to be done for one account."""

    account: Account
    outcome: Outcome
    wanted: Sequence[Wanted] = ()
    invoice: Invoice | None = None
    reason: str = ""

    @property
    def draft(self) -> Invoice:
        if self.invoice is None:
            raise RuntimeError(f"Account {self.account.pk} has no draft here.")
        return self.invoice

    @property
    def is_written(self) -> bool:
        return self.outcome in (Outcome.MADE, Outcome.REFRESHED)


@act
def drafts_make(*, account_ids: Collection[int], month: date, by: Actor, now: datetime) -> list[Drafted]:
    """Make or refresh the recurring drafts of these accounts for the month that begins on `month`.

    One record for each draft made, refreshed or thrown away since nothing is left to bill on it. An account
    of which no draft can be made is left, whole, with the reason.
    """
    if len(account_ids) > MOST_ACCOUNTS:
        raise ValueError(f"At most {MOST_ACCOUNTS} accounts at a time: others wait for their locks.")
    accounts = accounts_lock(list(account_ids))
    facts = facts_read([account for account in accounts if not account.closed_at], month)
    plans = [_plan(account, facts) for account in accounts]
    _write(plans, facts, now)
    for plan in plans:
        if plan.is_written or plan.outcome == Outcome.DISCARDED:
            _record(plan, facts.month, by, now)
    for plan in plans:
        if plan.outcome == Outcome.DISCARDED:
            plan.draft.delete()
    return [_drafted(plan) for plan in plans]


def _plan(account: Account, facts: Facts) -> Plan:
    if account.closed_at:
        return Plan(account, Outcome.CLOSED)
    kept, draft = facts.kept.get(account.pk), facts.drafts.get(account.pk)
    try:
        wanted = lines_wanted(account, facts)
    except LinesRefused as refused:
        return Plan(account, Outcome.LEFT, reason=str(refused))
    if kept:
        kept.account = account
        return Plan(account, Outcome.KEPT if wanted else Outcome.UNCHANGED, wanted, kept)
    if draft is None:
        return Plan(account, Outcome.MADE if wanted else Outcome.UNCHANGED, wanted)
    if not wanted:
        return Plan(account, Outcome.DISCARDED, (), draft)
    same = _is_same(account, wanted, facts)
    return Plan(account, Outcome.UNCHANGED if same else Outcome.REFRESHED, wanted, draft)


def _is_same(account: Account, wanted: Sequence[Wanted], facts: Facts) -> bool:
    """Whether the draft says this already, with the same behind it."""
    if any(each.used and each.used.loose for each in wanted):
        return False
    if {each.charged for each in wanted if each.charged} != facts.months_own[account.pk]:
        return False
    return [each.content for each in wanted] == [line_content(line) for line in facts.lines[account.pk]]


def _write(plans: Sequence[Plan], facts: Facts, now: datetime) -> None:
    made = [plan for plan in plans if plan.outcome == Outcome.MADE]
    for plan in made:
        plan.invoice = Invoice(
            account=plan.account,
            currency=plan.account.currency,
            period_start=facts.month,
            period_end=facts.end,
            source=Source.RECURRING,
            created_at=now,
        )
    Invoice.objects.bulk_create(plan.draft for plan in made)
    refreshed = [plan.draft for plan in plans if plan.outcome == Outcome.REFRESHED]
    if refreshed:
        Line.objects.filter(invoice__in=refreshed).delete()
    written = [plan for plan in plans if plan.is_written]
    if written:
        _write_lines(written)


def _write_lines(plans: Sequence[Plan]) -> None:
    wanted = [each for plan in plans for each in plan.wanted]
    for plan in plans:
        for each in plan.wanted:
            each.line.invoice = plan.draft
    Line.objects.bulk_create([each.line for each in wanted], batch_size=500)
    BilledMonth.objects.bulk_create(
        BilledMonth(
            account=each.line.account, charge_id=each.charged[0], month=each.charged[1], line=each.line
        )
        for each in wanted
        if each.charged
    )
    _bill_usage([each for each in wanted if each.used])


def _bill_usage(wanted: Sequence[Wanted]) -> None:
    """The lines' days are those of their records, and the accounts are locked: so these are just those
    records."""
    if not wanted:
        return
    adapt = connection.ops.adapt_datefield_value
    rows = [
        (line.pk, line.account_id, line.item_id, adapt(line.first_day), adapt(line.last_day))
        for line in (each.line for each in wanted)
    ]
    with connection.cursor() as cursor:
        cursor.executemany(USAGE_BILLED, rows)
        billed = cursor.rowcount
    read = sum(each.used.records for each in wanted if each.used)
    if billed != read:
        raise RuntimeError(
            f"{read} usage records were read and {billed} billed, though the accounts are locked."
        )


def _record(plan: Plan, month: date, by: Actor, now: datetime) -> None:
    content: dict[str, Any] = {"account": plan.account.pk, "month": month, "invoice": plan.draft.pk}
    # What is the same is judged by the facts: a draft may be made anew to what it was before.
    token = f"{plan.outcome}:{plan.draft.pk}:{uuid.uuid4().hex}"
    act_record(
        plan.outcome,
        token=token,
        content=content,
        by=by,
        now=now,
        account=plan.account,
        subject=f"invoice:{plan.draft.pk}",
        details={"month": f"{month:%Y-%m}", "lines": len(plan.wanted)},
    )


def _drafted(plan: Plan) -> Drafted:
    return Drafted(
        account=plan.account,
        outcome=plan.outcome,
        invoice=plan.invoice if plan.outcome != Outcome.DISCARDED else None,
        lines=len(plan.wanted),
        amount=sum(each.line.amount for each in plan.wanted),
        reason=plan.reason,
    )
