"""The relay: publishes what was written a moment ago, as the table's stream reports it. The outbox does the work.

A stream record names only the payment. The payment is read as it is now, so a repeated, late or reordered record does
no harm, and all records of a payment in a batch are done at once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from payments.events.outbox import Bus, publish
from payments.model.identifiers import is_payment_id
from payments.model.payment import Payment
from payments.ports.ledger import PaymentReader, PublishingLedger, TableBusy
from payments.ports.runtime import Clock, Telemetry

ONE_PAYMENT_SECONDS: Final = 25.0
"""No payment is begun with less time left than this: a hanging table and a hanging bus take 21.5 s."""

MAX_LEFT_IN_A_ROW: Final = 2
"""Payments of a batch that could not be done, one after the other. Then the trouble is the bus's or the table's: the
rest of the batch waits for the next delivery, instead of costing a call that hangs for each payment."""


@dataclass(frozen=True, slots=True)
class StreamRecord:
    """A change of one item of the table. `sequence_number`: its place in the stream."""

    sequence_number: str
    key: str


class RelayLedger(PaymentReader, PublishingLedger, Protocol):
    """The part of the table that the relay needs."""


class RelayTelemetry(Telemetry, Protocol):
    """Telemetry that also reports a bug, so that one broken payment does not stop the batch."""

    def unexpected(self, error: Exception) -> None:
        """Logs the type and the place of an unexpected exception."""


@dataclass(frozen=True, slots=True)
class Relay:
    """The use case with its dependencies."""

    ledger: RelayLedger
    bus: Bus
    clock: Clock
    telemetry: RelayTelemetry

    def relay(self, records: Sequence[StreamRecord], seconds_left: Callable[[], float]) -> str | None:
        """Publishes what the records report. Returns the place of the first one to be delivered again; None: none.

        The stream delivers again from there on, so the order of a payment's events is kept. The other payments of the
        batch are done all the same: they do not wait for the one that fails.
        """
        seen: set[str] = set()
        first_left: str | None = None
        in_a_row = 0
        for record in records:
            if record.key in seen:
                continue
            seen.add(record.key)
            is_possible = in_a_row < MAX_LEFT_IN_A_ROW and seconds_left() > ONE_PAYMENT_SECONDS
            is_done = is_possible and self._is_done(record.key)
            in_a_row = 0 if is_done else in_a_row + 1
            first_left = first_left if first_left or is_done else record.sequence_number
            if not is_possible:
                break
        self.telemetry.about(None)
        if first_left is not None:
            self.telemetry.note("relay_incomplete", records=len(records))
        return first_left

    def _is_done(self, key: str) -> bool:
        """Whether nothing of the item is left to the relay."""
        try:
            return not is_payment_id(key) or self.announce(key)
        except TableBusy:
            return False
        except Exception as error:  # noqa: BLE001 - delivered again a few times, then the follow-up has it
            self.telemetry.unexpected(error)
            return False

    def announce(self, payment_id: str) -> bool:
        """Publishes what was left to the relay; False when the bus did not take all of it."""
        self.telemetry.about(payment_id)
        payment = self.ledger.get(payment_id)
        if payment is None or payment.follow_up.announcer != "relay":
            return True
        self.telemetry.about(payment.id, payment.order_id, payment.transaction_id)
        left = payment.version - payment.published
        return publish(self._keeping_lease(payment), self.ledger, self.bus, self.telemetry) == left

    def _keeping_lease(self, payment: Payment) -> Payment:
        """The payment, so that publishing does not end the lease of a run that is asking about it.

        `advance` makes the payment due at `ask_at`. While a query is due, `due_at` is the end of a lease, or past.
        """
        plan = payment.follow_up
        if plan.ask_at is None or plan.due_at is None or plan.ask_at > self.clock():
            return payment
        return replace(payment, follow_up=replace(plan, ask_at=max(plan.ask_at, plan.due_at)))
