"""The groups of fields that the Add Credits form is made of: how much, on which lines, how much at most.

Each group cleans its own fields and gives its part of the terms. What the page hides, because it does not
belong to the chosen denomination or scope, is not meant: whatever stayed in it is neither read nor refused.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from credits.caps import PercentRefused, caps_words, percent_parse
from credits.grant_terms import MOST_UNITS
from credits.models import AppliesTo
from customers.forms import ActForm
from customers.models import Account
from customers.money import AmountRefused, amount_parse, currency_decimals, money_display
from invoices.models import Item, Kind
from invoices.units import UnitsRefused, units_display, units_parse

MONEY, UNITS = "money", "units"
NOTHING: dict[str, Any] = {}

V = TypeVar("V")


def typed_number() -> forms.TextInput:
    """Text, since a browser's number field takes signs and exponents, and a comma in some languages."""
    return forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})


class GrantFields(ActForm):
    """What every group knows: the account, and the catalogue, which is read once for all lists."""

    def __init__(self, *args: Any, account: Account, items: QuerySet[Item], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account = account
        self.catalogue = items

    def labels(self, *kinds: Kind) -> list[tuple[int, str]]:
        """What a list of items offers."""
        return [(item.pk, item.name) for item in self.catalogue if not kinds or item.kind in kinds]

    def offer(self, name: str, choices: Callable[[], Sequence[tuple[Any, str]]]) -> None:
        """What a field may choose from, found out when it is shown."""
        field: Any = self.fields[name]
        field.choices = choices

    @property
    def of_units(self) -> bool:
        return bool(getattr(self, "cleaned_data", NOTHING).get("denomination") == UNITS)

    def promise(self) -> dict[str, Any]:
        """The terms that these fields stand for, by the names that `Terms` gives them."""
        return {}

    def not_meant(self, **instead: Any) -> None:
        """Take the fields as if this stood in them, whatever does."""
        for name, value in instead.items():
            self.errors.pop(name, None)
            self.cleaned_data[name] = value

    def understood(self, name: str, kind: type[V]) -> V | None:
        """A value as it was understood, for the page to repeat (R1); None where it was not."""
        value = getattr(self, "cleaned_data", NOTHING).get(name)
        return value if isinstance(value, kind) else None

    def _amount(self, name: str) -> int:
        return self._parsed(name, lambda text: amount_parse(text, self.account.currency))

    def _parsed(self, name: str, parse: Callable[[str], V]) -> V:
        try:
            return parse(self.cleaned_data[name])
        except (AmountRefused, UnitsRefused, PercentRefused) as refused:
            raise ValidationError(str(refused)) from refused


class SizeFields(GrantFields):
    """How much: an amount of money, or free units of one usage meter (R11)."""

    denomination = forms.ChoiceField(
        label="Granted in",
        choices=((MONEY, "Money"), (UNITS, "Free units of a usage meter")),
        initial=MONEY,
        required=False,
        widget=forms.RadioSelect,
        help_text="Free units are used before money.",
    )
    amount = forms.CharField(max_length=40, widget=typed_number())
    units = forms.CharField(
        label="Free units",
        max_length=40,
        widget=typed_number(),
        help_text="Digits, with a point before decimals: no commas.",
    )
    unit_item = forms.ModelChoiceField(
        Item.objects.filter(kind=Kind.USAGE_METER),
        label="Units of",
        help_text="They pay lines of this usage meter, and nothing else.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        digits = currency_decimals(self.account.currency)
        decimals = "no decimals" if digits == 0 else f"a point before the {digits} decimals"
        self.fields["amount"].help_text = f"In {self.account.currency}, digits with {decimals}: no commas."
        self.offer("unit_item", lambda: [("", "Choose a usage meter"), *self.labels(Kind.USAGE_METER)])

    def clean_denomination(self) -> str:
        # Programs that knew this form before it had units send none.
        return self.cleaned_data["denomination"] or MONEY

    def clean_amount(self) -> int:
        return self._amount("amount")

    def clean_units(self) -> int:
        return self._parsed("units", lambda text: units_parse(text, limit=MOST_UNITS))

    def clean(self) -> dict[str, Any] | None:
        data = super().clean()
        if self.of_units:
            self.not_meant(amount=0)
        else:
            self.not_meant(units=None, unit_item=None)
        return data

    @property
    def amount_understood(self) -> str:
        amount = self.understood("amount", int)
        return money_display(amount, self.account.currency) if amount else ""

    @property
    def units_understood(self) -> str:
        units, item = self.understood("units", int), self.understood("unit_item", Item)
        return units_display(units, item.name if item else "units") if units else ""

    @property
    def size_understood(self) -> str:
        return self.units_understood or self.amount_understood

    def promise(self) -> dict[str, Any]:
        names = ("amount", "units", "unit_item")
        return super().promise() | {name: self.cleaned_data[name] for name in names}


APPLIES_TO = (
    (AppliesTo.INVOICE, AppliesTo.INVOICE.label),
    (AppliesTo.SELECTED, "Selected kinds, items and tags"),
)


class ScopeFields(GrantFields):
    """Which lines it may pay (R3). Free units need none of it: they pay lines of their item."""

    applies_to = forms.ChoiceField(
        label="Applies to", choices=APPLIES_TO, initial=AppliesTo.INVOICE, widget=forms.RadioSelect
    )
    kinds = forms.MultipleChoiceField(
        label="All of a kind", choices=Kind.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    items = forms.ModelMultipleChoiceField(
        Item.objects.all(), label="Single items", required=False, widget=forms.CheckboxSelectMultiple
    )
    tags = forms.MultipleChoiceField(
        label="All items with a tag", required=False, widget=forms.CheckboxSelectMultiple
    )
    excluded_items = forms.ModelMultipleChoiceField(
        Item.objects.all(), label="But not these items", required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("items", "excluded_items"):
            self.offer(name, self.labels)
        self.offer("tags", self._tags)

    def _tags(self) -> list[tuple[str, str]]:
        """The tags that any item bears now, and those that a credit to be replaced names."""
        borne = {tag for item in self.catalogue for tag in item.tags}
        return [(tag, tag) for tag in sorted(borne.union(self.initial.get("tags", ())))]

    @property
    def offers_tags(self) -> bool:
        return bool(self._tags())

    def clean_items(self) -> list[Item]:
        return list(self.cleaned_data["items"])

    def clean_excluded_items(self) -> list[Item]:
        return list(self.cleaned_data["excluded_items"])

    def clean(self) -> dict[str, Any] | None:
        data = super().clean() or {}
        if self.of_units:
            item = data.get("unit_item")
            self.not_meant(applies_to=AppliesTo.SELECTED, items=[item] if item else [])
            self.not_meant(kinds=[], tags=[], excluded_items=[])
            return data
        chosen = [data.get(name) for name in ("kinds", "items", "tags")]
        if data.get("applies_to") == AppliesTo.INVOICE:
            self.not_meant(kinds=[], items=[], tags=[])
        elif None not in chosen and not any(chosen):
            self.add_error("applies_to", "Choose at least one kind, item or tag below.")
        both = set(data.get("items", ())) & set(data.get("excluded_items", ()))
        if both:
            names = ", ".join(sorted(item.name for item in both))
            self.add_error("excluded_items", f"Both chosen and excluded: {names}.")
        return data

    def promise(self) -> dict[str, Any]:
        data = self.cleaned_data
        return super().promise() | {
            "applies_to": AppliesTo(data["applies_to"]),
            "kinds": tuple(Kind(kind) for kind in data["kinds"]),
            "items": tuple(data["items"]),
            "tags": tuple(data["tags"]),
            "excluded_items": tuple(data["excluded_items"]),
        }


class CapFields(GrantFields):
    """How much at most on one invoice. Free units know no limit in money."""

    max_percent = forms.CharField(
        label="At most a share",
        max_length=40,
        required=False,
        widget=typed_number(),
        help_text="Of what it may pay on the invoice, before other credits of money.",
    )
    max_amount = forms.CharField(
        label="At most an amount",
        max_length=40,
        required=False,
        widget=typed_number(),
        help_text="Both may be given: then the lower one holds.",
    )

    def clean_max_percent(self) -> Decimal | None:
        return self._parsed("max_percent", percent_parse) if self.cleaned_data["max_percent"] else None

    def clean_max_amount(self) -> int | None:
        return self._amount("max_amount") if self.cleaned_data["max_amount"] else None

    def clean(self) -> dict[str, Any] | None:
        data = super().clean()
        if self.of_units:
            self.not_meant(max_amount=None, max_percent=None)
        return data

    @property
    def caps_understood(self) -> str:
        percent, amount = self.understood("max_percent", Decimal), self.understood("max_amount", int)
        return caps_words(amount, percent, self.account.currency)

    def promise(self) -> dict[str, Any]:
        return super().promise() | {name: self.cleaned_data[name] for name in ("max_amount", "max_percent")}
