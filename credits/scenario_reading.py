"""Reading a scenario file: JSON held to its grammar, and each refusal with the place it is about.

Everything here takes a `Node`, a value with its place in the file such as `credits[0].amount`, and
answers with a plain value or refuses.
"""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any, NoReturn

from moneyed import CurrencyDoesNotExist, get_currency

DECIMAL = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?", re.ASCII)
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
INSTANT = re.compile(
    DAY.pattern + r"[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?", re.ASCII
)
MOST_DIGITS = 15  # R1: what every database we support keeps exactly
MOST_DECIMALS = 12
EXACT = Context(prec=2 * MOST_DIGITS + 2, rounding=ROUND_HALF_EVEN)


class ScenarioRefused(ValueError):
    """The sentence starts with the place in the file."""


@dataclass(frozen=True, slots=True)
class Node:
    value: Any
    place: str

    def refuse(self, sentence: str) -> NoReturn:
        raise ScenarioRefused(f"{self.place}: {sentence}" if self.place else sentence)

    def has(self, name: str) -> bool:
        return name in self.value

    def __getitem__(self, name: str) -> "Node":
        if name not in self.value:
            self.lack(name)
        return Node(self.value[name], f"{self.place}.{name}" if self.place else name)

    def lack(self, name: str, sentence: str = "is missing.") -> NoReturn:
        Node(None, f"{self.place}.{name}" if self.place else name).refuse(sentence)

    def fields(self, *, required: Iterable[str], optional: Iterable[str] = ()) -> None:
        """This is an object with the required fields and no others than the optional ones."""
        if not isinstance(self.value, dict):
            self.refuse("must be an object in braces.")
        for name in required:
            self[name]
        for name in self.value.keys() - {*required, *optional}:
            self[name].refuse("is not a field of a scenario.")

    def elements(self) -> list["Node"]:
        if not isinstance(self.value, list):
            self.refuse("must be a list in brackets.")
        return [Node(value, f"{self.place}[{number}]") for number, value in enumerate(self.value)]


def json_read(text: str) -> Node:
    try:
        return Node(
            json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant, parse_int=_whole_number),
            "",
        )
    except json.JSONDecodeError as error:
        raise ScenarioRefused(f"line {error.lineno}, column {error.colno}: {error.msg}.") from error
    except RecursionError:
        raise ScenarioRefused("The file is nested too deeply to be a scenario.") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # The second of two would silently win, and a reader may well have meant the first.
    read: dict[str, Any] = {}
    for name, value in pairs:
        if name in read:
            raise ScenarioRefused(f"{name}: is given twice in one object.")
        read[name] = value
    return read


def _no_constant(name: str) -> NoReturn:
    raise ScenarioRefused(f"{name} is not a number that JSON knows.")


def _whole_number(digits: str) -> int:
    if len(digits) > MOST_DIGITS + 1:
        raise ScenarioRefused(f"{digits[:20]}…: a number of more than {MOST_DIGITS} digits.")
    return int(digits)


def text_read(node: Node) -> str:
    if not isinstance(node.value, str):
        node.refuse("must be text in quotes.")
    if not node.value.strip():
        node.refuse("must not be empty.")
    if any("\ud800" <= character <= "\udfff" for character in node.value):
        node.refuse("holds half a character (a lone surrogate).")
    return node.value


def choice_read(node: Node, choices: Iterable[str]) -> str:
    if not isinstance(node.value, str) or node.value not in choices:
        node.refuse(f"must be one of {', '.join(choices)}.")
    return node.value


def truth_read(node: Node) -> bool:
    if type(node.value) is not bool:
        node.refuse("must be true or false, without quotes.")
    return bool(node.value)


def set_read(node: Node, read: Callable[[Node], str]) -> frozenset[str]:
    return frozenset(read(element) for element in node.elements())


def integer_read(node: Node, *, least: int | None = None, most: int | None = None) -> int:
    value = node.value
    if type(value) is not int:
        node.refuse("must be a whole number, without quotes.")
    if (least is not None and value < least) or (most is not None and value > most):
        node.refuse(f"must be from {least} to {most}.")
    return int(value)


def currency_read(node: Node) -> str:
    code = text_read(node)
    try:
        get_currency(code)
    except CurrencyDoesNotExist:
        node.refuse(f"{code} is not a currency code, such as USD.")
    return code


def currency_decimals(currency: str) -> int:
    return len(str(get_currency(currency).sub_unit)) - 1


def amount_read(node: Node, currency: str, *, on_line: bool) -> int:
    """Minor units by R1's grammar; on a line a leading minus and zero are allowed, on a credit neither."""
    decimals = currency_decimals(currency)
    sign, whole, fraction = _digits(node)
    if len(fraction) > decimals:
        node.refuse(f"{currency} has {decimals or 'no'} decimals, not {len(fraction)}.")
    minor = int(whole + fraction.ljust(decimals, "0"))
    if sign and not on_line:
        node.refuse("must not be negative.")
    if not minor and not on_line:
        node.refuse("must not be zero.")
    return -minor if sign else minor


def decimal_read(node: Node) -> Decimal:
    """A quantity or unit price, exactly."""
    sign, whole, fraction = _digits(node)
    if len(fraction) > MOST_DECIMALS:
        node.refuse(f"must have at most {MOST_DECIMALS} decimals.")
    return Decimal(f"{sign}{whole}.{fraction}")


def percent_read(node: Node) -> Decimal:
    percent = decimal_read(_quoted(node))
    if not 0 < percent <= 100:
        node.refuse("must be more than 0 and at most 100.")
    return percent


def units_read(node: Node) -> int:
    """Parts of a unit; some, as a credit grants them."""
    units = decimal_read(_quoted(node))
    if units <= 0:
        node.refuse("must be more than zero.")
    return unit_parts(units)


def _quoted(node: Node) -> Node:
    """A whole percentage or count may stand without quotes: JSON keeps it exactly."""
    return Node(str(node.value), node.place) if type(node.value) is int else node


def unit_parts(units: Decimal) -> int:
    """Units in parts so small that any number of units R1 allows is a whole number of them."""
    return int(units.scaleb(MOST_DECIMALS, EXACT))


def units_text(parts: int) -> str:
    whole, fraction = divmod(parts, 10**MOST_DECIMALS)
    return f"{whole}.{fraction:0{MOST_DECIMALS}}".rstrip("0").removesuffix(".")


def _digits(node: Node) -> tuple[str, str, str]:
    if not isinstance(node.value, str):
        node.refuse('must be text in quotes, such as "50.00".')
    match = DECIMAL.fullmatch(node.value)
    if match is None:
        node.refuse('must be digits with at most one point between them, such as "50.00".')
    sign, whole, fraction = match[1], match[2], match[3] or ""
    if len((whole + fraction).lstrip("0")) > MOST_DIGITS:
        node.refuse(f"must have at most {MOST_DIGITS} significant digits.")
    return sign, whole, fraction


def product_round(quantity: Decimal, unit_price: Decimal, currency: str) -> int:
    """Minor units of a priced line, rounded once, half-even (R1)."""
    exact = EXACT.multiply(quantity, unit_price).scaleb(currency_decimals(currency), EXACT)
    return int(exact.to_integral_value(ROUND_HALF_EVEN))


def amount_text(minor: int, currency: str) -> str:
    decimals = currency_decimals(currency)
    sign, digits = ("-" if minor < 0 else ""), str(abs(minor)).rjust(decimals + 1, "0")
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}" if decimals else f"{sign}{digits}"


def moment_read(node: Node) -> datetime:
    """An instant with its offset from UTC, or a day, which is its first instant in UTC."""
    text = text_read(node)
    if DAY.fullmatch(text):
        text += "T00:00Z"
    elif not INSTANT.fullmatch(text):
        node.refuse("must be a day such as 2026-09-01 or an instant such as 2026-09-01T12:00:00Z.")
    try:
        moment = datetime.fromisoformat(text)
        in_utc = moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        node.refuse(f"{node.value} is not on the calendar or the clock.")
    if in_utc is None:
        node.refuse("must end in Z or an offset such as +02:00: without one it is no instant.")
    return in_utc
