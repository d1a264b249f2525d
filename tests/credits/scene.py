"""What tests of the ledger's own rules start from, and how they write an entry round the model."""

from typing import Any

from django.db import connection

from credits.models import Balance, Credit, Entry
from customers.models import Act
from invoices.models import Invoice, Line
from tests.factories import a_credit, a_draft, an_account, an_invoice, an_item, at, day, void, void_credit
from tests.forging import past_the_model

Facts = dict[str, Any]


class Scene:
    """A credit of 50.00, of which 30.00 paid a void invoice and came back, and 10.00 paid the first line
    of an issued one.

    A draft waits: a line of 100.00, one of 1.00 and a correction. Beside it another account in another
    currency with a credit and a draft, a credit that was voided, and one that was never granted.
    """

    def __init__(self) -> None:
        self.account, item = an_account(), an_item()
        self.credit = a_credit(self.account, "50.00", items=(item,))
        self.void = void(an_invoice(self.account, (item, "30.00")))
        self.issued = an_invoice(self.account, (item, "10.00"), (an_item("Seats"), "5.00"))
        self.voided = void_credit(a_credit(self.account, "20.00"), "2026-09-11")
        self.draft = a_draft(self.account, (item, "100.00"), (item, "1.00"), (item, "-2.00"))
        self.other = an_account(currency="EUR")
        self.foreign = a_credit(self.other, "50.00")
        self.foreign_draft = a_draft(self.other, (item, "100.00"))
        self.ungranted = self.like(self.credit)

    @staticmethod
    def like(credit: Credit) -> Credit:
        """A credit by SQL, without an entry that grants it."""
        again = Credit.objects.get(pk=credit.pk)
        again.pk = None
        past_the_model(Credit).bulk_create([again])
        return again

    def line(self, position: int) -> int:
        return int(self.draft.lines.get(position=position).pk)

    def entry(self, kind: str) -> int:
        return Entry.objects.filter(credit=self.credit, kind=kind).earliest("number").pk

    def next(self, account_id: int) -> int:
        return Entry.objects.filter(account=account_id).count() + 1

    def facts(self, **changes: Any) -> Facts:
        """An entry as issuing the draft would write it, but for the changes."""
        account = changes.get("account_id", self.account.pk)
        return {
            "account_id": account,
            "number": self.next(account),
            "credit_id": self.credit.pk,
            "kind": "applied",
            "currency": "USD",
            "amount": -100,
            "invoice_id": self.draft.pk,
            "line_id": self.line(1),
            "reverses_id": None,
            "act_id": Act.objects.latest("pk").pk,
            "value_date": day("2026-09-20"),
            "booked_at": at("2026-09-20"),
            "hash": "f" * 64,
        } | changes

    def reversal(self, **changes: Any) -> Facts:
        """As voiding the issued invoice would write it, had it become void."""
        past_the_model(Invoice).filter(pk=self.issued.pk).update(status="void")
        paid = Entry.objects.get(kind="applied", invoice=self.issued)
        undone = {"invoice_id": paid.invoice_id, "line_id": paid.line_id, "reverses_id": paid.pk}
        return self.facts(**{"kind": "reversed", "amount": 1000, **undone, **changes})

    def unlined(self, kind: str, amount: int, **changes: Any) -> Facts:
        nothing = {"invoice_id": None, "line_id": None}
        return self.facts(**{"kind": kind, "amount": amount, **nothing, **changes})


def insert(facts: Facts) -> None:
    """SQLite has no adapter for days and times of its own."""
    values = [str(value) if name in ("value_date", "booked_at") else value for name, value in facts.items()]
    places = ", ".join("%s" for _ in values)
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO credits_entry ({', '.join(facts)}) VALUES ({places})", values)


def made_anew(line: Line, *, creditable: bool) -> Line:
    """A line of a draft, put in once more by SQL as one that credits can pay, or cannot."""
    past_the_model(Line).filter(pk=line.pk).delete()
    line.creditable = creditable
    past_the_model(Line).bulk_create([line])
    return line


def kept() -> dict[int, tuple[int, int, bool, bool]]:
    return {
        row.credit_id: (row.balance, row.entry_id, row.voided, row.lapsed) for row in Balance.objects.all()
    }


def summed() -> dict[int, tuple[int, int, bool, bool]]:
    """The same, summed up by hand from every entry."""
    found: dict[int, tuple[int, int, bool, bool]] = {}
    for entry in Entry.objects.order_by("pk"):
        left, _, voided, lapsed = found.get(entry.credit_id, (0, 0, False, False))
        found[entry.credit_id] = (
            left + entry.amount,
            entry.pk,
            voided or entry.kind == "voided",
            lapsed or entry.kind == "expired",
        )
    return found
