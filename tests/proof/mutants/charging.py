"""Breakages of a charge: its claim, the lock of its order, its one request to the gateway."""

from typing import Final

from tests.proof.mutants.mutant import Mutant
from tests.proof.mutants.suites import (
    ASKED,
    CANCEL,
    CHARGE,
    CHARGE_CRASHES,
    CHARGE_LEFT,
    MOTO,
    PAID_ORDER,
    PROOF,
    SUPERSESSION,
)

CHARGING: Final = (
    Mutant(
        "a key may be claimed twice",
        "ledger/expressions.py",
        'NOT_YET_THERE: Final = "attribute_not_exists(pk)"',
        'NOT_YET_THERE: Final = "attribute_not_exists(nobody)"',
        (MOTO,),
    ),
    Mutant(
        "a retry is submitted like a first request",
        "charging/charge.py",
        "        if earlier is not None:\n",
        "        if earlier is None and claimed is None:\n",
        (PROOF, CHARGE, CHARGE_CRASHES),
    ),
    Mutant(
        "the payment id depends on the caller, not on the key alone",
        "charging/charge.py",
        "            payment_id_of(request.idempotency_key, live=self.live),\n",
        "            payment_id_of(request.caller + request.idempotency_key, live=self.live),\n",
        (PROOF, CHARGE),
    ),
    Mutant(
        "the ids of test and live are the same",
        "model/identifiers.py",
        'f"{kind}:{scope}:{name}"',
        'f"{kind}:{name}"',
        (CHARGE,),
    ),
    Mutant(
        "an order has no lock",
        "ledger/payments.py",
        '[{"Put": put}, *order_lock.acquire(self._table.name, payment, order, superseding)]',
        '[{"Put": put}]',
        (MOTO,),
    ),
    Mutant(
        "an order of test mode locks the live order of the same id",
        "ledger/order_lock.py",
        'return f"order#{mode_of(live=live)}#{order_id}"',
        'return f"order#{order_id}"',
        (MOTO,),
    ),
    Mutant(
        "the index of unlisted payments mixes test and live",
        "ledger/payment_items.py",
        'return f"{mode_of(live=live)}#{day.isoformat()}#{shard}"',
        'return f"{day.isoformat()}#{shard}"',
        (MOTO,),
    ),
    Mutant(
        "a later attempt at an order does not wait for the earlier one to fail",
        "ledger/order_lock.py",
        'return [{"Update": appended}, _requires_freed(table, order.attempts[-1])]',
        'return [{"Update": appended}]',
        (MOTO,),
    ),
    Mutant(
        "a payment with news loses its order",
        "ledger/order_lock.py",
        '"ConditionExpression": NOTHING_WRITTEN_SINCE,',
        '"ConditionExpression": "revision <> :seen_revision OR revision = :seen_revision",',
        (MOTO,),
    ),
    Mutant(
        "a payment that the gateway is deciding about loses its order",
        "model/supersession.py",
        "return payment.status is Status.REQUIRES_ACTION",
        "return payment.is_open",
        (SUPERSESSION,),
    ),
    Mutant(
        "a redirect loses its order at once",
        "model/supersession.py",
        "now - payment.updated_at > left_after",
        "now - payment.updated_at >= -left_after",
        (PROOF, CHARGE_LEFT),
    ),
    Mutant(
        "a payment in doubt may be cancelled",
        "model/supersession.py",
        "    if not waits_for_shopper(payment) or payment.superseded_at is not None:\n",
        "    if payment.superseded_at is not None:\n",
        (SUPERSESSION,),
    ),
    Mutant(
        "a repeated cancellation is refused",
        "charging/cancel.py",
        "        if payment.superseded_at is not None:\n",
        "        if payment.superseded_at is not None and not payment.is_open:\n",
        (CANCEL,),
    ),
    Mutant(
        "a cancelled payment keeps its order",
        "model/supersession.py",
        "    marked = replace(payment, superseded_at=at)\n",
        "    marked = payment\n",
        (PROOF, CANCEL),
    ),
    Mutant(
        "a superseded payment that succeeds raises no alarm",
        "model/supersession.py",
        "return entry.previous_status in FREES_THE_ORDER or was_superseded_at(payment, entry) is not None",
        "return entry.previous_status in FREES_THE_ORDER",
        (CHARGE_LEFT,),
    ),
    Mutant(
        "a cancelled payment that the gateway is deciding about frees its order",
        "model/supersession.py",
        "return payment.superseded_at is not None and (waits_for_shopper(payment) or goes_back(payment))",
        "return payment.superseded_at is not None",
        (PAID_ORDER,),
    ),
    Mutant(
        "a cancellation does not ask the gateway",
        "charging/cancel.py",
        "    asked = query(payment)\n",
        "    asked = Asked(payment, waits=True)\n",
        (CANCEL,),
    ),
    Mutant(
        "an order is given away although the gateway does not say that its payment waits",
        "charging/left_payment.py",
        "return waits_for_shopper(self.payment) and not self.waits",
        "return False",
        (ASKED, CANCEL),
    ),
    Mutant(
        "a cancellation marks a payment that was written to after the question",
        "charging/cancel.py",
        "            if current.revision != seen.revision:\n",
        "            if not waits_for_shopper(current):\n",
        (CANCEL,),
    ),
    Mutant(
        "an order with a payment in doubt is free for another payment",
        "model/status.py",
        "FREES_THE_ORDER: Final = frozenset({S.FAILED, S.BLOCKED, S.ABANDONED})",
        "FREES_THE_ORDER: Final = frozenset({S.FAILED, S.BLOCKED, S.ABANDONED, S.PROCESSING})",
        (PROOF, CHARGE),
    ),
    Mutant(
        "a second attempt has the wire order id of the first",
        "model/payment.py",
        'return self.order_id if self.attempt == 1 else f"{self.order_id}~{self.attempt}"',
        "return self.order_id",
        (PROOF, CHARGE),
    ),
    Mutant(
        "a claim is released after a request without an answer",
        "charging/charge.py",
        "            return self._in_doubt(payment, str(error), arrived=False)\n",
        '            self.ledger.release(payment)\n            raise GatewayUnreachable("no answer") from error\n',
        (PROOF, CHARGE, CHARGE_CRASHES),
    ),
    Mutant(
        "a charge without an answer counts as failed",
        "charging/charge.py",
        "            return self._in_doubt(payment, str(error), arrived=False)\n",
        '            return self._failed(payment, Failure("no_answer", str(error)), {})\n',
        (PROOF, CHARGE, CHARGE_CRASHES),
    ),
    Mutant(
        "a charge without an answer is sent again",
        "charging/charge.py",
        "        except NoAnswer as error:\n            return self._in_doubt(payment, str(error), arrived=False)\n",
        "        except NoAnswer:\n"
        "            try:\n"
        "                transaction = self.gateway.charge(submission, seconds)\n"
        "            except NoAnswer as error:\n"
        "                return self._in_doubt(payment, str(error), arrived=False)\n",
        (PROOF, CHARGE),
    ),
    Mutant(
        "a left payment gives its order away without a question",
        "charging/claim.py",
        "    asked = query(attempt)\n",
        "    asked = Asked(attempt, waits=True)\n",
        ("tests/payments/charging/test_asked_before_takeover.py",),
    ),
)
