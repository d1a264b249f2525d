"""Whichever way is taken round the model, what was saved for good stays as it is (R2, R7, R14)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, models, transaction

from billing.database_rules import RULES
from credits.models import Credit, Entry, ScopeRow
from customers.models import Account, Act
from customers.sealed import Sealed
from customers.triggers import triggers_install
from invoices.models import Invoice, Line
from tests.factories import a_credit, a_draft, an_account, an_invoice, an_item, day, pay, void
from tests.forging import past_the_model

pytestmark = pytest.mark.django_db

Way = Callable[[models.Model, str, Any], object]

# A field of each sealed row, and a value that only the rules refuse.
CHANGES: dict[type[models.Model], tuple[str, Any]] = {
    Credit: ("amount", 9999),
    ScopeRow: ("role", "excluded_item"),
    Entry: ("amount", -1),
    Invoice: ("total", 9999),
    Line: ("amount", 9999),
    Act: ("reason", "Another"),
}


def execute(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def rows_of(row: models.Model) -> Any:
    return type(row)._default_manager.filter(pk=row.pk)


def changed(row: models.Model, field: str, value: Any) -> models.Model:
    setattr(row, field, value)
    return row


def table(row: models.Model) -> str:
    return row._meta.db_table


def columns(row: models.Model, field: str) -> tuple[str, str]:
    """All columns, and the same with the one to be changed as a placeholder."""
    names = [str(each.column) for each in row._meta.concrete_fields]
    return ", ".join(names), ", ".join("%s" if name == field else name for name in names)


def insert(row: models.Model, field: str, value: Any, verb: str, conflict: str = "") -> None:
    """The same row again with one column changed, and what to do where that meets the first."""
    names, replaced = columns(row, field)
    again = f"SELECT {replaced} FROM {table(row)} WHERE id = %s"
    execute(f"{verb} INTO {table(row)} ({names}) {again} {conflict}", value, row.pk)


def upsert(row: models.Model, field: str, value: Any) -> None:
    insert(row, field, value, "INSERT", f"ON CONFLICT (id) DO UPDATE SET {field} = excluded.{field}")


def replace(row: models.Model, field: str, value: Any) -> None:
    insert(row, field, value, "INSERT OR REPLACE")


def truncate(row: models.Model, field: str, value: Any) -> None:
    execute("SET CONSTRAINTS ALL IMMEDIATE")
    execute(f"TRUNCATE {table(row)} CASCADE")


WAYS: dict[str, Way] = {
    "save": lambda row, field, value: changed(row, field, value).save(),
    "save of one field": lambda row, field, value: changed(row, field, value).save(update_fields=[field]),
    "delete": lambda row, field, value: row.delete(),
    "update": lambda row, field, value: rows_of(row).update(**{field: value}),
    "bulk_update": lambda row, field, value: rows_of(row).bulk_update([changed(row, field, value)], [field]),
    "update_or_create": lambda row, field, value: rows_of(row).update_or_create(
        pk=row.pk, defaults={field: value}
    ),
    "bulk_create with conflicts": lambda row, field, value: rows_of(row).bulk_create(
        [changed(row, field, value)], update_conflicts=True, unique_fields=["pk"], update_fields=[field]
    ),
    "delete of a set": lambda row, field, value: rows_of(row).delete(),
    "raw delete of a set": lambda row, field, value: rows_of(row)._raw_delete("default"),
}
REFUSED_BY_THE_MODEL = set(WAYS)
# Drafts are made and discarded in these ways, so there the model leaves it to the database to refuse.
LEFT_OPEN = {"bulk_create with conflicts", "raw delete of a set"}
WAYS |= {
    "update past the model": lambda row, field, value: (
        past_the_model(type(row)).filter(pk=row.pk).update(**{field: value})
    ),
    "save past the model": lambda row, field, value: changed(row, field, value).save_base(raw=True),
    "delete past the model": lambda row, field, value: (
        past_the_model(type(row)).filter(pk=row.pk)._raw_delete("default")
    ),
    "SQL UPDATE": lambda row, field, value: execute(
        f"UPDATE {table(row)} SET {field} = %s WHERE id = %s", value, row.pk
    ),
    "SQL UPDATE of the id": lambda row, field, value: execute(
        f"UPDATE {table(row)} SET id = id + 1000 WHERE id = %s", row.pk
    ),
    "SQL DELETE": lambda row, field, value: execute(f"DELETE FROM {table(row)} WHERE id = %s", row.pk),
    "SQL INSERT ON CONFLICT": upsert,
}
if connection.vendor == "sqlite":
    WAYS["SQL INSERT OR REPLACE"] = replace
else:
    WAYS["SQL TRUNCATE"] = truncate

# The last two meet whoever inserts an entry again, before its number or id does.
OUR_SENTENCES = (
    "never changed|never deleted|never emptied|never widens|begins as a draft|no further line"
    "|pays lines of a draft|pay no more than"
)


@pytest.fixture
def account() -> Account:
    """With a credit for one item, an issued invoice that it paid, and so one sealed row of each sort."""
    account, item = an_account(), an_item()
    a_credit(account, "50.00", items=(item,))
    an_invoice(account, (item, "30.00"))
    return account


def values(model: type[models.Model]) -> list[dict[str, Any]]:
    return list(past_the_model(model).order_by("pk").values())


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("model", CHANGES, ids=lambda model: str(model._meta.verbose_name))
def test_r2_what_is_saved_for_good_is_neither_changed_nor_deleted(
    account: Account, model: type[models.Model], way: str
) -> None:
    before = values(model)
    row = model._default_manager.order_by("pk").last()
    assert row is not None
    by_the_database = way not in REFUSED_BY_THE_MODEL or (model in (Invoice, Line) and way in LEFT_OPEN)
    refusal = IntegrityError if by_the_database else Sealed
    with pytest.raises(refusal, match=OUR_SENTENCES), transaction.atomic():
        WAYS[way](row, *CHANGES[model])
    assert values(model) == before


if connection.vendor == "sqlite":

    def test_r2_an_entry_is_not_replaced_by_another_with_its_number(account: Account) -> None:
        """Not even if an entry could be inserted that does not follow from the others."""
        triggers_install(connection, [rule for rule in RULES if rule.event != "INSERT"])
        before = values(Entry)
        names = ", ".join(str(field.column) for field in Entry._meta.concrete_fields if field.name != "id")
        with pytest.raises(IntegrityError, match="never deleted"), transaction.atomic():
            execute(f"INSERT OR REPLACE INTO credits_entry ({names}) SELECT {names} FROM credits_entry")
        assert values(Entry) == before


@pytest.mark.parametrize("role", ["item", "excluded_item"])
def test_r3_the_scope_of_a_granted_credit_gets_no_further_row(account: Account, role: str) -> None:
    row = ScopeRow(credit=Credit.objects.get(), role=role, item=an_item("Another"))
    with pytest.raises(IntegrityError, match="never widens"), transaction.atomic():
        row.save()
    assert ScopeRow.objects.count() == 1


def test_r7_an_issued_invoice_gets_no_further_line(account: Account) -> None:
    line = Line.objects.get()
    line.pk, line.position = None, 2
    with pytest.raises(IntegrityError, match="no further line"), transaction.atomic():
        past_the_model(Line).bulk_create([line])
    assert Line.objects.count() == 1


def test_r7_a_line_moves_neither_into_an_issued_invoice_nor_out_of_it(account: Account) -> None:
    frozen = Line.objects.get()
    draft = a_draft(account, (frozen.item, "1.00"), (frozen.item, "2.00"))
    moves = [(draft.lines.get(position=2).pk, frozen.invoice_id), (frozen.pk, draft.pk)]
    for line, invoice in moves:
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            execute("UPDATE invoices_line SET invoice_id = %s, position = 9 WHERE id = %s", invoice, line)
    assert (draft.lines.count(), frozen.invoice.lines.count()) == (2, 1)


def test_r7_no_invoice_is_born_issued(account: Account) -> None:
    invoice = Invoice.objects.get()
    invoice.pk, invoice.number, invoice.series_number = None, "INV-X", 99
    with pytest.raises(IntegrityError, match="begins as a draft"), transaction.atomic():
        past_the_model(Invoice).bulk_create([invoice])
    assert Invoice.objects.count() == 1


PAID = "status = 'paid', paid_on = '2026-09-15'"
UNPAID = "paid_on = NULL, payment_reference = ''"
UNISSUED = "status = 'draft', number = NULL, total = NULL, credited = NULL"


@pytest.mark.parametrize(
    ("status", "change"),
    [
        ("draft", PAID),
        ("draft", "status = 'void'"),
        ("issued", UNISSUED),
        ("paid", f"status = 'issued', {UNPAID}"),
        ("paid", f"status = 'void', {UNPAID}"),
        ("paid", "paid_on = '2026-09-16'"),
        ("paid", "payment_reference = 'another'"),
        ("void", "status = 'issued'"),
        ("void", PAID),
        ("void", UNISSUED),
    ],
)
def test_r7_a_status_only_moves_on(account: Account, status: str, change: str) -> None:
    invoice = Invoice.objects.get()
    if status == "draft":
        invoice = a_draft(account, (an_item(), "1.00"))
    if status in ("paid", "void"):
        {"paid": pay, "void": void}[status](invoice)
    before = values(Invoice)
    with pytest.raises(IntegrityError), transaction.atomic():
        execute(f"UPDATE invoices_invoice SET {change} WHERE id = %s", invoice.pk)
    assert values(Invoice) == before


def test_r7_a_draft_can_be_changed_in_every_way(account: Account) -> None:
    draft = a_draft(account, (an_item(), "10.00"))
    draft.period_end = day("2026-08-20")
    draft.save()
    Invoice.objects.filter(pk=draft.pk).update(period_start=day("2026-08-10"))
    draft.lines.update(amount=2000)
    execute("UPDATE invoices_line SET description = 'By hand' WHERE invoice_id = %s", draft.pk)
    draft.refresh_from_db()
    line = draft.lines.get()
    assert (draft.period_start, draft.period_end) == (day("2026-08-10"), day("2026-08-20"))
    assert (line.amount, line.description) == (2000, "By hand")
    draft.delete()
    assert [line.amount for line in Line.objects.all()] == [3000]


def test_r7_a_statement_that_changes_nothing_of_an_invoice_is_let_through(account: Account) -> None:
    before = values(Invoice)
    execute("UPDATE invoices_invoice SET total = total, judged_on = judged_on, corrects_id = NULL")
    assert values(Invoice) == before
