"""Mutants: the deployed code, broken on purpose in one place each, and the tests that must notice (`make mutants`)."""

from dataclasses import dataclass
from typing import Final

PROOF: Final = "tests/proof/test_proof.py::test_no_order_of_events_breaks_a_promise"
BACK: Final = "tests/proof/test_proof.py::test_no_order_of_events_breaks_a_promise_about_refunds"
MOTO: Final = "tests/payments/ledger/test_moto.py"
CRASHES: Final = "tests/payments/charging/test_charge_crashes.py"
CHARGING: Final = "tests/payments/charging/test_charge.py"
SETTLING: Final = "tests/payments/outcome/test_record.py"
PUBLISHING: Final = "tests/payments/events/test_outbox.py"
FOLLOWING_UP: Final = "tests/payments/follow_up/test_finish.py"
NEVER_ARRIVED: Final = "tests/payments/follow_up/test_never_arrived.py"
NOTIFYING: Final = "tests/payments/webhooks/test_handle.py"
REFUNDING: Final = "tests/payments/refunding/test_refund.py"
REFUND_CRASHES: Final = "tests/payments/refunding/test_refund_crashes.py"


@dataclass(frozen=True)
class Mutant:
    """One breakage: in `path` under functions/payments, `old`, which stands there once, becomes `new`."""

    name: str
    path: str
    old: str
    new: str
    caught_by: tuple[str, ...]


MUTANTS: Final = (
    # ------------------------------------------------------- the claim and the order
    Mutant(
        "a key may be claimed twice",
        "ledger/expressions.py",
        'NOT_YET_THERE: Final = "attribute_not_exists(pk)"',
        'NOT_YET_THERE: Final = "attribute_not_exists(nobody)"',
        (MOTO,),
    ),
    Mutant(
        "a repeat is submitted like a first request",
        "charging/charge.py",
        "        if earlier is not None:\n",
        "        if earlier is None and claimed is None:\n",
        (PROOF, CHARGING, CRASHES),
    ),
    Mutant(
        "the key alone is the id, whoever the caller",
        "model/identifiers.py",
        'told = f"{len(caller)}:{caller}{len(idempotency_key)}:{idempotency_key}"',
        'told = f"{len(idempotency_key)}:{idempotency_key}"',
        (PROOF, CHARGING),
    ),
    Mutant(
        "no order lock",
        "ledger/payments.py",
        '[{"Put": put}, *order_lock.taken(self._table.name, payment, order)]',
        '[{"Put": put}]',
        (MOTO,),
    ),
    Mutant(
        "a later attempt does not wait for the one before to fail",
        "ledger/order_lock.py",
        'return [{"Update": appended}, _freed_by(table, order.attempts[-1])]',
        'return [{"Update": appended}]',
        (MOTO,),
    ),
    Mutant(
        "an order in doubt is free for another payment",
        "model/status.py",
        "FREES_THE_ORDER: Final = frozenset({S.FAILED, S.BLOCKED, S.ABANDONED})",
        "FREES_THE_ORDER: Final = frozenset({S.FAILED, S.BLOCKED, S.ABANDONED, S.PROCESSING})",
        (PROOF, CHARGING),
    ),
    Mutant(
        "a second attempt goes under the order's own name again",
        "model/payment.py",
        'return self.order_id if self.attempt == 1 else f"{self.order_id}~{self.attempt}"',
        "return self.order_id",
        (PROOF, CHARGING),
    ),
    # --------------------------------------------------------------------- the send
    Mutant(
        "a claim is released though no answer came",
        "charging/charge.py",
        "            return self._in_doubt(payment, str(error), arrived=False)\n",
        '            self.ledger.release(payment)\n            raise GatewayUnreachable("no answer") from error\n',
        (PROOF, CHARGING, CRASHES),
    ),
    Mutant(
        "no answer is taken for a failure",
        "charging/charge.py",
        "            return self._in_doubt(payment, str(error), arrived=False)\n",
        '            return self._failed(payment, Failure("no_answer", str(error)), {})\n',
        (PROOF, CHARGING, CRASHES),
    ),
    Mutant(
        "a request without an answer is sent again",
        "charging/charge.py",
        "        except NoAnswer as error:\n            return self._in_doubt(payment, str(error), arrived=False)\n",
        "        except NoAnswer:\n"
        "            try:\n"
        "                transaction = self.gateway.charge(submission, seconds)\n"
        "            except NoAnswer as error:\n"
        "                return self._in_doubt(payment, str(error), arrived=False)\n",
        (PROOF, CHARGING),
    ),
    # ----------------------------------------------------------------- the verdict
    Mutant(
        "whoever writes last wins",
        "ledger/payments.py",
        'NOTHING_WRITTEN_SINCE: Final = "revision = :seen_revision"',
        'NOTHING_WRITTEN_SINCE: Final = "revision >= :seen_revision"',
        (MOTO,),
    ),
    Mutant(
        "a lost race is not decided again",
        "outcome/record.py",
        "            payment = lost.current\n            continue\n",
        "            return lost.current\n",
        (SETTLING,),
    ),
    Mutant(
        "a final status is not sticky",
        "model/status.py",
        "    S.SUCCEEDED: frozenset({S.NEEDS_REVIEW}),\n",
        "    S.SUCCEEDED: frozenset({S.NEEDS_REVIEW, S.FAILED, S.PENDING, S.REQUIRES_ACTION}),\n",
        (SETTLING, CHARGING),
    ),
    Mutant(
        "a wrong amount is overlooked",
        "model/integrity.py",
        '        yield "amount"\n',
        "        pass\n",
        (PROOF, CHARGING, SETTLING),
    ),
    Mutant(
        "a contradiction is over with the next message",
        "outcome/apply.py",
        "        return False  # contradictory evidence",
        "        return payment.may_become(to)  # contradictory evidence",
        (SETTLING,),
    ),
    # ---------------------------------------------------------------- the question
    Mutant(
        "not found means failed at once",
        "follow_up/schedule.py",
        "NEVER_ARRIVED_ASKS: Final = 2",
        "NEVER_ARRIVED_ASKS: Final = 1",
        (NEVER_ARRIVED,),
    ),
    Mutant(
        "not found means failed within the hour",
        "follow_up/schedule.py",
        "NEVER_ARRIVED_AFTER: Final = timedelta(hours=1)",
        "NEVER_ARRIVED_AFTER: Final = timedelta(minutes=1)",
        (PROOF, NEVER_ARRIVED),
    ),
    Mutant(
        "never arrived is concluded from silence",
        "follow_up/schedule.py",
        "    if not_found and not known and _never_arrived(payment, now, missing):\n",
        "    if not known and _never_arrived(payment, now, missing):\n",
        (PROOF, NEVER_ARRIVED),
    ),
    Mutant(
        "what the gateway has shown to know may still be taken for never arrived",
        "follow_up/schedule.py",
        "    if not_found and not known and _never_arrived(payment, now, missing):\n",
        "    if not_found and _never_arrived(payment, now, missing):\n",
        (PROOF, NEVER_ARRIVED, NOTIFYING),
    ),
    Mutant(
        "a lease is not conditional",
        "ledger/payments.py",
        'SAME_DUE_TIME: Final = "follow_up_at = :seen_due"',
        'SAME_DUE_TIME: Final = "follow_up_at >= :seen_due"',
        (MOTO,),
    ),
    Mutant(
        "after a verdict nothing is due, though nobody has told the bus",
        "model/payment.py",
        "        return replace(self, history=(*self.history, entry), follow_up=replace(self.follow_up, due_at=at))",
        "        return replace(self, history=(*self.history, entry), follow_up=replace(self.follow_up, due_at=None))",
        (PROOF, PUBLISHING),
    ),
    Mutant(
        "an intent is not followed up",
        "model/payment.py",
        "        follow_up=FollowUp(due_at=at + FIRST_ASK, ask_at=at + FIRST_ASK),",
        "        follow_up=FollowUp(due_at=None, ask_at=None),",
        (PROOF, CRASHES),
    ),
    Mutant(
        "a webhook that could not be confirmed is forgotten",
        "webhooks/handle.py",
        "        self._hastened(payment)\n",
        "",
        (NOTIFYING,),
    ),
    # -------------------------------------------------------------------- the bus
    Mutant(
        "an event is told before its entry is written",
        "webhooks/handle.py",
        '            settled = record(payment, claimed, "webhook", self.ledger, self.clock, self.telemetry)\n',
        "            from payments.hearing import hear\n"
        '            publish(apply(payment, claimed, "webhook", self.clock()), self.ledger, self.bus, self.telemetry)\n'
        '            settled = record(payment, claimed, "webhook", self.ledger, self.clock, self.telemetry)\n',
        (PROOF,),
    ),
    Mutant(
        "the cursor moves over what the bus did not take",
        "events/outbox.py",
        "        ledger.advance(payment, payment.published + taken)\n",
        "        ledger.advance(payment, payment.version)\n",
        (PROOF, PUBLISHING),
    ),
    Mutant(
        "the cursor may go back",
        "ledger/payments.py",
        'CURSOR_NOT_AHEAD: Final = "published <= :published"',
        'CURSOR_NOT_AHEAD: Final = "published >= :published OR published <= :published"',
        (MOTO,),
    ),
    Mutant(
        "an event tells what is true now, not what was true then",
        "events/event.py",
        '        "status": entry.status,\n',
        '        "status": payment.status,\n',
        (PROOF, PUBLISHING),
    ),
    # --------------------------------------------------------------- the way back
    Mutant(
        "a refund is sent without having been recorded",
        "refunding/refund.py",
        "claimed = update(payment, lambda current: _claimed(current, order, request), self.ledger, self.telemetry)",
        "claimed = _claimed(payment, order, request)",
        (BACK, REFUNDING, REFUND_CRASHES),
    ),
    Mutant(
        "a refund that nobody waits for any more is not followed up",
        "model/refund.py",
        "    follow_up = FollowUp(due_at=at, ask_at=at + FIRST_ASK, arrived=True)\n",
        "    follow_up = FollowUp(due_at=at, ask_at=None, arrived=True)\n",
        (BACK, REFUNDING, REFUND_CRASHES),
    ),
    Mutant(
        "a refund in doubt may be asked for again",
        "refunding/eligibility.py",
        "    if payment.awaits_refund:\n        raise",
        "    if payment.awaits_refund and payment.follow_up.asks == 0:\n        raise",
        (BACK,),
    ),
    Mutant(
        "a refund without an answer is sent again",
        "refunding/refund.py",
        "        except NoAnswer as error:\n"
        "            return self._in_doubt(payment, request, str(error), arrived=False)\n",
        "        except NoAnswer:\n"
        "            try:\n"
        '                transaction = self.gateway.refund(payment.transaction_id or "", reason, seconds)\n'
        "            except (NoAnswer, Refused) as error:\n"
        "                return self._in_doubt(payment, request, str(error), arrived=False)\n",
        (BACK, REFUNDING, REFUND_CRASHES),
    ),
    Mutant(
        "the gateway's silence is a refund that failed",
        "refunding/refund.py",
        "            return self._in_doubt(payment, request, str(error), arrived=False)\n",
        '            return self._failed(payment, request, Failure("no_answer", str(error)), {})\n',
        (BACK, REFUNDING, REFUND_CRASHES),
    ),
    Mutant(
        "a twin's claim to refund is taken for one's own",
        "refunding/refund.py",
        "    return payment.refund_attempt is None or payment.refund_attempt.nonce != request.nonce\n",
        "    return payment.refund_attempt is None or payment.refund_attempt.id != request.id\n",
        (BACK, REFUNDING),
    ),
    Mutant(
        "a refusal of a refund is believed without asking",
        "refunding/refund.py",
        "            return self._refused(payment, request, error, until)\n",
        '            failure = Failure("refund_refused", error.message, error.errors)\n'
        '            return self._failed(payment, request, failure, {"refused": "invalid"})\n',
        (BACK, REFUNDING, REFUND_CRASHES),
    ),
    Mutant(
        "refunded before, says the gateway, and it is taken for a failure while the status lags",
        "refunding/refund.py",
        "        if isinstance(error, AlreadyRefunded) or not denies_refund(settled, transaction):\n",
        "        if not denies_refund(settled, transaction):\n",
        (BACK, REFUNDING),
    ),
    Mutant(
        "a status that contradicts us is a word against a refund",
        "model/integrity.py",
        "    return (\n        transaction.refunded is False\n",
        "    return payment.awaits_refund or (\n        transaction.refunded is False\n",
        (BACK, REFUNDING),
    ),
    Mutant(
        "one word against a refund is enough",
        "follow_up/schedule.py",
        "    if denied and denials >= NEVER_ARRIVED_ASKS and not may_be_on_its_way:\n",
        "    if denied and not may_be_on_its_way:\n",
        (BACK,),
    ),
    Mutant(
        "a word against a refund counts within the hour",
        "follow_up/schedule.py",
        "    if denied and denials >= NEVER_ARRIVED_ASKS and not may_be_on_its_way:\n",
        "    if denied and denials >= NEVER_ARRIVED_ASKS:\n",
        (BACK, REFUNDING),
    ),
    Mutant(
        "a refund that arrived is taken for one that never did",
        "follow_up/schedule.py",
        "(request.arrived or now - request.requested_at < NEVER_ARRIVED_AFTER)",
        "now - request.requested_at < NEVER_ARRIVED_AFTER",
        (REFUNDING,),
    ),
    Mutant(
        "silence is a word against a refund",
        "follow_up/schedule.py",
        "asks, denials = plan.asks + 1, plan.not_found + denied",
        "asks, denials, denied = plan.asks + 1, plan.not_found + 1, True",
        (BACK, REFUNDING),
    ),
    Mutant(
        "a refund in doubt is forgotten when the payment moves",
        "model/payment.py",
        "ask_at=at + FIRST_ASK if to in OPEN or self.awaits_refund else None)",
        "ask_at=at + FIRST_ASK if to in OPEN else None)",
        (BACK,),
    ),
    Mutant(
        "a refund is heard only of a payment that nobody asked back",
        "outcome/apply.py",
        'if transaction.refunded and heard.refund.status != "refunded":',
        'if transaction.refunded and heard.refund.status == "none":',
        (BACK, REFUNDING, REFUND_CRASHES),
    ),
    Mutant(
        "whatever the gateway answers to a refund is one",
        "outcome/apply.py",
        'if transaction.refunded and heard.refund.status != "refunded":',
        'if (transaction.refunded or heard.awaits_refund) and heard.refund.status != "refunded":',
        (BACK, REFUNDING),
    ),
    Mutant(
        "a key whose refund the gateway refused is sent again",
        "refunding/refund.py",
        "    if told.failure == refunds.NOT_SENT:\n",
        "    if told.failure is not None:\n",
        (REFUNDING,),
    ),
    Mutant(
        "a chargeback is told again at each look",
        "outcome/apply.py",
        'if transaction.charged_back and heard.chargeback.status == "none":',
        "if transaction.charged_back:",
        (BACK,),
    ),
)
