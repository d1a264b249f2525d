"""The table of mutants. `python -m tests.mutants.run` shows that the suite kills each of them."""

from tests.mutants.of_acts import ONCE_MUTANTS
from tests.mutants.of_credits import EXPIRY_MUTANTS, RULE_MUTANTS
from tests.mutants.of_locks import LOCK_MUTANTS
from tests.mutants.of_recurring import RECURRING_MUTANTS
from tests.mutants.of_reports import REPORT_MUTANTS
from tests.mutants.of_runs import RUN_MUTANTS
from tests.mutants.of_sales import SALE_MUTANTS
from tests.mutants.of_scale import SCALE_MUTANTS
from tests.mutants.of_ways import WAYS_MUTANTS

MUTANTS = (
    *LOCK_MUTANTS,
    *EXPIRY_MUTANTS,
    *RULE_MUTANTS,
    *ONCE_MUTANTS,
    *WAYS_MUTANTS,
    *SALE_MUTANTS,
    *REPORT_MUTANTS,
    *SCALE_MUTANTS,
    *RUN_MUTANTS,
    *RECURRING_MUTANTS,
)
