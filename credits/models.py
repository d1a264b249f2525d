"""What is set against an invoice: credits, their scope, and the ledger (R2, R3, R8–R10).

A credit and its scope are written once. What happens to a credit happens in its entries; the
balance is their sum, which the database itself keeps beside them, and nobody else can write.
"""

from datetime import date, timedelta
from typing import Any, cast

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from credits.terms import CreditFacts, Scope
from customers.models import Account, Act
from customers.sealed import Sealed, SealedModel, SealedQuerySet
from invoices.models import Invoice, Item, Kind, Line


class Category(models.TextChoices):
    PROMOTIONAL = "promotional", "Promotional"
    PURCHASED = "purchased", "Purchased"


class AppliesTo(models.TextChoices):
    INVOICE = "invoice", "The whole invoice"
    SELECTED = "selected", "Selected kinds and items"


class CreditQuerySet(SealedQuerySet["Credit"]):
    def with_balance(self) -> "CreditQuerySet":
        """Adds `balance`, `voided`, and `lapsed` (expiry has been booked), as the database keeps them."""
        annotated: Any = self  # the type checker would take the new names for fields
        return cast(
            "CreditQuerySet",
            annotated.annotate(
                balance=F("kept__balance"), voided=F("kept__voided"), lapsed=F("kept__lapsed")
            ),
        )

    def in_use_order(self) -> "CreditQuerySet":
        """R4, said to the database; `credits.terms.use_order` says the same of values."""
        promotional_first = models.Case(
            models.When(category=Category.PROMOTIONAL, then=0), default=1, output_field=models.IntegerField()
        )
        return self.order_by(
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
    """A promise to pay parts of an account's future lines. Never changes (R2)."""

    # Set by `with_balance`.
    balance: int
    voided: bool
    lapsed: bool

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    category = models.CharField(max_length=20, choices=Category, default=Category.PROMOTIONAL)
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    priority = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(100)])
    effective_from = models.DateField()
    expires_on = models.DateField(null=True, blank=True)
    applies_to = models.CharField(max_length=20, choices=AppliesTo, default=AppliesTo.INVOICE)
    replaces = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="replaced_by"
    )
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
            models.CheckConstraint(condition=Q(amount__gt=0), name="credit_amount_positive"),
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
    def last_issue(self) -> date | None:
        return last_issue(self.expires_on)

    def is_gone(self, today: date) -> bool:
        """Expired, and its grace over: no invoice issued today can use it."""
        return self.last_issue is not None and today > self.last_issue

    def scope(self) -> Scope:
        rows = list(self.scope_rows.all())
        return Scope(
            whole_invoice=self.applies_to == AppliesTo.INVOICE,
            kinds=frozenset(row.kind for row in rows if row.role == ScopeRole.KIND),
            items=frozenset(row.item_id for row in rows if row.role == ScopeRole.ITEM),
            excluded_items=frozenset(row.item_id for row in rows if row.role == ScopeRole.EXCLUDED_ITEM),
        )

    def facts(self, balance: int, *, voided: bool) -> CreditFacts:
        """This credit as the pure allocation sees it."""
        return CreditFacts(
            key=self.pk,
            currency=self.currency,
            balance=balance,
            priority=self.priority,
            purchased=self.category == Category.PURCHASED,
            starts=self.effective_from,
            ends=self.expires_on and self.expires_on + timedelta(days=1),
            last_issue=self.last_issue,
            created=self.created_at,
            voided=voided,
            scope=self.scope(),
        )


class ScopeRole(models.TextChoices):
    KIND = "kind", "All of a kind"
    ITEM = "item", "An item"
    EXCLUDED_ITEM = "excluded_item", "Not this item"


class ScopeRowQuerySet(SealedQuerySet["ScopeRow"]):
    pass


class ScopeRow(SealedModel):
    """One part of a credit's scope; as immutable as the credit (R3)."""

    credit = models.ForeignKey(Credit, on_delete=models.PROTECT, related_name="scope_rows")
    role = models.CharField(max_length=20, choices=ScopeRole)
    kind = models.CharField(max_length=20, choices=Kind, blank=True)
    item = models.ForeignKey(Item, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = ScopeRowQuerySet.as_manager()

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(
                condition=Q(role=ScopeRole.KIND, kind__in=Kind.values, item=None)
                | Q(role__in=(ScopeRole.ITEM, ScopeRole.EXCLUDED_ITEM), kind="", item__isnull=False),
                name="scope_row_kind_or_item",
            ),
            models.UniqueConstraint(
                fields=("credit", "role", "kind"), condition=Q(item=None), name="scope_kind_once"
            ),
            models.UniqueConstraint(fields=("credit", "item"), name="scope_item_once"),
        )

    def __str__(self) -> str:
        return f"{self.get_role_display()}: {self.get_kind_display() or self.item}"


class EntryKind(models.TextChoices):
    GRANTED = "granted", "Granted"
    APPLIED = "applied", "Applied"
    REVERSED = "reversed", "Reversed"
    VOIDED = "voided", "Voided"
    EXPIRED = "expired", "Expired"


class EntryQuerySet(SealedQuerySet["Entry"]):
    pass


class Entry(SealedModel):
    """One row of the ledger of a credit, signed: what it adds to the balance.

    `number` counts an account's entries 1, 2, 3 … under the account's lock, and is the order
    (R14). `value_date` is the day the entry means, `booked_at` when it was written (R10).
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    credit = models.ForeignKey(Credit, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=10, choices=EntryKind)
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    invoice = models.ForeignKey(Invoice, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    line = models.ForeignKey(Line, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    reverses = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="reversed_by"
    )
    act = models.ForeignKey(Act, on_delete=models.PROTECT, related_name="+")
    value_date = models.DateField()
    booked_at = models.DateTimeField()
    hash = models.CharField(max_length=64, editable=False)

    objects = EntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "entries"
        ordering = ("account", "number")
        indexes = (models.Index(fields=("credit", "id"), name="entry_credit_id"),)
        constraints = (
            models.UniqueConstraint(fields=("account", "number"), name="entry_number_once"),
            models.UniqueConstraint(
                fields=("credit",), condition=Q(kind=EntryKind.GRANTED), name="entry_granted_once"
            ),
            models.CheckConstraint(
                condition=Q(kind=EntryKind.GRANTED, amount__gt=0)
                | Q(kind=EntryKind.APPLIED, amount__lt=0)
                | Q(kind=EntryKind.REVERSED, amount__gt=0)
                | Q(kind=EntryKind.VOIDED, amount__lte=0)
                | Q(kind=EntryKind.EXPIRED, amount__lt=0),
                name="entry_sign",
            ),
            models.CheckConstraint(
                condition=Q(
                    kind__in=(EntryKind.APPLIED, EntryKind.REVERSED),
                    invoice__isnull=False,
                    line__isnull=False,
                )
                | Q(kind__in=(EntryKind.GRANTED, EntryKind.VOIDED, EntryKind.EXPIRED), line=None),
                name="entry_line_when_applied",
            ),
            models.CheckConstraint(
                condition=Q(kind=EntryKind.REVERSED, reverses__isnull=False)
                | ~Q(kind=EntryKind.REVERSED) & Q(reverses=None),
                name="entry_reverses_when_reversed",
            ),
        )

    def __str__(self) -> str:
        return f"#{self.number} {self.get_kind_display()}"


class BalanceQuerySet(SealedQuerySet["Balance"]):
    pass


class Balance(SealedModel):
    """What is left of a credit, kept by the database itself from the entries (`database_rules`).

    `entry_id` is the last entry it has taken in.
    """

    credit = models.OneToOneField(Credit, on_delete=models.PROTECT, primary_key=True, related_name="kept")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    granted = models.BigIntegerField()
    balance = models.BigIntegerField()
    voided = models.BooleanField()
    lapsed = models.BooleanField()
    entry_id = models.BigIntegerField()

    objects = BalanceQuerySet.as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(balance__gte=0, balance__lte=F("granted")), name="balance_in_range"
            ),
        )

    def __str__(self) -> str:
        return f"{self.credit_id}: {self.balance}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        raise Sealed("A balance is written by the database alone, from the entries.")


def credits_of(account: Account, **conditions: Any) -> list[Credit]:
    """The account's credits with balance and scope, in use order (R4), in two queries."""
    return list(
        Credit.objects.filter(account=account, **conditions)
        .with_balance()
        .in_use_order()
        .prefetch_related("scope_rows__item")
    )
