"""The form of a batch: a file or a filter, and the terms for all, in the words of the file's columns.

What the operator typed goes on as text and is read as a cell of the file is. Between looking and confirming
the file travels with the page, packed: nobody has to choose it twice, and no server keeps it.
"""

import base64
import binascii
import zlib
from collections.abc import Iterable
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError

from credits.batch_file import MOST_BYTES, batch_file_read
from credits.batch_terms import CAPS, LISTS, SCOPE, TERMS
from credits.batches import AccountFilter, Batch, batch_from_file, batch_from_filter
from credits.forms import DATE
from credits.grant_fields import APPLIES_TO
from credits.models import AppliesTo, Category
from customers.forms import ActForm
from invoices.models import Item, Kind

MOST_PACKED = 2_000_000
FILE, FILTER = "file", "filter"
MONEY, UNITS = "money", "units"
NUMBER = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})


class BatchForm(ActForm):
    source = forms.ChoiceField(
        label="For whom",
        choices=((FILE, "The accounts of a CSV file"), (FILTER, "All open accounts that fit a filter")),
        initial=FILE,
        widget=forms.RadioSelect,
    )
    file = forms.FileField(
        label="CSV file",
        required=False,
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
        help_text=f"Columns: customer and account (their keys), and any of {', '.join(TERMS)}. "
        "Lists are separated by semicolons, days look like 2026-12-31.",
    )
    packed = forms.CharField(required=False, max_length=MOST_PACKED, widget=forms.HiddenInput)
    file_name = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)
    again = forms.BooleanField(required=False, label="Grant this file once more")
    search = forms.CharField(
        required=False, max_length=200, help_text="In the name, key or e-mail of the customer or account."
    )
    currency = forms.ChoiceField(
        required=False, choices=lambda: [("", "Any"), *((code, code) for code in settings.CURRENCIES)]
    )
    customer = forms.CharField(
        required=False, max_length=120, help_text="The key of one customer, for all their accounts."
    )
    name = forms.CharField(required=False, max_length=200, help_text="What invoices will call it.")
    denomination = forms.ChoiceField(
        label="Granted in",
        choices=((MONEY, "Money"), (UNITS, "Free units of a usage meter")),
        initial=MONEY,
        widget=forms.RadioSelect,
    )
    amount = forms.CharField(
        required=False,
        max_length=40,
        widget=NUMBER,
        help_text="For each account, in its currency: digits with a point before decimals.",
    )
    units = forms.CharField(label="Free units", required=False, max_length=40, widget=NUMBER)
    unit_item = forms.ChoiceField(label="Units of", required=False)
    effective_from = forms.DateField(
        label="Effective from",
        required=False,
        widget=DATE,
        help_text="Its first day. Leave it empty for today in each account’s time zone.",
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
    category = forms.ChoiceField(
        choices=Category.choices, initial=Category.PROMOTIONAL, widget=forms.RadioSelect
    )
    price_paid = forms.CharField(label="Price paid", required=False, max_length=40, widget=NUMBER)
    applies_to = forms.ChoiceField(
        label="Applies to", choices=APPLIES_TO, initial=AppliesTo.INVOICE, widget=forms.RadioSelect
    )
    kinds = forms.MultipleChoiceField(
        label="All of a kind", choices=Kind.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    items = forms.MultipleChoiceField(
        label="Single items", required=False, widget=forms.CheckboxSelectMultiple
    )
    tags = forms.CharField(
        label="All items with a tag",
        required=False,
        max_length=1000,
        help_text="Tags, separated by semicolons.",
    )
    excluded_items = forms.MultipleChoiceField(
        label="But not these items", required=False, widget=forms.CheckboxSelectMultiple
    )
    max_percent = forms.CharField(label="At most a share, in %", required=False, max_length=40, widget=NUMBER)
    max_amount = forms.CharField(label="At most an amount", required=False, max_length=40, widget=NUMBER)
    reason = forms.CharField(
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Kept with the batch. Customers do not see it.",
        error_messages={"required": "Say why: the reason is kept with the batch."},
    )

    def __init__(self, *args: Any, items: Iterable[Item], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        catalogue = list(items)
        named = [(item.key, item.name) for item in catalogue]
        meters = [(item.key, item.name) for item in catalogue if item.kind == Kind.USAGE_METER]
        choices: dict[str, Any] = {
            "items": named,
            "excluded_items": named,
            "unit_item": [("", "Choose a usage meter"), *meters],
        }
        for name, offered in choices.items():
            field: Any = self.fields[name]
            field.choices = offered
        self.content = b""

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file is None:
            return None
        if file.size > MOST_BYTES:
            raise ValidationError(f"The file is bigger than {MOST_BYTES // 1_000_000} megabytes.")
        self.content = file.read()
        packed = base64.b64encode(zlib.compress(self.content)).decode()
        if len(packed) > MOST_PACKED:
            raise ValidationError("The file is too big for a page. Use the command grant_credits.")
        self._refresh("packed", packed)
        self._refresh("file_name", file.name[:200])
        return file

    def clean_packed(self) -> str:
        """A file chosen just now takes the place of the one that came with the page."""
        packed: str = self.cleaned_data["packed"]
        if packed and not self.content:
            try:
                opened = zlib.decompressobj()
                self.content = opened.decompress(base64.b64decode(packed, validate=True), MOST_BYTES + 1)
            except (binascii.Error, ValueError, zlib.error):
                self.add_error("file", "The file was lost on the way. Choose it again.")
        return packed

    def clean(self) -> dict[str, Any] | None:
        data = super().clean()
        if self.cleaned_data.get("source") == FILE and not self.content and "file" not in self.errors:
            self.add_error("file", "Choose a file.")
        for name in ("effective_from", "expires_on"):
            day = self.cleaned_data.get(name)
            if day and not 2000 <= day.year <= 2200:
                self.add_error(name, "A day lies between the years 2000 and 2200.")
        return data

    @property
    def of_file(self) -> bool:
        return bool(self.cleaned_data["source"] == FILE)

    @property
    def carried(self) -> list[forms.BoundField]:
        """All that the confirmation sends along, unseen."""
        return [field for field in self if field.name not in ("file", "again", "request_token", "shown")]

    @property
    def kept_file(self) -> str:
        """The name of the file that came with the page."""
        return str(self["file_name"].value() or "") if self["packed"].value() else ""

    def for_all(self) -> dict[str, str]:
        """The terms for all, as texts. What the page hides is not meant."""
        data = self.cleaned_data
        texts = {term: _text(data[term]) for term in TERMS}
        hidden = {"amount", *SCOPE, *CAPS} if data["denomination"] == UNITS else {"units", "unit_item"}
        if data["applies_to"] == AppliesTo.INVOICE:
            hidden |= {*LISTS}
        if data["category"] != Category.PURCHASED:
            hidden.add("price_paid")
        return {term: text for term, text in texts.items() if text and term not in hidden}

    def batch(self, now: Any) -> Batch:
        data = self.cleaned_data
        if self.of_file:
            return batch_from_file(batch_file_read(self.content), self.for_all(), now=now)
        chosen = AccountFilter(data["search"], data["currency"], data["customer"])
        return batch_from_filter(chosen, self.for_all(), now=now)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return ";".join(value) if isinstance(value, list) else str(value)
