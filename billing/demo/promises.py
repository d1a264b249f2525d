"""The credits of the demo: somewhere among the accounts is every state and every kind of scope."""

from billing.demo.days import Days
from billing.demo.facts import STORY, CreditFact
from credits.models import Category
from invoices.models import Kind

REFERRAL = "Referral credit"
SENT_TWICE = "Goodwill credit (sent twice)"
COMMITMENT = "Annual commitment"
LARGER_COMMITMENT = "Annual commitment, raised"


def credit_facts(days: Days) -> tuple[CreditFact, ...]:
    return (
        *story_credits(days),
        *older_dollar_credits(days),
        *newer_dollar_credits(days),
        *measured_credits(days),
        *euro_credits(days),
        *yen_credits(days),
    )


def story_credits(days: Days) -> tuple[CreditFact, ...]:
    first, august, this_month = days.month, days.august, days.month(0)
    return (
        CreditFact(
            STORY,
            REFERRAL,
            "50.00",
            granted=first(august),
            starts=first(august),
            ends=days.end_of(august + 4),
            priority=10,
            items=("slides", "api-calls"),
            reason="Referred a friend",
        ),
        CreditFact(
            STORY,
            "Loyalty credit",
            "40.00",
            granted=this_month,
            starts=this_month,
            ends=days.end_of(2),
            priority=20,
            kinds=(Kind.USAGE_METER,),
            reason="Thank you for staying",
        ),
    )


def older_dollar_credits(days: Days) -> tuple[CreditFact, ...]:
    first, end_of = days.month, days.end_of
    usage, purchased = (Kind.USAGE_METER,), Category.PURCHASED
    return (
        CreditFact("AC-1002", "Launch promotion", "400.00", first(-6), first(-6), None, priority=10),
        CreditFact(
            "AC-1002",
            "Usage bundle",
            "600.00",
            first(-3),
            first(-3),
            end_of(6),
            category=purchased,
            kinds=usage,
        ),
        CreditFact(
            "AC-1004",
            "Welcome credit",
            "150.00",
            granted=first(-4),
            starts=first(-4),
            ends=end_of(0),
            priority=20,
            kinds=(Kind.USAGE_METER, Kind.ADD_ON),
            excluded=("storage",),
        ),
        CreditFact(
            "AC-1004",
            "Seat rebate",
            "180.00",
            granted=first(-2),
            starts=first(-2),
            ends=None,
            priority=60,
            kinds=(Kind.LICENSE,),
            items=("priority-support",),
        ),
    )


def newer_dollar_credits(days: Days) -> tuple[CreditFact, ...]:
    first, end_of, purchased = days.month, days.end_of, Category.PURCHASED
    return (
        # These two, on the current draft: the first moves aside to where the second cannot pay (R5).
        CreditFact("AC-1006", "Fleet pilot credit", "120.00", first(0), first(0), end_of(3), priority=5),
        CreditFact(
            "AC-1006",
            "API starter pack",
            "120.00",
            granted=first(0),
            starts=first(0),
            ends=end_of(3),
            priority=10,
            category=purchased,
            items=("api-calls",),
        ),
        CreditFact(
            "AC-1006",
            "Winter usage pack",
            "500.00",
            granted=first(-1, 25),
            starts=first(-1, 25),
            ends=end_of(10),
            category=purchased,
            kinds=(Kind.USAGE_METER,),
            reason="Order 2231",
            price="400.00",
        ),
        CreditFact("AC-1009", "Goodwill credit", "60.00", first(-1, 10), first(-1, 10), None, priority=30),
        CreditFact("AC-1009", SENT_TWICE, "60.00", first(-1, 10), first(-1, 10), None, priority=30),
        CreditFact(
            "AC-1010",
            "Education grant",
            "300.00",
            granted=first(-4),
            starts=first(-4),
            ends=end_of(8),
            kinds=(Kind.FIXED_FEE, Kind.ADD_ON),
            items=("seats",),
        ),
        CreditFact(
            "AC-1010",
            "Next term commitment",
            "900.00",
            granted=first(-1, 20),
            starts=first(1, 15),
            ends=end_of(12),
            category=purchased,
            excluded=("brand-kit",),
        ),
    )


def measured_credits(days: Days) -> tuple[CreditFact, ...]:
    """Free units of a meter, and money that pays only so much of each invoice."""
    first, end_of = days.month, days.end_of
    return (
        CreditFact(
            "AC-1010",
            "Free API calls",
            amount="",
            granted=first(-2),
            starts=first(-2),
            ends=end_of(4),
            items=("api-calls",),
            units="50000",
            reason="Part of the campus agreement",
        ),
        CreditFact(
            "AC-1009",
            "Half of the usage",
            "400.00",
            granted=first(-3),
            starts=first(-3),
            ends=end_of(9),
            priority=20,
            kinds=(Kind.USAGE_METER,),
            max_amount="200.00",
            max_percent="50",
            reason="Migration discount",
        ),
    )


def euro_credits(days: Days) -> tuple[CreditFact, ...]:
    first, purchased = days.month, Category.PURCHASED
    return (
        CreditFact(
            "AC-1003",
            COMMITMENT,
            "2000.00",
            granted=first(-5, 2),
            starts=first(-5, 2),
            ends=days.end_of(7),
            category=purchased,
            excluded=("platform-fee",),
        ),
        CreditFact(
            "AC-1005",
            "Transcription trial",
            "120.00",
            granted=first(-3),
            starts=first(-3),
            ends=days.ago(10),
            items=("transcription",),
        ),
    )


def yen_credits(days: Days) -> tuple[CreditFact, ...]:
    first = days.month
    return (
        CreditFact(
            "AC-1007",
            "Prepaid compute",
            "500000",
            granted=first(-6, 3),
            starts=first(-6, 3),
            ends=None,
            category=Category.PURCHASED,
            kinds=(Kind.USAGE_METER,),
        ),
        CreditFact(
            "AC-1008",
            "Brand kit trial",
            "30000",
            granted=first(-6),
            starts=first(-6),
            ends=first(-4, 28),
            items=("brand-kit",),
        ),
    )


def larger_commitment(days: Days) -> CreditFact:
    """What replaces the commitment half way."""
    return CreditFact(
        "AC-1003",
        LARGER_COMMITMENT,
        "2400.00",
        granted=days.month(-2, 15),
        starts=days.month(-2, 15),
        ends=days.end_of(10),
        category=Category.PURCHASED,
        excluded=("platform-fee",),
        reason="The customer raised the commitment",
    )
