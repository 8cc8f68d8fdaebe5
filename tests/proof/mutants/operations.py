"""Breakages of the operation: decisions of people, and the reconciliation cut off between any two writes."""

from typing import Final

from tests.proof.mutants.mutant import Mutant
from tests.proof.mutants.suites import OPERATIONS_PROOF

OPERATIONS: Final = (
    Mutant(
        "a decision overwrites what was written since the person looked",
        "../../operate/decide/decision.py",
        '        return ledger.save(payment, with_refund_due(_decided(payment, to, {"who": who, "why": why}, at)))\n',
        '        decided = with_refund_due(_decided(payment, to, {"who": who, "why": why}, at))\n'
        "        while True:\n"
        "            try:\n"
        "                return ledger.save(payment, decided)\n"
        "            except LostRace as lost:\n"
        "                payment = lost.current\n",
        (OPERATIONS_PROOF,),
    ),
    Mutant(
        "a refund may be decided as failed while it is being sent",
        "../../operate/decide/decision.py",
        "MAX_SENDING_TIME: Final = timedelta(minutes=2)",
        "MAX_SENDING_TIME: Final = timedelta()",
        (OPERATIONS_PROOF,),
    ),
    Mutant(
        "the gateway status that a person has overruled changes the payment again",
        "outcome/apply.py",
        "    return is_decided_by_hand(payment) and any(\n",
        "    return not is_decided_by_hand(payment) and any(\n",
        (OPERATIONS_PROOF,),
    ),
    Mutant(
        "the checkpoint passes a page before the facts of the page are recorded",
        "reconciliation/steps.py",
        "        rows, unreadable = split(page.rows)\n",
        "        self.renew(self.paginator.advance(checkpoint, page))\n        rows, unreadable = split(page.rows)\n",
        (OPERATIONS_PROOF,),
    ),
    Mutant(
        "a part of the report replaces the part before it",
        "reconciliation/checkpoint.py",
        "parts=self.parts + 1)",
        "parts=max(self.parts, 1))",
        (OPERATIONS_PROOF,),
    ),
)
