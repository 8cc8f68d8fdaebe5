"""The use cases of payments assembled with fakes for ledger, gateway, bus, clock and telemetry."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from payments.charging.charge import Charged, Charging
from payments.charging.request import ChargeRequest
from payments.events.outbox import Bus
from payments.events.relay import Relay
from payments.follow_up.finish import PaymentFinisher, QueryResult
from payments.follow_up.refresh import Refreshing
from payments.model.gateway_transaction import GatewayTransaction
from payments.model.payment import Payment
from payments.ports.gateway import Gateway
from payments.ports.ledger import Due, FollowUpLedger, OrderReader
from payments.ports.runtime import Clock, Telemetry
from payments.refunding.late import LateRefunding
from payments.refunding.refund import Refunded, Refunding
from payments.refunding.request import RefundRequest
from payments.webhooks.handle import Outcome, WebhookHandler
from tests.fakes import samples
from tests.fakes.bus import RecordingBus
from tests.fakes.clock import SettableClock
from tests.fakes.gateway import Answers, ScriptedGateway, transaction_of
from tests.fakes.ledger import InMemoryLedger
from tests.fakes.telemetry import RecordingTelemetry
from tests.payments.events.stream_mapping import records_of


class RefundingLedger(FollowUpLedger, OrderReader, Protocol):
    """What the follow-up needs with the refunds that it makes."""


def finisher_of(
    ledger: RefundingLedger, gateway: Gateway, bus: Bus, clock: Clock, telemetry: Telemetry
) -> PaymentFinisher:
    """The use case of the follow-up, with the refunds that it makes."""
    late_refunds = LateRefunding(Refunding(ledger, gateway, clock, telemetry), ledger)
    return PaymentFinisher(ledger, gateway, bus, clock, telemetry, late_refunds)


def queried(finisher: PaymentFinisher, payment: Payment) -> QueryResult:
    """A leased payment after its query, and after the publication of what it brought."""
    result = finisher.ask(payment)
    if result.payment is not None:
        finisher.publish(result.payment)
    return result


def finish(finisher: PaymentFinisher, due: Due) -> Payment | None:
    """One due payment after a run of the follow-up; None when another run has its lease, or its claim was released."""
    payment = finisher.lease(due)
    return queried(finisher, payment).payment if payment is not None and finisher.is_query_due(payment) else payment


@dataclass
class PaymentSystem:
    """The system under test: real use cases, and fakes for everything around them."""

    ledger: InMemoryLedger = field(default_factory=InMemoryLedger)
    gateway: ScriptedGateway = field(default_factory=ScriptedGateway)
    bus: RecordingBus = field(default_factory=RecordingBus)
    clock: SettableClock = field(default_factory=SettableClock)
    telemetry: RecordingTelemetry = field(default_factory=RecordingTelemetry)
    confirm: bool = True
    left_after: timedelta | None = None
    refunds_superseded: bool = False
    relay_works: bool = True

    @property
    def charging(self) -> Charging:
        """The use case of charges."""
        return Charging(
            self.ledger,
            self.gateway,
            self.clock,
            self.telemetry,
            live=False,
            left_after=self.left_after,
            refunds_superseded=self.refunds_superseded,
        )

    def charge(self, request: ChargeRequest | None = None) -> Charged:
        """Charges as the shop requests."""
        return self.charging.charge(request or samples.charge_request(), samples.webhook_url, 20.0)

    def paid(self, request: ChargeRequest | None = None) -> Payment:
        """A payment that succeeded at once, with all its events on the bus."""
        self.gateway.script_charges(Answers("SUCCESS"))
        charged = self.charge(request)
        self.follow_up()
        return self.reload(charged.payment)

    @property
    def refunding(self) -> Refunding:
        """The use case of refunds."""
        return Refunding(self.ledger, self.gateway, self.clock, self.telemetry)

    def refund(self, payment: Payment, request: RefundRequest | None = None) -> Refunded:
        """Refunds the whole payment as the shop requests."""
        return self.refunding.refund(self.reload(payment), request or samples.refund_request(), 20.0)

    def webhook(self, payment: Payment, claimed: GatewayTransaction | None = None) -> Outcome:
        """Handles a verified webhook; by default it describes the transaction in the gateway's book."""
        ledger = self.ledger.announcing
        handler = WebhookHandler(ledger, self.gateway, self.bus, self.clock, self.telemetry, confirm=self.confirm)
        return handler.handle(payment, claimed or transaction_of(self.gateway.charges_of(payment.wire_order_id)[0]))

    def refresh(self, payment: Payment) -> Payment:
        """Refreshes a payment for a caller that cannot wait."""
        return Refreshing(self.ledger, self.gateway, self.clock, self.telemetry).refresh(payment, samples.CALLER)

    @property
    def relay(self) -> Relay:
        """The use case of the relay."""
        return Relay(self.ledger, self.bus, self.clock, self.telemetry)

    @property
    def finisher(self) -> PaymentFinisher:
        """The use case of the follow-up."""
        return finisher_of(self.ledger.announcing, self.gateway, self.bus, self.clock, self.telemetry)

    def relay_all(self) -> None:
        """The relay gets a record of each payment in the table."""
        self.relay.relay(records_of(*self.ledger.payments()), lambda: 60.0)

    def follow_up(self, **later: float) -> list[Payment | None]:
        """One run of the follow-up, so much later; the relay was quicker. Returns each payment that was due."""
        if self.relay_works:
            self.relay_all()
        self.clock.forward(**later)
        return [finish(self.finisher, due) for due in list(self.ledger.due(self.clock(), 100))]

    def follow_up_until(self, is_done: Callable[[], bool], runs: int = 50) -> None:
        """Runs of the follow-up until `is_done`, each at the moment when the next payment is due."""
        for _ in range(runs):
            if is_done():
                return
            due = [p.follow_up.due_at for p in self.ledger.payments() if p.follow_up.due_at is not None]
            self.clock.now = max(self.clock.now, min(due)) + timedelta(milliseconds=1)
            self.follow_up()
        raise AssertionError(f"not done after {runs} runs: {self.ledger.payments()}")

    def reload(self, payment: Payment) -> Payment:
        """The payment as it stands in the ledger."""
        found = self.ledger.get(payment.id)
        assert found is not None
        return found

    @property
    def nothing_is_due(self) -> bool:
        """Whether the follow-up has nothing left to do, now or later."""
        return all(payment.follow_up.due_at is None for payment in self.ledger.payments())
