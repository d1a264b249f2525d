"""What reports must not say: an entry in another month, a month end that changes, a price earned twice."""

from tests.mutants.mutant import REPORTS, Mutant

BOOKED = "tests/billing/reports/test_booked_time.py::"
FIGURES = "tests/billing/reports/test_figures.py::"
COST = "tests/billing/reports/test_cost_basis.py::"

REPORT_MUTANTS = (
    Mutant(
        REPORTS,
        "a report as of a day goes by the value date",
        "billing/reports/entries.py",
        "found = Entry.objects.filter(booked_at__lt=end).order_by()",
        "found = Entry.objects.filter(value_date__lt=end).order_by()",
        (BOOKED + "test_r10_an_expiry_booked_late_is_breakage_of_the_month_it_was_booked_in",),
    ),
    Mutant(
        REPORTS,
        "a day begins at midnight of UTC",
        "billing/reports/days.py",
        "return datetime.combine(day, time(), zone).astimezone(UTC)",
        "return datetime.combine(day, time(), UTC)",
        (BOOKED + "test_a_day_begins_where_the_zone_s_clocks_say",),
    ),
    Mutant(
        REPORTS,
        "what was put back is no less use",
        "billing/reports/use.py",
        "kind__in=(EntryKind.APPLIED, EntryKind.REVERSED)",
        "kind__in=(EntryKind.APPLIED,)",
        (BOOKED + "test_r9_a_reversal_after_a_month_s_end_does_not_change_that_month_s_end",),
    ),
    Mutant(
        REPORTS,
        "what a replacement takes over is breakage",
        "billing/reports/breakage.py",
        "return self.expired + self.voided - self.replaced",
        "return self.expired + self.voided",
        (FIGURES + "test_r2_what_a_replacement_takes_over_is_voided_but_no_breakage",),
    ),
    Mutant(
        REPORTS,
        "what expires unused is never earned",
        "billing/reports/cost_basis.py",
        "as_breakage = price_of_part(price, used + gone, size) - on_use",
        "as_breakage = 0",
        (COST + "test_what_is_voided_or_expired_is_earned_as_breakage",),
    ),
)
