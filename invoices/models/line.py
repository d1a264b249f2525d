"""Lines of invoices (R1, R3)."""

from typing import Any

from django.db import models
from django.db.models import Q

from customers.models import Account
from customers.sealed import Sealed
from invoices.models.invoice import Invoice, Status
from invoices.models.item import Item, Kind


class LineQuerySet(models.QuerySet["Line"]):
    def update(self, **kwargs: Any) -> int:
        self._refuse_frozen()
        return super().update(**kwargs)

    def delete(self) -> tuple[int, dict[str, int]]:
        self._refuse_frozen()
        return super().delete()

    def _refuse_frozen(self) -> None:
        if self.exclude(invoice__status=Status.DRAFT).exists():
            raise Sealed("A line of an issued invoice is never changed or deleted.")


class Line(models.Model):
    """One charge. Kind, name, tags and price are copied when it is made, and stay (R3).

    A priced line has `exact_amount` empty and its amount is quantity × unit price, rounded once.
    An imported line keeps in `exact_amount` the exact sum it came with, as text; its amount is
    that sum rounded once, and its unit price is only for display (R1). A line rated by a price list is
    kept like an imported one, and `pricing` says how its exact sum came about, in codes and decimal
    strings (`invoices.price_lists`). No credit can ever pay a line that is not `creditable`: the one
    that sells a credit.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveIntegerField()
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20, choices=Kind)
    name = models.CharField(max_length=200)
    unit = models.CharField(max_length=60, blank=True)
    tags = models.JSONField(default=list, blank=True)
    creditable = models.BooleanField(default=True)
    description = models.CharField(max_length=300, blank=True)
    quantity = models.DecimalField(max_digits=27, decimal_places=12)
    unit_price = models.DecimalField(max_digits=27, decimal_places=12)
    exact_amount = models.CharField(max_length=80, blank=True)
    pricing = models.JSONField(default=dict, blank=True)
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    first_day = models.DateField()
    last_day = models.DateField()

    objects = LineQuerySet.as_manager()

    class Meta:
        ordering = ("invoice", "position")
        constraints = (
            models.UniqueConstraint(fields=("invoice", "position"), name="line_position_once"),
            models.CheckConstraint(condition=Q(last_day__gte=models.F("first_day")), name="line_days"),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="line_kind_known"),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.description})" if self.description else self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            type(self).objects.filter(pk=self.pk)._refuse_frozen()
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        type(self).objects.filter(pk=self.pk)._refuse_frozen()
        return super().delete(*args, **kwargs)
