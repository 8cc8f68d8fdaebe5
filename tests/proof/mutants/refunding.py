"""Breakages of refunds and chargebacks."""

from typing import Final

from tests.proof.mutants.mutant import Mutant
from tests.proof.mutants.suites import (
    REFUND,
    REFUND_CRASHES,
    REFUND_IN_DOUBT,
    REFUND_PROOF,
    REFUND_RACES,
    REFUND_REFUSED,
)

REFUNDING: Final = (
    Mutant(
        "a refund is sent without a record",
        "refunding/refund.py",
        "claimed = self._update(payment, attempt, lambda current: _with_attempt(current, request, attempt))",
        "claimed = _with_attempt(payment, request, attempt)",
        (REFUND_PROOF, REFUND, REFUND_CRASHES),
    ),
    Mutant(
        "a requested refund is not followed up",
        "model/refund.py",
        "    follow_up = FollowUp(due_at=at, ask_at=at + FIRST_ASK, arrived=True)\n",
        "    follow_up = FollowUp(due_at=at, ask_at=None, arrived=True)\n",
        (REFUND_PROOF, REFUND, REFUND_CRASHES),
    ),
    Mutant(
        "a refund in doubt may be requested again",
        "refunding/eligibility.py",
        "    if payment.awaits_refund:\n        raise",
        "    if payment.awaits_refund and payment.follow_up.asks == 0:\n        raise",
        (REFUND_PROOF,),
    ),
    Mutant(
        "a refund without an answer is sent again",
        "refunding/refund.py",
        "        except NoAnswer as error:\n"
        "            return self._in_doubt(payment, attempt, str(error), arrived=False)\n",
        "        except NoAnswer:\n"
        "            try:\n"
        '                transaction = self.gateway.refund(payment.transaction_id or "", reason, seconds)\n'
        "            except (NoAnswer, Refused) as error:\n"
        "                return self._in_doubt(payment, attempt, str(error), arrived=False)\n",
        (REFUND_PROOF, REFUND_IN_DOUBT, REFUND_CRASHES),
    ),
    Mutant(
        "a refund without an answer counts as failed",
        "refunding/refund.py",
        "            return self._in_doubt(payment, attempt, str(error), arrived=False)\n",
        '            return self._failed(payment, attempt, Failure("no_answer", str(error)), {})\n',
        (REFUND_PROOF, REFUND_IN_DOUBT, REFUND_CRASHES),
    ),
    Mutant(
        "an attempt mistakes a concurrent attempt for its own",
        "refunding/refund.py",
        "    return payment.refund_attempt is None or payment.refund_attempt.nonce != attempt.nonce\n",
        "    return payment.refund_attempt is None or payment.refund_attempt.id != attempt.id\n",
        (REFUND_PROOF, REFUND_RACES),
    ),
    Mutant(
        "a refusal fails a refund without a status query",
        "refunding/refund.py",
        "            return self._refused(payment, attempt, error, until)\n",
        '            failure = Failure("refund_refused", error.message, error.errors)\n'
        '            return self._failed(payment, attempt, failure, {"refused": "invalid"})\n',
        (REFUND_PROOF, REFUND_REFUSED, REFUND_CRASHES),
    ),
    Mutant(
        '"already refunded" fails a refund while the status API lags',
        "refunding/refund.py",
        "        if isinstance(error, AlreadyRefunded) or not denies_refund(recorded, transaction):\n",
        "        if not denies_refund(recorded, transaction):\n",
        (REFUND_PROOF, REFUND_REFUSED),
    ),
    Mutant(
        "a status that contradicts the payment denies its refund",
        "model/integrity.py",
        "    return (\n        transaction.refunded is False\n",
        "    return payment.awaits_refund or (\n        transaction.refunded is False\n",
        (REFUND_PROOF, REFUND_IN_DOUBT),
    ),
    Mutant(
        "one denial fails a refund",
        "follow_up/schedule.py",
        "    if denied and denials >= NEVER_ARRIVED_ASKS and not may_be_on_its_way:\n",
        "    if denied and not may_be_on_its_way:\n",
        (REFUND_PROOF,),
    ),
    Mutant(
        "two denials within the hour fail a refund",
        "follow_up/schedule.py",
        "    if denied and denials >= NEVER_ARRIVED_ASKS and not may_be_on_its_way:\n",
        "    if denied and denials >= NEVER_ARRIVED_ASKS:\n",
        (REFUND_PROOF, REFUND_IN_DOUBT),
    ),
    Mutant(
        "a refund that arrived may count as never arrived",
        "follow_up/schedule.py",
        "(attempt.arrived or now - attempt.requested_at < NEVER_ARRIVED_AFTER)",
        "now - attempt.requested_at < NEVER_ARRIVED_AFTER",
        (REFUND_IN_DOUBT,),
    ),
    Mutant(
        "a query without an answer denies a refund",
        "follow_up/schedule.py",
        "asks, denials = follow_up.asks + 1, follow_up.not_found + denied",
        "asks, denials, denied = follow_up.asks + 1, follow_up.not_found + 1, True",
        (REFUND_PROOF, REFUND_IN_DOUBT),
    ),
    Mutant(
        "a transition of the payment ends the queries for its refund",
        "model/payment.py",
        "ask_at=at + FIRST_ASK if to in OPEN or self.awaits_refund else None)",
        "ask_at=at + FIRST_ASK if to in OPEN else None)",
        (REFUND_PROOF,),
    ),
    Mutant(
        "a refund at the gateway is ignored after a request for a refund",
        "outcome/apply.py",
        'if transaction.refunded and after.refund.status != "refunded":',
        'if transaction.refunded and after.refund.status == "none":',
        (REFUND_PROOF, REFUND, REFUND_CRASHES),
    ),
    Mutant(
        "any answer to a refund counts as refunded",
        "outcome/apply.py",
        'if transaction.refunded and after.refund.status != "refunded":',
        'if (transaction.refunded or after.awaits_refund) and after.refund.status != "refunded":',
        (REFUND_PROOF, REFUND_IN_DOUBT),
    ),
    Mutant(
        "a key with a refused refund is sent again",
        "refunding/refund.py",
        "    if earlier.failure == refunds.NOT_SENT:\n",
        "    if earlier.failure is not None:\n",
        (REFUND_REFUSED,),
    ),
    Mutant(
        "a chargeback is recorded again by each query",
        "outcome/apply.py",
        'if transaction.charged_back and after.chargeback.status == "none":',
        "if transaction.charged_back:",
        (REFUND_PROOF,),
    ),
)
