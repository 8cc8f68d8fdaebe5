"""Breakages of the refund of a late success."""

from typing import Final

from tests.proof.mutants.mutant import Mutant
from tests.proof.mutants.suites import LATE_REFUND, LATE_REFUND_ATTEMPTS, LATE_REFUND_CRASHES, LATE_REFUND_PROOF

LATE_REFUNDS: Final = (
    Mutant(
        "the write of a late success does not make its refund due",
        "outcome/record.py",
        "        after = with_refund_due(requested_by(principal, payment, changed))\n",
        "        after = requested_by(principal, payment, changed)\n",
        (LATE_REFUND_PROOF, LATE_REFUND, LATE_REFUND_CRASHES),
    ),
    Mutant(
        "a late success is refunded whatever the policy was",
        "model/supersession.py",
        'entry.name == "superseded" and entry.evidence.get(IF_PAID) == REFUND',
        'entry.name == "superseded"',
        (LATE_REFUND,),
    ),
    Mutant(
        "a late success is refunded again after a refusal",
        "model/supersession.py",
        "return is_open and all(failure == refunds.NOT_SENT for failure in failures)",
        "return is_open and all(failure != refunds.NEVER_ARRIVED for failure in failures)",
        (LATE_REFUND_ATTEMPTS,),
    ),
    Mutant(
        "a refund of a late success that was not sent is given up",
        "model/supersession.py",
        "return is_open and all(failure == refunds.NOT_SENT for failure in failures)",
        "return is_open and not any(failures)",
        (LATE_REFUND_PROOF, LATE_REFUND_ATTEMPTS),
    ),
    Mutant(
        "a refund of a late success that never arrives is sent again",
        "model/supersession.py",
        "return is_open and all(failure == refunds.NOT_SENT for failure in failures)",
        "return is_open and all(failure in (refunds.NOT_SENT, refunds.NEVER_ARRIVED) for failure in failures)",
        (LATE_REFUND_ATTEMPTS,),
    ),
    Mutant(
        "a refund of a late success follows one that a person requested",
        "refunding/refund.py",
        "    if request.only_if_owed and not owes_refund(payment):\n",
        "    if False:\n",
        (LATE_REFUND_ATTEMPTS,),
    ),
    Mutant(
        "the only payment of an order is refunded",
        "refunding/late.py",
        "return order is not None and order.attempts[-1] != payment.id",
        "return True",
        (LATE_REFUND_ATTEMPTS,),
    ),
    Mutant(
        "a late success that was charged back is refunded, too",
        "model/supersession.py",
        'if not is_late or payment.chargeback.status == "charged_back":',
        "if not is_late:",
        (LATE_REFUND,),
    ),
    Mutant(
        "all attempts at refunding a late success have one key",
        "refunding/late.py",
        "requests_made(payment) + 1",
        "1",
        (LATE_REFUND_ATTEMPTS, LATE_REFUND_CRASHES),
    ),
    Mutant(
        "a refund of a late success that fails calls nobody",
        "outcome/record.py",
        "    if failed and is_to_be_refunded(after)",
        "    if not failed and is_to_be_refunded(after)",
        (LATE_REFUND,),
    ),
)
