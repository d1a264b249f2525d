"""What is done once and for good: an act by its token, the void of a credit."""

from tests.mutants.mutant import BOTH, LOCKS, TOKEN, VOIDED, Mutant

AT_ONCE = "tests/billing/test_at_once.py::"
SETTLEMENT = "tests/credits/test_settlement.py::"
VOID = "tests/credits/test_credit_void.py::"
ACTS = "tests/customers/test_acts.py::"

ONCE_MUTANTS = (
    Mutant(
        TOKEN,
        "the database takes a token twice",
        "customers/migrations/0001_initial.py",
        "('token', models.CharField(max_length=100, unique=True))",
        "('token', models.CharField(max_length=100))",
        (ACTS + "test_r13_the_database_itself_keeps_a_token_unique",),
        BOTH,
    ),
    Mutant(
        TOKEN,
        "the model does not say that a token is unique",
        "customers/models.py",
        "token = models.CharField(max_length=100, unique=True)",
        "token = models.CharField(max_length=100)",
        ("tests/test_house.py::test_no_migration_is_missing",),
    ),
    Mutant(
        TOKEN,
        "an act does not look for its token",
        "customers/acts.py",
        "first = Act.objects.filter(token=token).first()",
        "first: Act | None = None",
        (ACTS + "test_r13_the_second_arrival_of_a_token_returns_the_first_result_and_does_nothing",),
        BOTH,
    ),
    Mutant(
        TOKEN,
        "a token serves for other content",
        "customers/acts.py",
        "if first.kind != kind or first.fingerprint != fingerprint(content):",
        "if first.kind != kind:",
        (ACTS + "test_r13_the_same_token_with_other_content_is_refused",),
    ),
    Mutant(
        TOKEN,
        "who comes second at the same moment gets the database's error",
        "customers/acts.py",
        """        except IntegrityError:
            with transaction.atomic():
                return function(*args, **kwargs)""",
        """        except IntegrityError:
            raise""",
        (AT_ONCE + "test_r13_two_openings_with_one_token_open_one_customer",),
        LOCKS,
    ),
    Mutant(
        VOIDED,
        "the settlement uses a voided credit",
        "credits/settlement.py",
        "if credit.voided:",
        "if False:",
        (SETTLEMENT + "test_the_first_reason_that_holds_is_the_one_told",),
    ),
    Mutant(
        VOIDED,
        "the database lets a voided credit pay",
        "credits/database_rules.py",
        """ "AND NOT (OLD.voided AND kind = 'applied'))",""",
        """ ")",""",
        ("tests/billing/test_voided_credits.py::test_r8_the_database_refuses_a_payment_by_a_voided_credit",),
        BOTH,
    ),
    Mutant(
        VOIDED,
        "what flows back to a voided credit stays open",
        "credits/postings.py",
        "        if credit.voided:\n            postings.append(",
        "        if False:\n            postings.append(",
        (VOID + "test_r8_whatever_flows_back_to_a_voided_credit_is_closed_again",),
        BOTH,
    ),
    Mutant(
        VOIDED,
        "a credit is voided twice",
        "credits/services.py",
        "    if credit.voided:\n        raise VoidRefused(",
        "    if False:\n        raise VoidRefused(",
        (VOID + "test_r8_a_void_cannot_be_repeated",),
    ),
    Mutant(
        VOIDED,
        "the database forgets that a credit was voided",
        "credits/database_rules.py",
        """"voided = (voided OR NEW.kind = 'voided'), lapsed""",
        """"voided = (NEW.kind = 'voided'), lapsed""",
        (VOID + "test_r8_whatever_flows_back_to_a_voided_credit_is_closed_again",),
        BOTH,
    ),
)
