"""The part of the Add Credits form for a credit bought in advance: its price, and whether to bill it now."""

from typing import Any

from django import forms

from credits.discount import price_of_rest
from credits.grant_fields import GrantFields, typed_number
from credits.models import Category, Credit
from customers.money import amount_parse, amount_text, money_display


class PurchaseFields(GrantFields):
    """For how much it was bought, and whether to bill that now. `may_bill` is whether this person may issue
    invoices: selling a credit does."""

    price_paid = forms.CharField(
        label="Price paid",
        required=False,
        max_length=40,
        widget=typed_number(),
        help_text="What the customer pays for it. The discount follows from it.",
    )
    purchase_invoice = forms.BooleanField(
        label="Bill it now on an invoice of its own",
        required=False,
        help_text="Saving issues it at once, over the price paid.",
    )
    usable_once_paid = forms.BooleanField(
        label="Usable only once that invoice is paid",
        required=False,
        help_text="Until its payment is recorded, the credit pays nothing.",
    )

    def __init__(self, *args: Any, may_bill: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.may_bill = may_bill

    def clean_price_paid(self) -> int | None:
        if not self.cleaned_data["price_paid"]:
            return None
        return self._parsed("price_paid", lambda text: amount_parse(text, self.account.currency, zero=True))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        price, billed = data.get("price_paid"), data.get("purchase_invoice")
        if data.get("category") == Category.PROMOTIONAL:
            if price is not None:
                self.add_error("price_paid", "Only a purchased credit has a price: empty it.")
            if billed or data.get("usable_once_paid"):
                self.add_error("purchase_invoice", "Only a purchased credit is billed.")
            return data
        if billed and not self.may_bill:
            self.add_error("purchase_invoice", "An invoice cannot be issued from here, or not by you.")
        if billed and "price_paid" in data and not price:
            missing = "Type the price: it is what the invoice bills."
            nothing = "At a price of zero there is nothing to bill."
            self.add_error("price_paid", missing if price is None else nothing)
        if data.get("usable_once_paid") and not billed:
            self.add_error("usable_once_paid", "It can only wait for an invoice of its own: bill it now.")
        return data

    @property
    def price_understood(self) -> str:
        price = self.understood("price_paid", int)
        return "" if price is None else money_display(price, self.account.currency)

    @property
    def is_sale(self) -> bool:
        return bool(self.cleaned_data.get("purchase_invoice"))

    @property
    def waits_for_payment(self) -> bool:
        return bool(self.cleaned_data.get("usable_once_paid"))

    def promise(self) -> dict[str, Any]:
        return super().promise() | {"price_paid": self.cleaned_data["price_paid"]}


def price_typed(credit: Credit) -> dict[str, Any]:
    """The price of what is left of a credit about to be replaced, as the form's first value: in proportion,
    so that what was paid for is told once. Nothing was paid for a replacement of what was used up."""
    if not credit.price_paid or not credit.balance:
        return {}
    price = price_of_rest(credit.price_paid, credit.balance, credit.size)
    return {"price_paid": amount_text(price, credit.currency)}
