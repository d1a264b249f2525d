"""The Add Credits form (design: name, denomination, amount, …) and the terms it stands for."""

from datetime import date
from typing import Any

from django import forms

from credits.caps import percent_text
from credits.grant_fields import MONEY, UNITS, CapFields, ScopeFields, SizeFields
from credits.grant_terms import Terms
from credits.models import Category, Credit
from credits.purchase_form import PurchaseFields, price_typed
from customers.money import amount_text
from invoices.units import units_text

DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class GrantForm(PurchaseFields, CapFields, ScopeFields, SizeFields):
    """All of it. The groups' order matters: what is hidden is known once the size is."""

    name = forms.CharField(max_length=200, help_text="What invoices will call it.")
    category = forms.ChoiceField(
        choices=Category.choices,
        initial=Category.PROMOTIONAL,
        widget=forms.RadioSelect,
        help_text="Among equals, promotional credits are used before purchased ones.",
    )
    effective_from = forms.DateField(
        label="Effective from",
        widget=DATE,
        help_text="Its first day. It pays whole lines that it shares a day with, up to the day of issue.",
    )
    expires_on = forms.DateField(
        label="Expires on", required=False, widget=DATE, help_text="Its last day. Leave it empty for never."
    )
    priority = forms.IntegerField(
        min_value=1,
        max_value=100,
        initial=50,
        help_text="1 to 100. Credits with a lower number are used first.",
    )
    reason = forms.CharField(
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="For your colleagues and auditors. Customers do not see it.",
    )

    field_order = (
        *("name", "denomination", "amount", "units", "unit_item", "effective_from", "expires_on", "priority"),
        *("category", "price_paid", "purchase_invoice", "usable_once_paid", "applies_to", "kinds", "items"),
        *("tags", "excluded_items", "max_percent", "max_amount", "reason"),
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["effective_from"].initial = today

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        effective, expires = data.get("effective_from"), data.get("expires_on")
        for name in ("effective_from", "expires_on"):
            if data.get(name) and not 2000 <= data[name].year <= 2200:
                self.add_error(name, "A day lies between the years 2000 and 2200.")
        if effective and expires and expires < effective:
            self.add_error("expires_on", "A credit cannot expire before it takes effect.")
        return data

    def promise(self) -> dict[str, Any]:
        data = self.cleaned_data
        return super().promise() | {
            "name": data["name"],
            "category": Category(data["category"]),
            "effective_from": data["effective_from"],
            "expires_on": data["expires_on"],
            "priority": data["priority"],
        }

    def terms(self) -> Terms:
        return Terms(**self.promise())


def terms_typed(credit: Credit) -> dict[str, Any]:
    """The terms of a credit, with what is left of it, as somebody would type them into the form."""
    scope, left = credit.scope(), credit.balance or credit.size
    size: dict[str, Any] = {"denomination": MONEY, "amount": amount_text(left, credit.currency)}
    if credit.units is not None:
        # Its scope is its item, and not typed.
        size = {"denomination": UNITS, "units": units_text(left), "unit_item": credit.unit_item_id}
    return size | {
        "name": credit.name,
        "priority": credit.priority,
        "effective_from": credit.effective_from,
        "expires_on": credit.expires_on,
        "category": credit.category,
        "applies_to": credit.applies_to,
        "kinds": sorted(scope.kinds),
        "items": list(scope.items),
        "tags": sorted(scope.tags),
        "excluded_items": list(scope.excluded_items),
        "max_amount": "" if credit.max_amount is None else amount_text(credit.max_amount, credit.currency),
        "max_percent": "" if credit.max_percent is None else percent_text(credit.max_percent),
        **price_typed(credit),
    }
