"""Forms of price lists: a list, a price with its tiers, the list of an account."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.conf import settings
from django.forms import BaseFormSet, formset_factory

from customers.forms import KEY_GRAMMAR, ActForm
from customers.models import Account
from invoices.forms import DATE, NumberField
from invoices.models import Price, PriceList, Scheme
from invoices.plan_text import plain
from invoices.price_services import FIRST_YEAR, LAST_YEAR
from invoices.rating import MOST_TIERS, Plan, PlanRefused, Tier
from invoices.rating import Scheme as SchemeCode

TIERED = (Scheme.GRADUATED, Scheme.VOLUME)
SCHEMES = (
    (Scheme.PER_UNIT, "Per unit: the quantity times a price"),
    (Scheme.GRADUATED, "Graduated: each tier’s part at that tier’s price"),
    (Scheme.VOLUME, "Volume: the whole quantity at the price of the tier it reaches"),
    (Scheme.PACKAGE, "Packages: each package begun is paid whole"),
)


class PriceListForm(ActForm):
    key = forms.CharField(
        max_length=120,
        validators=[KEY_GRAMMAR],
        help_text="A short name without spaces, such as standard-usd. It stays.",
    )
    name = forms.CharField(max_length=200)
    currency = forms.ChoiceField(
        choices=lambda: [(code, code) for code in settings.CURRENCIES],
        help_text="All its prices are in it. It stays.",
    )
    is_default = forms.BooleanField(
        required=False,
        label="The default of its currency",
        help_text="Accounts without a list of their own use it. Once the default, it stays the default.",
    )

    @classmethod
    def editing(cls, price_list: PriceList, *args: Any) -> "PriceListForm":
        form = cls(*args, initial={"name": price_list.name, "is_default": price_list.is_default})
        for name in ("key", "currency", *(("is_default",) if price_list.is_default else ())):
            del form.fields[name]
        return form


class PriceForm(ActForm):
    """A price, but for its tiers, which are a formset beside it. What the scheme does not use is ignored."""

    item = forms.TypedChoiceField(coerce=int, error_messages={"invalid_choice": "Choose an item."})
    effective_from = forms.DateField(
        label="Begins on",
        widget=DATE,
        help_text="It holds from this day until another price begins. On a day of the past it changes what "
        "drafts made or refreshed from now on come to; issued invoices stay as they are.",
    )
    scheme = forms.ChoiceField(choices=SCHEMES, initial=Scheme.PER_UNIT, widget=forms.RadioSelect)
    package_size = NumberField(label="Units in a package", required=False)
    unit_price = NumberField(label="Price", required=False, help_text="Up to 12 decimals, such as 0.0004.")
    flat_fee = NumberField(label="Fee", required=False, help_text="Due once as soon as anything is used.")
    replaces = forms.IntegerField(required=False)
    quantity = NumberField(
        label="Try a quantity", required=False, initial="1500", help_text="Only for the example; not saved."
    )

    def __init__(self, *args: Any, items: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["item"].choices = items  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        day = data.get("effective_from")
        if day and not FIRST_YEAR <= day.year <= LAST_YEAR:
            self.add_error("effective_from", f"A day lies between the years {FIRST_YEAR} and {LAST_YEAR}.")
        scheme = data.get("scheme")
        if scheme and scheme not in TIERED and not self._given("unit_price"):
            self.add_error("unit_price", "Type the price; 0 for free.")
        if scheme == Scheme.PACKAGE and not self._given("package_size"):
            self.add_error("package_size", "Say how many units a package holds.")
        if scheme:
            self._ignore(scheme)
        return data

    def plan(self, tiers: "BaseTierFormSet") -> Plan | None:
        """The plan typed; None with the reason among the errors where there is none."""
        if set(self.errors) - {"item", "effective_from", "replaces", "quantity", "request_token"}:
            return None
        data = self.cleaned_data
        scheme = data["scheme"]
        if scheme in TIERED and not tiers.is_valid():
            return None
        only = Tier(None, data.get("unit_price") or Decimal(0), data.get("flat_fee") or Decimal(0))
        try:
            return Plan(
                cast("SchemeCode", scheme),
                tiers.tiers() if scheme in TIERED else (only,),
                data["package_size"] if scheme == Scheme.PACKAGE else None,
            )
        except PlanRefused as refused:
            self.add_error(None, str(refused))
            return None

    @property
    def is_tiered(self) -> bool:
        return self["scheme"].value() in TIERED

    @property
    def priced(self) -> list[forms.BoundField]:
        """What the example needs; what is wrong with it is said beside it."""
        return [self[name] for name in ("unit_price", "flat_fee", "package_size", "quantity")]

    def _given(self, name: str) -> bool:
        return self.cleaned_data.get(name) is not None or name in self.errors

    def _ignore(self, scheme: str) -> None:
        """What is hidden under another scheme stands in nobody's way."""
        hidden = {"unit_price", "flat_fee"} if scheme in TIERED else set()
        for name in hidden | ({"package_size"} if scheme != Scheme.PACKAGE else set()):
            self.errors.pop(name, None)
            self.cleaned_data[name] = None


class TierForm(forms.Form):
    up_to = NumberField(label="Up to", required=False)
    unit_price = NumberField(label="Price per unit", required=False)
    flat_fee = NumberField(label="Fee", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["aria-label"] = str(field.label)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        begun = data.get("up_to") is not None or data.get("flat_fee") is not None
        if begun and data.get("unit_price") is None and "unit_price" not in self.errors:
            self.add_error("unit_price", "Type the price of this tier; 0 for free.")
        return data


class BaseTierFormSet(BaseFormSet):  # type: ignore[type-arg]  # not generic when the code runs
    def tiers(self) -> tuple[Tier, ...]:
        """The rows typed, without those left empty or ticked for removal."""
        rows = (form.cleaned_data for form in self.forms)
        return tuple(
            Tier(row["up_to"], row["unit_price"], row["flat_fee"] or Decimal(0))
            for row in rows
            if row.get("unit_price") is not None and not row.get("DELETE")
        )


def tier_formset(extra: int) -> type[BaseTierFormSet]:
    formset = formset_factory(
        TierForm,
        formset=BaseTierFormSet,
        extra=extra,
        can_delete=True,
        max_num=MOST_TIERS,
        absolute_max=MOST_TIERS + 50,
        validate_max=True,
    )
    return cast("type[BaseTierFormSet]", formset)


class AccountPriceListForm(ActForm):
    price_list = forms.ModelChoiceField(
        PriceList.objects.none(),
        required=False,
        label="Price list",
        error_messages={"invalid_choice": "Choose a list in the account’s currency."},
    )
    effective_from = forms.DateField(
        label="From",
        widget=DATE,
        help_text="A day of the account’s calendar. Of several choices for one day the last counts.",
    )

    def __init__(self, *args: Any, account: Account, lists: Sequence[PriceList], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast("forms.ModelChoiceField[PriceList]", self.fields["price_list"])
        field.queryset = PriceList.objects.filter(currency=account.currency)
        default = next((one.name for one in lists if one.is_default), "none yet")
        own = [(one.pk, one.name) for one in lists]
        field.choices = [("", f"The default of {account.currency}: {default}"), *own]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        day = data.get("effective_from")
        if day and not FIRST_YEAR <= day.year <= LAST_YEAR:
            self.add_error("effective_from", f"A day lies between the years {FIRST_YEAR} and {LAST_YEAR}.")
        return data


def price_typed(price: Price | None, today: date) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """A price as somebody would type it in, to begin another from: the form's fields, and its tiers'."""
    typed: dict[str, Any] = {"effective_from": today}
    if price is None:
        return typed, []
    tiers = [
        {
            "up_to": "" if tier.up_to is None else plain(tier.up_to),
            "unit_price": plain(tier.unit_price),
            "flat_fee": plain(tier.flat_fee) if tier.flat_fee else "",
        }
        for tier in price.plan.tiers
    ]
    typed |= {"item": price.item_id, "scheme": price.scheme}
    if price.scheme in TIERED:
        return typed, tiers
    size = price.package_size
    single = {"unit_price": tiers[0]["unit_price"], "flat_fee": tiers[0]["flat_fee"]}
    return typed | single | ({} if size is None else {"package_size": plain(size)}), []
