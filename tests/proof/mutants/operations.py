"""Breakages of the operation: decisions, reconciliations that are cut off, refused keys, outages, the other mode."""

from typing import Final

from tests.proof.mutants.mutant import Mutant
from tests.proof.mutants.suites import DEPLOYMENT_PROOF, OPERATIONS_PROOF

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
    Mutant(
        "a charge is sent again under the same keys after a refusal",
        "gateway/client.py",
        "            if refusals.is_explained_by(exchange, keys, fresh):\n",
        "            if fresh is not None:\n",
        (DEPLOYMENT_PROOF,),
    ),
    Mutant(
        "the circuit breaker is ignored",
        "gateway/circuit_breaker.py",
        "FAILURES_TO_OPEN: Final = 5",
        "FAILURES_TO_OPEN: Final = 5000",
        (DEPLOYMENT_PROOF,),
    ),
    Mutant(
        "a gateway that asks to wait is asked at once",
        "gateway/circuit_breaker.py",
        "            self._wait_until = self._clock() + timedelta(seconds=retry_after)\n",
        "            self._wait_until = self._clock()\n",
        (DEPLOYMENT_PROOF,),
    ),
    Mutant(
        "the gateway of the other mode is asked about a payment",
        "outcome/status_query.py",
        "    if payment.live != gateway.live:\n",
        "    if payment.live is None:\n",
        (DEPLOYMENT_PROOF,),
    ),
)
