"""The model and the product side by side: whatever is asked, both are asked, and both must agree."""

import itertools
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from datetime import UTC, datetime
from typing import Any

from billing.digest import ledger_digest
from billing.verification.runner import ledger_verify
from customers.acts import Refusal, TokenReused
from customers.models import Act
from tests.histories.model import Model, Refused
from tests.histories.product import Product

BEGINNING = datetime(2026, 8, 20, 12, tzinfo=UTC)


class Disagree(AssertionError):
    """The product does not do what the rules say; the message has both sides, and how it came there."""


@dataclass(frozen=True)
class Request:
    act: str
    facts: Mapping[str, Any] = field(default_factory=dict)


class World:
    def __init__(self) -> None:
        self.now = BEGINNING
        self.model, self.product = Model(), Product()
        self.told: list[tuple[Request, str, Any]] = []  # what was done, its token, its result
        self.log: list[str] = []
        self.compared = True
        self._numbers = itertools.count(1)
        self._free_token = ""

    def ask(self, act: str, **facts: Any) -> Any:
        """The act, done by both or refused by both. A refused attempt leaves its token for the next."""
        token, self._free_token = self._free_token or f"token-{next(self._numbers)}", ""
        self._log(f"{act} {facts} [{token}]")
        records = self.model.records
        try:
            result = self.model.perform(act, facts, self.now)
        except Refused:
            self.refused(Refusal, lambda: self.product.perform(act, facts, now=self.now, token=token))
            self._free_token = token
            return None
        try:
            done = self.product.perform(act, facts, now=self.now, token=token)
        except Refusal as refusal:
            raise self._disagree(f"the product refuses: {refusal}") from refusal
        if act == "expiry_run" or self.model.records == records:
            self._free_token = token  # a run has its own; where nothing is done, nothing is recorded
        elif act not in RUNS:  # a billing run that comes again goes on with what is left
            self.told.append((Request(act, facts), token, done))
        if result is not None and result != done:
            raise self._disagree(f"the product gives {done!r}, the model {result!r}")
        self.compared = False
        return result

    def repeat(self, at: int) -> None:
        """R13: a token that arrives again shows the first result, and nothing is done."""
        request, token, result = self.told[at]
        self._log(f"again: {request.act} [{token}]")
        if request.act in SHOW_A_DRAFT and self.model.invoices[result].status == "discarded":
            self.refused(Refusal, lambda: self.product.repeat(token, now=self.now))
            return
        digest = ledger_digest()
        if (again := self.product.repeat(token, now=self.now)) != result:
            raise self._disagree(f"the first time the result was {result!r}, the second time {again!r}")
        self._unchanged(digest)

    def misuse(self, at: int, request: Request) -> None:
        """R13: a token that comes with other content is refused."""
        first, token, _ = self.told[at]
        if _content(first) == _content(request) or request.act in RUNS:
            return
        self._log(f"with the token of {first.act}: {request.act} {request.facts} [{token}]")
        sent = self.product.sent[token]
        act = lambda: self.product.perform(request.act, request.facts, now=self.now, token=token)  # noqa: E731
        self.refused(TokenReused, act)
        self.product.sent[token] = sent

    def refused(self, kind: type[Refusal], act: Any) -> None:
        digest = ledger_digest()
        try:
            act()
        except kind:
            self._unchanged(digest)
        except Refusal as other:
            raise self._disagree(f"refused, but for another reason: {other}") from other
        else:
            raise self._disagree("the product does what must be refused")

    def look(self) -> None:
        """R7: what the drafts' pages show is what issuing them would do."""
        self._log("look at the drafts")
        for account in range(len(self.model.accounts)):
            ours = self.model.projected(account, self.now)
            theirs = self.product.projected(account, self.now)
            if ours != theirs:
                raise self._disagree(f"account {account} is projected as\n {theirs}\nnot as\n {ours}")

    def verify(self) -> None:
        if breach := ledger_verify().breach:
            raise self._disagree(f"verify finds {breach.rule}: {breach.sentence}")

    def compare(self) -> None:
        """All that both have, unless nothing was done since."""
        if self.compared:
            return
        ours, theirs = state(self.model), self.product.state()
        for part, expected in ours.items():
            if theirs[part] != expected:
                raise self._disagree(f"{part}:\n{theirs[part]}\nshould be\n{expected}")
        self.compared = True

    def _unchanged(self, digest: str) -> None:
        if ledger_digest() != digest or Act.objects.count() != self.model.records:
            raise self._disagree("the digest changed, though nothing was to happen")

    def _log(self, line: str) -> None:
        self.log.append(f"{self.now:%Y-%m-%d %H:%M} {line}")

    def _disagree(self, how: str) -> Disagree:
        return Disagree("\n".join([how, "after:", *self.log]))


RUNS = ("billing_run", "expiry_run")
# Their result is a draft: once that is discarded, there is nothing to show.
SHOW_A_DRAFT = ("invoice_draft", "invoice_correct", "invoice_edit")


def _content(request: Request) -> tuple[str, dict[str, Any]]:
    """What a token stands for. Whether an early issue was confirmed is no part of it."""
    return request.act, {name: fact for name, fact in request.facts.items() if name != "before_end"}


def state(model: Model) -> dict[str, Any]:
    """The model, in the form in which the product gives its own state."""
    return {
        "customers": [(customer.closed, customer.erased) for customer in model.customers],
        "accounts": [(account.currency, account.zone, account.closed) for account in model.accounts],
        "items": {item: (kind, model.tags[item]) for item, kind in model.items.items()},
        "credits": [
            (
                *(c.account, c.terms.amount, c.terms.units, c.terms.price),
                *(c.balance, c.voided, c.replaces, c.sold_on, c.once_paid),
            )
            for c in model.credits
        ],
        "invoices": {
            at: (
                *(i.account, i.start, i.end, i.status),
                *((i.total, i.credited, i.due) if i.number else (None, None, None)),
                f"INV-{i.number[0]}-{i.number[1]:06d}" if i.number else None,
                *(i.issued_on, i.judged_on, i.corrects),
                [astuple(line) for line in i.lines],
            )
            for at, i in enumerate(model.invoices)
            if i.status != "discarded"
        },
        "ledgers": [[[astuple(e) for e in act] for act in account.ledger] for account in model.accounts],
        "records": model.records,
    }
