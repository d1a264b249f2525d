"""The demo: the story it tells, that every state of a credit is in it, and that twice is once."""

import json
from datetime import UTC, date, datetime
from io import StringIO

import pytest
from django.contrib.auth import authenticate, get_user_model
from django.core.management import CommandError, call_command
from django.db import transaction

from billing.demo.founding import demo_make
from billing.digest import ledger_digest
from credits.models import Category, Credit, ScopeRole
from credits.projection import drafts_project
from customers.acts import Actor
from customers.models import Account, Act, Customer
from customers.services import customer_open
from invoices.models import Charge, Invoice, Kind, Line, Price, Scheme, Status

BY = Actor(origin="a test", command="test")
AUTUMN = datetime(2026, 11, 23, 3, 30, tzinfo=UTC)


@pytest.fixture
def company(db: None) -> None:
    demo_make(by=BY, now=AUTUMN)


def story() -> Account:
    return Account.objects.get(customer__name="John Wick", name="ChatPPT")


def test_a_credit_is_left_to_try_things_with_on_the_current_draft_of_the_story(company: None) -> None:
    [draft] = drafts_project(story(), today=AUTUMN.date())
    assert draft.invoice.period_start == date(2026, 11, 1)
    assert 0 < draft.settlement.credited < draft.settlement.total


def test_there_are_invoices_of_every_status_and_most_are_paid(company: None) -> None:
    statuses = list(Invoice.objects.exclude(status=Status.DRAFT).values_list("status", flat=True))
    assert set(statuses) == {Status.ISSUED, Status.PAID, Status.VOID}
    assert statuses.count(Status.PAID) > len(statuses) / 2
    assert Invoice.objects.filter(corrects__isnull=False, status=Status.PAID).exists()
    drafts = Invoice.objects.filter(status=Status.DRAFT)
    assert drafts.count() > Account.objects.count() / 2


def test_there_are_customers_in_three_currencies_and_credits_of_every_kind_of_scope(company: None) -> None:
    assert Customer.objects.count() == 8
    assert set(Account.objects.values_list("currency", flat=True)) == {"USD", "EUR", "JPY"}
    assert set(Credit.objects.values_list("category", flat=True)) == set(Category.values)
    roles = [frozenset(credit.scope_rows.values_list("role", flat=True)) for credit in Credit.objects.all()]
    kind, item, excluded = ScopeRole.KIND, ScopeRole.ITEM, ScopeRole.EXCLUDED_ITEM
    for mix in (set(), {kind}, {item}, {kind, item}, {excluded}, {kind, excluded}):
        assert frozenset(mix) in roles
    assert len(set(Line.objects.values_list("kind", flat=True))) == 4


def test_r11_one_account_has_free_units_left_and_another_a_limit_that_holds(company: None) -> None:
    units = Credit.objects.with_balance().get(unit_item__key="api-calls")
    assert 0 < units.balance < units.size
    [half] = Credit.objects.filter(max_percent__isnull=False)
    issued = Invoice.objects.filter(account=half.account_id).exclude(status=Status.DRAFT)
    for invoice in issued.filter(pk__in=half.entries.values("invoice")):
        usage = sum(line.amount for line in invoice.lines.filter(kind="usage_meter"))
        paid = -sum(entry.amount for entry in half.entries.filter(invoice=invoice))
        assert 0 < paid == usage // 2 < 20000


def test_its_prices_are_of_every_scheme_and_some_below_a_cent(company: None) -> None:
    assert set(Price.objects.values_list("scheme", flat=True)) == set(Scheme.values)
    assert any(0 < tier.unit_price * 100 < 1 for price in Price.objects.all() for tier in price.plan.tiers)
    today = AUTUMN.date()
    assert Price.objects.coming_on(today).exists()
    assert Price.objects.past_on(today).exists()
    kinds = {Kind.FIXED_FEE, Kind.LICENSE, Kind.ADD_ON}
    assert set(Charge.objects.values_list("item__kind", flat=True)) == kinds
    assert Charge.objects.filter(item__kind=Kind.LICENSE, quantity__gt=1).exists()


def made_and_taken_back() -> str:
    with transaction.atomic():
        demo_make(by=BY, now=AUTUMN)
        digest = ledger_digest()
        transaction.set_rollback(True)
    return digest


def test_the_same_day_gives_the_same_company(db: None) -> None:
    assert made_and_taken_back() == made_and_taken_back()


def test_a_second_run_changes_nothing_and_says_so(db: None) -> None:
    first, second = StringIO(), StringIO()
    call_command("demo", "--json", stdout=first)
    digest, acts, users = ledger_digest(), Act.objects.count(), get_user_model().objects.count()
    call_command("demo", stdout=second)
    assert (ledger_digest(), Act.objects.count(), get_user_model().objects.count()) == (digest, acts, users)
    assert "is there already: nothing was changed" in second.getvalue()
    assert "manage.py changepassword operator" in second.getvalue()
    assert json.loads(first.getvalue())["password"] not in second.getvalue()


def test_the_login_is_an_operator_with_a_random_password_shown_once(db: None) -> None:
    out = StringIO()
    call_command("demo", "--json", stdout=out)
    summary = json.loads(out.getvalue())
    assert summary["open"] == story().get_absolute_url()
    user = authenticate(username="operator", password=summary["password"])
    assert user is not None
    assert user == get_user_model().objects.get(is_staff=True, is_superuser=False)
    assert [group.name for group in user.groups.all()] == ["Operators"]
    assert user.password != summary["password"]
    assert len(summary["password"]) >= 20


def test_a_login_that_was_there_keeps_its_password(db: None) -> None:
    get_user_model().objects.create_user("operator", password="their own")
    out = StringIO()
    call_command("demo", stdout=out)
    assert "the login exists" in out.getvalue()
    assert authenticate(username="operator", password="their own") is not None


def test_a_database_with_other_customers_is_refused_and_left_alone(db: None) -> None:
    customer_open(key="acme", name="Acme", email="", by=BY, now=AUTUMN, token="acme")
    before = ledger_digest()
    with pytest.raises(CommandError, match="has customers already"):
        call_command("demo")
    assert ledger_digest() == before
    assert Customer.objects.count() == 1
    assert not get_user_model().objects.exists()


def test_it_is_made_whole_or_not_at_all(db: None, settings: object) -> None:
    settings.CURRENCIES = ["USD", "EUR"]  # type: ignore[attr-defined]
    with pytest.raises(CommandError, match="JPY is not among the currencies"):
        call_command("demo")
    assert not Act.objects.exists()
    assert not get_user_model().objects.exists()
