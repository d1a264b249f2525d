"""Forms of the expiry desk: which credits to look at, and until when to extend those chosen."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.db.models import Q

from credits.extension import MOST_CREDITS
from credits.forms import DATE
from credits.models import Category, Credit, CreditQuerySet
from customers.forms import ReasonForm

SHORT_DATE = forms.DateInput(attrs={"type": "date", "class": "sc-short"}, format="%Y-%m-%d")
SHORT = forms.Select(attrs={"class": "sc-short"})
WINDOW = timedelta(days=30)
FILTERS = ("first", "last", "q", "currency", "category")


class DeskFilter(forms.Form):
    """Which credits to look at. What cannot be read counts as not said."""

    first = forms.DateField(label="Last day from", required=False, widget=SHORT_DATE)
    last = forms.DateField(label="Last day until", required=False, widget=SHORT_DATE)
    q = forms.CharField(label="Customer, account or credit", required=False, max_length=200)
    currency = forms.ChoiceField(
        required=False,
        choices=lambda: [("", "Any currency"), *((code, code) for code in settings.CURRENCIES)],
        widget=SHORT,
    )
    category = forms.ChoiceField(
        required=False, choices=(("", "Any category"), *Category.choices), widget=SHORT
    )

    def __init__(self, data: Any, *, today: date) -> None:
        typed = {name: data[name][:200] for name in FILTERS if data.get(name)}
        super().__init__({"first": today, "last": today + WINDOW} | typed)
        self.today = today
        self.is_valid()

    def credits(self) -> CreditQuerySet:
        """Credits with something left, of open accounts, that an invoice could still use."""
        said = self.cleaned_data
        first = said.get("first") or self.today
        alive = self.today - timedelta(days=settings.SCRIP_GRACE_DAYS)
        days = (max(first, alive), said.get("last") or self.today + WINDOW)
        found = Credit.objects.with_balance().filter(
            Q(voided=False, balance__gt=0), expires_on__range=days, account__closed_at=None
        )
        for word in said.get("q", "").split()[:10]:
            match = Q(account__name__icontains=word) | Q(account__key__icontains=word)
            match |= Q(account__customer__name__icontains=word) | Q(account__customer__key__icontains=word)
            found = found.filter(match | Q(name__icontains=word))
        if said.get("currency"):
            found = found.filter(currency=said["currency"])
        if said.get("category"):
            found = found.filter(category=said["category"])
        return found


class ExtendForm(ReasonForm):
    credits = forms.RegexField(
        rf"^[0-9]{{1,18}}(,[0-9]{{1,18}}){{0,{MOST_CREDITS - 1}}}$", widget=forms.HiddenInput
    )
    expires_on = forms.DateField(
        label="New last day", widget=DATE, help_text="Later than the last day that each of them has now."
    )
    field_order = ("credits", "expires_on", "reason")

    def clean_expires_on(self) -> date:
        day: date = self.cleaned_data["expires_on"]
        if not 2000 <= day.year <= 2200:
            raise forms.ValidationError("A day lies between the years 2000 and 2200.")
        return day
