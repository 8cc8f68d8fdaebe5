"""All mutants, in the order of docs/mutants.md."""

from typing import Final

from tests.proof.mutants.charging import CHARGING
from tests.proof.mutants.events import EVENTS
from tests.proof.mutants.follow_up import FOLLOW_UP
from tests.proof.mutants.guards import GUARDS
from tests.proof.mutants.late_refunds import LATE_REFUNDS
from tests.proof.mutants.mutant import Mutant
from tests.proof.mutants.operations import OPERATIONS
from tests.proof.mutants.outcome import OUTCOME
from tests.proof.mutants.parallel import PARALLEL_RUNS
from tests.proof.mutants.refunding import REFUNDING

MUTANTS: Final[tuple[Mutant, ...]] = (
    *CHARGING,
    *OUTCOME,
    *FOLLOW_UP,
    *PARALLEL_RUNS,
    *EVENTS,
    *REFUNDING,
    *OPERATIONS,
    *LATE_REFUNDS,
    *GUARDS,
)
