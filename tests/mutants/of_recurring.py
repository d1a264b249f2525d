"""Quantities that cost something else, and charges or usage billed twice, for other days, or never again."""

from tests.mutants.mutant import BILLED, BOTH, CURRENCY, RATING, Mutant

RATES = "tests/invoices/test_rating.py::test_what_a_quantity_costs"
LISTS = "tests/invoices/test_price_lists.py::"
DRAFTS = "tests/invoices/test_make_drafts.py::"
AGAIN = "tests/invoices/test_make_drafts_again.py::"
COMMAND = "tests/invoices/test_make_drafts_command.py::"
RECORDS = "tests/invoices/test_usage_record_add.py::"
REPLACED = (
    "tests/invoices/test_price_add.py::test_r7_a_price_by_which_an_issued_invoice_was_rated_is_never_replaced"
)
VERIFY = "tests/billing/test_verify_ledger.py::"
PRORATED = DRAFTS + "test_a_month_begun_or_left_in_the_middle_is_prorated_by_days"
VOIDED = AGAIN + "test_r9_voided_and_billed_again_it_is_billed_once"
DISCARDED = AGAIN + "test_r9_discarded_and_made_again_it_is_billed_once"
CORRECTED = AGAIN + "test_r9_corrected_it_is_billed_once_on_the_replacement"

RATING_MUTANTS = (
    Mutant(
        RATING,
        "a tier ends just below its bound",
        "invoices/rating.py",
        "quantity <= tier.up_to",
        "quantity < tier.up_to",
        (RATES,),
    ),
    Mutant(
        RATING,
        "each tier's part is rounded to the cent",
        "invoices/rating.py",
        "amount = quantity * tier.unit_price + tier.flat_fee",
        "amount = round(quantity * tier.unit_price + tier.flat_fee, 2)",
        (RATES, "tests/invoices/test_rating.py::test_r1_rated_and_rounded_once_is_what_fractions_say"),
    ),
    Mutant(
        RATING,
        "a package that is begun costs nothing",
        "invoices/rating.py",
        "int(whole) + bool(begun)",
        "int(whole)",
        (RATES,),
    ),
    Mutant(
        RATING,
        "volume tiers are reckoned as graduated ones",
        "invoices/rating.py",
        'if plan.scheme != "volume":',
        "if True:",
        (RATES,),
    ),
    Mutant(
        RATING,
        "graduated tiers are reckoned as volume ones",
        "invoices/rating.py",
        'if plan.scheme != "volume":',
        'if plan.scheme == "per_unit":',
        (RATES,),
    ),
    Mutant(
        RATING,
        "the fee of a tier is left out",
        "invoices/rating.py",
        "amount = quantity * tier.unit_price + tier.flat_fee",
        "amount = quantity * tier.unit_price",
        (RATES,),
    ),
    Mutant(
        RATING,
        "a correction takes nothing back",
        "invoices/rating.py",
        "if quantity < 0:",
        "if False:",
        (
            "tests/invoices/test_rating.py::test_a_correction_takes_back_what_its_quantity_alone_would_have_cost",
        ),
    ),
    Mutant(
        RATING,
        "a price holds on its first day no more",
        "invoices/models/price.py",
        "_later().filter(effective_from__lte=day)), effective_from__lte=day)",
        "_later().filter(effective_from__lte=day)), effective_from__lt=day)",
        (LISTS + "test_a_price_holds_from_its_first_day_until_the_next_begins",),
    ),
    Mutant(
        RATING,
        "usage is priced by what held when its month began",
        "invoices/recurring_facts.py",
        "month_after(each) - DAY",
        "each",
        (DRAFTS + "test_the_price_of_the_month_s_last_day_holds_for_all_of_it",),
    ),
    Mutant(
        RATING,
        "late usage begins at the first tier again",
        "invoices/recurring_lines.py",
        "    if not before:\n",
        "    if True:\n",
        (
            AGAIN + "test_late_usage_comes_on_the_next_draft_with_its_own_days",
            AGAIN + "test_a_correction_of_billed_usage_gives_back_what_it_cost",
        ),
    ),
    Mutant(
        RATING,
        "verify does not add up the steps of a rated line",
        "billing/verification/figures.py",
        "        if not _adds_up(pricing, exact):",
        "        if False:",
        (VERIFY + "test_a_broken_rule_is_named_with_its_first_bad_row",),
    ),
    Mutant(
        RATING,
        "a price that an issued invoice was rated by is replaced",
        "invoices/price_services.py",
        "    if invoice := price_issued(before):\n",
        "    if False and (invoice := price_issued(before)):\n",
        (REPLACED,),
    ),
    Mutant(
        RATING,
        "the database lets a price be replaced that an issued invoice was rated by",
        "invoices/database_rules.py",
        'f"EXISTS ({ISSUED_BY_IT})"',
        '"FALSE"',
        (REPLACED,),
        BOTH,
    ),
    Mutant(
        CURRENCY,
        "the database lets an account use prices in another currency",
        "invoices/database_rules.py",
        '"NEW.price_list_id IS NOT NULL AND NOT EXISTS ({LIST_AGREES})"',
        '"FALSE"',
        (LISTS + "test_r15_the_database_lets_no_account_use_a_list_in_another_currency",),
        BOTH,
    ),
)

BILLED_MUTANTS = (
    Mutant(
        BILLED,
        "the last day of a charge is not charged",
        "invoices/proration.py",
        "(self.last - self.first).days + 1",
        "(self.last - self.first).days",
        (PRORATED,),
    ),
    Mutant(
        BILLED,
        "every month has thirty days",
        "invoices/proration.py",
        "Part(first, last, last_of_month.day)",
        "Part(first, last, 30)",
        (PRORATED,),
    ),
    Mutant(
        BILLED,
        "a charge goes on after its last day",
        "invoices/proration.py",
        "last_of_month if ends_on is None else min(last_of_month, ends_on)",
        "last_of_month",
        (PRORATED,),
    ),
    Mutant(
        BILLED,
        "use of the next month's first day is billed",
        "invoices/recurring_facts.py",
        "day__lt=facts.end",
        "day__lte=facts.end",
        (DRAFTS + "test_usage_is_summed_by_meter_and_priced_by_the_account_s_list",),
        BOTH,
    ),
    Mutant(
        BILLED,
        "nobody notes which month of a charge was billed",
        "invoices/recurring.py",
        "        for each in wanted\n        if each.charged\n",
        "        for each in wanted\n        if False\n",
        (DRAFTS + "test_r13_making_them_again_writes_nothing", VOIDED),
    ),
    Mutant(
        BILLED,
        "a month that is billed is billed again",
        "invoices/recurring_lines.py",
        "(charge.pk, month) not in facts.months_elsewhere",
        "month",
        (AGAIN + "test_a_paid_invoice_keeps_what_it_billed",),
    ),
    Mutant(
        BILLED,
        "the database bills a month of a charge twice",
        "invoices/migrations/0004_charges_and_usage.py",
        "models.UniqueConstraint(fields=('charge', 'month'), name='billed_month_once')",
        "models.UniqueConstraint(fields=('charge', 'month', 'line'), name='billed_month_once')",
        (AGAIN + "test_the_database_bills_a_month_of_a_charge_once",),
        BOTH,
    ),
    Mutant(
        BILLED,
        "usage that is billed is billed again",
        "invoices/recurring_facts.py",
        "(records.unbilled(), records.filter(of_drafts))",
        "(records.exclude(of_drafts), records.filter(of_drafts))",
        (AGAIN + "test_a_paid_invoice_keeps_what_it_billed",),
    ),
    Mutant(
        BILLED,
        "usage that is read is not noted as billed",
        "invoices/recurring.py",
        "    _bill_usage([each for each in wanted if each.used])\n",
        "",
        (DRAFTS + "test_usage_is_summed_by_meter_and_priced_by_the_account_s_list",),
    ),
    Mutant(
        BILLED,
        "usage that somebody else billed is taken over",
        "invoices/recurring.py",
        " AND line_id IS NULL",
        "",
        (AGAIN + "test_late_usage_on_days_around_those_billed_is_billed_by_itself",),
        BOTH,
    ),
    Mutant(
        BILLED,
        "the database lets an issued line's usage be billed again",
        "invoices/database_rules.py",
        """f"{changed('line_id')} AND (OLD.line_id IS NOT NULL AND ({BILLED_AS} IN ('issued', 'paid') \"""",
        """f"{changed('line_id')} AND (OLD.line_id IS NOT NULL AND ({BILLED_AS} IN ('gone') \"""",
        (RECORDS + "test_the_database_bills_a_record_once_on_a_draft_of_its_account",),
        BOTH,
    ),
    Mutant(
        BILLED,
        "voiding keeps the usage behind it",
        "invoices/behind.py",
        "    UsageRecord.objects.filter(line__invoice=invoice).update(line=None)\n",
        "",
        (VOIDED, AGAIN + "test_r9_what_a_void_invoice_billed_comes_on_the_next_draft_too"),
        BOTH,
    ),
    Mutant(
        BILLED,
        "voiding keeps the months of charges behind it",
        "invoices/behind.py",
        "    BilledMonth.objects.filter(line__invoice=invoice).delete()\n",
        "",
        (VOIDED, AGAIN + "test_r9_what_a_void_invoice_billed_comes_on_the_next_draft_too"),
        BOTH,
    ),
    Mutant(
        BILLED,
        "voiding gives nothing back to be billed",
        "billing/services.py",
        "    behind_free(current)\n",
        "",
        (VOIDED,),
    ),
    Mutant(
        BILLED,
        "correcting leaves what was billed with the void invoice",
        "billing/services.py",
        "    behind_move(current, replacement)\n",
        "",
        (CORRECTED,),
    ),
    Mutant(
        BILLED,
        "correcting frees what the replacement bills",
        "billing/services.py",
        "    behind_move(current, replacement)\n",
        "    behind_free(current)\n",
        (CORRECTED, AGAIN + "test_r9_late_usage_is_rated_with_what_the_replacement_bills"),
    ),
    Mutant(
        BILLED,
        "a draft thrown away takes its usage along",
        "invoices/models/usage.py",
        "Line, null=True, blank=True, on_delete=models.SET_NULL",
        "Line, null=True, blank=True, on_delete=models.PROTECT",
        (DISCARDED,),
    ),
    Mutant(
        BILLED,
        "a draft thrown away keeps the months it billed",
        "invoices/models/charge.py",
        "Line, on_delete=models.CASCADE",
        "Line, on_delete=models.PROTECT",
        (DISCARDED,),
    ),
    Mutant(
        BILLED,
        "a draft edited by hand is made anew",
        "invoices/recurring_facts.py",
        "anew = invoice.is_draft and invoice.pk not in edited",
        "anew = invoice.is_draft",
        (DRAFTS + "test_a_draft_edited_by_hand_is_left_alone_and_named",),
    ),
    Mutant(
        BILLED,
        "verify does not see usage billed on a void invoice",
        "billing/verification/behind.py",
        "(i.id IS NULL OR i.status = 'void' OR l.account_id <> b.account_id) ORDER",
        "(i.id IS NULL OR l.account_id <> b.account_id) ORDER",
        (VERIFY + "test_a_broken_rule_is_named_with_its_first_bad_row",),
    ),
)

RECURRING_MUTANTS = (*RATING_MUTANTS, *BILLED_MUTANTS)
