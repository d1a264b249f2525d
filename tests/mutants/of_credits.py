"""What a credit may pay, when, and in which turn: its last day, its priority, its scope, its currency."""

from tests.mutants.mutant import BOTH, CURRENCY, EXPIRY, PRIORITY, SCOPE, Mutant

TIME = "tests/billing/test_time.py::"
TERMS = "tests/credits/test_terms.py::"
SETTLEMENT = "tests/credits/test_settlement.py::"
ISSUE = "tests/billing/test_invoice_issue.py::"
VERIFY = "tests/billing/test_verify_ledger.py::"
CURRENCIES = "tests/billing/test_currencies.py::"

EXPIRY_MUTANTS = (
    Mutant(
        EXPIRY,
        "the day after the last one counts as alive",
        "credits/terms.py",
        "credit.ends <= max(",
        "credit.ends < max(",
        (
            TERMS + "test_r6_one_day_alive_from_service_through_issue_is_enough",
            TIME + "test_r6_the_last_day_ends_at_the_account_s_midnight",
        ),
    ),
    Mutant(
        EXPIRY,
        "the last day does not count",
        "credits/facts.py",
        "expires_on and expires_on + timedelta(days=1), last_issue",
        "expires_on, last_issue",
        (TIME + "test_r6_the_last_day_ends_at_the_account_s_midnight",),
    ),
    Mutant(
        EXPIRY,
        "the last day of grace does not count",
        "credits/terms.py",
        "credit.last_issue < issued",
        "credit.last_issue <= issued",
        (TIME + "test_r6_the_grace_ends_at_the_account_s_midnight",),
    ),
    Mutant(
        EXPIRY,
        "what is left is booked as gone on the last day of grace",
        "credits/models/credit.py",
        "today > self.last_issue",
        "today >= self.last_issue",
        (TIME + "test_r10_what_is_gone_is_booked_from_the_account_s_midnight_on",),
    ),
    Mutant(
        EXPIRY,
        "days are counted in UTC",
        "customers/models.py",
        "moment.astimezone(ZoneInfo(self.time_zone)).date()",
        "moment.date()",
        (TIME + "test_r6_the_grace_ends_at_the_account_s_midnight",),
    ),
    Mutant(
        EXPIRY,
        "verify takes the last day of grace for too late",
        "billing/verification/credits.py",
        "OR {last_issue} < i.judged_on",
        "OR {last_issue} <= i.judged_on",
        (TIME + "test_r6_the_grace_ends_at_the_account_s_midnight",),
        BOTH,
    ),
)

RULE_MUTANTS = (
    Mutant(
        PRIORITY,
        "the highest priority number comes first",
        "credits/terms.py",
        "return credit.priority,",
        "return -credit.priority,",
        (ISSUE + "test_r4_the_credit_whose_turn_it_is_pays",),
    ),
    Mutant(
        PRIORITY,
        "the page lists the highest priority number first",
        "credits/models/credit.py",
        """            "priority",
            F("expires_on")""",
        """            "-priority",
            F("expires_on")""",
        ("tests/credits/test_ledger.py::test_r4_credits_are_read_in_the_order_of_their_use",),
        BOTH,
    ),
    Mutant(
        SCOPE,
        "a credit pays any line",
        "credits/settlement.py",
        "in_time = in_scope & reach.in_time(credit)",
        "in_time = reach.in_time(credit)",
        (ISSUE + "test_r3_a_credit_pays_only_in_its_scope",),
    ),
    Mutant(
        SCOPE,
        "a scope admits every kind and item",
        "credits/terms.py",
        "return self.whole_invoice or kind in self.kinds or item in self.items",
        "return True",
        (TERMS + "test_r3_scope_admits_kinds_and_items_less_the_excluded",),
    ),
    Mutant(
        SCOPE,
        "an excluded item is paid all the same",
        "credits/terms.py",
        "if item in self.excluded_items:",
        "if False:",
        (TERMS + "test_r3_scope_admits_kinds_and_items_less_the_excluded",),
    ),
    Mutant(
        SCOPE,
        "verify does not look at the scope",
        "billing/verification/credits.py",
        "OR c.applies_to <> 'invoice' AND NOT EXISTS (",
        "OR 1 = 0 AND NOT EXISTS (",
        (VERIFY + "test_a_broken_rule_is_named_with_its_first_bad_row",),
        BOTH,
    ),
    Mutant(
        CURRENCY,
        "the settlement takes credits of any currency",
        "credits/settlement.py",
        "if credit.currency != currency:",
        "if False:",
        (SETTLEMENT + "test_r15_another_currency_is_a_reason_and_pays_nothing",),
    ),
    Mutant(
        CURRENCY,
        "the database takes an entry in another currency than its credit",
        "credits/database_rules.py",
        '"AND account_id = NEW.account_id AND currency = NEW.currency"',
        '"AND account_id = NEW.account_id"',
        (CURRENCIES + "test_r15_the_database_refuses_an_entry_in_another_currency_than_its_credit",),
        BOTH,
    ),
    Mutant(
        CURRENCY,
        "the database takes an entry in another currency than its line",
        "credits/database_rules.py",
        "AND l.currency = NEW.currency",
        "",
        (CURRENCIES + "test_r15_the_database_refuses_a_credit_on_a_line_in_another_currency",),
        BOTH,
    ),
    Mutant(
        CURRENCY,
        "the database takes a credit or an invoice in another currency than its account",
        "invoices/database_rules.py",
        "WHERE id = NEW.account_id AND currency = NEW.currency",
        "WHERE id = NEW.account_id",
        (
            CURRENCIES + "test_r15_the_database_refuses_a_credit_in_another_currency_than_its_account",
            CURRENCIES + "test_r15_the_database_refuses_an_invoice_in_another_currency_than_its_account",
        ),
        BOTH,
    ),
    Mutant(
        CURRENCY,
        "the database lets an account change its currency",
        "customers/database_rules.py",
        'changed("currency", "customer_id", "key", "time_zone")',
        'changed("customer_id", "key", "time_zone")',
        (CURRENCIES + "test_r15_the_database_refuses_to_change_an_account_s_currency",),
        BOTH,
    ),
    Mutant(
        CURRENCY,
        "an import books a file in another currency",
        "invoices/usage_import.py",
        "if account.currency != charge.currency:",
        "if False:",
        (CURRENCIES + "test_r15_a_usage_file_in_another_currency_is_refused_in_words_and_books_nothing",),
    ),
    Mutant(
        CURRENCY,
        "verify does not compare an entry's currency with its credit's",
        "billing/verification/entries.py",
        "WHERE c.account_id <> e.account_id OR c.currency <> e.currency ORDER",
        "WHERE c.account_id <> e.account_id ORDER",
        (VERIFY + "test_a_broken_rule_is_named_with_its_first_bad_row",),
        BOTH,
    ),
)
