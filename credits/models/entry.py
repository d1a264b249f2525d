"""The ledger of credits: entries that are only ever added, and the balance kept from them (R8–R10)."""

from typing import Any

from django.db import models
from django.db.models import F, Q

from credits.models.credit import Credit
from customers.models import Account, Act
from customers.sealed import Sealed, SealedModel, SealedQuerySet
from invoices.models import Invoice, Line

NEWEST_SHOW = (
    *("number", "kind", "currency", "amount", "units", "line_id", "value_date", "credit_id"),
    "invoice__number",
)


class EntryKind(models.TextChoices):
    GRANTED = "granted", "Granted"
    APPLIED = "applied", "Applied"
    REVERSED = "reversed", "Reversed"
    VOIDED = "voided", "Voided"
    EXPIRED = "expired", "Expired"


class EntryQuerySet(SealedQuerySet["Entry"]):
    def newest_of(self, account: int) -> "EntryQuerySet":
        """The newest first, with the numbers of their invoices. Not with their credits: who shows them has
        these, and to join them too would take twice as long."""
        entries = self.filter(account=account).select_related("invoice").only(*NEWEST_SHOW)
        return entries.order_by("-number")


class Entry(SealedModel):
    """One row of the ledger of a credit, signed: what it adds to the balance.

    On a credit of free units `units` is what it adds, in millionths of a unit, and `amount` the money that
    these units paid on a line: below zero when applied, above it when reversed, 0 otherwise (R11).

    `number` counts an account's entries 1, 2, 3 … under the account's lock, and is the order
    (R14). `value_date` is the day the entry means, `booked_at` when it was written (R10).
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    credit = models.ForeignKey(Credit, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=10, choices=EntryKind)
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    units = models.BigIntegerField(null=True, blank=True)
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
                condition=Q(kind=EntryKind.GRANTED, units=None, amount__gt=0)
                | Q(kind=EntryKind.APPLIED, units=None, amount__lt=0)
                | Q(kind=EntryKind.REVERSED, units=None, amount__gt=0)
                | Q(kind=EntryKind.VOIDED, units=None, amount__lte=0)
                | Q(kind=EntryKind.EXPIRED, units=None, amount__lt=0)
                # A comparison with NULL would let anything pass.
                | Q(units__isnull=False)
                & (
                    Q(kind=EntryKind.GRANTED, units__gt=0, amount=0)
                    | Q(kind=EntryKind.APPLIED, units__lt=0, amount__lte=0)
                    | Q(kind=EntryKind.REVERSED, units__gt=0, amount__gte=0)
                    | Q(kind=EntryKind.VOIDED, units__lte=0, amount=0)
                    | Q(kind=EntryKind.EXPIRED, units__lt=0, amount=0)
                ),
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

    @property
    def change(self) -> int:
        """What it adds to the balance, in the credit's own measure."""
        return self.amount if self.units is None else self.units


class BalanceQuerySet(SealedQuerySet["Balance"]):
    pass


class Balance(SealedModel):
    """What is left of a credit, kept by the database itself from the entries (`database_rules`).

    In the credit's own measure: minor units of money, or millionths of a free unit. `entry_id` is the last
    entry it has taken in.
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
