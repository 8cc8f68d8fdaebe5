"""The whole domain put together with fakes, and what a test does in it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from payments.charging.charge import Charged, Charging
from payments.charging.request import ChargeRequest
from payments.follow_up.finish import FollowUps
from payments.follow_up.refresh import Refreshing
from payments.model.gateway_transaction import GatewayTransaction
from payments.model.payment import Payment
from payments.ports.ledger import Due
from payments.refunding.refund import Refunded, Refunding
from payments.refunding.request import RefundRequest
from payments.webhooks.handle import Outcome, WebhookHandler
from tests.fakes import samples
from tests.fakes.bus import RecordingBus
from tests.fakes.clock import SettableClock
from tests.fakes.gateway import Answers, ScriptedGateway, transaction_of
from tests.fakes.ledger import InMemoryLedger
from tests.fakes.telemetry import RecordingTelemetry


def finish(follow_ups: FollowUps, due: Due) -> Payment | None:
    """What a run of the follow-up does for one payment; None when another run has it, or its claim was taken back."""
    taken = follow_ups.take(due)
    return follow_ups.ask(taken).payment if taken is not None and follow_ups.is_to_be_asked(taken) else taken


@dataclass
class PaymentSystem:
    """One shop's payments, with nothing real in it but the domain."""

    ledger: InMemoryLedger = field(default_factory=InMemoryLedger)
    gateway: ScriptedGateway = field(default_factory=ScriptedGateway)
    bus: RecordingBus = field(default_factory=RecordingBus)
    clock: SettableClock = field(default_factory=SettableClock)
    telemetry: RecordingTelemetry = field(default_factory=RecordingTelemetry)
    confirm: bool = True

    @property
    def charging(self) -> Charging:
        """What takes money."""
        return Charging(self.ledger, self.gateway, self.clock, self.telemetry, live=False)

    def charge(self, order: ChargeRequest | None = None) -> Charged:
        """A request of the shop's."""
        return self.charging.charge(order or samples.charge_request(), samples.address, 20.0)

    def paid(self, order: ChargeRequest | None = None) -> Payment:
        """A payment that succeeded at once, and that the bus knows of."""
        self.gateway.will(Answers("SUCCESS"))
        charged = self.charge(order)
        self.follow_up()
        return self.reload(charged.payment)

    @property
    def refunding(self) -> Refunding:
        """What gives money back."""
        return Refunding(self.ledger, self.gateway, self.clock, self.telemetry)

    def refund(self, payment: Payment, order: RefundRequest | None = None) -> Refunded:
        """A request of the shop's to give it all back."""
        return self.refunding.refund(self.reload(payment), order or samples.refund_request(), 20.0)

    def webhook(self, payment: Payment, claimed: GatewayTransaction | None = None) -> Outcome:
        """A verified delivery; unless told otherwise it says what is in the book."""
        told = WebhookHandler(self.ledger, self.gateway, self.bus, self.clock, self.telemetry, confirm=self.confirm)
        return told.take(payment, claimed or transaction_of(self.gateway.booked(payment.wire_order_id)[0]))

    def refresh(self, payment: Payment) -> Payment:
        """A caller who cannot wait."""
        return Refreshing(self.ledger, self.gateway, self.clock, self.telemetry).refresh(payment)

    @property
    def follow_ups(self) -> FollowUps:
        """What the follow-up runs."""
        return FollowUps(self.ledger, self.gateway, self.bus, self.clock, self.telemetry)

    def follow_up(self, **later: float) -> list[Payment | None]:
        """One run, so much later: what became of each payment that was due."""
        self.clock.forward(**later)
        return [finish(self.follow_ups, due) for due in list(self.ledger.due(self.clock(), 100))]

    def follow_up_until(self, done: Callable[[], bool], runs: int = 50) -> None:
        """Runs, each at the moment the next payment is due."""
        for _ in range(runs):
            if done():
                return
            waiting = [p.follow_up.due_at for p in self.ledger.payments() if p.follow_up.due_at is not None]
            self.clock.now = max(self.clock.now, min(waiting)) + timedelta(milliseconds=1)
            self.follow_up()
        raise AssertionError(f"not done after {runs} runs: {self.ledger.payments()}")

    def reload(self, payment: Payment) -> Payment:
        """The payment as it is in the ledger."""
        found = self.ledger.get(payment.id)
        assert found is not None
        return found

    @property
    def nothing_is_due(self) -> bool:
        """Nothing is left to do."""
        return all(payment.follow_up.due_at is None for payment in self.ledger.payments())
