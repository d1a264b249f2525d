"""A billing run: the drafts of a month issued, account after account, each invoice its own transaction.

Within an account drafts are issued in the order in which they are projected (R7). A draft that is
refused, or that the database could not take, is left and named; so are the account's drafts after
it, since each builds on what those before it leave. The other accounts go on. A run can be repeated,
run twice at once, or killed: a draft's token is its own, whichever run issues it (R13).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby

from django.db import Error

from billing.services import invoice_issue, issue_token
from customers.acts import Actor, Refusal
from customers.commands import Progress, first_line, refused_by_database, unseen
from invoices.models import Invoice


@dataclass(frozen=True, slots=True)
class Left:
    """A draft that was not issued, and why."""

    invoice: Invoice
    reason: str


@dataclass(slots=True)
class Sums:
    invoices: int = 0
    total: int = 0
    credited: int = 0

    @property
    def due(self) -> int:
        return self.total - self.credited


@dataclass(slots=True)
class RunResult:
    """`meanwhile` counts drafts that somebody else issued while the run was on its way to them."""

    issued: int = 0
    meanwhile: int = 0
    sums: dict[str, Sums] = field(default_factory=dict)
    left: list[Left] = field(default_factory=list)
    earlier_drafts: int = 0

    def add(self, invoice: Invoice, now: datetime) -> None:
        if invoice.issued_at != now:
            self.meanwhile += 1
            return
        self.issued += 1
        sums = self.sums.setdefault(invoice.currency, Sums())
        sums.invoices += 1
        sums.total += invoice.total or 0
        sums.credited += invoice.credited or 0


def billing_run(
    *,
    period_start: date,
    period_end: date,
    before_end: bool,
    by: Actor,
    now: datetime,
    progress: Progress = unseen,
) -> RunResult:
    """Issue the drafts whose last day lies in the month `[period_start, period_end)`."""
    result = RunResult(earlier_drafts=Invoice.objects.drafts().filter(period_end__lte=period_start).count())
    for drafts in progress(_by_account(period_start, period_end), "Issuing"):
        for place, draft in enumerate(drafts):
            reason = _issue(draft, result, before_end=before_end, by=by, now=now)
            if reason:
                result.left.append(Left(draft, reason))
                after = f"Draft {draft.pk} of the same account comes first, and was left."
                result.left += [Left(later, after) for later in drafts[place + 1 :]]
                break
    return result


def _by_account(period_start: date, period_end: date) -> Sequence[Sequence[Invoice]]:
    """Each account's drafts in R7's order; the accounts in the order of their first drafts."""
    ending = Invoice.objects.drafts().filter(period_end__gt=period_start, period_end__lte=period_end)
    drafts = list(ending.select_related("account").order_by("account_id", "period_end", "pk"))
    groups = [list(group) for _, group in groupby(drafts, key=lambda draft: draft.account_id)]
    return sorted(groups, key=lambda group: (group[0].period_end, group[0].pk))


def _issue(draft: Invoice, result: RunResult, *, before_end: bool, by: Actor, now: datetime) -> str:
    """Issue one draft; the reason, if it could not be done."""
    try:
        issued = invoice_issue(invoice=draft, by=by, now=now, token=issue_token(draft), before_end=before_end)
    except Refusal as refused:
        return str(refused)
    except Error as trouble:
        return refused_by_database(trouble)
    except (AssertionError, RuntimeError) as broken:
        return f"It contradicts a rule: {first_line(broken)}."
    result.add(issued, now)
    return ""
