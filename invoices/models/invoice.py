"""Invoices and their number series (R7, R15)."""

from datetime import date, timedelta
from typing import Any

from django.db import models
from django.db.models import Q, Sum
from django.db.models.functions import Coalesce
from django.urls import reverse

from customers.models import Account
from customers.sealed import Sealed


class Series(models.Model):
    """The numbers of one issuing company's invoices in one year: no gaps (R7)."""

    prefix = models.CharField(max_length=12)
    year = models.PositiveSmallIntegerField()
    last_number = models.PositiveIntegerField()

    class Meta:
        verbose_name_plural = "series"
        constraints = (models.UniqueConstraint(fields=("prefix", "year"), name="series_once_per_year"),)

    def __str__(self) -> str:
        return f"{self.prefix}-{self.year}"


class Status(models.TextChoices):
    DRAFT = "draft", "Draft"
    ISSUED = "issued", "Issued"
    PAID = "paid", "Paid"
    VOID = "void", "Void"


class Source(models.TextChoices):
    OPERATOR = "operator", "Typed in"
    USAGE_IMPORT = "usage_import", "Usage import"
    CORRECTION = "correction", "Correction"
    PURCHASE = "purchase", "Sale of a credit"
    RECURRING = "recurring", "Charges and usage"


class InvoiceQuerySet(models.QuerySet["Invoice"]):
    """Bulk ways refuse what issuing has frozen; only the status may move on."""

    MOVES_ON = frozenset({"status", "paid_on", "payment_reference"})

    def drafts(self) -> "InvoiceQuerySet":
        """Drafts, in the order in which they are projected and issued (R7)."""
        return self.filter(status=Status.DRAFT).order_by("period_end", "pk")

    def with_totals(self) -> "InvoiceQuerySet":
        """Adds `shown_total`: the frozen total, or the sum of a draft's lines."""
        return self.annotate(shown_total=Coalesce("total", Coalesce(Sum("lines__amount"), 0)))

    def update(self, **kwargs: Any) -> int:
        if not self.MOVES_ON.issuperset(kwargs):
            self._refuse_frozen()
        return super().update(**kwargs)

    def delete(self) -> tuple[int, dict[str, int]]:
        self._refuse_frozen()
        return super().delete()

    def _refuse_frozen(self) -> None:
        if self.exclude(status=Status.DRAFT).exists():
            raise Sealed("An issued invoice is never changed or deleted.")


class Invoice(models.Model):
    """Lines for one account and one period `[period_start, period_end)`.

    Totals, number, names and dates are null on a draft and frozen by issuing. `judged_on` is the
    day R6 looks at: the day of issue, or for a correction the day the original was judged on.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    period_start = models.DateField()
    period_end = models.DateField()
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    source = models.CharField(max_length=20, choices=Source, default=Source.OPERATOR)
    corrects = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="correction"
    )
    created_at = models.DateTimeField()
    judged_on = models.DateField(null=True, blank=True)

    series = models.ForeignKey(Series, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    series_number = models.PositiveIntegerField(null=True, blank=True)
    number = models.CharField(max_length=40, null=True, blank=True, unique=True)
    issue_date = models.DateField(null=True, blank=True)
    issued_at = models.DateTimeField(null=True, blank=True)
    customer_name = models.CharField(max_length=200, blank=True)
    account_name = models.CharField(max_length=200, blank=True)
    total = models.BigIntegerField(null=True, blank=True)
    credited = models.BigIntegerField(null=True, blank=True)

    paid_on = models.DateField(null=True, blank=True)
    payment_reference = models.CharField(max_length=200, blank=True)

    objects = InvoiceQuerySet.as_manager()

    class Meta:
        ordering = ("-period_end", "-pk")
        indexes = (
            models.Index(fields=("account", "period_end", "id"), name="invoice_account_period"),
            models.Index(fields=("status", "period_end", "id"), name="invoice_status_period"),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(period_end__gt=models.F("period_start")), name="invoice_period"
            ),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="invoice_status_known"),
            models.CheckConstraint(
                condition=Q(status=Status.DRAFT, number=None, total=None, credited=None)
                | ~Q(status=Status.DRAFT)
                & Q(
                    number__isnull=False,
                    series__isnull=False,
                    series_number__isnull=False,
                    issue_date__isnull=False,
                    issued_at__isnull=False,
                    judged_on__isnull=False,
                    total__isnull=False,
                    credited__isnull=False,
                ),
                name="invoice_frozen_when_issued",
            ),
            models.CheckConstraint(
                condition=Q(credited=None)
                | Q(credited=0)
                | Q(credited__gt=0, credited__lte=models.F("total")),
                name="invoice_credited_within_total",
            ),
            models.CheckConstraint(
                condition=Q(status=Status.PAID, paid_on__isnull=False)
                | ~Q(status=Status.PAID) & Q(paid_on=None, payment_reference=""),
                name="invoice_paid_has_day",
            ),
            models.UniqueConstraint(fields=("series", "series_number"), name="invoice_number_once"),
            models.UniqueConstraint(
                fields=("account", "period_start"),
                condition=Q(source=Source.RECURRING) & ~Q(status=Status.VOID),
                name="invoice_recurring_once",
            ),
        )
        permissions = (
            ("issue_invoice", "Can issue an invoice"),
            ("pay_invoice", "Can record a payment"),
            ("void_invoice", "Can void or correct an issued invoice"),
        )

    def __str__(self) -> str:
        return self.number or f"Draft {self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            type(self).objects.filter(pk=self.pk)._refuse_frozen()
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("invoice", args=[self.pk])

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        type(self).objects.filter(pk=self.pk)._refuse_frozen()
        return super().delete(*args, **kwargs)

    @property
    def is_draft(self) -> bool:
        return self.status == Status.DRAFT

    @property
    def last_day(self) -> date:
        return self.period_end - timedelta(days=1)

    @property
    def amount_due(self) -> int | None:
        """Total less the credit applied; 0 once paid or void; unknown while a draft."""
        if self.status in (Status.PAID, Status.VOID):
            return 0
        return None if self.total is None or self.credited is None else self.total - self.credited
