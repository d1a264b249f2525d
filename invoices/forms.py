"""The operator's own draft, and what is asked when an invoice is paid."""

from datetime import timedelta
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BaseFormSet, formset_factory
from django.forms.utils import pretty_name

from customers.forms import ActForm
from customers.money import currency_decimals
from invoices.drafts import DraftLine
from invoices.models import Invoice, Item, Line
from invoices.pricing import PriceRefused, decimal_parse, priced_amount
from invoices.tags import LONGEST_TEXT, TagsRefused, tags_parse

MOST_LINES = 500
DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class NumberField(forms.CharField):
    """A decimal typed with a point, whatever the language (R1); None where it may be left empty and is."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 40)
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}))
        super().__init__(**kwargs)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            return decimal_parse(text)
        except PriceRefused as refused:
            raise ValidationError(str(refused)) from refused


class DraftForm(ActForm):
    """The period, from the first to the last day, both inclusive."""

    period_start = forms.DateField(label="First day", widget=DATE)
    last_day = forms.DateField(label="Last day", widget=DATE)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        start, last = data.get("period_start"), data.get("last_day")
        if start and last:
            if last < start:
                self.add_error("last_day", "The last day is before the first.")
            elif not 2000 <= start.year <= last.year <= 2200:
                self.add_error("period_start", "A period lies between the years 2000 and 2200.")
            else:
                data["period_end"] = last + timedelta(days=1)
        return data


class LineForm(forms.Form):
    line = forms.ModelChoiceField(
        Line.objects.none(),
        required=False,
        widget=forms.HiddenInput,
        error_messages={
            "invalid_choice": "This line is on the draft no more: remove the row, or load the page again."
        },
    )
    item = forms.ModelChoiceField(Item.objects.all(), empty_label="Choose an item")
    description = forms.CharField(max_length=300, required=False)
    quantity = NumberField()
    unit_price = NumberField(label="Unit price")

    def __init__(self, *args: Any, invoice: Invoice | None, currency: str, items: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency
        self.fields["item"].choices = items  # type: ignore[attr-defined]
        for name, field in self.fields.items():
            field.widget.attrs["aria-label"] = str(field.label or pretty_name(name))
        if invoice:
            self.fields["line"].queryset = invoice.lines.all()  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "quantity" in data and "unit_price" in data:
            try:
                priced_amount(data["quantity"], data["unit_price"], currency_decimals(self.currency))
            except PriceRefused as refused:
                self.add_error("unit_price", str(refused))
        return data

    def draft_line(self) -> DraftLine:
        data = self.cleaned_data
        return DraftLine(
            item=data["item"],
            description=data["description"],
            quantity=data["quantity"],
            unit_price=data["unit_price"],
            kept=data["line"],
        )


class BaseLineFormSet(BaseFormSet):  # type: ignore[type-arg]  # not generic when the code runs
    def draft_lines(self) -> list[DraftLine]:
        """The lines typed, without those left empty or ticked for removal."""
        return [
            form.draft_line()
            for form in self.forms
            if form.cleaned_data.get("item") and not form.cleaned_data.get("DELETE")
        ]


def line_formset(extra: int) -> type[BaseLineFormSet]:
    formset = formset_factory(
        LineForm,
        formset=BaseLineFormSet,
        extra=extra,
        can_delete=True,
        max_num=MOST_LINES,
        absolute_max=MOST_LINES + 50,
        validate_max=True,
    )
    return cast("type[BaseLineFormSet]", formset)


class DiscardForm(ActForm):
    """Nothing to fill in: the confirmation itself is the answer."""


class PayForm(ActForm):
    paid_on = forms.DateField(label="Paid on", widget=DATE)
    reference = forms.CharField(
        max_length=200,
        required=False,
        help_text="Where the payment can be found: a bank line, a receipt number.",
    )


class TagsField(forms.CharField):
    """Tags with spaces or commas between them."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", LONGEST_TEXT)
        kwargs.setdefault("widget", forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}))
        super().__init__(**kwargs)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        try:
            return tags_parse(text)
        except TagsRefused as refused:
            raise ValidationError(str(refused)) from refused


class TagForm(ActForm):
    """Asked in two steps: which tags; then, with what they would touch in sight, whether and why."""

    tags = TagsField(
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "list": "known-tags"}),
        help_text="Words with spaces or commas between them, such as gpu team-blue. Empty is none.",
    )
    reason = forms.CharField(
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="It is kept with the act.",
    )

    def confirm(self, facts: str) -> None:
        """Go on to the second step, which carries the tags along."""
        self.fields["tags"].widget = forms.HiddenInput()
        self.show(facts)
