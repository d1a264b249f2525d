"""What `verify_ledger` says of a credit scoped to a tag: the line paid bore it when it was made (R3)."""

import pytest
from django.db import transaction

from billing.verification.runner import Breach, ledger_verify
from credits.models import Credit
from tests.factories import a_credit, an_account, an_invoice, an_item, tag
from tests.forging import execute, rules_lift

pytestmark = pytest.mark.django_db

WHOLE, ADMITS = "the scope of a credit is whole or selected", "the scope admits the line paid"


@pytest.fixture
def credit() -> Credit:
    """It has paid a line of an item that bore its tag then and bears others now."""
    account, item = an_account(), an_item("Training")
    credit = a_credit(account, "50.00", name="GPU", tags=("gpu", "npu"))
    an_invoice(account, (tag(item, "eu", "gpu"), "10.00"))
    tag(item, "cpu")
    return credit


def broken_by(*statements: str) -> Breach | None:
    with transaction.atomic():
        rules_lift()
        execute(*statements)
        found = ledger_verify().breach
        transaction.set_rollback(True)
    return found


def test_a_line_that_bore_the_tag_is_verified_also_after_the_item_lost_it(credit: Credit) -> None:
    assert ledger_verify().breach is None


@pytest.mark.parametrize("tags", ["[]", '["cpu"]', '["gpu-2", "my-gpu", "npus"]', '["GPU"]'])
def test_a_line_that_never_bore_the_tag_is_named(credit: Credit, tags: str) -> None:
    found = broken_by(f"UPDATE invoices_line SET tags = '{tags}'")
    assert found is not None
    assert found.rule == ADMITS
    assert f"the scope of credit {credit.pk} does not admit the line “Training”" in found.sentence


@pytest.mark.parametrize("tag", ["cpu", "%", "_pu", '", "'])
def test_a_scope_with_other_tags_than_the_line_s_is_named(credit: Credit, tag: str) -> None:
    found = broken_by(
        "DELETE FROM credits_scoperow WHERE tag = 'npu'", f"UPDATE credits_scoperow SET tag = '{tag}'"
    )
    assert found is not None
    assert found.rule == ADMITS


def test_a_credit_for_the_whole_invoice_that_names_a_tag_is_named(credit: Credit) -> None:
    found = broken_by("UPDATE credits_credit SET applies_to = 'invoice'")
    assert found is not None
    assert found.rule == WHOLE


def test_a_selection_whose_tags_are_gone_is_named(credit: Credit) -> None:
    found = broken_by("DELETE FROM credits_scoperow")
    assert found is not None
    assert found.rule == WHOLE
