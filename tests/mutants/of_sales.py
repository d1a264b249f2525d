"""What a credit bought in advance must keep: its invoice, its payment, and that both go together."""

from tests.mutants.mutant import BOTH, UNPAID, Mutant

RULES = "tests/credits/test_sale_rules.py::"
SELL = "tests/credits/test_credit_sell.py::"
VOID = "tests/billing/test_invoice_void_purchase.py::"

SALE_MUTANTS = (
    Mutant(
        UNPAID,
        "the database lets a credit pay that waits for its payment",
        "credits/database_rules.py",
        'f"EXISTS ({UNPAID})"',
        '"FALSE"',
        (RULES + "test_a_credit_that_waits_for_its_payment_pays_nothing",),
        BOTH,
    ),
    Mutant(
        UNPAID,
        "the database lets an invoice be voided without what it sold",
        "credits/database_rules.py",
        'f"EXISTS ({STILL_SOLD})"',
        '"FALSE"',
        (RULES + "test_an_invoice_is_not_voided_while_something_is_left_of_what_it_sold",),
        BOTH,
    ),
    Mutant(
        UNPAID,
        "the database lets one line sell two credits",
        "credits/database_rules.py",
        "AND NOT EXISTS ({SOLD_BEFORE} AND id = NEW.replaces_id)",
        "AND NOT EXISTS ({SOLD_BEFORE})",
        (RULES + "test_a_credit_is_refused_that[is sold a second time]",),
        BOTH,
    ),
    Mutant(
        UNPAID,
        "the line that sells a credit is a line as any other",
        "invoices/purchase.py",
        "creditable=False",
        "creditable=True",
        (SELL + "test_its_invoice_has_one_line_over_the_price_that_no_credit_can_pay",),
    ),
    Mutant(
        UNPAID,
        "voiding its invoice leaves a credit as it is",
        "billing/services.py",
        "if not credit.voided]",
        "if False]",
        (VOID + "test_what_is_left_of_the_credit_is_voided_and_what_it_paid_stays_paid",),
    ),
    Mutant(
        UNPAID,
        "an invoice that sells a credit is corrected",
        "billing/services.py",
        "if invoice.source != Source.PURCHASE:",
        "if invoice.source:",
        (VOID + "test_r9_a_sale_is_not_corrected_but_voided_and_sold_again",),
    ),
    Mutant(
        UNPAID,
        "a replacement is free of the payment the old credit waits for",
        "credits/granting.py",
        "line, waits = credit.purchase_line, credit.usable_once_paid",
        "line, waits = credit.purchase_line, False",
        (VOID + "test_a_replacement_is_bought_on_the_same_line_and_goes_with_it",),
    ),
)
