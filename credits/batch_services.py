"""Acts on many credits at once: grant a batch, void what is left of one.

The record of the grant is the batch: its credits are those whose granted entry names it. All accounts are
locked in the order of their ids, and everything is written a table at a time, so that five thousand grants
hold their locks for seconds.
"""

from dataclasses import dataclass
from datetime import datetime

from credits.batch_summary import batch_left, batch_lost, totals_details, void_facts
from credits.batch_words import errors_words
from credits.batches import Batch, BatchRefused
from credits.granting import Grant, credits_write
from credits.ledger import entries_write_all
from credits.models import Entry, EntryKind
from credits.postings import granted, voided
from customers.acts import Actor, TokenReused, accounts_lock, act, act_record, act_repeated, facts_check
from customers.models import Account, Act

GRANT = "credits_grant"


@dataclass(frozen=True, slots=True)
class BatchResult:
    """The record of the first arrival, and whether this one was it."""

    batch: Act
    repeated: bool


def batch_token(digest: str) -> str:
    """The same file gives the same token, whoever sends it and for whatever reason (R13)."""
    return f"{GRANT}:{digest}"


@act
def credits_grant(
    *, batch: Batch, reason: str, by: Actor, now: datetime, token: str, shown: str = ""
) -> BatchResult:
    """Grant every credit of a batch, or none. Refuses without a reason, and if any row is wrong.

    `batch` was read at this same `now`. What came before with this token is answered with the first record,
    whatever the reason now; with other terms or another file it is refused.
    """
    rows = {row.account.pk: row for row in batch.rows}
    accounts = accounts_lock(list(rows)) if rows else []
    try:
        if first := act_repeated(GRANT, token, batch.source):
            return BatchResult(first, repeated=True)
    except TokenReused as refused:
        raise _said_better(refused, batch, token) from refused
    _grant_check(batch, accounts, reason)
    facts_check(shown, batch.facts())
    grants = [Grant(account, rows[account.pk].terms) for account in accounts]
    credits = credits_write(grants, reason=reason, now=now)
    record = act_record(
        GRANT,
        token=token,
        content=batch.source,
        by=by,
        now=now,
        reason=reason,
        subject=f"credits:{len(credits)}",
        details={"credits": len(credits), "totals": totals_details(batch.totals())},
    )
    postings = [(account, granted(credit)) for account, credit in zip(accounts, credits, strict=True)]
    entries_write_all(record, postings, now=now)
    return BatchResult(record, repeated=False)


@act
def credits_void(
    *, batch: Act, reason: str, by: Actor, now: datetime, token: str, shown: str = ""
) -> BatchResult:
    """Take what is left of every credit of a batch to zero, for good (R8). What they paid stays paid.

    Those voided already are passed over; those used up are closed too, so that nothing flows back to them.
    Refuses without a reason, and when all are voided.
    """
    content = {"batch": batch.pk, "reason": reason}
    accounts = {account.pk: account for account in accounts_lock(batch_account_ids(batch))}
    if first := act_repeated("credits_void", token, content):
        return BatchResult(first, repeated=True)
    if not reason.strip():
        raise BatchRefused("Voiding a batch needs a reason.")
    left = list(batch_left(batch).order_by("account_id", "pk"))
    if not left:
        raise BatchRefused("Nothing is left to void: every credit of this batch is voided already.")
    lost = batch_lost(batch)
    facts_check(shown, void_facts(batch, lost))
    record = act_record(
        "credits_void",
        token=token,
        content=content,
        by=by,
        now=now,
        reason=reason,
        subject=f"batch:{batch.pk}",
        details={"credits": len(left), "totals": totals_details(lost)},
    )
    postings = []
    for credit in left:
        account = accounts[credit.account_id]
        postings.append((account, voided(credit, account.day_of(now))))
    entries_write_all(record, postings, now=now)
    return BatchResult(record, repeated=False)


def batch_account_ids(batch: Act) -> list[int]:
    """Known before any lock: what an act has granted never changes."""
    return list(Entry.objects.filter(act=batch, kind=EntryKind.GRANTED).values_list("account", flat=True))


def _grant_check(batch: Batch, accounts: list[Account], reason: str) -> None:
    if not reason.strip():
        raise BatchRefused("Granting a batch needs a reason.")
    if batch.errors:
        raise BatchRefused(f"{errors_words(batch)} Nothing was granted.")
    if not batch.rows:
        raise BatchRefused("Nothing to grant: there is no account.")
    places = {row.account.pk: row.row for row in batch.rows}
    for account in accounts:
        if account.closed_at:
            place = f"Row {places[account.pk]}, column account: " if places[account.pk] else ""
            raise BatchRefused(f"{place}The account “{account.key}” is closed. Nothing was granted.")


def _said_better(refused: TokenReused, batch: Batch, token: str) -> Exception:
    """A file that was granted before with other terms: the token was not typed, so it is not spoken of."""
    if token != batch_token(batch.source.get("digest", "")):
        return refused
    first = Act.objects.get(token=token)
    return BatchRefused(
        f"This file was granted before, with other terms, as batch {first.pk}. Nothing was granted; "
        "if it is to be granted once more, say so with a new token."
    )
