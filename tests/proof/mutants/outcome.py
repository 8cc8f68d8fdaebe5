"""Breakages of the outcome: the transition table, the integrity check, the conditional write."""

from typing import Final

from tests.proof.mutants.mutant import Mutant
from tests.proof.mutants.suites import CHARGE, MOTO, PROOF, RECORD

OUTCOME: Final = (
    Mutant(
        "the last write wins",
        "ledger/expressions.py",
        'NOTHING_WRITTEN_SINCE: Final = "revision = :seen_revision"',
        'NOTHING_WRITTEN_SINCE: Final = "revision >= :seen_revision"',
        (MOTO,),
    ),
    Mutant(
        "a change is not decided again after a lost race",
        "outcome/record.py",
        "            payment = lost.current\n            continue\n",
        "            return lost.current\n",
        (RECORD,),
    ),
    Mutant(
        "a final status is not sticky",
        "model/status.py",
        "    S.SUCCEEDED: frozenset({S.NEEDS_REVIEW}),\n",
        "    S.SUCCEEDED: frozenset({S.NEEDS_REVIEW, S.FAILED, S.PENDING, S.REQUIRES_ACTION}),\n",
        (RECORD, CHARGE),
    ),
    Mutant(
        "a wrong amount is accepted",
        "model/integrity.py",
        '        yield "amount"\n',
        "        pass\n",
        (PROOF, CHARGE, RECORD),
    ),
    Mutant(
        "the next transaction ends an integrity review",
        "outcome/apply.py",
        "        return False  # contradictory evidence",
        "        return payment.may_become(to)  # contradictory evidence",
        (RECORD,),
    ),
)
