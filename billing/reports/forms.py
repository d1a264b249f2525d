"""What a report is asked for: a day, or a period. An address without either means today and a year back."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from billing.reports.days import Period, month_away

EARLIEST = date(1970, 1, 1)
MONTHS_BACK = 11
DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
NO_DATE = {"invalid": "Type a day as year-month-day, such as 2026-08-31.", "required": "Choose a day."}


class AsOfForm(forms.Form):
    """How things stood at the end of a day."""

    as_of = forms.DateField(label="As of", widget=DATE, input_formats=["%Y-%m-%d"], error_messages=NO_DATE)

    def __init__(self, asked: QueryDict, *, now: datetime, zone: ZoneInfo) -> None:
        self.zone = zone
        self.today = now.astimezone(zone).date()
        super().__init__({**self.first_values(asked), **asked.dict()})

    def first_values(self, asked: QueryDict) -> dict[str, Any]:
        return {"as_of": self.today.isoformat()}

    def clean_as_of(self) -> date:
        return self.day_check(self.cleaned_data["as_of"])

    def day_check(self, day: date) -> date:
        if day > self.today:
            raise ValidationError(f"{day:%-d %B %Y} has not come yet: today is {self.today:%-d %B %Y}.")
        if day < EARLIEST:
            raise ValidationError(f"Choose a day from {EARLIEST:%-d %B %Y} on.")
        return day

    def period(self) -> Period:
        day = self.cleaned_data["as_of"]
        return Period(self.cleaned_data.get("since", day), day, self.zone)


class PeriodForm(AsOfForm):
    """What happened from a day to a day, both included."""

    since = forms.DateField(label="From", widget=DATE, input_formats=["%Y-%m-%d"], error_messages=NO_DATE)
    field_order = ("since", "as_of")

    def __init__(self, asked: QueryDict, *, now: datetime, zone: ZoneInfo) -> None:
        super().__init__(asked, now=now, zone=zone)
        self.fields["as_of"].label = "To"

    def first_values(self, asked: QueryDict) -> dict[str, Any]:
        """A year of months, up to the day asked for."""
        try:
            last = date.fromisoformat(asked.get("as_of", ""))
        except ValueError:
            last = self.today
        since = max(month_away(min(max(last, EARLIEST), self.today), -MONTHS_BACK), EARLIEST)
        return {**super().first_values(asked), "since": since.isoformat()}

    def clean_since(self) -> date:
        return self.day_check(self.cleaned_data["since"])

    def clean(self) -> dict[str, Any] | None:
        since, as_of = self.cleaned_data.get("since"), self.cleaned_data.get("as_of")
        if since and as_of and since > as_of:
            self.add_error("since", "The first day is after the last: choose an earlier one.")
        return self.cleaned_data
