"""What issuing writes, for one invoice or hundreds in the same few statements (R7).

The records of the acts, the entries, and last of all the numbers with the invoices: whoever waits for the
series' row then waits for as short a time as can be.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings

from billing.issuing.drafts import Draft, Issue, issue_token
from billing.models import Run
from credits.ledger import Booking, entries_book
from credits.postings import applied
from customers.acts import Actor, Deed, acts_record
from invoices.freezing import Freeze, invoices_freeze
from invoices.numbering import Number, numbers_take

ISSUE = "invoice_issue"


def issues_write(
    issues: Sequence[Issue], *, by: Actor, now: datetime, run: Run | None = None, token: str = ""
) -> None:
    """Issue the drafts. Each has its own token, unless it is one alone that comes with another."""
    tokens = [token or issue_token(issue.draft.id) for issue in issues]
    deeds = [_deed(issue, name, run) for issue, name in zip(issues, tokens, strict=True)]
    acts = acts_record(ISSUE, deeds, by=by, now=now)
    bookings = [
        Booking(issue.payer.id, issue.payer.currency, acts[name], posting)
        for issue, name in zip(issues, tokens, strict=True)
        for posting in applied(issue.settlement, issue.draft.id, issue.payer.today)
    ]
    entries_book(bookings, now=now)
    freezes = [_freeze(issue) for issue in issues]
    invoices_freeze(list(zip(freezes, _numbers(freezes), strict=True)), now=now)


def issue_content(draft: int) -> dict[str, Any]:
    """What the token of an issuing stands for (R13)."""
    return {"invoice": draft}


def _deed(issue: Issue, token: str, run: Run | None) -> Deed:
    details: dict[str, Any] = {
        "outcomes": [[o.credit.key, o.why.value, o.used] for o in issue.settlement.outcomes],
        "grace_days": settings.SCRIP_GRACE_DAYS,
    }
    if run:
        details["run"] = run.pk
    draft: Draft = issue.draft
    return Deed(token, issue_content(draft.id), issue.payer.id, f"invoice:{draft.id}", details)


def _freeze(issue: Issue) -> Freeze:
    return Freeze(
        issue.draft.id,
        issue.draft.customer_name,
        issue.payer.name,
        issue.settlement.total,
        issue.settlement.credited,
        issue.payer.today,
        issue.judged_on,
    )


def _numbers(freezes: Sequence[Freeze]) -> list[Number]:
    """The next number for each, of the series of its year; near New Year accounts differ in it."""
    places: dict[int, list[int]] = defaultdict(list)
    for place, freeze in enumerate(freezes):
        places[freeze.issue_date.year].append(place)
    # Always the earlier year first, so that nobody waits in a ring.
    given = {year: iter(numbers_take(year, len(places[year]))) for year in sorted(places)}
    return [next(given[freeze.issue_date.year]) for freeze in freezes]
