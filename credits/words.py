"""The sentences operators read about credits. The code beneath answers with codes and numbers."""

from collections.abc import Iterable, Sequence
from datetime import date
from enum import StrEnum

from credits.allocation import Why
from credits.discount import discount_text
from credits.models import AppliesTo, Credit, ScopeRole, ScopeRow
from customers.money import money_display
from invoices.models import Kind

KIND_PLURAL = {
    Kind.USAGE_METER: "usage meters",
    Kind.ADD_ON: "add-ons",
    Kind.FIXED_FEE: "fixed fees",
    Kind.LICENSE: "licenses",
}

WHY = {
    Why.USED: "Used.",
    Why.EXPIRED: "It expired before it could pay any of these lines.",
    Why.NOT_YET_EFFECTIVE: "It takes effect only after this invoice.",
    Why.UNPAID: "It was bought in advance, and its invoice is not paid yet.",
    Why.VOIDED: "It was voided.",
    Why.OUT_OF_SCOPE: "No line of this invoice is in its scope.",
    Why.OTHER_CURRENCY: "It is in another currency.",
    Why.NOTHING_LEFT_TO_PAY: "Nothing was left to pay on the lines it may pay.",
    Why.NO_BALANCE: "Nothing was left of it.",
    Why.CAPPED: "The most it may pay on one invoice rounds down to nothing here.",
}


class State(StrEnum):
    """Where a credit stands today."""

    LIVE = "live"
    UNPAID = "unpaid"
    SCHEDULED = "scheduled"
    GRACE = "grace"
    USED = "used"
    EXPIRED = "expired"
    VOIDED = "voided"


STATE_WORDS = {
    State.LIVE: "Live",
    State.UNPAID: "Waits",
    State.SCHEDULED: "Scheduled",
    State.GRACE: "In grace",
    State.USED: "Used up",
    State.EXPIRED: "Expired",
    State.VOIDED: "Voided",
}


def credit_state(credit: Credit, today: date) -> State:
    """The state of a credit read `with_balance`."""
    if credit.voided:
        return State.VOIDED
    if credit.lapsed or (credit.balance and credit.is_gone(today)):
        return State.EXPIRED
    if not credit.balance:
        return State.USED
    if credit.unpaid:
        return State.UNPAID
    if credit.effective_from > today:
        return State.SCHEDULED
    if credit.expires_on is not None and credit.expires_on < today:
        return State.GRACE
    return State.LIVE


def state_note(credit: Credit, state: State) -> str:
    """What a word does not say: a credit “Waits” “for payment of INV-2026-000012”."""
    return f"for payment of {credit.bought_on}" if state == State.UNPAID else ""


def bought_words(credit: Credit) -> str:
    """“Bought for $80.00 (20 % off)”; nothing where no price is known."""
    if credit.price_paid is None:
        return ""
    # Free units have no face value that a price could be held against.
    off = "" if credit.units is not None else discount_text(credit.price_paid, credit.amount)
    price = money_display(credit.price_paid, credit.currency)
    return f"Bought for {price} ({off})" if off else f"Bought for {price}"


def scope_words(applies_to: str, rows: Iterable[ScopeRow]) -> str:
    """A scope as a person says it: “All usage meters and Support, but not API calls”."""
    rows = list(rows)
    kinds = [f"all {KIND_PLURAL[Kind(row.kind)]}" for row in rows if row.role == ScopeRole.KIND]
    items = [row.item.name for row in rows if row.role == ScopeRole.ITEM and row.item]
    tags = [row.tag for row in rows if row.role == ScopeRole.TAG]
    tagged = [f"items tagged {listed(tags, 'or')}"] if tags else []
    excluded = [row.item.name for row in rows if row.role == ScopeRole.EXCLUDED_ITEM and row.item]
    if applies_to == AppliesTo.INVOICE:
        words = "The whole invoice"
    else:
        words = listed([*kinds, *items, *tagged])
        words = words[:1].upper() + words[1:]
    return f"{words}, but not {listed(excluded)}" if excluded else words


def listed(words: Sequence[str], last: str = "and") -> str:
    return f" {last} ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else ""
