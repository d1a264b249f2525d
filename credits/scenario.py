"""The scenario file: what credits would do to lines, without a database.

A scenario states a currency, the moment of an invoice, credits and lines; the answer says who pays
what, and why a credit was not used. It asks `credits.settlement`, as issuing does. What differs from
the product: times are instants in UTC (a bare day is its first instant), there is no grace after the
expiry, and the file is everything there is: no settings, no account, no stored balance. So a file also
says what the product would know by itself: a line that sells a credit is not `creditable`, and a credit
whose purchase invoice is open is not `purchase_paid`.

A credit is of an `amount` of money, or of `units` of a `unit_item` (R11), and then needs no scope; its
`used` and `left` are units, and what they were worth is `paid`. Units are counted in whole
parts of 10**-12 of a unit, so that all that may be written is exact.

The answer's `applied` is in the order of use, then of the lines; its `credits` and `lines` are in the
order of the file. `left` is the amount less what was used, in the credit's own currency, also for a
credit that can no longer be used. Two credits or two lines may share a name or an item.
"""

from datetime import datetime
from decimal import Decimal

from credits.scenario_reading import (
    Node,
    ScenarioRefused,
    amount_read,
    amount_text,
    choice_read,
    currency_read,
    decimal_read,
    integer_read,
    json_read,
    moment_read,
    percent_read,
    product_round,
    set_read,
    text_read,
    truth_read,
    unit_parts,
    units_read,
    units_text,
)
from credits.settlement import Outcome, Payment, Settlement, settle
from credits.terms import CreditFacts, LineFacts, Scope

__all__ = ["ScenarioRefused", "scenario_answer"]

KINDS = ("usage_meter", "add_on", "fixed_fee", "license")
CREDIT_FIELDS = ("name", "currency", "priority", "effective_at", "expires_at")
CAPS = ("max_amount", "max_percent")
CREDIT_OPTIONS = (
    *("amount", "units", "unit_item", "scope", "category", "created_order", "voided_at", "purchase_paid"),
    *CAPS,
)
LINE_OPTIONS = ("amount", "quantity", "unit_price", "first_day", "tags", "creditable")
WHOLE_INVOICE = Scope(True, frozenset(), frozenset(), frozenset())
# What each kind of scope names: all of these and none of the others.
SCOPE_NAMES = {"invoice": (), "kinds": ("kinds",), "items": ("items",), "tags": ("tags",)}


def scenario_answer(text: str) -> dict[str, object]:
    """The answer to a scenario, ready for JSON. Raises `ScenarioRefused`."""
    root = json_read(text)
    root.fields(required=("currency", "invoice_date", "credits", "lines"))
    currency, issued = currency_read(root["currency"]), moment_read(root["invoice_date"])
    credits = [_credit(node, place, issued) for place, node in enumerate(root["credits"].elements())]
    lines = [_line(node, place, currency, issued) for place, node in enumerate(root["lines"].elements())]
    if not lines:
        root["lines"].refuse("must name at least one line.")
    names = [str(node["name"].value) for node in root["credits"].elements()]
    return _answer(settle(credits, lines, currency=currency, issued=issued), names, lines, currency)


def _credit(node: Node, place: int, issued: datetime) -> CreditFacts:
    node.fields(required=CREDIT_FIELDS, optional=CREDIT_OPTIONS)
    text_read(node["name"])
    currency = currency_read(node["currency"])
    balance, unit_item = _granted(node, currency)
    max_amount, max_percent = _caps(node, currency, of_units=unit_item is not None)
    voided_at = _moment_or_never(node, "voided_at")
    category = choice_read(node["category"], ("promotional", "purchased")) if node.has("category") else ""
    return CreditFacts(
        key=place,
        currency=currency,
        balance=balance,
        priority=integer_read(node["priority"], least=1, most=100),
        purchased=category == "purchased",
        starts=moment_read(node["effective_at"]),
        ends=_moment_or_never(node, "expires_at"),
        last_issue=None,
        created=integer_read(node["created_order"]) if node.has("created_order") else place,
        voided=voided_at is not None and voided_at <= issued,
        scope=_scope(node["scope"]) if unit_item is None or node.has("scope") else WHOLE_INVOICE,
        unit_item=unit_item,
        max_amount=max_amount,
        max_percent=max_percent,
        unpaid=node.has("purchase_paid") and not truth_read(node["purchase_paid"]),
    )


def _granted(node: Node, currency: str) -> tuple[int, str | None]:
    """Money, or units of an item."""
    of_units = [name for name in ("units", "unit_item") if node.has(name)]
    if not of_units:
        if not node.has("amount"):
            node.lack("amount", "is missing: a credit has an amount, or units of a unit_item.")
        return amount_read(node["amount"], currency, on_line=False), None
    if node.has("amount"):
        node[of_units[0]].refuse("stands beside an amount: a credit is of money or of units, not of both.")
    return units_read(node["units"]), text_read(node["unit_item"])


def _caps(node: Node, currency: str, *, of_units: bool) -> tuple[int | None, Decimal | None]:
    for name in CAPS:
        if of_units and node.has(name):
            node[name].refuse("is for a credit of money: free units have no cap in money.")
    return (
        amount_read(node["max_amount"], currency, on_line=False) if node.has("max_amount") else None,
        percent_read(node["max_percent"]) if node.has("max_percent") else None,
    )


def _moment_or_never(node: Node, name: str) -> datetime | None:
    return moment_read(node[name]) if node.has(name) and node[name].value is not None else None


def _scope(node: Node) -> Scope:
    node.fields(required=("kind", "kinds", "items"), optional=("tags", "excluded_items"))
    kind = choice_read(node["kind"], (*SCOPE_NAMES, "mixed"))
    kinds = set_read(node["kinds"], lambda name: choice_read(name, KINDS))
    items, tags = set_read(node["items"], text_read), _texts(node, "tags")
    _scope_agrees(node, kind, {"kinds": kinds, "items": items, "tags": tags})
    return Scope(kind == "invoice", kinds, frozenset(items), frozenset(_texts(node, "excluded_items")), tags)


def _scope_agrees(node: Node, kind: str, named: dict[str, frozenset[str]]) -> None:
    if kind == "mixed":
        empty = [name for name, names in named.items() if not names]
        if len(empty) > 1:
            node.lack(empty[0], 'is empty, but a scope of kind "mixed" names two of kinds, items and tags.')
        return
    for name, names in named.items():
        if name in SCOPE_NAMES[kind] and not names:
            node.lack(name, f'must not be empty in a scope of kind "{kind}".')
        if name not in SCOPE_NAMES[kind] and names:
            node.lack(name, f'must be empty in a scope of kind "{kind}".')


def _texts(node: Node, name: str) -> frozenset[str]:
    return set_read(node[name], text_read) if node.has(name) else frozenset()


def _line(node: Node, place: int, currency: str, issued: datetime) -> LineFacts:
    node.fields(required=("item", "kind"), optional=LINE_OPTIONS)
    return LineFacts(
        key=place,
        item=text_read(node["item"]),
        kind=choice_read(node["kind"], KINDS),
        amount=_line_amount(node, currency),
        first=_moment_or_never(node, "first_day") or issued,
        quantity=unit_parts(decimal_read(node["quantity"])) if node.has("quantity") else 0,
        tags=_texts(node, "tags"),
        creditable=truth_read(node["creditable"]) if node.has("creditable") else True,
    )


def _line_amount(node: Node, currency: str) -> int:
    """The amount given, or else the priced one. Where both are, the price is only for display (R1)."""
    priced = [name for name in ("quantity", "unit_price") if node.has(name)]
    prices = [decimal_read(node[name]) for name in priced]
    if node.has("amount") or not prices:
        return amount_read(node["amount"], currency, on_line=True)
    if len(prices) == 1:
        node.refuse(f"has no amount, and {priced[0]} alone does not make one.")
    quantity, unit_price = prices
    return product_round(quantity, unit_price, currency)


def _answer(
    settled: Settlement, names: list[str], lines: list[LineFacts], currency: str
) -> dict[str, object]:
    def amount(minor: int) -> str:
        return amount_text(minor, currency)

    outcomes = sorted(settled.outcomes, key=lambda outcome: outcome.credit.key)
    return {
        "currency": currency,
        "applied": [
            _applied(payment, names[payment.credit], lines[payment.line], currency)
            for payment in settled.payments
        ],
        "credits": [_told(outcome, names[outcome.credit.key]) for outcome in outcomes],
        "lines": [
            {
                "item": line.item,
                "amount": amount(line.amount),
                "credited": amount(settled.credited_on(line.key)),
                "due": amount(line.amount - settled.credited_on(line.key)),
            }
            for line in lines
        ],
        "total": amount(settled.total),
        "total_credited": amount(settled.credited),
        "total_due": amount(settled.due),
    }


def _applied(payment: Payment, name: str, line: LineFacts, currency: str) -> dict[str, object]:
    row = {
        "credit": name,
        "line": payment.line,
        "item": line.item,
        "amount": amount_text(payment.amount, currency),
    }
    return row | ({"units": units_text(payment.units)} if payment.units else {})


def _told(outcome: Outcome, name: str) -> dict[str, object]:
    credit = outcome.credit
    if credit.unit_item is None:
        return {
            "name": name,
            "used": amount_text(outcome.used, credit.currency),
            "left": amount_text(outcome.left, credit.currency),
            "why": outcome.why.value,
        }
    return {
        "name": name,
        "unit_item": credit.unit_item,
        "used": units_text(outcome.used),
        "left": units_text(outcome.left),
        "paid": amount_text(outcome.paid, credit.currency),
        "why": outcome.why.value,
    }
