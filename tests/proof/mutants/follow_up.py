"""Breakages of the follow-up and of webhooks: queries, leases, and the end of the queries."""

from typing import Final

from tests.proof.mutants.mutant import Mutant
from tests.proof.mutants.suites import (
    CHARGE_CRASHES,
    LIVENESS,
    MOTO,
    NEVER_ARRIVED,
    OUTBOX,
    PROOF,
    REFUND_PROOF,
    WEBHOOKS,
)

FOLLOW_UP: Final = (
    Mutant(
        "a payment that is not found once has failed",
        "follow_up/schedule.py",
        "NEVER_ARRIVED_ASKS: Final = 2",
        "NEVER_ARRIVED_ASKS: Final = 1",
        (NEVER_ARRIVED,),
    ),
    Mutant(
        "a payment that is not found within the hour has failed",
        "follow_up/schedule.py",
        "NEVER_ARRIVED_AFTER: Final = timedelta(hours=1)",
        "NEVER_ARRIVED_AFTER: Final = timedelta(minutes=1)",
        (PROOF, NEVER_ARRIVED),
    ),
    Mutant(
        "a query without an answer shows that a payment never arrived",
        "follow_up/schedule.py",
        "    if not_found and not has_arrived and _never_arrived(payment, now, times_not_found):\n",
        "    if not has_arrived and _never_arrived(payment, now, times_not_found):\n",
        (PROOF, NEVER_ARRIVED),
    ),
    Mutant(
        "a payment that has arrived may count as never arrived",
        "follow_up/schedule.py",
        "    if not_found and not has_arrived and _never_arrived(payment, now, times_not_found):\n",
        "    if not_found and _never_arrived(payment, now, times_not_found):\n",
        (PROOF, NEVER_ARRIVED, WEBHOOKS),
    ),
    Mutant(
        "a lease is not conditional",
        "ledger/payments.py",
        'SAME_DUE_TIME: Final = "follow_up_at = :seen_due"',
        'SAME_DUE_TIME: Final = "follow_up_at >= :seen_due"',
        (MOTO,),
    ),
    Mutant(
        "a payment with an unpublished verdict is not due",
        "model/payment.py",
        "        return replace(self, history=(*self.history, entry), follow_up=self.follow_up.publishing(at))",
        "        return replace(self, history=(*self.history, entry), follow_up=replace(self.follow_up, due_at=None))",
        (PROOF, OUTBOX),
    ),
    Mutant(
        "a claim is not followed up",
        "model/payment.py",
        "        follow_up=FollowUp(due_at=at + FIRST_ASK, ask_at=at + FIRST_ASK),",
        "        follow_up=FollowUp(due_at=None, ask_at=None),",
        (PROOF, CHARGE_CRASHES),
    ),
    Mutant(
        "an unconfirmed webhook is forgotten",
        "webhooks/handle.py",
        "        self._query_now(payment)\n",
        "",
        (WEBHOOKS,),
    ),
    Mutant(
        "a payment that still waits for its shopper after the last query is dropped from the index of due payments",
        "follow_up/schedule.py",
        "    if over:\n",
        "    if over and payment.status is Status.REQUIRES_ACTION:\n"
        "        return replace(payment, follow_up=FollowUp(None, None, asks, times_not_found, has_arrived))\n"
        "    if over:\n",
        (PROOF, LIVENESS),
    ),
    Mutant(
        "the queries come later than the plan says",
        "follow_up/schedule.py",
        '    ask_at = min(now + _jittered(BACK_OFF[asks - 1], f"{payment.id}:{asks}"), since + PLAN_ENDS_AFTER)\n',
        '    ask_at = now + _jittered(3 * BACK_OFF[asks - 1], f"{payment.id}:{asks}")\n',
        (PROOF, LIVENESS),
    ),
    Mutant(
        "a refund in doubt calls nobody",
        "follow_up/finish.py",
        "        if written.awaits_refund and written.follow_up.asks > len(BACK_OFF):\n",
        "        if written.awaits_refund and written.follow_up.asks > 10 * len(BACK_OFF):\n",
        (REFUND_PROOF,),
    ),
    Mutant(
        "a slow answer counts for the moment at which it comes",
        "follow_up/finish.py",
        "after_query(current, asked_at, not_found=",
        "after_query(current, self.clock(), not_found=",
        (NEVER_ARRIVED,),
    ),
)
