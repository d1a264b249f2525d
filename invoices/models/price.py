"""What items cost: price lists, their prices, and which list an account uses (R1, R15).

A price is written once. It holds from its first day until another of the same item on the same list begins.
Of several for one day the last written holds: a mistyped price is replaced by another for its day, as long as
no issued invoice was rated by it. From then on what held on that day is known for good.
"""

from datetime import date
from typing import Any, cast

from django.db import models
from django.db.models import Exists, OuterRef, Q, Subquery
from django.urls import reverse

from customers.models import Account
from customers.sealed import SealedModel, SealedQuerySet
from invoices.models.item import Item
from invoices.plan_text import plan_read
from invoices.rating import Plan


class Scheme(models.TextChoices):
    PER_UNIT = "per_unit", "Per unit"
    GRADUATED = "graduated", "Graduated tiers"
    VOLUME = "volume", "Volume tiers"
    PACKAGE = "package", "Packages"


class PriceList(models.Model):
    """Prices in one currency. Its key and currency never change.

    Accounts of the currency that have no list of their own use the default. A list that became the default
    stays it: else a month rated again would come to other amounts.
    """

    key = models.CharField(max_length=120, unique=True)
    name = models.CharField(max_length=200)
    currency = models.CharField(max_length=3)
    is_default = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("currency", "name", "pk")
        constraints = (
            models.CheckConstraint(
                condition=Q(currency__regex=r"^[A-Z]{3}$"), name="price_list_currency_code"
            ),
            models.UniqueConstraint(
                fields=("currency",), condition=Q(is_default=True), name="price_list_one_default"
            ),
        )

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("price_list", args=[self.pk])


class PriceQuerySet(SealedQuerySet["Price"]):
    """A price holds until the next one of its item on its list begins; never, if that begins on its day."""

    def holding_on(self, day: date) -> "PriceQuerySet":
        """Of each item on each list the one price that holds on a day: the last that began."""
        return self.filter(~Exists(_later().filter(effective_from__lte=day)), effective_from__lte=day)

    def past_on(self, day: date) -> "PriceQuerySet":
        return self.filter(Exists(_later().filter(effective_from__lte=day))).exclude(_replaced())

    def coming_on(self, day: date) -> "PriceQuerySet":
        return self.filter(effective_from__gt=day).exclude(_replaced())

    def replaced(self) -> "PriceQuerySet":
        return self.filter(_replaced())

    def with_next(self) -> "PriceQuerySet":
        """Adds `next_from`: the first day of the price that follows, if one does."""
        first = _later().order_by("effective_from").values("effective_from")[:1]
        annotated: Any = self  # the type checker would take the new name for a field
        return cast("PriceQuerySet", annotated.annotate(next_from=Subquery(first)))


def _later() -> "models.QuerySet[Price]":
    """To ask with: prices of the same item on the same list that follow."""
    day = OuterRef("effective_from")
    return Price.objects.filter(
        Q(effective_from__gt=day) | Q(effective_from=day, pk__gt=OuterRef("pk")),
        price_list=OuterRef("price_list"),
        item=OuterRef("item"),
    )


def _replaced() -> Exists:
    return Exists(_later().filter(effective_from=OuterRef("effective_from")))


class Price(SealedModel):
    """What an item costs on a list from a day on. `tiers` are decimal strings (`invoices.plan_text`)."""

    # Set by `with_next`.
    next_from: date | None

    price_list = models.ForeignKey(PriceList, on_delete=models.PROTECT, related_name="prices")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    effective_from = models.DateField()
    scheme = models.CharField(max_length=12, choices=Scheme)
    tiers = models.JSONField()
    package_size = models.DecimalField(max_digits=27, decimal_places=12, null=True, blank=True)
    created_at = models.DateTimeField()

    objects = PriceQuerySet.as_manager()

    class Meta:
        ordering = ("price_list", "item", "effective_from", "pk")
        indexes = (models.Index(fields=("price_list", "item", "effective_from", "id"), name="price_day"),)
        constraints = (
            models.CheckConstraint(condition=Q(scheme__in=Scheme.values), name="price_scheme_known"),
            models.CheckConstraint(
                condition=Q(scheme=Scheme.PACKAGE, package_size__isnull=False, package_size__gt=0)
                | ~Q(scheme=Scheme.PACKAGE) & Q(package_size=None),
                name="price_package_has_size",
            ),
        )

    def __str__(self) -> str:
        return f"{self.item} on {self.price_list} from {self.effective_from}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        plan_read(self.scheme, self.tiers, self.package_size)  # refuses nonsense
        super().save(*args, **kwargs)

    @property
    def plan(self) -> Plan:
        return plan_read(self.scheme, self.tiers, self.package_size)


class AccountPriceListQuerySet(SealedQuerySet["AccountPriceList"]):
    def until(self, day: date) -> "AccountPriceListQuerySet":
        """Choices made for a day or before it, the last of an account holding on it."""
        return self.filter(effective_from__lte=day).order_by("effective_from", "pk")

    def standing_on(self, day: date) -> "AccountPriceListQuerySet":
        """Choices that hold on a day or are still to come: no other has taken their place."""
        since = OuterRef("effective_from")
        later = Q(effective_from__gt=since, effective_from__lte=day) | Q(
            effective_from=since, pk__gt=OuterRef("pk")
        )
        return self.filter(~Exists(AccountPriceList.objects.filter(later, account=OuterRef("account"))))


class AccountPriceList(SealedModel):
    """Which list an account uses from a day on (none: the default of its currency). Of several that begin on
    one day, the last that was set holds."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    price_list = models.ForeignKey(
        PriceList, null=True, blank=True, on_delete=models.PROTECT, related_name="accounts"
    )
    effective_from = models.DateField()
    created_at = models.DateTimeField()

    objects = AccountPriceListQuerySet.as_manager()

    class Meta:
        verbose_name = "account's price list"
        ordering = ("account", "effective_from", "pk")
        indexes = (models.Index(fields=("account", "effective_from", "id"), name="account_price_list_day"),)

    def __str__(self) -> str:
        return f"{self.price_list or 'The default'} from {self.effective_from}"
