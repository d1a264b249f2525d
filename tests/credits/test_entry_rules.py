"""What an entry may be: whoever walks round the model is refused by the database (R8, R9, R14, R15)."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction

from credits.models import Entry
from invoices.models import Line
from tests.credits.scene import Facts, Scene, insert, kept, summed
from tests.factories import a_credit, balance
from tests.forging import execute, past_the_model

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_an_entry_by_sql_that_keeps_every_rule_moves_the_balance(scene: Scene) -> None:
    """What the refusals below differ from."""
    insert(scene.facts())
    assert balance(scene.credit) == 3900
    insert(scene.reversal())
    assert balance(scene.credit) == 4900
    insert(scene.unlined("voided", -4900))
    insert(scene.unlined("granted", 5000, credit_id=scene.ungranted.pk))
    assert kept() == summed()
    assert kept()[scene.ungranted.pk][0] == 5000


ACCOUNT_OR_CURRENCY = "has the account and the currency of its credit"
OF_LINE = "has the account, the currency and the invoice of its line"
DRAFTS_ONLY = "pays lines of a draft that is being issued"
UNDOES = "a reversal undoes an entry of a void invoice, all of it"
NO_GAP = "numbered 1, 2, 3 without a gap"
# Several rules say no to some; which of them is heard first is the engine's affair.
UNDOES_ONE = f"{UNDOES}|balance_in_range|reverses_id|entry_reverses_when_reversed"
LEAVES_NOTHING = "voiding a credit leaves nothing|balance_in_range"
TWICE = f"{NO_GAP}|entry_number_once|credits_entry.account_id, credits_entry.number"
GRANTED_FIRST = "nothing happens to a credit before it is granted"

REFUSED: dict[str, tuple[Callable[[Scene], Facts], str]] = {
    "overdraws the credit": (lambda s: s.facts(amount=-4001), "balance_in_range"),
    "expires more than is left": (lambda s: s.unlined("expired", -4001), "balance_in_range"),
    "voids less than is left": (lambda s: s.unlined("voided", -3999), "voiding a credit leaves nothing"),
    "voids more than is left": (lambda s: s.unlined("voided", -4001), LEAVES_NOTHING),
    "is of another account than its credit": (
        lambda s: s.unlined("expired", -1, account_id=s.other.pk),
        f"{ACCOUNT_OR_CURRENCY}|a balance changes only",
    ),
    "is in another currency than its credit": (
        lambda s: s.unlined("expired", -1, currency="EUR"),
        ACCOUNT_OR_CURRENCY,
    ),
    "spends another account's credit": (
        lambda s: s.facts(credit_id=s.foreign.pk),
        f"{ACCOUNT_OR_CURRENCY}|a balance changes only",
    ),
    "pays another account's line": (
        lambda s: s.facts(invoice_id=s.foreign_draft.pk, line_id=s.foreign_draft.lines.get().pk),
        OF_LINE,
    ),
    "pays a line under another invoice": (lambda s: s.facts(invoice_id=s.foreign_draft.pk), OF_LINE),
    "pays a line under no invoice": (
        lambda s: s.facts(invoice_id=None),
        f"{OF_LINE}|entry_line_when_applied",
    ),
    "pays a line of an issued invoice": (
        lambda s: s.facts(invoice_id=s.issued.pk, line_id=s.issued.lines.get(position=2).pk),
        DRAFTS_ONLY,
    ),
    "pays a line of a void invoice": (
        lambda s: s.facts(invoice_id=s.void.pk, line_id=s.void.lines.get().pk),
        DRAFTS_ONLY,
    ),
    "pays with a voided credit": (lambda s: s.facts(credit_id=s.voided.pk), "a voided credit pays nothing"),
    "pays with a credit never granted": (
        lambda s: s.facts(credit_id=s.ungranted.pk),
        GRANTED_FIRST,
    ),
    "pays more than the line's amount": (
        lambda s: s.facts(line_id=s.line(2), amount=-101),
        "no more than the amount of a line",
    ),
    "pays on a correction": (lambda s: s.facts(line_id=s.line(3)), "no more than the amount of a line"),
    "undoes less than was applied": (lambda s: s.reversal(amount=999), UNDOES),
    "undoes more than was applied": (lambda s: s.reversal(amount=1001), UNDOES_ONE),
    "undoes an entry of another line": (lambda s: s.reversal(reverses_id=s.entry("applied")), UNDOES_ONE),
    "undoes for another credit": (lambda s: s.reversal(credit_id=s.voided.pk), UNDOES),
    "undoes what applied nothing": (lambda s: s.reversal(reverses_id=s.entry("granted")), UNDOES),
    "undoes nothing": (lambda s: s.reversal(reverses_id=None), UNDOES_ONE),
    "undoes an entry again": (
        lambda s: s.facts(
            kind="reversed",
            amount=3000,
            invoice_id=s.void.pk,
            line_id=s.void.lines.get().pk,
            reverses_id=s.entry("applied"),
        ),
        "reverses_id",
    ),
    "undoes an entry of an invoice that is not void": (
        lambda s: s.facts(
            kind="reversed",
            amount=1000,
            invoice_id=s.issued.pk,
            line_id=s.issued.lines.get(position=1).pk,
            reverses_id=Entry.objects.get(kind="applied", invoice=s.issued).pk,
        ),
        UNDOES,
    ),
    "grants a second time": (
        lambda s: s.unlined("granted", 5000),
        r"entry_granted_once|credits_entry\.credit_id",
    ),
    "grants another amount": (
        lambda s: s.unlined("granted", 5001, credit_id=s.ungranted.pk),
        "a credit is granted with its amount",
    ),
    "leaves a number out": (lambda s: s.facts(number=s.next(s.account.pk) + 1), NO_GAP),
    "bears the last number again": (lambda s: s.facts(number=s.next(s.account.pk) - 1), TWICE),
    "bears the number 0": (lambda s: s.facts(number=0), f"{NO_GAP}|{GRANTED_FIRST}"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_an_entry_is_refused_that(scene: Scene, what: str) -> None:
    make, sentence = REFUSED[what]
    facts = make(scene)
    before = kept(), Entry.objects.count()
    with pytest.raises(IntegrityError, match=sentence), transaction.atomic():
        insert(facts)
    assert (kept(), Entry.objects.count()) == before


def test_two_credits_do_not_pay_one_line_twice(scene: Scene) -> None:
    second = a_credit(scene.account, "5.00")
    insert(scene.facts(line_id=scene.line(2), amount=-60))
    with pytest.raises(IntegrityError, match="no more than the amount"), transaction.atomic():
        insert(scene.facts(line_id=scene.line(2), amount=-41, credit_id=second.pk))
    insert(scene.facts(line_id=scene.line(2), amount=-40, credit_id=second.pk))
    assert (balance(scene.credit), balance(second)) == (3940, 460)


@pytest.mark.parametrize("change", ["amount = 50", "currency = 'EUR'", "invoice_id = {foreign}"])
def test_a_line_that_was_paid_stays_as_it_is_though_its_invoice_is_a_draft(scene: Scene, change: str) -> None:
    insert(scene.facts())
    statement = change.format(foreign=scene.foreign_draft.pk)
    with pytest.raises(IntegrityError, match="a line that credits pay"), transaction.atomic():
        execute(f"UPDATE invoices_line SET {statement} WHERE id = {scene.line(1)}")
    assert Line.objects.get(pk=scene.line(1)).amount == 10000


def test_r8_nothing_is_paid_after_a_void_though_one_statement_writes_both(scene: Scene) -> None:
    """PostgreSQL moves the balances after all entries of a statement, so there each is judged again."""
    back = scene.reversal()
    number = back["number"]
    rows = [
        scene.unlined("voided", -4000),
        {**back, "number": number + 1},
        scene.facts(number=number + 2),
    ]
    before = kept(), Entry.objects.count()
    with pytest.raises(IntegrityError), transaction.atomic():
        past_the_model(Entry).bulk_create([Entry(**row) for row in rows])
    assert (kept(), Entry.objects.count()) == before
    past_the_model(Entry).bulk_create([Entry(**row) for row in rows[:2]])
    assert balance(scene.credit) == 1000
