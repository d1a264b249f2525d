"""Discarding a draft."""

from collections.abc import Callable
from typing import Any

import pytest

from credits.projection import drafts_project
from customers.acts import Refusal
from customers.models import Act
from invoices.drafts import DraftRefused, invoice_discard, invoice_edit
from invoices.models import Invoice, Line
from tests.factories import a_draft, a_line, an_account, an_item, by_now, correct, day, issue, pay, void

pytestmark = pytest.mark.django_db


def test_a_draft_is_gone_with_its_lines() -> None:
    account = an_account()
    draft = a_draft(account, (an_item(), "10.00"))
    assert invoice_discard(invoice=draft, **by_now("2026-09-02")) == account
    assert not Invoice.objects.exists()
    assert not Line.objects.exists()


def test_r14_that_there_was_a_draft_stays_on_record() -> None:
    draft = a_draft(an_account(), (an_item(), "10.00"))
    subject = f"invoice:{draft.pk}"
    invoice_discard(invoice=draft, **by_now("2026-09-02"))
    assert [act.kind for act in Act.objects.filter(subject=subject).order_by("pk")] == [
        "invoice_draft",
        "invoice_discard",
    ]


def test_r7_an_issued_invoice_is_not_discarded() -> None:
    draft = a_draft(an_account(), (an_item(), "10.00"))
    issued = issue(draft)
    with pytest.raises(DraftRefused, match=f"Invoice {issued.number} was issued"):
        invoice_discard(invoice=draft, **by_now("2026-09-02"))
    assert Line.objects.count() == 1


def test_r13_the_same_token_discards_once() -> None:
    draft, once = a_draft(an_account(), (an_item(), "10.00")), by_now("2026-09-02")
    same = Invoice.objects.get(pk=draft.pk)
    invoice_discard(invoice=draft, **once)
    assert invoice_discard(invoice=same, **once) == same.account
    assert Act.objects.filter(kind="invoice_discard").count() == 1


def test_what_is_discarded_is_not_discarded_again() -> None:
    draft = a_draft(an_account(), (an_item(), "10.00"))
    same = Invoice.objects.get(pk=draft.pk)
    invoice_discard(invoice=draft, **by_now("2026-09-02"))
    with pytest.raises(DraftRefused, match="This draft was discarded"):
        invoice_discard(invoice=same, **by_now("2026-09-02"))


def test_whatever_is_asked_of_a_discarded_draft_is_refused_in_words() -> None:
    """R1: also where its page was still open; found by a random history."""
    item = an_item()
    draft = a_draft(an_account(), (item, "10.00"))
    same = Invoice.objects.get(pk=draft.pk)
    edit: dict[str, Any] = {"period_start": day("2026-08-01"), "period_end": day("2026-09-01")}
    edit |= {"lines": [a_line(item, "5")], **by_now("2026-09-02")}
    invoice_edit(invoice=same, **edit)
    invoice_discard(invoice=draft, **by_now("2026-09-02"))
    asked: list[Callable[[], Invoice]] = [
        lambda: invoice_edit(invoice=same, **edit),  # R13: nor is there a result to show again
        lambda: issue(same),
        lambda: pay(same),
        lambda: void(same),
        lambda: correct(same),
    ]
    for act in asked:
        with pytest.raises(Refusal, match="This draft was discarded"):
            act()


def test_the_account_s_other_drafts_stay() -> None:
    account, item = an_account(), an_item()
    first, second = a_draft(account, (item, "10.00")), a_draft(account, (item, "20.00"))
    invoice_discard(invoice=first, **by_now("2026-09-02"))
    projected = drafts_project(account, today=day("2026-09-02"))
    assert [(p.invoice, p.settlement.total) for p in projected] == [(second, 2000)]
