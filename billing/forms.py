"""Confirmations of the acts on invoices that need credits."""

from datetime import date

from django import forms

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
