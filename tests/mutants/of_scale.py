"""A replica asked what only the primary may be, and jobs that leave something out."""

from tests.mutants.mutant import JOBS, PRIMARY, Mutant

REPLICA = "tests/customers/test_replica.py::"
RUN_JOBS = "tests/billing/test_run_jobs.py::"

SCALE_MUTANTS = (
    Mutant(
        PRIMARY,
        "an act reads from the replica",
        "customers/replica.py",
        " and not connections[DEFAULT_DB_ALIAS].in_atomic_block",
        "",
        (REPLICA + "test_what_is_read_inside_a_transaction_is_read_from_the_primary",),
    ),
    Mutant(
        PRIMARY,
        "what is sent to a list is read from the replica",
        "customers/replica.py",
        "if request.method not in READING or REPLICA not in settings.DATABASES:",
        "if REPLICA not in settings.DATABASES:",
        (
            REPLICA + "test_a_marked_view_is_read_from_the_replica_when_looked_at_and_from_the_primary_when"
            "_sent_to",
        ),
    ),
    Mutant(
        PRIMARY,
        "whoever changed something does not take along how far the primary was",
        "customers/replica.py",
        "        if request.method not in UNCHANGING:\n",
        "        if False:\n",
        (REPLICA + "test_whoever_may_have_changed_something_takes_along_how_far_the_primary_was",),
    ),
    Mutant(
        PRIMARY,
        "a form reads from the replica",
        "invoices/views.py",
        '@permission_needed("invoices.pay_invoice")\n',
        '@permission_needed("invoices.pay_invoice")\n@replica_read\n',
        (REPLICA + "test_only_lists_and_reports_are_read_from_a_replica",),
    ),
    Mutant(
        JOBS,
        "a run is on record before its jobs are",
        "billing/jobs.py",
        "    with transaction.atomic():\n        run = run_start(",
        "    if True:\n        run = run_start(",
        (RUN_JOBS + "test_the_jobs_and_the_record_of_a_run_are_written_together_or_not_at_all",),
        ("PostgreSQL",),
    ),
    Mutant(
        JOBS,
        "between two jobs accounts are left out",
        "billing/jobs.py",
        "[*lasts, None]",
        "[*lasts, lots[-1].first]",
        (RUN_JOBS + "test_the_ranges_meet_so_that_no_account_lies_between_two_jobs",),
        ("PostgreSQL",),
    ),
    Mutant(
        JOBS,
        "the job of a dead worker is nobody's",
        "billing/worker.py",
        "        await app.job_manager.retry_job(job)\n",
        "",
        (RUN_JOBS + "test_a_job_that_worker_after_worker_died_of_is_left_and_waiting_for_its_run_ends",),
        ("PostgreSQL",),
    ),
)
