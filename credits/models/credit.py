"""What is set against an invoice: credits and their scope, written once (R2, R3)."""

from collections.abc import Collection
from datetime import date, timedelta
from typing import Any, NamedTuple, cast

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from credits.terms import Scope
from customers.models import Account
from customers.sealed import SealedModel, SealedQuerySet
from invoices.models import Item, Kind, Line, Status


class Category(models.TextChoices):
    PROMOTIONAL = "promotional", "Promotional"
    PURCHASED = "purchased", "Purchased"


class AppliesTo(models.TextChoices):
    INVOICE = "invoice", "The whole invoice"
    SELECTED = "selected", "Selected kinds and items"


class CreditQuerySet(SealedQuerySet["Credit"]):
    def with_balance(self) -> "CreditQuerySet":
        """Adds `balance`, `voided`, and `lapsed` (expiry has been booked), as the database keeps them, and
        `unpaid`: it waits for the payment of the invoice it was bought on, which `bought_on` numbers."""
        annotated: Any = self  # the type checker would take the new names for fields
        return cast(
            "CreditQuerySet",
            annotated.annotate(
                balance=F("kept__balance"),
                voided=F("kept__voided"),
                lapsed=F("kept__lapsed"),
                unpaid=models.Case(
                    models.When(usable_once_paid=False, then=False),
                    models.When(purchase_line__invoice__status=Status.PAID, then=False),
                    default=True,
                    output_field=models.BooleanField(),
                ),
                bought_on=F("purchase_line__invoice__number"),
            ),
        )

    def of_money(self) -> "CreditQuerySet":
        """Without those of free units, whose balances are no money."""
        return self.filter(units=None)

    def in_use_order(self) -> "CreditQuerySet":
        """R4, said to the database; `credits.terms.use_order` says the same of values. Free units come
        before money, as settling takes them (R11)."""
        units_first = models.Case(
            models.When(units=None, then=1), default=0, output_field=models.IntegerField()
        )
        promotional_first = models.Case(
            models.When(category=Category.PROMOTIONAL, then=0), default=1, output_field=models.IntegerField()
        )
        return self.order_by(
            units_first,
            "priority",
            F("expires_on").asc(nulls_last=True),
            promotional_first,
            "effective_from",
            "created_at",
            "pk",
        )


def last_issue(expires_on: date | None) -> date | None:
    """The last day an invoice may be issued on and still use a credit that expires then (R6)."""
    return expires_on and expires_on + timedelta(days=settings.SCRIP_GRACE_DAYS)


class Credit(SealedModel):
    """A promise to pay parts of an account's future lines. Never changes (R2).

    Granted as money, `amount` in minor units; or as free units of `unit_item`, `units` in millionths of a
    unit, and then `amount` is 0 (R11). Its balance is counted in the same measure. `max_amount` and
    `max_percent` cap what it pays on one invoice. One bought in advance knows the price paid for it and
    the line it was sold on, and may have to wait until that invoice is paid.
    """

    # Set by `with_balance`.
    balance: int
    voided: bool
    lapsed: bool
    unpaid: bool
    bought_on: str | None

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    category = models.CharField(max_length=20, choices=Category, default=Category.PROMOTIONAL)
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    units = models.BigIntegerField(null=True, blank=True)
    unit_item = models.ForeignKey(Item, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    max_amount = models.BigIntegerField(null=True, blank=True)
    max_percent = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)
    price_paid = models.BigIntegerField(null=True, blank=True)
    purchase_line = models.ForeignKey(Line, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    usable_once_paid = models.BooleanField(default=False)
    priority = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(100)])
    effective_from = models.DateField()
    expires_on = models.DateField(null=True, blank=True)
    applies_to = models.CharField(max_length=20, choices=AppliesTo, default=AppliesTo.INVOICE)
    replaces = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="replaced_by"
    )
    schedule = models.ForeignKey(
        "credits.Schedule", null=True, blank=True, on_delete=models.PROTECT, related_name="credits"
    )
    due_on = models.DateField(null=True, blank=True)
    reason = models.TextField(blank=True)
    created_at = models.DateTimeField()

    objects = CreditQuerySet.as_manager()

    class Meta:
        ordering = ("account", "priority", "pk")
        indexes = (
            models.Index(fields=("account", "priority", "expires_on", "id"), name="credit_account_order"),
            models.Index(fields=("expires_on",), name="credit_expires_on"),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(amount__gt=0, units=None, unit_item=None)
                | Q(amount=0, units__isnull=False, units__gt=0, unit_item__isnull=False),
                name="credit_money_or_units",
            ),
            models.CheckConstraint(
                condition=(Q(max_amount=None) | Q(max_amount__gt=0, units=None))
                & (Q(max_percent=None) | Q(max_percent__gt=0, max_percent__lte=100, units=None)),
                name="credit_caps",
            ),
            models.CheckConstraint(
                condition=Q(category=Category.PURCHASED)
                & (Q(price_paid=None) | Q(price_paid__gte=0))
                & (Q(purchase_line__isnull=False) | Q(usable_once_paid=False))
                | Q(price_paid=None, purchase_line=None, usable_once_paid=False),
                name="credit_purchase",
            ),
            models.CheckConstraint(
                condition=Q(schedule=None, due_on=None) | Q(schedule__isnull=False, due_on__isnull=False),
                name="credit_schedule_and_day",
            ),
            models.UniqueConstraint(fields=("schedule", "due_on"), name="credit_once_per_due_day"),
            models.CheckConstraint(condition=Q(priority__range=(1, 100)), name="credit_priority_range"),
            models.CheckConstraint(condition=Q(category__in=Category.values), name="credit_category_known"),
            models.CheckConstraint(
                condition=Q(applies_to__in=AppliesTo.values), name="credit_applies_to_known"
            ),
            models.CheckConstraint(
                condition=Q(expires_on=None) | Q(expires_on__gte=F("effective_from")), name="credit_dates"
            ),
        )
        permissions = (("void_credit", "Can void a credit"),)

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("credit", args=[self.pk])

    @property
    def size(self) -> int:
        """What was granted, in the credit's own measure: minor units, or millionths of a unit."""
        return self.amount if self.units is None else self.units

    @property
    def last_issue(self) -> date | None:
        return last_issue(self.expires_on)

    def is_gone(self, today: date) -> bool:
        """Expired, and its grace over: no invoice issued today can use it."""
        return self.last_issue is not None and today > self.last_issue

    def is_available(self, today: date) -> bool:
        """An invoice of today could use what is left of it. For a credit read `with_balance`."""
        kept_back = self.voided or self.unpaid or self.effective_from > today
        return self.balance > 0 and not kept_back and not self.is_gone(today)

    def scope(self) -> Scope:
        rows = self.scope_rows.all()
        return scope_of(self.applies_to, [ScopePart(r.role, r.kind, r.item_id, r.tag) for r in rows])


class ScopeRole(models.TextChoices):
    KIND = "kind", "All of a kind"
    ITEM = "item", "An item"
    TAG = "tag", "Items with a tag"
    EXCLUDED_ITEM = "excluded_item", "Not this item"


class ScopePart(NamedTuple):
    """A row of a scope, as values."""

    role: str
    kind: str
    item: int | None
    tag: str


def scope_of(applies_to: str, rows: Collection[ScopePart]) -> Scope:
    """The scope that these rows make up (R3)."""
    return Scope(
        whole_invoice=applies_to == AppliesTo.INVOICE,
        kinds=frozenset(row.kind for row in rows if row.role == ScopeRole.KIND),
        items=frozenset(row.item for row in rows if row.role == ScopeRole.ITEM),
        excluded_items=frozenset(row.item for row in rows if row.role == ScopeRole.EXCLUDED_ITEM),
        tags=frozenset(row.tag for row in rows if row.role == ScopeRole.TAG),
    )


class ScopeRowQuerySet(SealedQuerySet["ScopeRow"]):
    pass


class ScopeRow(SealedModel):
    """One part of a credit's scope; as immutable as the credit (R3)."""

    credit = models.ForeignKey(Credit, on_delete=models.PROTECT, related_name="scope_rows")
    role = models.CharField(max_length=20, choices=ScopeRole)
    kind = models.CharField(max_length=20, choices=Kind, blank=True)
    item = models.ForeignKey(Item, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    tag = models.CharField(max_length=60, blank=True)

    objects = ScopeRowQuerySet.as_manager()

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(
                condition=Q(role=ScopeRole.KIND, kind__in=Kind.values, item=None, tag="")
                | Q(role__in=(ScopeRole.ITEM, ScopeRole.EXCLUDED_ITEM), kind="", item__isnull=False, tag="")
                | Q(role=ScopeRole.TAG, kind="", item=None) & ~Q(tag=""),
                name="scope_row_kind_item_or_tag",
            ),
            models.UniqueConstraint(
                fields=("credit", "role", "kind", "tag"), condition=Q(item=None), name="scope_kind_once"
            ),
            models.UniqueConstraint(fields=("credit", "item"), name="scope_item_once"),
        )

    def __str__(self) -> str:
        return f"{self.get_role_display()}: {self.get_kind_display() or self.tag or self.item}"


def credits_of(account: Account, **conditions: Any) -> list[Credit]:
    """The account's credits with balance and scope, in use order (R4), in two queries."""
    return list(
        Credit.objects.filter(account=account, **conditions)
        .with_balance()
        .in_use_order()
        .select_related("unit_item")
        .prefetch_related("scope_rows__item")
    )
