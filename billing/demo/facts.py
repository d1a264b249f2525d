"""The company of the demo, as tables: what it sells, to whom, and what it has promised them.

Nothing here acts; `billing.demo.company` does. Amounts and prices are written as a person types them.
"""

from dataclasses import dataclass
from datetime import date

from credits.models import Category
from invoices.models import Kind

# key, name, kind, unit
ITEMS = (
    ("slides", "Slides generated", Kind.USAGE_METER, "slide"),
    ("api-calls", "API calls", Kind.USAGE_METER, "call"),
    ("image-renders", "Image renders", Kind.USAGE_METER, "image"),
    ("storage", "Storage", Kind.USAGE_METER, "GB-month"),
    ("transcription", "Transcription", Kind.USAGE_METER, "minute"),
    ("priority-support", "Priority support", Kind.ADD_ON, "month"),
    ("brand-kit", "Brand kit", Kind.ADD_ON, "month"),
    ("platform-fee", "Platform fee", Kind.FIXED_FEE, "month"),
    ("seats", "Team seats", Kind.LICENSE, "seat"),
)

# key, name, email
CUSTOMERS = (
    ("john-wick", "John Wick", "john.wick@example.com"),
    ("lakeside-clinic", "Lakeside Clinic", "accounts@lakeside.example"),
    ("brightside-studio", "Brightside Studio", "billing@brightside.example"),
    ("maison-aubert", "Maison Aubert", "compta@aubert.example"),
    ("kappa-logistics", "Kappa Logistics", "finance@kappa.example"),
    ("hoshi-robotics", "Hoshi Robotics", "keiri@hoshi.example"),
    ("sora-print", "Sora Print", "office@sora.example"),
    ("tidewater-college", "Tidewater College", "bursar@tidewater.example"),
)


@dataclass(frozen=True, slots=True)
class AccountFact:
    """`charges` are a month's lines: item key, quantity, unit price."""

    key: str
    customer: str
    name: str
    currency: str
    time_zone: str
    charges: tuple[tuple[str, str, str], ...]


STORY = "AC-1001"
STORY_AUGUST = (
    ("slides", "400", "0.10"),
    ("api-calls", "25000", "0.001"),
    ("image-renders", "100", "0.20"),
    ("storage", "150", "0.10"),
)
ACCOUNTS = (
    AccountFact(
        STORY,
        "john-wick",
        "ChatPPT",
        "USD",
        "UTC",
        (
            ("slides", "260", "0.10"),
            ("api-calls", "18000", "0.001"),
            ("image-renders", "60", "0.20"),
            ("storage", "150", "0.10"),
        ),
    ),
    AccountFact(
        "AC-1002",
        "lakeside-clinic",
        "Lakeside Clinic",
        "USD",
        "America/Chicago",
        (
            ("transcription", "4200", "0.012"),
            ("storage", "310", "0.10"),
            ("seats", "12", "9.50"),
            ("platform-fee", "1", "49.00"),
        ),
    ),
    AccountFact(
        "AC-1003",
        "brightside-studio",
        "Brightside Berlin",
        "EUR",
        "Europe/Berlin",
        (
            ("slides", "1900", "0.09"),
            ("image-renders", "820", "0.18"),
            ("seats", "18", "8.90"),
            ("platform-fee", "1", "45.00"),
        ),
    ),
    AccountFact(
        "AC-1004",
        "brightside-studio",
        "Brightside New York",
        "USD",
        "America/New_York",
        (
            ("image-renders", "95", "0.20"),
            ("storage", "80", "0.10"),
            ("priority-support", "1", "6.00"),
            ("seats", "4", "9.50"),
        ),
    ),
    AccountFact(
        "AC-1005",
        "maison-aubert",
        "Maison Aubert",
        "EUR",
        "Europe/Paris",
        (("slides", "350", "0.09"), ("transcription", "600", "0.011"), ("platform-fee", "1", "45.00")),
    ),
    AccountFact(
        "AC-1006",
        "kappa-logistics",
        "Fleet portal",
        "USD",
        "Europe/Amsterdam",
        (("api-calls", "120000", "0.001"), ("storage", "800", "0.10"), ("platform-fee", "1", "100.00")),
    ),
    AccountFact(
        "AC-1007",
        "hoshi-robotics",
        "Hoshi Robotics",
        "JPY",
        "Asia/Tokyo",
        (("api-calls", "410000", "0.15"), ("image-renders", "260", "28"), ("platform-fee", "1", "7000")),
    ),
    AccountFact(
        "AC-1008",
        "sora-print",
        "Sora Print",
        "JPY",
        "Asia/Tokyo",
        (("image-renders", "640", "28"), ("storage", "95", "14.5"), ("seats", "3", "1400")),
    ),
    AccountFact(
        "AC-1009",
        "tidewater-college",
        "Library",
        "USD",
        "America/New_York",
        (("slides", "220", "0.10"), ("storage", "540", "0.10"), ("seats", "25", "4.00")),
    ),
    AccountFact(
        "AC-1010",
        "tidewater-college",
        "Admissions",
        "USD",
        "America/New_York",
        (("api-calls", "9000", "0.001"), ("brand-kit", "1", "15.00"), ("seats", "6", "4.00")),
    ),
)


@dataclass(frozen=True, slots=True)
class CreditFact:
    """A credit, granted on `granted`; the scope is the whole invoice unless kinds or items are named. One
    with `units` is of free units of its one item, and has no amount; one with a `price` is sold on an invoice
    of its own, and waits until that is paid."""

    account: str
    name: str
    amount: str
    granted: date
    starts: date
    ends: date | None
    priority: int = 50
    category: Category = Category.PROMOTIONAL
    kinds: tuple[Kind, ...] = ()
    items: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    reason: str = ""
    units: str = ""
    max_amount: str = ""
    max_percent: str = ""
    price: str = ""
