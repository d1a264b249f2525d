"""What was used of a meter, day by day, and where it is billed."""

from typing import Any, cast

from django.db import models
from django.db.models import Q

from customers.models import Account, Act
from customers.sealed import SealedModel, SealedQuerySet
from invoices.models.item import Item
from invoices.models.line import Line


class UsageSource(models.TextChoices):
    TYPED = "typed", "Typed in"
    IMPORT = "import", "Imported"


class UsageRecordQuerySet(SealedQuerySet["UsageRecord"]):
    def update(self, **kwargs: Any) -> int:  # type: ignore[override]  # others refuse all
        """Where records are billed moves; nothing else of them ever does."""
        if kwargs.keys() != {"line"}:
            self._refuse()
        moved = cast("models.QuerySet[UsageRecord]", super(SealedQuerySet, self))
        return moved.update(**kwargs)

    def unbilled(self) -> "UsageRecordQuerySet":
        return self.filter(line=None)


class UsageRecord(SealedModel):
    """So much of a usage meter on one day of the account's calendar. It never changes: what is wrong is
    corrected by a record below zero. `line` bills it: at most one line does, and none once that is
    discarded or void."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+", db_index=False)
    quantity = models.DecimalField(max_digits=27, decimal_places=12)
    day = models.DateField()
    source = models.CharField(max_length=10, choices=UsageSource)
    act = models.ForeignKey(Act, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    line = models.ForeignKey(Line, null=True, blank=True, on_delete=models.SET_NULL, related_name="usage")

    objects = UsageRecordQuerySet.as_manager()

    class Meta:
        ordering = ("-day", "-pk")
        indexes = (
            models.Index(fields=("account", "day", "id"), name="usage_account_day"),
            models.Index(fields=("account", "day"), condition=Q(line=None), name="usage_unbilled"),
        )
        constraints = (
            models.CheckConstraint(condition=Q(source__in=UsageSource.values), name="usage_source_known"),
        )

    def __str__(self) -> str:
        return f"{self.item}, {self.day}"
