"""What is typed to charge an account by the month, and to record what it used."""

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms

from customers.forms import ActForm, ReasonForm
from customers.money import currency_decimals, exact_display, money_display
from invoices.forms import DATE, NumberField
from invoices.models import Charge, Item, Kind
from invoices.pricing import WIDE, PriceRefused, priced_amount

CHARGED_KINDS = tuple(kind for kind in Kind if kind != Kind.USAGE_METER)


class ChargeForm(ActForm):
    item = forms.ModelChoiceField(
        Item.objects.exclude(kind=Kind.USAGE_METER),
        help_text="A fixed fee, a license or an add-on. Usage meters are priced by a price list.",
    )
    description = forms.CharField(
        max_length=200, required=False, help_text="It stands on every line, below the item."
    )
    quantity = NumberField(initial="1", help_text="Such as the number of licenses.")
    unit_price = NumberField(
        label="Unit price a month", help_text="Digits with a point, 12 decimals at most."
    )
    starts_on = forms.DateField(
        label="First day", widget=DATE, help_text="Every month from then on is billed."
    )
    ends_on = forms.DateField(
        label="Last day", required=False, widget=DATE, help_text="It is charged too. Empty for no end."
    )
    prorated = forms.BooleanField(
        required=False,
        initial=True,
        label="By days",
        help_text="A month that begins or ends within it is charged for its days; otherwise in whole.",
    )

    def __init__(self, *args: Any, currency: str, today: date, items: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency
        self.fields["item"].choices = items  # type: ignore[attr-defined]
        self.fields["starts_on"].initial = today

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "quantity" in data and "unit_price" in data:
            try:
                priced_amount(data["quantity"], data["unit_price"], currency_decimals(self.currency))
            except PriceRefused as refused:
                self.add_error("unit_price", str(refused))
        if data.get("ends_on") and data.get("starts_on") and data["ends_on"] < data["starts_on"]:
            self.add_error("ends_on", "The last day is before the first.")
        return data


class ChargeEndForm(ReasonForm):
    last_day = forms.DateField(label="Last day", widget=DATE, help_text="It is still charged.")
    field_order = ("last_day", "reason")


class UsageRecordForm(ActForm):
    item = forms.ModelChoiceField(Item.objects.filter(kind=Kind.USAGE_METER), label="Usage meter")
    quantity = NumberField(help_text="A leading minus takes back what was recorded too high.")
    day = forms.DateField(label="Day of use", widget=DATE)
    reason = forms.CharField(
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="It is kept with the record.",
    )

    def __init__(self, *args: Any, today: date, items: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["item"].choices = items  # type: ignore[attr-defined]
        self.fields["day"].initial = today


def monthly_words(charge: Charge, currency: str) -> str:
    """`3 × $9.99 = $29.97 a month`: what was typed, as it was understood."""
    price = exact_display(charge.unit_price, currency)
    return (
        f"{_figure(charge.quantity)} × {price} = {money_display(monthly(charge, currency), currency)} a month"
    )


def monthly(charge: Charge, currency: str) -> int:
    """What a whole month comes to, in minor units."""
    return priced_amount(charge.quantity, charge.unit_price, currency_decimals(currency))


def _figure(number: Decimal) -> str:
    return f"{number.normalize(WIDE):,f}"
