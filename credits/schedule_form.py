"""The form of a schedule: the Add Credits form with due days in the place of dates."""

from datetime import date
from typing import Any

from django import forms

from credits.due_days import DueDays, last_day_of
from credits.forms import DATE, GrantForm
from credits.schedules import FIRST_YEAR, LAST_YEAR, LONGEST_LIFETIME

WHEN = ("day", "lifetime_days", "starts_on", "ends_on")


class ScheduleForm(GrantForm):
    day = forms.IntegerField(
        label="Day of the month",
        min_value=1,
        max_value=31,
        initial=1,
        help_text="1 to 31. In a shorter month it is the last day.",
    )
    lifetime_days = forms.IntegerField(
        label="Lifetime in days",
        min_value=1,
        max_value=LONGEST_LIFETIME,
        required=False,
        help_text="Each credit’s first day counts. Leave it empty for credits that never expire.",
    )
    starts_on = forms.DateField(
        label="Starts on", widget=DATE, help_text="Credits begin with the first due day on or after it."
    )
    ends_on = forms.DateField(
        label="Ends on",
        required=False,
        widget=DATE,
        help_text="No due day comes after it. Leave it empty for no end.",
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, today=today, **kwargs)
        for name in ("effective_from", "expires_on"):
            del self.fields[name]
        self.fields["starts_on"].initial = today
        size = ("name", "denomination", "amount", "units", "unit_item")
        self.order_fields([*size, *WHEN, *(name for name in self.fields if name not in WHEN)])
        self.due_days: DueDays | None = None

    @property
    def when(self) -> list[forms.BoundField]:
        return [self[name] for name in WHEN]

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        starts, ends = data.get("starts_on"), data.get("ends_on")
        for name in ("starts_on", "ends_on"):
            if data.get(name) and not FIRST_YEAR <= data[name].year <= LAST_YEAR:
                self.add_error(name, f"A day lies between the years {FIRST_YEAR} and {LAST_YEAR}.")
        if starts and ends and ends < starts:
            self.add_error("ends_on", "A schedule cannot end before it starts.")
        if not self.errors.keys() & set(WHEN):
            self._due(DueDays(data["day"], data["starts_on"], data["ends_on"]))
        return data

    def _due(self, due_days: DueDays) -> None:
        first = next(iter(due_days), None)
        if first is None:
            self.add_error("ends_on", "No due day lies between its start and its end.")
            return
        self.due_days = due_days
        # The terms are those of the first due day.
        self.cleaned_data["effective_from"] = first
        self.cleaned_data["expires_on"] = last_day_of(first, self.cleaned_data["lifetime_days"])
