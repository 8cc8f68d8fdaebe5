"""Breakages of publishing: the events, their order, and the cursor."""

from typing import Final

from tests.proof.mutants.mutant import Mutant
from tests.proof.mutants.suites import MOTO, OUTBOX, PROOF

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
)
