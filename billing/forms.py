"""Confirmations of the acts on invoices that need credits, and of a billing run."""

from datetime import date

from django import forms

from billing.models import Run
from customers.commands import month_read
from customers.forms import ActForm
from invoices.models import Invoice


class IssueForm(ActForm):
    """Asks for a tick where the period is not over yet (R7)."""

    before_end = forms.BooleanField(
        required=False, label="Issue it before its period is over: I know that usage may still come in."
    )

    @classmethod
    def of(cls, invoice: Invoice, today: date, *args: object) -> "IssueForm":
        form = cls(*args)
        if today >= invoice.period_end:
            del form.fields["before_end"]
        return form


class RunForm(ActForm):
    """Which drafts to issue: those whose last day lies in a month."""

    period = forms.CharField(
        label="Month",
        max_length=20,
        widget=forms.TextInput(attrs={"type": "month", "placeholder": "2026-08", "class": "sc-short"}),
        help_text="Year and month. Drafts whose last day lies in it are issued.",
    )
    before_end = forms.BooleanField(
        required=False, label="Also drafts whose period is not over: I know that usage may still come in."
    )

    @classmethod
    def of(cls, first: Invoice | None, *args: object) -> "RunForm":
        """With the month of a draft typed in."""
        return cls(*args, initial={"period": f"{first.last_day:%Y-%m}"} if first else None)

    def clean_period(self) -> tuple[date, date]:
        text = self.cleaned_data["period"]
        period = month_read(text)
        if period is None or not 2000 <= period[0].year <= 2200:
            raise forms.ValidationError(
                f"“{text}” is not a month of the years 2000 to 2200. "
                "Write it as year and month, such as 2026-08."
            )
        return period

    def order(self) -> Run:
        """The run that is asked for, not started yet."""
        start, end = self.cleaned_data["period"]
        return Run(period_start=start, period_end=end, before_end=self.cleaned_data["before_end"])
