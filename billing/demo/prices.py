"""What the demo's meters cost, which accounts are billed by them, and what these are charged each month.

Nothing here acts; `billing.demo.recurring` does.
"""

from dataclasses import dataclass

from billing.demo.facts import AccountFact

FIRST_MONTH = -3
"""The first month that is billed by charges and usage."""

# key, name, currency, default
PRICE_LISTS = (
    ("standard-usd", "Standard, US dollars", "USD", True),
    ("standard-eur", "Standard, euros", "EUR", True),
    ("campus-usd", "Campus", "USD", False),
)


@dataclass(frozen=True, slots=True)
class PriceFact:
    """A price from the first day of a month on. Each tier is what it reaches up to, its unit price and its
    flat fee."""

    price_list: str
    item: str
    scheme: str
    tiers: tuple[tuple[str, str, str], ...]
    package_size: str = ""
    since: int = -7


PRICES = (
    PriceFact("standard-usd", "api-calls", "per_unit", (("", "0.0021", "0"),)),
    PriceFact(
        "standard-usd",
        "api-calls",
        "graduated",
        (("10000", "0.002", "0"), ("100000", "0.00125", "0"), ("", "0.0008", "0")),
        since=FIRST_MONTH,
    ),
    PriceFact(
        "standard-usd",
        "storage",
        "volume",
        (("500", "0.10", "0"), ("5000", "0.085", "0"), ("", "0.07", "0")),
    ),
    PriceFact("standard-usd", "image-renders", "package", (("", "8.00", "0"),), package_size="50"),
    PriceFact("standard-usd", "transcription", "per_unit", (("", "0.0125", "0"),)),
    PriceFact("standard-usd", "transcription", "per_unit", (("", "0.0115", "0"),), since=1),
    PriceFact("standard-eur", "transcription", "per_unit", (("", "0.0117", "0"),)),
    PriceFact(
        "standard-eur",
        "storage",
        "volume",
        (("500", "0.092", "0"), ("5000", "0.078", "0"), ("", "0.064", "0")),
    ),
    PriceFact("campus-usd", "transcription", "per_unit", (("", "0.009", "0"),)),
    PriceFact("campus-usd", "api-calls", "graduated", (("50000", "0", "0"), ("", "0.0006", "5.00"))),
)

METERED = (
    AccountFact("AC-1011", "kappa-logistics", "Route planner", "USD", "Europe/Amsterdam", ()),
    AccountFact("AC-1012", "maison-aubert", "Podcast archive", "EUR", "Europe/Paris", ()),
    AccountFact("AC-1013", "tidewater-college", "Field station", "USD", "America/Los_Angeles", ()),
)
# Whose prices are not the default ones.
CAMPUS = ("AC-1013", "campus-usd")


@dataclass(frozen=True, slots=True)
class ChargeFact:
    """So much each month, from a day of a month on."""

    account: str
    item: str
    quantity: str
    unit_price: str
    description: str = ""
    since: tuple[int, int] = (FIRST_MONTH, 1)


CHARGES = (
    ChargeFact("AC-1011", "platform-fee", "1", "80.00"),
    ChargeFact("AC-1011", "seats", "15", "9.50", "Dispatchers"),
    ChargeFact("AC-1011", "priority-support", "1", "25.00", since=(-1, 11)),
    ChargeFact("AC-1012", "platform-fee", "1", "45.00"),
    ChargeFact("AC-1012", "brand-kit", "1", "15.00"),
    ChargeFact("AC-1013", "seats", "8", "4.00", "Researchers"),
)

# account, item, what is used of it on a day of work
DAILY_USE = (
    ("AC-1011", "api-calls", "5200"),
    ("AC-1011", "image-renders", "19"),
    ("AC-1011", "storage", "21.5"),
    ("AC-1012", "transcription", "310"),
    ("AC-1012", "storage", "14.25"),
    ("AC-1013", "api-calls", "2900"),
    ("AC-1013", "transcription", "45"),
)
