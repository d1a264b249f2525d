"""Who pays, and the record of every act (R14, R16)."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from simple_history.models import HistoricalRecords

from customers.sealed import SealedModel, SealedQuerySet


class Customer(models.Model):
    """Who buys. `key` is the name other systems know the customer by."""

    key = models.CharField(max_length=120, unique=True)
    name = models.CharField(max_length=200)
    email = models.EmailField(blank=True)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    erased_at = models.DateTimeField(null=True, blank=True)

    history = HistoricalRecords()

    class Meta:
        ordering = ("name", "pk")
        permissions = (
            ("close_customer", "Can close a customer"),
            ("erase_customer", "Can erase a closed customer's names and contacts"),
        )

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("customer", args=[self.pk])


class Account(models.Model):
    """One billing relationship of a customer: one currency, one time zone (R15)."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="accounts")
    key = models.CharField(max_length=120)
    name = models.CharField(max_length=200)
    currency = models.CharField(max_length=3)
    time_zone = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    history = HistoricalRecords()

    class Meta:
        ordering = ("name", "pk")
        constraints = (
            models.UniqueConstraint(fields=("customer", "key"), name="account_key_once_per_customer"),
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="account_currency_code"),
        )
        permissions = (("close_account", "Can close an account"),)

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("account", args=[self.pk])

    def day_of(self, moment: datetime) -> date:
        """The calendar day of an instant, in the account's time zone (R6)."""
        return moment.astimezone(ZoneInfo(self.time_zone)).date()


class Act(SealedModel):
    """One record per act: who, when (UTC), from where, why, its token and what it did.

    `subject` names the row the act made or moved, such as `credit:17`. Names of customers are
    kept out of it, so that erasing a person leaves the record whole (R16).
    """

    kind = models.CharField(max_length=40)
    token = models.CharField(max_length=100, unique=True)
    fingerprint = models.CharField(max_length=64, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    command = models.CharField(max_length=60, blank=True)
    actor_name = models.CharField(max_length=150)
    origin = models.CharField(max_length=200)
    at = models.DateTimeField()
    account = models.ForeignKey(Account, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    subject = models.CharField(max_length=60)
    reason = models.TextField(blank=True)
    details = models.JSONField(default=dict)

    objects = SealedQuerySet.as_manager()

    class Meta:
        ordering = ("-pk",)
        indexes = (
            models.Index(fields=("account", "id"), name="act_account_id"),
            models.Index(fields=("subject", "id"), name="act_subject_id"),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(user__isnull=False, command="") | Q(user__isnull=True) & ~Q(command=""),
                name="act_by_person_or_command",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} ({self.subject})"

    @property
    def subject_id(self) -> int:
        return int(self.subject.rpartition(":")[2])
