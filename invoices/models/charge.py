"""Recurring charges: an account's fixed fees, licences and add-ons, by the month, and where they are
billed."""

from django.db import models
from django.db.models import F, Q

from customers.models import Account
from invoices.models.item import Item
from invoices.models.line import Line


class Charge(models.Model):
    """`quantity × unit_price` for every calendar month from `starts_on` through `ends_on` (none: open).

    A month that is not charged through all its days is `prorated` by days, or charged whole. Only its end
    ever comes to it, once, by ending it: then `ended_at` says when that was decided. One that ended before
    its first day never charges anything.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    description = models.CharField(max_length=200, blank=True)
    quantity = models.DecimalField(max_digits=27, decimal_places=12)
    unit_price = models.DecimalField(max_digits=27, decimal_places=12)
    prorated = models.BooleanField(default=True)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("account", "pk")
        constraints = (
            models.CheckConstraint(condition=Q(quantity__gt=0), name="charge_quantity"),
            models.CheckConstraint(condition=Q(unit_price__gte=0), name="charge_price"),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ends_on__isnull=False), name="charge_ended_has_day"
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ended_at__isnull=False) | Q(ends_on__gte=F("starts_on")),
                name="charge_days",
            ),
        )
        permissions = (("end_charge", "Can end a charge"),)

    def __str__(self) -> str:
        return f"{self.item} ({self.description})" if self.description else str(self.item)


class BilledMonth(models.Model):
    """A month of a charge, and the line that bills it: once. `month` is its first day.

    It goes when its draft is discarded or its invoice voided, and follows the line when that is corrected
    (`invoices.behind`).
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    charge = models.ForeignKey(Charge, on_delete=models.PROTECT, related_name="billed_months")
    month = models.DateField()
    line = models.ForeignKey(Line, on_delete=models.CASCADE, related_name="billed_months")

    class Meta:
        ordering = ("charge", "month")
        indexes = (models.Index(fields=("account", "month"), name="billed_month_account"),)
        constraints = (models.UniqueConstraint(fields=("charge", "month"), name="billed_month_once"),)

    def __str__(self) -> str:
        return f"{self.charge}, {self.month:%Y-%m}"
