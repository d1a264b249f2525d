"""Recurring grants: a standing promise to grant a credit every month, until it is stopped."""

from datetime import date
from typing import Any, cast

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from credits.due_days import DueDays
from customers.models import Account


class ScheduleQuerySet(models.QuerySet["Schedule"]):
    def with_grants(self) -> "ScheduleQuerySet":
        """Adds `granted`, the number of its credits, and `last_granted`, the latest of their due days."""
        annotated: Any = self  # the type checker would take the new names for fields
        counted = annotated.annotate(
            granted=models.Count("credits"), last_granted=models.Max("credits__due_on")
        )
        return cast("ScheduleQuerySet", counted)


class Schedule(models.Model):
    """Every month on day `day` (the last day of a shorter month) from `starts_on` on, a credit with `terms`.

    `terms` are a credit's terms without its name and dates, as plain values (`credits.schedule_terms`); each
    credit lives `lifetime_days` days, or for ever. Only `stopped_at` ever changes, once; what was granted
    stays.
    """

    # Set by `with_grants`.
    granted: int
    last_granted: date | None

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    day = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(31)])
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    lifetime_days = models.PositiveIntegerField(null=True, blank=True)
    terms = models.JSONField()
    reason = models.TextField(blank=True)
    created_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True, blank=True)

    objects = ScheduleQuerySet.as_manager()

    class Meta:
        ordering = ("account", "pk")
        constraints = (
            models.CheckConstraint(condition=Q(day__range=(1, 31)), name="schedule_day"),
            models.CheckConstraint(
                condition=Q(lifetime_days=None) | Q(lifetime_days__gt=0), name="schedule_lifetime"
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="schedule_days"
            ),
        )
        permissions = (("stop_schedule", "Can stop a schedule"),)

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("schedule", args=[self.pk])

    @property
    def due_days(self) -> DueDays:
        """None comes after the day on which it was stopped, in its account's time zone."""
        stopped_on = self.stopped_at and self.account.day_of(self.stopped_at)
        return DueDays(self.day, self.starts_on, min(filter(None, (self.ends_on, stopped_on)), default=None))
