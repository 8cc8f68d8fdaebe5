"""Breakages of publishing: the events, their order, and the cursor."""

from typing import Final

from tests.proof.mutants.mutant import Mutant
from tests.proof.mutants.suites import MOTO, OUTBOX, PROOF, RELAY, SAFETY_NET

EVENTS: Final = (
    Mutant(
        "an event is published before its entry is written",
        "webhooks/handle.py",
        '            recorded = record(payment, claimed, "webhook", self.ledger, self.clock, self.telemetry)\n',
        "            from payments.outcome.apply import apply\n"
        '            publish(apply(payment, claimed, "webhook", self.clock()), self.ledger, self.bus, self.telemetry)\n'
        '            recorded = record(payment, claimed, "webhook", self.ledger, self.clock, self.telemetry)\n',
        (PROOF,),
    ),
    Mutant(
        "the cursor passes events that the bus did not take",
        "events/outbox.py",
        "        ledger.advance(payment, payment.published + accepted)\n",
        "        ledger.advance(payment, payment.version)\n",
        (PROOF, OUTBOX),
    ),
    Mutant(
        "the cursor may go back",
        "ledger/payments.py",
        'CURSOR_NOT_AHEAD: Final = "published <= :published"',
        'CURSOR_NOT_AHEAD: Final = "published >= :published OR published <= :published"',
        (MOTO,),
    ),
    Mutant(
        "an event has the present status instead of its entry's status",
        "events/event.py",
        '        "status": entry.status,\n',
        '        "status": payment.status,\n',
        (PROOF, OUTBOX),
    ),
    Mutant(
        "the relay publishes what its writer publishes itself",
        "events/relay.py",
        '        if payment is None or payment.follow_up.announcer != "relay":\n',
        "        if payment is None:\n",
        (RELAY,),
    ),
    Mutant(
        "a webhook publishes what the relay is about to",
        "webhooks/handle.py",
        '        if payment.follow_up.announcer != "relay":\n',
        "        if True:\n",
        (RELAY,),
    ),
    Mutant(
        "the relay reports the last record that failed, not the first",
        "events/relay.py",
        "first_left = first_left if first_left or is_done else record.sequence_number\n",
        "first_left = first_left if is_done else record.sequence_number\n",
        (RELAY,),
    ),
    Mutant(
        "the relay takes a refused event for published",
        "events/relay.py",
        "self.ledger, self.bus, self.telemetry) == left\n",
        "self.ledger, self.bus, self.telemetry) <= left\n",
        (RELAY,),
    ),
    Mutant(
        "the relay ends the lease of a run that is asking",
        "events/relay.py",
        "publish(self._keeping_lease(payment), ",
        "publish(payment, ",
        (RELAY,),
    ),
    Mutant(
        "a claim that may still be deleted is left to the relay",
        "model/announcer.py",
        " or is_mere_claim(after):\n",
        ":\n",
        (MOTO, RELAY),
    ),
    Mutant(
        "a write forgets who publishes the entries before it",
        "model/announcer.py",
        'by_relay=before.follow_up.announcer == "relay")\n',
        "by_relay=leaves_to_relay)\n",
        (MOTO,),
    ),
    Mutant(
        "a payment that only the relay could publish is not due",
        "model/follow_up.py",
        "due_at=left if self.ask_at is None else min(left, self.ask_at))\n",
        "due_at=self.ask_at)\n",
        (PROOF, SAFETY_NET),
    ),
    Mutant(
        "unpublished events delay a query",
        "model/follow_up.py",
        "due_at=left if self.ask_at is None else min(left, self.ask_at))\n",
        "due_at=left)\n",
        (SAFETY_NET,),
    ),
)
