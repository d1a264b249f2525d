"""What would be applied: drafts settled live, with the very allocation that issuing uses (R7).

Several drafts of an account are taken in the order a run would issue them, each on what the
earlier ones leave. Nothing is written.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from credits.facts import credits_usable, lines_facts
from credits.settlement import Settlement, settle
from credits.terms import CreditFacts, LineFacts
from customers.models import Account
from invoices.models import Invoice, Line
from invoices.units import units_whole


@dataclass(frozen=True, slots=True)
class Projection:
    """One draft, settled on `day` with the credits as `facts` has them. `lines` are in invoice order."""

    invoice: Invoice
    lines: Sequence[Line]
    day: date
    settlement: Settlement
    facts: Sequence[CreditFacts] = ()


def drafts_project(account: Account, *, today: date) -> list[Projection]:
    """All drafts of the account, in issuing order."""
    drafts = drafts_open(account)
    return drafts_settle(drafts, usable_facts(account), today=today) if drafts else []


def drafts_open(account: Account) -> list[Invoice]:
    return list(Invoice.objects.drafts().filter(account=account).prefetch_related("lines"))


def drafts_settle(
    drafts: Sequence[Invoice], facts: Sequence[CreditFacts], *, today: date
) -> list[Projection]:
    """The drafts of one account with any credits: with one not yet saved, or without one to be replaced."""
    projections = []
    for draft in drafts:
        day = projected_day(draft, today)
        lines = sorted(draft.lines.all(), key=lambda line: line.position)
        settlement = settle(facts, line_facts(lines), currency=draft.currency, issued=day)
        projections.append(Projection(draft, lines, day, settlement, facts))
        left = {outcome.credit.key: outcome.left for outcome in settlement.outcomes}
        facts = [fact._replace(balance=left[fact.key]) for fact in facts]
    return projections


def invoice_settle(invoice: Invoice, account: Account, day: date) -> Settlement:
    """The settlement issuing writes down: the account's credits against one draft, on one day."""
    lines = lines_facts([invoice.pk]).get(invoice.pk, [])
    return settle(usable_facts(account), lines, currency=account.currency, issued=day)


def projected_day(draft: Invoice, today: date) -> date:
    """The day a draft would be issued: not before its period is over. A correction is judged as of
    the day its original was (R9)."""
    return draft.judged_on or max(today, draft.period_end)


def usable_facts(account: Account) -> list[CreditFacts]:
    """Credits with something left, as values."""
    return credits_usable([account.pk]).get(account.pk, [])


def line_facts(lines: Sequence[Line]) -> list[LineFacts]:
    return [
        LineFacts(
            key=line.pk,
            item=line.item_id,
            kind=line.kind,
            amount=line.amount,
            first=line.first_day,
            quantity=units_whole(line.quantity),
            tags=frozenset(line.tags),
            creditable=line.creditable,
        )
        for line in lines
    ]
