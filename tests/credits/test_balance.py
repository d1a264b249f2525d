"""The balance that is kept is what the entries say, and nobody else can write one (R2)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from billing.database_rules import RULES
from credits.database_rules import ENTRY_RULES
from credits.models import Balance, Credit, Entry
from customers.sealed import Sealed
from customers.triggers import triggers_install
from invoices.models import Invoice
from invoices.numbering import numbers_take
from tests.credits.scene import Scene, insert, kept, summed
from tests.factories import (
    a_credit,
    an_account,
    an_invoice,
    an_item,
    balance,
    correct,
    expire,
    issue,
    pay,
    void,
    void_credit,
)
from tests.forging import execute, rules_lift

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_the_balance_kept_is_the_sum_of_the_entries_after_every_act() -> None:
    account, item = an_account(), an_item()
    acts: list[Callable[[], Any]] = [
        lambda: a_credit(account, "50.00", name="First", priority=1),
        lambda: a_credit(account, "20.00", name="Trial", priority=2, expires_on="2026-09-05"),
        lambda: an_invoice(account, (item, "60.00")),
        lambda: pay(an_invoice(account, (item, "3.00"))),
        lambda: correct(Invoice.objects.get(total=6000)),
        lambda: issue(Invoice.objects.get(status="draft"), "2026-09-11"),
        lambda: void(Invoice.objects.get(status="issued"), "2026-09-12"),
        lambda: void_credit(Credit.objects.get(name="First"), "2026-09-13"),
        lambda: expire(account, "2026-11-20"),
    ]
    seen = []
    for act in acts:
        act()
        assert kept() == summed()
        seen.append([row.balance for row in Balance.objects.order_by("credit_id")])
    assert seen == [
        [5000],
        [5000, 2000],
        [0, 1000],
        [0, 700],
        [5000, 1700],
        [0, 700],
        [5000, 1700],
        [0, 1700],
        [0, 0],
    ]
    assert [(row.voided, row.lapsed) for row in Balance.objects.order_by("credit_id")] == [
        (True, False),
        (False, True),
    ]


BY_SQL = {
    "more": "UPDATE credits_balance SET balance = balance + 1 WHERE credit_id = {credit}",
    "less": "UPDATE credits_balance SET balance = 0 WHERE credit_id = {credit}",
    "nothing": "UPDATE credits_balance SET balance = balance WHERE credit_id = {credit}",
    "another amount granted": "UPDATE credits_balance SET granted = granted + 1 WHERE credit_id = {credit}",
    "voided": "UPDATE credits_balance SET voided = TRUE WHERE credit_id = {credit}",
    "no longer voided": "UPDATE credits_balance SET voided = FALSE WHERE voided",
    "expired": "UPDATE credits_balance SET lapsed = TRUE WHERE credit_id = {credit}",
    "of another account": "UPDATE credits_balance SET account_id = {other} WHERE credit_id = {credit}",
    "of another credit": "UPDATE credits_balance SET credit_id = {ungranted} WHERE credit_id = {credit}",
    "the last entry again": "UPDATE credits_balance SET balance = balance - 1000, entry_id = {last} "
    "WHERE credit_id = {credit}",
    "an entry taken back": "UPDATE credits_balance SET balance = balance + 1000, entry_id = {last} - 1 "
    "WHERE credit_id = {credit}",
    "another credit's newer entry": "UPDATE credits_balance SET balance = balance - 2000, "
    "entry_id = {newest} WHERE credit_id = {credit}",
    "an entry that is not there": "UPDATE credits_balance SET balance = balance + 1, entry_id = 999999 "
    "WHERE credit_id = {credit}",
    "gone": "DELETE FROM credits_balance WHERE credit_id = {credit}",
    "all gone": "DELETE FROM credits_balance",
    "money without an entry": "INSERT INTO credits_balance "
    "(credit_id, account_id, granted, balance, voided, lapsed, entry_id) "
    "VALUES ({ungranted}, {account}, 5000, 5000, FALSE, FALSE, {last})",
    "money from another's grant": "INSERT INTO credits_balance "
    "(credit_id, account_id, granted, balance, voided, lapsed, entry_id) "
    "VALUES ({ungranted}, {account}, 5000, 5000, FALSE, FALSE, {granted})",
    "written over": "INSERT INTO credits_balance "
    "(credit_id, account_id, granted, balance, voided, lapsed, entry_id) "
    "VALUES ({credit}, {account}, 5000, 5000, FALSE, FALSE, {granted}) "
    "ON CONFLICT (credit_id) DO UPDATE SET balance = excluded.balance",
}
if connection.vendor == "sqlite":
    BY_SQL["replaced"] = (
        "INSERT OR REPLACE INTO credits_balance "
        "(credit_id, account_id, granted, balance, voided, lapsed, entry_id) "
        "VALUES ({credit}, {account}, 5000, 5000, FALSE, FALSE, {granted})"
    )
else:
    BY_SQL["emptied"] = "TRUNCATE credits_balance"


@pytest.mark.parametrize("what", BY_SQL)
def test_r2_a_balance_is_not_written_by_sql(scene: Scene, what: str) -> None:
    entries = Entry.objects.filter(credit=scene.credit)
    statement = BY_SQL[what].format(
        credit=scene.credit.pk,
        account=scene.account.pk,
        other=scene.other.pk,
        ungranted=scene.ungranted.pk,
        last=entries.latest("pk").pk,
        granted=entries.get(kind="granted").pk,
        newest=Entry.objects.get(kind="voided").pk,
    )
    before = kept()
    if connection.vendor == "postgresql":
        execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(IntegrityError, match=r"a balance |never emptied"), transaction.atomic():
        execute(statement)
    assert kept() == before == summed()


@pytest.mark.parametrize(
    "way",
    [
        lambda kept: kept.save(),
        lambda kept: Balance(credit=kept.credit, account=kept.account).save(),
        lambda kept: kept.delete(),
        lambda kept: Balance.objects.update(balance=0),
        lambda kept: Balance.objects.bulk_update([kept], ["balance"]),
        lambda kept: Balance.objects.all().delete(),
    ],
)
def test_r2_a_balance_is_not_written_by_its_model(scene: Scene, way: Callable[[Balance], object]) -> None:
    with pytest.raises(Sealed):
        way(Balance.objects.get(credit=scene.credit))
    assert kept() == summed()


@pytest.mark.parametrize("amount", [-4001, 1001])
def test_r14_a_balance_alone_refuses_to_leave_its_range(scene: Scene, amount: int) -> None:
    """The last guard: without the rules on entries the row itself still says 0 to what was granted."""
    rules_lift()
    triggers_install(connection, [rule for rule in RULES if rule not in ENTRY_RULES])
    with pytest.raises(IntegrityError, match="balance_in_range"), transaction.atomic():
        insert(scene.unlined("expired", amount) if amount < 0 else scene.reversal(amount=amount))
    assert balance(scene.credit) == 4000


FIGURES = [
    ("total = 9901", "bears the sums of its lines"),
    ("total = 9899", "bears the sums of its lines"),
    ("credited = 101", "bears the sums of its lines"),
    ("credited = 99", "bears the sums of its lines"),
    ("credited = 0", "bears the sums of its lines"),
    ("total = NULL", "invoice_frozen_when_issued"),
    ("credited = NULL", "invoice_frozen_when_issued"),
    ("series_number = 4", "bears the next number that its series has given"),
    ("series_number = 2", "bears the next number that its series has given|series_number|number_once"),
]


@pytest.mark.parametrize(("figure", "sentence"), FIGURES)
def test_r7_a_draft_is_not_frozen_with_figures_that_are_not_its_own(
    scene: Scene, figure: str, sentence: str
) -> None:
    """Its lines come to 99.00, and a credit pays 1.00 of them."""
    insert(scene.facts())
    [number] = numbers_take(2026, 1)
    assert number.figure == 3
    own = {"status": "'issued'", "series_id": number.series_id, "series_number": 3, "number": "'INV-X'"}
    own |= {"issue_date": "'2026-09-20'", "issued_at": "'2026-09-20 12:00:00'", "judged_on": "'2026-09-20'"}
    own |= {"total": 9900, "credited": 100}
    freeze = "UPDATE invoices_invoice SET {} WHERE status = 'draft' AND id = {}"
    name, _, value = figure.partition(" = ")

    def assigned(facts: dict[str, Any]) -> str:
        pairs = ", ".join(f"{column} = {fact}" for column, fact in facts.items())
        return freeze.format(pairs, scene.draft.pk)

    with pytest.raises(IntegrityError, match=sentence), transaction.atomic():
        execute(assigned(own | {name: value}))
    execute(assigned(own))
    assert Invoice.objects.get(pk=scene.draft.pk).amount_due == 9800
