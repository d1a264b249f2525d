"""What issuing would write, worked out from what was read; nothing is written here (R5–R7)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from billing.issuing.claim import invoices_of
from billing.issuing.drafts import Draft, Issue, Parked, Payer
from billing.models import Run
from credits.facts import credits_usable, lines_facts
from credits.settlement import Settlement, settle
from credits.terms import CreditFacts, LineFacts
from invoices.models import Status

ONE_DAY = timedelta(days=1)


@dataclass(slots=True)
class Plan:
    issues: list[Issue] = field(default_factory=list)
    parked: list[Parked] = field(default_factory=list)

    @property
    def drafts(self) -> int:
        return len(self.issues) + sum(parked.waiting for parked in self.parked)


def drafts_read(run: Run, accounts: Sequence[int]) -> dict[int, list[Draft]]:
    """By account, the drafts that the run is to issue, in R7's order."""
    found: dict[int, list[Draft]] = defaultdict(list)
    # Not only drafts are asked for: SQLite would then go through all drafts of the month, chunk by chunk.
    rows = invoices_of(run).filter(account__among=accounts)
    for status, *facts in rows.values_list(
        *("status", "pk", "account", "period_end", "judged_on", "account__customer__name")
    ):
        if status == Status.DRAFT:
            draft = Draft(*facts)
            found[draft.account_id].append(draft)
    return found


def issues_plan(
    payers: Iterable[Payer],
    drafts: Mapping[int, Sequence[Draft]],
    *,
    before_end: bool,
    each: int | None = None,
) -> Plan:
    """Settle each account's drafts in their order, each on what the earlier leave, in three statements;
    or only the first `each` of them.

    A draft whose period is not over, unless `before_end`, is left, and its account's later ones with it.
    """
    credits = credits_usable(list(drafts))
    lines = lines_facts([draft.id for queue in drafts.values() for draft in queue])
    plan = Plan()
    for payer in payers:
        queue, facts = drafts.get(payer.id, ()), credits.get(payer.id, [])
        for place, draft in enumerate(queue[:each]):
            if reason := too_early(draft.period_end, payer.today, before_end=before_end):
                plan.parked.append(Parked(payer.id, draft.id, len(queue) - place, reason))
                break
            issue = draft_settle(draft, payer, facts, lines.get(draft.id, ()))
            plan.issues.append(issue)
            if place + 1 < len(queue):
                facts = facts_after(facts, issue.settlement)
    return plan


def draft_settle(
    draft: Draft, payer: Payer, facts: Sequence[CreditFacts], lines: Sequence[LineFacts]
) -> Issue:
    judged_on = draft.judged_on or payer.today
    settlement = settle(facts, lines, currency=payer.currency, issued=judged_on)
    return Issue(draft, payer, judged_on, settlement)


def facts_after(facts: Sequence[CreditFacts], settlement: Settlement) -> list[CreditFacts]:
    left = {outcome.credit.key: outcome.left for outcome in settlement.outcomes if outcome.used}
    return [fact._replace(balance=left[fact.key]) if fact.key in left else fact for fact in facts]


def too_early(period_end: date, today: date, *, before_end: bool) -> str:
    """Why a draft is not issued yet; nothing where it can be."""
    if before_end or today >= period_end:
        return ""
    last_day = period_end - ONE_DAY
    return f"The period ends on {last_day:%-d %B %Y}, and is not over yet."
