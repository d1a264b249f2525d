"""The Add Credits form (design: name, denomination, amount, …) and the terms it stands for."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from credits.grant_terms import Terms
from credits.models import AppliesTo, Category
from customers.forms import ActForm
from customers.models import Account
from customers.money import AmountRefused, amount_parse, currency_decimals, money_display
from invoices.models import Item, Kind

DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class GrantForm(ActForm):
    name = forms.CharField(max_length=200, help_text="What invoices will call it.")
    denomination = forms.ChoiceField(choices=(("money", "Money"),), widget=forms.HiddenInput, initial="money")
    amount = forms.CharField(
        max_length=40, widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    )
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
    applies_to = forms.ChoiceField(
        label="Applies to", choices=AppliesTo.choices, initial=AppliesTo.INVOICE, widget=forms.RadioSelect
    )
    kinds = forms.MultipleChoiceField(
        label="All of a kind", choices=Kind.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    items = forms.ModelMultipleChoiceField(
        Item.objects.all(), label="Single items", required=False, widget=forms.CheckboxSelectMultiple
    )
    excluded_items = forms.ModelMultipleChoiceField(
        Item.objects.all(), label="But not these items", required=False, widget=forms.CheckboxSelectMultiple
    )
    reason = forms.CharField(
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="For your colleagues and auditors. Customers do not see it.",
    )

    def __init__(
        self, *args: Any, account: Account, today: date, items: QuerySet[Item], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.account = account
        self.fields["effective_from"].initial = today
        for name in ("items", "excluded_items"):
            self.fields[name].queryset = items  # type: ignore[attr-defined]
        digits = currency_decimals(account.currency)
        decimals = "no decimals" if digits == 0 else f"a point before the {digits} decimals"
        self.fields["amount"].help_text = f"In {account.currency}, digits with {decimals}: no commas."

    def clean_amount(self) -> int:
        try:
            return amount_parse(self.cleaned_data["amount"], self.account.currency)
        except AmountRefused as refused:
            raise ValidationError(str(refused)) from refused

    def clean_items(self) -> list[Item]:
        return list(self.cleaned_data["items"])

    def clean_excluded_items(self) -> list[Item]:
        return list(self.cleaned_data["excluded_items"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("applies_to") == AppliesTo.INVOICE:
            # The page hides these while the whole invoice is chosen; what stayed ticked is not meant.
            data["kinds"], data["items"] = [], []
        elif "items" in data and "kinds" in data and not data["items"] and not data["kinds"]:
            self.add_error("applies_to", "Choose at least one kind or item below.")
        effective, expires = data.get("effective_from"), data.get("expires_on")
        for name in ("effective_from", "expires_on"):
            if data.get(name) and not 2000 <= data[name].year <= 2200:
                self.add_error(name, "A day lies between the years 2000 and 2200.")
        if effective and expires and expires < effective:
            self.add_error("expires_on", "A credit cannot expire before it takes effect.")
        both = set(data.get("items", ())) & set(data.get("excluded_items", ()))
        if both:
            names = ", ".join(sorted(item.name for item in both))
            self.add_error("excluded_items", f"Both chosen and excluded: {names}.")
        return data

    @property
    def amount_understood(self) -> str:
        """The amount as understood, for the page to repeat (R1)."""
        amount = getattr(self, "cleaned_data", {}).get("amount")
        return money_display(amount, self.account.currency) if isinstance(amount, int) else ""

    def terms(self) -> Terms:
        data = self.cleaned_data
        return Terms(
            name=data["name"],
            amount=data["amount"],
            priority=data["priority"],
            effective_from=data["effective_from"],
            expires_on=data["expires_on"],
            category=Category(data["category"]),
            applies_to=AppliesTo(data["applies_to"]),
            kinds=tuple(Kind(kind) for kind in data["kinds"]),
            items=tuple(data["items"]),
            excluded_items=tuple(data["excluded_items"]),
        )
