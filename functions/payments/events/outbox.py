"""The outbox: publishes the history entries that are not on the bus yet. The cursor passes only accepted events."""

from collections.abc import Sequence
from typing import Protocol

from payments.events.event import Event, unpublished
from payments.model.payment import Payment
from payments.ports.ledger import PublishingLedger
from payments.ports.runtime import Telemetry


class Bus(Protocol):
    """The EventBridge bus."""

    def publish(self, events: Sequence[Event]) -> int:
        """Puts events in order; returns how many of them, from the front, the bus accepted."""


def publish(payment: Payment, ledger: PublishingLedger, bus: Bus, telemetry: Telemetry) -> int:
    """Publishes every unpublished entry, in order, at least once; returns how many the bus accepted.

    After a crash between bus and cursor, the same events are published again later, under the same ids. Events that the
    bus did not accept stay due: the follow-up publishes them later.
    """
    events = unpublished(payment)
    if not events:
        return 0
    accepted = bus.publish(events)
    if accepted < len(events):
        telemetry.note("publish_incomplete", payment_id=payment.id, left=len(events) - accepted)
    if accepted:
        ledger.advance(payment, payment.published + accepted)
    return accepted
