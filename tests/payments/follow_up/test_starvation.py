"""A gateway that does not answer delays no event: a run publishes all known outcomes before its first query."""

from payments.charging.charge import Charging
from payments.follow_up.finish import PaymentFinisher
from payments.follow_up.run import run
from payments.model.gateway_transaction import GatewayTransaction
from payments.model.status import Status
from payments.outcome.status_query import MAX_UNANSWERED
from payments.ports.gateway import NoAnswer
from payments.runtime.telemetry import powertools
from tests.fakes import samples
from tests.fakes.bus import RecordingBus
from tests.fakes.clock import SettableClock
from tests.fakes.gateway import Answers, Fails, ScriptedGateway
from tests.fakes.ledger import InMemoryLedger

IN_DOUBT = 300
HANGING = 8.0


class HangingGateway(ScriptedGateway):
    """A gateway with queries that time out after `HANGING` seconds."""

    def __init__(self, clock: SettableClock) -> None:
        super().__init__()
        self._clock = clock

    def status(self, order_id: str, seconds: float) -> GatewayTransaction:
        self.asked.append(order_id)
        self._clock.forward(seconds=HANGING)
        raise NoAnswer("timeout")


def test_events_of_paid_payments_are_published_in_the_first_run_of_an_outage() -> None:
    clock, ledger, bus, telemetry = SettableClock(), InMemoryLedger(), RecordingBus(), powertools()
    gateway = HangingGateway(clock)
    charging = Charging(ledger, gateway, clock, telemetry, live=False)
    for nth in range(IN_DOUBT):
        gateway.script_charges(Fails(NoAnswer("timeout"), raw_status="SUCCESS"))
        charging.charge(
            samples.charge_request(idempotency_key=f"in-doubt-{nth}", order_id=None), samples.webhook_url, 20
        )
    clock.forward(minutes=5)
    gateway.script_charges(*[Answers("SUCCESS")] * 8)
    for nth in range(8):
        charging.charge(samples.charge_request(idempotency_key=f"paid-{nth}", order_id=None), samples.webhook_url, 20)
    ends = clock.forward(seconds=55)
    clock.forward(seconds=-55)

    def seconds_left() -> float:
        return (ends - clock()).total_seconds()

    summary = run(PaymentFinisher(ledger, gateway, bus, clock, telemetry), seconds_left, telemetry)

    assert bus.types().count("payment.succeeded") == 8
    assert len(gateway.asked) == MAX_UNANSWERED
    assert summary.broken == 0
    assert {payment.status for payment in ledger.payments()} == {Status.PROCESSING, Status.SUCCEEDED}
