"""Billing runs: what each issued, committed chunk by chunk, and which accounts it left (R7, R14)."""

from dataclasses import dataclass

from django.db import models
from django.db.models import Q, Sum
from django.urls import reverse

from customers.models import Account
from customers.sealed import SealedModel, SealedQuerySet


@dataclass(frozen=True, slots=True)
class Sums:
    """What was issued in one currency."""

    currency: str
    invoices: int
    total: int
    credited: int

    @property
    def due(self) -> int:
        return self.total - self.credited

    def plus(self, total: int, credited: int) -> "Sums":
        """With another invoice."""
        return Sums(self.currency, self.invoices + 1, self.total + total, self.credited + credited)


class Run(models.Model):
    """One order to issue the drafts whose last day lies in `[period_start, period_end)`.

    The act `run_start` on it says from where and with which token. `before_end`: also drafts whose period
    is not over yet. A retry names the run whose parked accounts it takes up again, and issues nothing else.
    `seen_at`: when somebody was last known to be at work on it; empty once they have stopped before its end.
    """

    period_start = models.DateField()
    period_end = models.DateField()
    before_end = models.BooleanField(default=False)
    retries = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="retried_by"
    )
    actor_name = models.CharField(max_length=150)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.CheckConstraint(condition=Q(period_end__gt=models.F("period_start")), name="run_period"),
        )
        permissions = (("start_run", "Can start a billing run and retry what it left"),)

    def __str__(self) -> str:
        return f"Run {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("run", args=[self.pk])

    def sums(self) -> list[Sums]:
        """Per currency, what it has committed so far."""
        parts = self.parts.order_by("currency").values_list("currency")
        return [Sums(*row) for row in parts.annotate(Sum("invoices"), Sum("total"), Sum("credited"))]

    def drafts_done(self) -> int:
        """How many drafts it is done with so far: issued, or left."""
        issued = self.parts.aggregate(sum=Sum("invoices"))["sum"] or 0
        return int(issued + (self.parked.aggregate(sum=Sum("waiting"))["sum"] or 0))


class RunPartQuerySet(SealedQuerySet["RunPart"]):
    pass


class RunPart(SealedModel):
    """What one chunk issued in one currency, written in the transaction that issued it."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="parts")
    currency = models.CharField(max_length=3)
    invoices = models.PositiveIntegerField()
    total = models.BigIntegerField()
    credited = models.BigIntegerField()

    objects = RunPartQuerySet.as_manager()

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.invoices} in {self.currency}"


class RunParkedQuerySet(SealedQuerySet["RunParked"]):
    pass


class RunParked(SealedModel):
    """An account that a run left, from this draft on, and why. The draft may be discarded later, so it
    is a bare number."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="parked")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    draft = models.BigIntegerField()
    waiting = models.PositiveIntegerField()
    reason = models.TextField()

    objects = RunParkedQuerySet.as_manager()

    class Meta:
        ordering = ("pk",)
        verbose_name = verbose_name_plural = "parked accounts"
        constraints = (models.UniqueConstraint(fields=("run", "account"), name="parked_once_per_run"),)

    def __str__(self) -> str:
        return self.reason
