"""Forms of this app, and the ground all act forms stand on."""

from collections.abc import Callable
from typing import Any, TypeVar, cast
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.core.validators import RegexValidator
from django.http import QueryDict

from customers.acts import TOKEN_GRAMMAR, FactsChanged, Refusal, TokenReused
from customers.models import Account, Customer
from customers.requests import token_new

R = TypeVar("R")

KEY_GRAMMAR = RegexValidator(
    r"^[\x21-\x7e]+$", "Use letters, digits and signs without spaces or accents, such as AC-1001."
)


class ActForm(forms.Form):
    """A form whose sending is an act: it carries a token, and what its page showed (R13)."""

    request_token = forms.RegexField(
        TOKEN_GRAMMAR,
        widget=forms.HiddenInput,
        error_messages={"required": "This form had lost its token; it has a new one now. Send it again."},
    )
    shown = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["request_token"].initial = token_new

    def clean(self) -> dict[str, Any] | None:
        data = super().clean()
        if "request_token" not in self.cleaned_data:
            self._refresh("request_token", token_new())
        return data

    def perform(self, act: Callable[[], R]) -> R | None:
        """Run the act; a refusal becomes an error of the form, which comes back filled.

        Where the token or the facts were the trouble the form gets new ones, so that the person
        can look again and send it once more.
        """
        try:
            return act()
        except TokenReused as refused:
            self._refresh("request_token", token_new())
            self.add_error(None, str(refused))
        except Refusal as refused:
            if isinstance(refused, FactsChanged):
                self._refresh("shown", "")
            self.add_error(None, str(refused))
        return None

    def show(self, facts: str) -> None:
        """Carry the fingerprint of the facts this page shows."""
        self.fields["shown"].initial = facts
        if self.is_bound:
            self._refresh("shown", facts)

    @property
    def token(self) -> str:
        return str(self.cleaned_data["request_token"])

    def _refresh(self, field: str, value: str) -> None:
        data = cast("QueryDict", self.data).copy()
        data[self.add_prefix(field)] = value
        self.data = data


class ReasonForm(ActForm):
    """A confirmation that asks why."""

    reason = forms.CharField(
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say why: the reason is kept with the act."},
    )


class CustomerForm(ActForm):
    key = forms.CharField(
        max_length=120,
        validators=[KEY_GRAMMAR],
        help_text="What other systems know this customer by. It stays.",
    )
    name = forms.CharField(max_length=200)
    email = forms.EmailField(required=False, label="E-mail")

    @classmethod
    def editing(cls, customer: Customer, *args: Any) -> "CustomerForm":
        form = cls(*args, initial={"name": customer.name, "email": customer.email})
        del form.fields["key"]
        return form


class AccountForm(ActForm):
    key = forms.CharField(
        max_length=120,
        validators=[KEY_GRAMMAR],
        help_text="What other systems know this account by. It stays.",
    )
    name = forms.CharField(max_length=200)
    currency = forms.ChoiceField(
        choices=lambda: [(code, code) for code in settings.CURRENCIES],
        help_text="All invoices and credits of the account are in it. It stays.",
    )
    time_zone = forms.ChoiceField(
        choices=lambda: [(zone, zone) for zone in sorted(available_timezones())],
        initial=lambda: settings.SCRIP_TIME_ZONE,
        help_text="Days begin and end at midnight of this zone. It stays.",
    )

    @classmethod
    def editing(cls, account: Account, *args: Any) -> "AccountForm":
        form = cls(*args, initial={"name": account.name})
        for name in ("key", "currency", "time_zone"):
            del form.fields[name]
        return form
