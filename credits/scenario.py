"""The scenario file: what credits would do to lines, without a database.

A scenario states a currency, the moment of an invoice, credits and lines; the answer says who pays
what, and why a credit was not used. It asks `credits.settlement`, as issuing does. What differs from
the product: times are instants in UTC (a bare day is its first instant), there is no grace after the
expiry, and the file is everything there is: no settings, no account, no stored balance.

The answer's `applied` is in the order of use, then of the lines; its `credits` and `lines` are in the
order of the file. `left` is the amount less what was used, in the credit's own currency, also for a
credit that can no longer be used. Two credits or two lines may share a name or an item.
"""

from datetime import datetime

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
    product_round,
    set_read,
    text_read,
)
from credits.settlement import Settlement, settle
from credits.terms import CreditFacts, LineFacts, Scope

__all__ = ["ScenarioRefused", "scenario_answer"]

KINDS = ("usage_meter", "add_on", "fixed_fee", "license")
CREDIT_FIELDS = ("name", "amount", "currency", "priority", "effective_at", "expires_at", "scope")
CREDIT_OPTIONS = ("category", "created_order", "voided_at", "units", "unit_item")
LINE_OPTIONS = ("amount", "quantity", "unit_price", "first_day")
# What each kind of scope must name, and by being left out here, must not.
SCOPE_NAMES = {"invoice": (), "kinds": ("kinds",), "items": ("items",), "mixed": ("kinds", "items")}


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
    if isinstance(node.value, dict) and (node.has("units") or node.has("unit_item")):
        node["units" if node.has("units") else "unit_item"].refuse("free units are not supported yet.")
    node.fields(required=CREDIT_FIELDS, optional=CREDIT_OPTIONS)
    text_read(node["name"])
    currency = currency_read(node["currency"])
    voided_at = _moment_or_never(node, "voided_at")
    category = choice_read(node["category"], ("promotional", "purchased")) if node.has("category") else ""
    return CreditFacts(
        key=place,
        currency=currency,
        balance=amount_read(node["amount"], currency, on_line=False),
        priority=integer_read(node["priority"], least=1, most=100),
        purchased=category == "purchased",
        starts=moment_read(node["effective_at"]),
        ends=_moment_or_never(node, "expires_at"),
        last_issue=None,
        created=integer_read(node["created_order"]) if node.has("created_order") else place,
        voided=voided_at is not None and voided_at <= issued,
        scope=_scope(node["scope"]),
    )


def _moment_or_never(node: Node, name: str) -> datetime | None:
    return moment_read(node[name]) if node.has(name) and node[name].value is not None else None


def _scope(node: Node) -> Scope:
    node.fields(required=("kind", "kinds", "items"), optional=("excluded_items",))
    kind = choice_read(node["kind"], tuple(SCOPE_NAMES))
    kinds = set_read(node["kinds"], lambda name: choice_read(name, KINDS))
    items = set_read(node["items"], text_read)
    for name, named in (("kinds", kinds), ("items", items)):
        if name in SCOPE_NAMES[kind] and not named:
            node[name].refuse(f'must not be empty in a scope of kind "{kind}".')
        if name not in SCOPE_NAMES[kind] and named:
            node[name].refuse(f'must be empty in a scope of kind "{kind}".')
    excluded = set_read(node["excluded_items"], text_read) if node.has("excluded_items") else frozenset()
    return Scope(kind == "invoice", kinds, frozenset(items), frozenset(excluded))


def _line(node: Node, place: int, currency: str, issued: datetime) -> LineFacts:
    node.fields(required=("item", "kind"), optional=LINE_OPTIONS)
    return LineFacts(
        key=place,
        item=text_read(node["item"]),
        kind=choice_read(node["kind"], KINDS),
        amount=_line_amount(node, currency),
        first=_moment_or_never(node, "first_day") or issued,
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

    return {
        "currency": currency,
        "applied": [
            {
                "credit": names[payment.credit],
                "line": payment.line,
                "item": lines[payment.line].item,
                "amount": amount(payment.amount),
            }
            for payment in settled.payments
        ],
        "credits": [
            {
                "name": names[outcome.credit.key],
                "used": amount_text(outcome.used, outcome.credit.currency),
                "left": amount_text(outcome.left, outcome.credit.currency),
                "why": outcome.why.value,
            }
            for outcome in sorted(settled.outcomes, key=lambda outcome: outcome.credit.key)
        ],
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
