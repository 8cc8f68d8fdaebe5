"""Publishing: tells the bus what it has not heard. The cursor moves only over what the bus took."""

from collections.abc import Sequence
from typing import Protocol

from payments.events.event import Event, unpublished
from payments.model.payment import Payment
from payments.ports.runtime import Telemetry


class Bus(Protocol):
    """The EventBridge bus."""

    def publish(self, events: Sequence[Event]) -> int:
        """Puts events in order; returns how many from the front the bus took."""


class PublishingLedger(Protocol):
    """All that publishing needs of the table."""

    def advance(self, payment: Payment, published: int) -> None:
        """Moves the publish cursor, never back, and clears or sets what is due next."""


def publish(payment: Payment, ledger: PublishingLedger, bus: Bus, telemetry: Telemetry) -> int:
    """Puts every unpublished entry on the bus, in order, at least once; returns how many the bus took.

    A crash between bus and cursor publishes again later, under the same event ids. What the bus did not take stays
    due, and the follow-up comes back for it.
    """
    events = unpublished(payment)
    if not events:
        return 0
    taken = bus.publish(events)
    if taken < len(events):
        telemetry.note("publish_incomplete", payment_id=payment.id, left=len(events) - taken)
    if taken:
        ledger.advance(payment, payment.published + taken)
    return taken
