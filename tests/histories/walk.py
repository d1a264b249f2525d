"""One step of a history: an act by choice, the clock, a token again, a look."""

from collections.abc import Callable, Sequence
from typing import Any

from tests.histories.choices import Choices
from tests.histories.ways import Ways
from tests.histories.world import World

# What a step can be, and how often it is in the draw.
STEPS = {
    "account_open": 1,
    "item_add": 1,
    "rename": 1,
    "leave": 1,
    "credit_grant": 8,
    "rivals": 3,
    "credit_void": 3,
    "credit_replace": 2,
    "invoice_draft": 8,
    "usage_import": 2,
    "invoice_edit": 2,
    "invoice_discard": 1,
    "invoice_issue": 8,
    "invoice_pay": 2,
    "invoice_void": 4,
    "invoice_correct": 4,
    "billing_run": 4,
    "expiry_run": 2,
    "clock": 8,
    "repeat": 4,
    "misuse": 2,
    "look": 1,
}
ALL_STEPS = STEPS | {"item_tag": 3, "credit_sell": 3}
# A history has room for few of each: they are to meet, and the model looks at every set of credits.
MOST_ACCOUNTS, MOST_ITEMS, MOST_CREDITS, MOST_INVOICES = 3, 5, 8, 8
VERIFY_EVERY = 10
# What has to be there first: if it is not, it is made instead.
FIRST = {
    **dict.fromkeys(("invoice_issue", "invoice_edit", "invoice_discard"), "invoice_draft"),
    **dict.fromkeys(("invoice_pay", "invoice_void", "invoice_correct"), "invoice_issue"),
    **dict.fromkeys(("credit_void", "credit_replace"), "credit_grant"),
}
BY_INVOICE = ("invoice_issue", "invoice_discard", "invoice_pay", "invoice_void", "invoice_correct")


class Walk:
    def __init__(self, choices: type[Choices] = Ways) -> None:
        self.world, self.choices = World(), choices
        self.taken = 0
        self.intact = True  # no step has failed

    def begin(self, pick: Callable[[Sequence[Any]], Any]) -> None:
        """Somebody to bill, something to bill for, and credits that meet on it."""
        self.intact = False
        choices = self.choices(self.world, pick)
        self.world.ask("customer_open")
        for act in choices.beginning:
            request = self._request(act, choices)
            self.world.ask(request.act, **request.facts)
        self.world.compare()
        self.intact = True

    def step(self, name: str, pick: Callable[[Sequence[Any]], Any]) -> None:
        self.intact = False
        choices = self.choices(self.world, pick)
        if name == "clock" or self._full(name):
            self.world.now = choices.moment()
            if choices.seldom(4):
                self.world.ask("expiry_run", as_of=None)
        elif name == "rivals":
            for request in choices.rivals():
                self.world.ask(request.act, **request.facts)
            self.step("invoice_issue", pick)
        elif name == "look":
            self.world.look()
        elif name == "repeat":
            if self.world.told:
                self.world.repeat(self._of_the_last(choices))
        elif name == "misuse":
            act = choices.pick(("credit_grant", "credit_void", "invoice_draft", "invoice_issue"))
            if self.world.told and (request := self._request(act, choices)):
                self.world.misuse(self._of_the_last(choices), request)
        elif request := self._request(name, choices):
            done = self.world.ask(request.act, **request.facts)
            if name == "credit_sell" and done is not None:
                for next_request in choices.after_sale(done):
                    self.world.ask(next_request.act, **next_request.facts)
            if name == "invoice_draft" and choices.seldom(2):
                self.step("invoice_issue", pick)
            # R10, R7: a run is safe to repeat.
            if name in ("billing_run", "expiry_run") and choices.seldom(2):
                self.world.ask(request.act, **request.facts)
        else:
            self.step(FIRST[name], pick)
        self.world.compare()
        self.taken += 1
        if self.taken % VERIFY_EVERY == 0:
            self.world.verify()
        self.intact = True

    def end(self) -> None:
        self.world.look()
        self.world.verify()

    def _request(self, name: str, choices: Choices) -> Any:
        return choices.invoice_act(name) if name in BY_INVOICE else getattr(choices, name)()

    def _of_the_last(self, choices: Choices) -> int:
        told = range(len(self.world.told))
        return choices.pick(told[:-4:-1]) if choices.pick((True, True, False)) else choices.pick(told)

    def _full(self, name: str) -> bool:
        model = self.world.model
        return {
            "account_open": len(model.accounts) >= MOST_ACCOUNTS,
            "item_add": len(model.items) >= MOST_ITEMS,
            "credit_grant": len(model.credits) >= MOST_CREDITS,
            "rivals": len(model.credits) + 2 > MOST_CREDITS or len(model.invoices) >= MOST_INVOICES,
            "credit_sell": len(model.credits) >= MOST_CREDITS or len(model.invoices) >= MOST_INVOICES,
            "credit_replace": len(model.credits) >= MOST_CREDITS,
            "invoice_draft": len(model.invoices) >= MOST_INVOICES,
            "usage_import": len(model.invoices) >= MOST_INVOICES,
            "invoice_correct": len(model.invoices) >= MOST_INVOICES,
        }.get(name, False)
