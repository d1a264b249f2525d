"""Notices: what an account's people are told once when a balance runs low or a credit is about to expire."""

from django.db import models
from django.db.models import Q

from credits.models.credit import Credit
from customers.models import Account


class NoticeRule(models.Model):
    """When to tell, for one account: `low_balance` in minor units of its currency; empty is never."""

    account = models.OneToOneField(Account, on_delete=models.PROTECT, related_name="+")
    low_balance = models.BigIntegerField(null=True, blank=True)
    expiring_days = models.PositiveSmallIntegerField(null=True, blank=True)
    email = models.EmailField(blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(low_balance=None) | Q(low_balance__gt=0), name="notice_rule_low_balance"
            ),
            models.CheckConstraint(
                condition=Q(expiring_days=None) | Q(expiring_days__gt=0), name="notice_rule_expiring_days"
            ),
        )

    def __str__(self) -> str:
        return f"Notices of {self.account}"


class NoticeKind(models.TextChoices):
    LOW_BALANCE = "low_balance", "Low balance"
    EXPIRING = "expiring", "Expiring soon"


class Notice(models.Model):
    """One crossing, told once: open until the balance recovers, or the credit is used up or gone.

    `amount` is what was left when it was told: minor units, or millionths of a unit of a credit of units.
    `sending_at` is when a run last took it up to send it by e-mail, so that two runs do not both.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20, choices=NoticeKind)
    credit = models.ForeignKey(Credit, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    amount = models.BigIntegerField()
    told_at = models.DateTimeField()
    sending_at = models.DateTimeField(null=True, blank=True)
    emailed_at = models.DateTimeField(null=True, blank=True)
    cleared_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-told_at", "-pk")
        indexes = (models.Index(fields=("account", "cleared_at"), name="notice_account_open"),)
        constraints = (
            models.CheckConstraint(
                condition=Q(kind=NoticeKind.LOW_BALANCE, credit=None)
                | Q(kind=NoticeKind.EXPIRING, credit__isnull=False),
                name="notice_credit_when_expiring",
            ),
            models.UniqueConstraint(
                fields=("account", "kind"),
                condition=Q(cleared_at=None, credit=None),
                name="notice_open_once_per_account",
            ),
            models.UniqueConstraint(
                fields=("credit", "kind"),
                condition=Q(cleared_at=None, credit__isnull=False),
                name="notice_open_once_per_credit",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.credit or self.account}"
