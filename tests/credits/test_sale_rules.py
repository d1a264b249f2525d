"""What the database keeps of a sale: whoever walks round the acts and the model is refused (R7, R8)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from credits.models import Category, Credit, Entry
from customers.models import Act
from invoices.models import Line
from tests.credits.scene import insert, made_anew
from tests.factories import (
    a_credit,
    a_draft,
    a_sale,
    an_account,
    an_invoice,
    an_item,
    at,
    day,
    pay,
    sale_of,
    void,
)
from tests.forging import execute, past_the_model

pytestmark = pytest.mark.django_db


class Scene:
    """A credit that waits for its payment, another account with one of its own, a draft, and a line that is
    an ordinary one."""

    def __init__(self) -> None:
        self.account, self.item = an_account(), an_item()
        self.credit = a_sale(self.account, "100.00", "80.00", waits=True)
        self.other = a_sale(an_account(), "100.00", "80.00")
        self.gone = a_sale(self.account, "10.00", "9.00")
        void(sale_of(self.gone))
        self.plain = an_invoice(self.account, (self.item, "10.00")).lines.get()
        self.draft = a_draft(self.account, (self.item, "10.00"))

    def again(self, **changes: Any) -> Credit:
        """The credit once more, by SQL, with changes."""
        more = Credit.objects.get(pk=self.credit.pk)
        more.pk = None
        for name, value in changes.items():
            setattr(more, name, value)
        past_the_model(Credit).bulk_create([more])
        return more

    def entry(self, **changes: Any) -> dict[str, Any]:
        """An entry by which the credit pays the draft."""
        return {
            "account_id": self.account.pk,
            "number": Entry.objects.filter(account=self.account).count() + 1,
            "credit_id": self.credit.pk,
            "kind": "applied",
            "currency": "USD",
            "amount": -100,
            "units": None,
            "invoice_id": self.draft.pk,
            "line_id": self.draft.lines.get().pk,
            "reverses_id": None,
            "act_id": Act.objects.latest("pk").pk,
            "value_date": day("2026-09-20"),
            "booked_at": at("2026-09-20"),
            "hash": "f" * 64,
        } | changes


@pytest.fixture
def scene() -> Scene:
    return Scene()


SOLD_ON = "a credit is sold to its account, on a line of a purchase invoice that no credit can pay"
ONCE = "a line sells one credit, and those that replace it"
REFUSED: dict[str, tuple[Callable[[Scene], dict[str, Any]], str]] = {
    "is sold a second time": (lambda s: {}, ONCE),
    "replaces another credit, but was sold on this line": (lambda s: {"replaces_id": s.gone.pk}, ONCE),
    "is sold on another account's line": (
        lambda s: {"purchase_line_id": s.other.purchase_line_id, "replaces_id": s.other.pk},
        SOLD_ON,
    ),
    "is sold on a line of an ordinary invoice": (lambda s: {"purchase_line_id": s.plain.pk}, SOLD_ON),
    "is sold on an ordinary draft": (lambda s: {"purchase_line_id": s.draft.lines.get().pk}, SOLD_ON),
    "is sold on a void invoice": (
        lambda s: {"purchase_line_id": s.gone.purchase_line_id, "replaces_id": s.gone.pk},
        SOLD_ON,
    ),
    "was sold, but is promotional": (
        lambda s: {"category": Category.PROMOTIONAL, "replaces_id": s.credit.pk},
        "credit_purchase",
    ),
    "waits for an invoice it does not have": (lambda s: {"purchase_line_id": None}, "credit_purchase"),
    "has a price below zero": (
        lambda s: {"purchase_line_id": None, "usable_once_paid": False, "price_paid": -1},
        "credit_purchase",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_credit_is_refused_that(scene: Scene, what: str) -> None:
    changes, sentence = REFUSED[what]
    before = Credit.objects.count()
    with pytest.raises(IntegrityError, match=sentence), transaction.atomic():
        scene.again(**changes(scene))
    assert Credit.objects.count() == before


def test_what_differs_from_them_is_let_in(scene: Scene) -> None:
    """A replacement bought on the same line; and one that names no line at all."""
    assert scene.again(replaces_id=scene.credit.pk).purchase_line == scene.credit.purchase_line
    assert scene.again(purchase_line_id=None, usable_once_paid=False).price_paid == 8000


def test_a_credit_that_waits_for_its_payment_pays_nothing(scene: Scene) -> None:
    with pytest.raises(IntegrityError, match="waits for its payment pays nothing"), transaction.atomic():
        insert(scene.entry())
    pay(sale_of(scene.credit))
    insert(scene.entry())


def test_no_credit_pays_a_line_that_sells_one(scene: Scene) -> None:
    rich = a_credit(scene.account, "50.00")
    made_anew(scene.draft.lines.get(), creditable=False)
    with pytest.raises(IntegrityError, match="no credit pays a line that sells"), transaction.atomic():
        insert(scene.entry(credit_id=rich.pk))
    made_anew(scene.draft.lines.get(), creditable=True)
    insert(scene.entry(credit_id=rich.pk))


@pytest.mark.parametrize("creditable", [True, False])
def test_whether_credits_may_pay_a_line_never_changes_on_a_draft_either(
    scene: Scene, creditable: bool
) -> None:
    line = made_anew(scene.draft.lines.get(), creditable=creditable)
    with pytest.raises(IntegrityError, match="is settled when it is made"), transaction.atomic():
        execute(f"UPDATE invoices_line SET creditable = NOT creditable WHERE id = {line.pk}")
    assert Line.objects.get(pk=line.pk).creditable == creditable


def test_an_invoice_is_not_voided_while_something_is_left_of_what_it_sold(scene: Scene) -> None:
    """Nor while what it sold is not voided, whatever is left of it."""
    invoice = sale_of(scene.credit)
    with pytest.raises(IntegrityError, match="voids what was sold on it"), transaction.atomic():
        execute(f"UPDATE invoices_invoice SET status = 'void' WHERE id = {invoice.pk}")
    voided = {"kind": "voided", "amount": -10000, "line_id": None}
    insert(scene.entry(**voided, invoice_id=invoice.pk))
    execute(f"UPDATE invoices_invoice SET status = 'void' WHERE id = {invoice.pk}")
    assert sale_of(scene.credit).status == "void"


def test_an_invoice_is_not_voided_while_a_credit_is_sold_that_was_never_granted(scene: Scene) -> None:
    scene.again(replaces_id=scene.credit.pk)
    invoice = sale_of(scene.credit)
    insert(scene.entry(kind="voided", amount=-10000, line_id=None, invoice_id=invoice.pk))
    with pytest.raises(IntegrityError, match="voids what was sold on it"), transaction.atomic():
        execute(f"UPDATE invoices_invoice SET status = 'void' WHERE id = {invoice.pk}")
