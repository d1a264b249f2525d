"""The form of an account's rule of notices."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from credits.models import NoticeRule
from credits.telling import LONGEST_AHEAD, NoticeRefused, address_check
from customers.forms import ActForm
from customers.models import Account
from customers.money import AmountRefused, amount_parse, amount_text, currency_decimals, money_display


class NoticeRuleForm(ActForm):
    low_balance = forms.CharField(
        label="Tell when the balance falls below",
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    expiring_days = forms.IntegerField(
        label="Tell of a credit this many days before its last day",
        min_value=1,
        max_value=LONGEST_AHEAD,
        required=False,
        help_text=f"1 to {LONGEST_AHEAD}. Leave it empty for never. Only of credits with something left.",
    )
    email = forms.CharField(
        label="By e-mail to",
        max_length=254,
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        help_text="One address. Leave it empty to tell on the home page alone.",
    )

    def __init__(self, *args: Any, account: Account, rule: NoticeRule | None, **kwargs: Any) -> None:
        super().__init__(*args, initial=_initial(account, rule), **kwargs)
        self.account, self.rule = account, rule
        digits = currency_decimals(account.currency)
        decimals = "no decimals" if digits == 0 else f"a point before the {digits} decimals"
        self.fields[
            "low_balance"
        ].help_text = f"In {account.currency}, digits with {decimals}: no commas. Leave it empty for never."

    def clean_low_balance(self) -> int | None:
        typed = self.cleaned_data["low_balance"]
        if not typed:
            return None
        try:
            return amount_parse(typed, self.account.currency)
        except AmountRefused as refused:
            raise ValidationError(str(refused)) from refused

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"])
        if email:
            try:
                address_check(email)
            except NoticeRefused as refused:
                raise ValidationError(str(refused)) from refused
        return email

    @property
    def amount_understood(self) -> str:
        """The amount as understood or as it stands, for the page to repeat (R1)."""
        standing = self.rule.low_balance if self.rule and not self.is_bound else None
        amount = getattr(self, "cleaned_data", {}).get("low_balance", standing)
        return money_display(amount, self.account.currency) if isinstance(amount, int) else ""


def _initial(account: Account, rule: NoticeRule | None) -> dict[str, Any]:
    if rule is None:
        return {}
    return {
        "low_balance": amount_text(rule.low_balance, account.currency) if rule.low_balance else "",
        "expiring_days": rule.expiring_days,
        "email": rule.email,
    }
