"""What the further ways to give a credit must keep: units, caps, tags, and lines that sell a credit."""

from tests.mutants.mutant import BOTH, CAP, SCOPE, UNITS, UNPAID, Mutant

UNIT_TESTS = "tests/credits/test_units.py::"
UNIT_RULES = "tests/credits/test_unit_entry_rules.py::"
CAPS = "tests/credits/test_caps.py::"
TAGS = "tests/credits/test_tags.py::"
VERIFY = "tests/billing/test_verify_ledger.py::"

WAYS_MUTANTS = (
    Mutant(
        UNITS,
        "units cover more than the line has",
        "credits/units.py",
        "after = min(quantity, before + rest)",
        "after = before + rest",
        (UNIT_TESTS + "test_r11_lines_are_covered_in_the_order_of_the_invoice",),
    ),
    Mutant(
        UNITS,
        "each part of a line is rounded by itself",
        "credits/units.py",
        "_part(payables[line], after, quantity) - _part(payables[line], before, quantity)",
        "_part(payables[line], after - before, quantity)",
        (UNIT_TESTS + "test_r11_parts_of_one_line_add_up_to_the_cent",),
    ),
    Mutant(
        UNITS,
        "the database lets more units cover a line than it has",
        "credits/database_rules.py",
        " OR -({UNITS_ON_LINE}) > ({LINE_UNITS})",
        "",
        (UNIT_RULES + "test_two_credits_do_not_cover_one_line_twice",),
        BOTH,
    ),
    Mutant(
        UNITS,
        "the database lets an entry of money onto a credit of units",
        "credits/database_rules.py",
        'f"NOT EXISTS ({MEASURE_AGREES})"',
        '"FALSE"',
        (UNIT_RULES + "test_an_entry_is_refused_that[counts no units on a credit of units]",),
        BOTH,
    ),
    Mutant(
        UNITS,
        "verify lets more units cover a line than it has",
        "billing/verification/invoices.py",
        "WHERE s.units > ROUND(l.quantity * 1000000, 3)",
        "WHERE FALSE",
        (VERIFY + "test_a_broken_rule_is_named_with_its_first_bad_row",),
    ),
    Mutant(
        CAP,
        "a cap is not looked at",
        "credits/settlement.py",
        "capacity = min(capacity, credit.max_amount)",
        "capacity = max(capacity, credit.max_amount)",
        (CAPS + "test_a_cap_is_the_most_a_credit_pays_on_one_invoice",),
    ),
    Mutant(
        SCOPE,
        "a tag in the scope admits every line",
        "credits/terms.py",
        "not self.tags.isdisjoint(tags)",
        "self.tags",
        (TAGS + "test_r3_a_credit_by_tags_pays_the_lines_that_carry_one",),
    ),
    Mutant(
        UNPAID,
        "a credit that was not paid for is used",
        "credits/settlement.py",
        "if credit.unpaid:",
        "if False:",
        (TAGS + "test_a_credit_bought_in_advance_is_of_no_use_until_it_is_paid_for",),
    ),
    Mutant(
        UNPAID,
        "the database lets a credit pay a line that sells one",
        "credits/database_rules.py",
        '"NOT (SELECT creditable',
        '"FALSE AND NOT (SELECT creditable',
        (UNIT_RULES + "test_no_credit_pays_a_line_that_sells_one",),
        BOTH,
    ),
)
