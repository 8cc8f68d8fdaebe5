"""Mutants: the deployed code, broken on purpose in one place each, and the tests that must notice (`make mutants`)."""

from dataclasses import dataclass
from typing import Final

PROOF: Final = "tests/proof/test_proof.py"
MOTO: Final = "tests/payments/ledger/test_moto.py"
CRASHES: Final = "tests/payments/test_charging_crashes.py"
CHARGING: Final = "tests/payments/test_charging.py"
SETTLING: Final = "tests/payments/test_settling.py"
PUBLISHING: Final = "tests/payments/test_publishing.py"
FOLLOWING_UP: Final = "tests/payments/test_following_up.py"
NEVER_ARRIVED: Final = "tests/payments/test_never_arrived.py"
NOTIFYING: Final = "tests/payments/test_notifying.py"


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
        "charging.py",
        "        if earlier is not None:\n",
        "        if earlier is None and claimed is None:\n",
        (PROOF, CHARGING, CRASHES),
    ),
    Mutant(
        "the key alone is the id, whoever the caller",
        "identities.py",
        'told = f"{len(caller)}:{caller}{len(idempotency_key)}:{idempotency_key}"',
        'told = f"{len(idempotency_key)}:{idempotency_key}"',
        (PROOF, CHARGING),
    ),
    Mutant(
        "no order lock",
        "ledger/dynamo.py",
        '[{"Put": put}, *orders.taken(self._table.name, payment, order)]',
        '[{"Put": put}]',
        (MOTO,),
    ),
    Mutant(
        "a later attempt does not wait for the one before to fail",
        "ledger/orders.py",
        'return [{"Update": appended}, _freed_by(table, order.attempts[-1])]',
        'return [{"Update": appended}]',
        (MOTO,),
    ),
    Mutant(
        "an order in doubt is free for another payment",
        "statuses.py",
        "FREES_THE_ORDER: Final = frozenset({S.FAILED, S.BLOCKED, S.ABANDONED})",
        "FREES_THE_ORDER: Final = frozenset({S.FAILED, S.BLOCKED, S.ABANDONED, S.PROCESSING})",
        (PROOF, CHARGING),
    ),
    Mutant(
        "a second attempt goes under the order's own name again",
        "payment.py",
        'return self.order_id if self.attempt == 1 else f"{self.order_id}~{self.attempt}"',
        "return self.order_id",
        (PROOF, CHARGING),
    ),
    # --------------------------------------------------------------------- the send
    Mutant(
        "a claim is released though no answer came",
        "charging.py",
        "            return self._in_doubt(payment, str(error), arrived=False)\n",
        '            self.ledger.release(payment)\n            raise GatewayUnreachable("no answer") from error\n',
        (PROOF, CHARGING, CRASHES),
    ),
    Mutant(
        "no answer is taken for a failure",
        "charging.py",
        "            return self._in_doubt(payment, str(error), arrived=False)\n",
        '            return self._failed(payment, Failure("no_answer", str(error)), {})\n',
        (PROOF, CHARGING, CRASHES),
    ),
    Mutant(
        "a request without an answer is sent again",
        "charging.py",
        "        except NoAnswer as error:\n            return self._in_doubt(payment, str(error), arrived=False)\n",
        "        except NoAnswer:\n"
        "            try:\n"
        "                report = self.gateway.charge(submission, seconds)\n"
        "            except NoAnswer as error:\n"
        "                return self._in_doubt(payment, str(error), arrived=False)\n",
        (PROOF, CHARGING),
    ),
    # ----------------------------------------------------------------- the verdict
    Mutant(
        "whoever writes last wins",
        "ledger/dynamo.py",
        'NOTHING_WRITTEN_SINCE: Final = "revision = :seen_revision"',
        'NOTHING_WRITTEN_SINCE: Final = "revision >= :seen_revision"',
        (MOTO,),
    ),
    Mutant(
        "a lost race is not decided again",
        "settling.py",
        "            payment = lost.current\n            continue\n",
        "            return lost.current\n",
        (SETTLING,),
    ),
    Mutant(
        "a final status is not sticky",
        "statuses.py",
        "    S.SUCCEEDED: frozenset({S.NEEDS_REVIEW}),\n",
        "    S.SUCCEEDED: frozenset({S.FAILED, S.PENDING, S.REQUIRES_ACTION}),\n",
        (SETTLING, CHARGING),
    ),
    Mutant(
        "a wrong amount is overlooked",
        "reports.py",
        '        yield "amount"\n',
        "        pass\n",
        (PROOF, CHARGING, SETTLING),
    ),
    Mutant(
        "a contradiction is over with the next message",
        "hearing.py",
        "        return False  # contradictory evidence",
        "        return payment.may_become(to)  # contradictory evidence",
        (SETTLING,),
    ),
    # ---------------------------------------------------------------- the question
    Mutant(
        "not found means failed at once",
        "following_up.py",
        "NEVER_ARRIVED_ASKS: Final = 2",
        "NEVER_ARRIVED_ASKS: Final = 1",
        (NEVER_ARRIVED,),
    ),
    Mutant(
        "not found means failed within the hour",
        "following_up.py",
        "NEVER_ARRIVED_AFTER: Final = timedelta(hours=1)",
        "NEVER_ARRIVED_AFTER: Final = timedelta(minutes=1)",
        (PROOF, NEVER_ARRIVED),
    ),
    Mutant(
        "never arrived is concluded from silence",
        "following_up.py",
        "    if not_found and not known and _never_arrived(payment, now, missing):\n",
        "    if not known and _never_arrived(payment, now, missing):\n",
        (PROOF, NEVER_ARRIVED),
    ),
    Mutant(
        "what the gateway has shown to know may still be taken for never arrived",
        "following_up.py",
        "    if not_found and not known and _never_arrived(payment, now, missing):\n",
        "    if not_found and _never_arrived(payment, now, missing):\n",
        (PROOF, NEVER_ARRIVED, NOTIFYING),
    ),
    Mutant(
        "a lease is not conditional",
        "ledger/dynamo.py",
        'SAME_DUE_TIME: Final = "follow_up_at = :seen_due"',
        'SAME_DUE_TIME: Final = "follow_up_at >= :seen_due"',
        (MOTO,),
    ),
    Mutant(
        "after a verdict nothing is due, though nobody has told the bus",
        "payment.py",
        "        return replace(self, history=(*self.history, entry), follow_up=replace(self.follow_up, due_at=at))",
        "        return replace(self, history=(*self.history, entry), follow_up=replace(self.follow_up, due_at=None))",
        (PROOF, PUBLISHING),
    ),
    Mutant(
        "an intent is not followed up",
        "payment.py",
        "        follow_up=FollowUp(due_at=at + FIRST_ASK, ask_at=at + FIRST_ASK),",
        "        follow_up=FollowUp(due_at=None, ask_at=None),",
        (PROOF, CRASHES),
    ),
    Mutant(
        "a webhook that could not be confirmed is forgotten",
        "notifying.py",
        "        self._hastened(payment)\n",
        "",
        (NOTIFYING,),
    ),
    # -------------------------------------------------------------------- the bus
    Mutant(
        "an event is told before its entry is written",
        "notifying.py",
        '            settled = settle(payment, claimed, "webhook", self.ledger, self.clock, self.telemetry)\n',
        "            from payments.hearing import hear\n"
        '            publish(hear(payment, claimed, "webhook", self.clock()), self.ledger, self.bus, self.telemetry)\n'
        '            settled = settle(payment, claimed, "webhook", self.ledger, self.clock, self.telemetry)\n',
        (PROOF,),
    ),
    Mutant(
        "the cursor moves over what the bus did not take",
        "publishing.py",
        "        ledger.advance(payment, payment.published + taken)\n",
        "        ledger.advance(payment, payment.version)\n",
        (PROOF, PUBLISHING),
    ),
    Mutant(
        "the cursor may go back",
        "ledger/dynamo.py",
        'CURSOR_NOT_AHEAD: Final = "published <= :published"',
        'CURSOR_NOT_AHEAD: Final = "published >= :published OR published <= :published"',
        (MOTO,),
    ),
    Mutant(
        "an event tells what is true now, not what was true then",
        "events.py",
        '        "status": entry.status,\n',
        '        "status": payment.status,\n',
        (PROOF, PUBLISHING),
    ),
)
