"""Locks left out, and locks taken in another order."""

from tests.mutants.mutant import LOCK, LOCKS, ORDER, Mutant

LOCK_ORDER = "tests/billing/test_lock_order.py::"
ACT_WAITS = LOCK_ORDER + "test_r14_an_act_waits_for_its_lock_before_it_looks_and_writes_and_then_succeeds"
IN_ID_ORDER = LOCK_ORDER + "test_several_accounts_are_locked_in_the_order_of_their_ids"

LOCK_MUTANTS = (
    Mutant(
        LOCK,
        "an act reads the account without locking it",
        "customers/acts.py",
        'Account.objects.select_for_update(no_key=True, of=("self",))',
        "Account.objects.all()",
        (ACT_WAITS,),
        LOCKS,
    ),
    Mutant(
        LOCK,
        "an act looks first and locks then",
        "billing/services.py",
        """    account = account_lock(invoice.account_id)
    repeated = act_repeated(ISSUE, token, content)
    current = Invoice.objects.filter(pk=invoice.pk).first()
""",
        """    repeated = act_repeated(ISSUE, token, content)
    current = Invoice.objects.filter(pk=invoice.pk).first()
    account = account_lock(invoice.account_id)
""",
        (ACT_WAITS + "[invoice_issue]",),
        LOCKS,
    ),
    Mutant(
        LOCK,
        "a grant forgets its lock",
        "credits/services.py",
        """    account = account_lock(account.pk)
    if first := act_repeated("credit_grant", token, content):""",
        """    if first := act_repeated("credit_grant", token, content):""",
        (ACT_WAITS + "[credit_grant]",),
        LOCKS,
    ),
    Mutant(
        LOCK,
        "a customer is changed without being locked",
        "customers/services.py",
        "Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)",
        "Customer.objects.get(pk=customer.pk)",
        (
            ACT_WAITS + "[customer_erase]",
            ACT_WAITS + "[account_open]",
        ),
        LOCKS,
    ),
    Mutant(
        LOCK,
        "the database adds up what a line was paid without locking its invoice",
        "credits/database_rules.py",
        '({LINE_AMOUNT})",\n        when=APPLIED,\n        lock=INVOICES,',
        '({LINE_AMOUNT})",\n        when=APPLIED,',
        (LOCK_ORDER + "test_r5_two_who_write_entries_past_the_acts_never_pay_a_line_twice",),
        LOCKS,
    ),
    Mutant(
        ORDER,
        "accounts are locked from the highest id down",
        "customers/acts.py",
        '.order_by("pk")',
        '.order_by("-pk")',
        (IN_ID_ORDER,),
        LOCKS,
    ),
    Mutant(
        ORDER,
        "accounts are locked in the order of their names",
        "customers/acts.py",
        '.order_by("pk")',
        "",
        (IN_ID_ORDER,),
        LOCKS,
    ),
    Mutant(
        ORDER,
        "to erase a customer locks the accounts from the highest id down",
        "customers/services.py",
        'select_for_update(no_key=True).order_by("pk")',
        'select_for_update(no_key=True).order_by("-pk")',
        (IN_ID_ORDER,),
        LOCKS,
    ),
    Mutant(
        ORDER,
        "a number is taken before the entries are written",
        "billing/issuing/writing.py",
        "    acts = acts_record(ISSUE, deeds, by=by, now=now)",
        "    numbers_take(now.year, 0)\n    acts = acts_record(ISSUE, deeds, by=by, now=now)",
        (LOCK_ORDER + "test_r7_who_waits_for_a_number_holds_the_account_and_has_written_its_entries",),
        LOCKS,
    ),
)
