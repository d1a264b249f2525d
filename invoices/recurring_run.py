"""Making a month's recurring drafts, chunk after chunk of accounts, each chunk one transaction.

A run may be repeated, run twice at once, or killed: what a chunk does is judged by the facts under its
accounts' locks. An account of which no draft can be made is left and named. If the database refuses a
chunk, its accounts are done one by one, so that the others of it go on.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import Error

from customers.acts import Actor
from customers.commands import AccountLeft, Progress, first_line, refused_by_database, unseen
from customers.models import Account
from invoices.models import Charge, Invoice, Source, Status, UsageRecord
from invoices.proration import month_after
from invoices.recurring import MOST_ACCOUNTS, Drafted, Outcome, drafts_make


@dataclass(slots=True)
class Drafts:
    """Drafts in one currency, as they stand after the run."""

    drafts: int = 0
    amount: int = 0


@dataclass(slots=True)
class DraftsResult:
    """`sums` are of the drafts made, refreshed or found as they should be. `kept` are invoices that were
    edited by hand or issued while something more waits, `closed` accounts that have something that is not
    billed."""

    counts: dict[Outcome, int] = field(default_factory=lambda: dict.fromkeys(Outcome, 0))
    sums: dict[str, Drafts] = field(default_factory=dict)
    kept: list[Invoice] = field(default_factory=list)
    closed: list[Account] = field(default_factory=list)
    left: list[AccountLeft] = field(default_factory=list)

    def add(self, drafted: Drafted) -> None:
        self.counts[drafted.outcome] += 1
        if drafted.outcome == Outcome.LEFT:
            self.left.append(AccountLeft(drafted.account, drafted.reason))
        elif drafted.outcome == Outcome.KEPT and drafted.invoice:
            self.kept.append(drafted.invoice)
        elif drafted.outcome == Outcome.CLOSED:
            self.closed.append(drafted.account)
        elif drafted.invoice and drafted.invoice.is_draft and drafted.lines:
            sums = self.sums.setdefault(drafted.account.currency, Drafts())
            sums.drafts += 1
            sums.amount += drafted.amount


def drafts_run(*, month: date, by: Actor, now: datetime, progress: Progress = unseen) -> DraftsResult:
    """Make or refresh the recurring drafts of the month that begins on `month`."""
    result = DraftsResult()
    ids = account_ids(month)
    chunks = [ids[at : at + MOST_ACCOUNTS] for at in range(0, len(ids), MOST_ACCOUNTS)]
    for chunk in progress(chunks, "Making drafts"):
        for drafted in _chunk(chunk, month, by, now):
            result.add(drafted)
    return result


def account_ids(month: date) -> list[int]:
    """Accounts with a charge that has begun, with usage that is not billed, or with a draft of the month."""
    end = month_after(month)
    charged = Charge.objects.filter(starts_on__lt=end, account__closed_at=None)
    used = UsageRecord.objects.unbilled().filter(day__lt=end)
    drafted = Invoice.objects.filter(source=Source.RECURRING, period_start=month, status=Status.DRAFT)
    found = [rows.order_by().values_list("account_id", flat=True) for rows in (charged, used, drafted)]
    return sorted(set().union(*(rows.distinct() for rows in found)))


def _chunk(ids: Sequence[int], month: date, by: Actor, now: datetime) -> Iterator[Drafted]:
    try:
        yield from drafts_make(account_ids=ids, month=month, by=by, now=now)
    except (Error, AssertionError, RuntimeError) as trouble:
        if len(ids) > 1:
            for one in ids:
                yield from _chunk([one], month, by, now)
            return
        reason = f"It contradicts a rule: {first_line(trouble)}."
        if isinstance(trouble, Error):
            reason = refused_by_database(trouble)
        yield Drafted(Account.objects.get(pk=ids[0]), Outcome.LEFT, reason=reason)
