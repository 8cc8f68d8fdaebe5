"""The system under test: the real use cases in interleaved processes, with models of ledger, gateway, bus and clock."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from payments.charging.charge import Charged, Charging
from payments.errors import NothingSent
from payments.events.relay import Relay
from payments.follow_up.refresh import AT_MOST_EVERY, Refreshing
from payments.follow_up.run import run
from payments.follow_up.schedule import BACK_OFF
from payments.model.gateway_transaction import GatewayTransaction
from payments.model.history import SUSPICIOUS
from payments.model.payment import Payment
from payments.model.status import Status
from payments.outcome.record import update
from payments.reconciliation.resolution import in_review
from payments.refunding.refund import Refunded, Refunding
from payments.webhooks.handle import WebhookHandler
from tests.fakes import samples
from tests.fakes.bus import RecordingBus
from tests.fakes.clock import START, SettableClock
from tests.fakes.crashing_ledger import Crash
from tests.fakes.ledger import InMemoryLedger
from tests.payments.assembled import finisher_of
from tests.payments.events.stream_mapping import records_of
from tests.proof.gateway_model import Charge, ChargePlan, GatewayModel
from tests.proof.processes import Paused, Process
from tests.proof.refund_model import RefundPlan
from tests.proof.shop_requests import ShopCharge, ShopRefund
from tests.proof.wrappers import LosesTheFirstAnswer, PlannedGateway, StrictTelemetry

REQUEST_SECONDS: Final = 27.0
RUN_SECONDS: Final = 55.0
RELAY_SECONDS: Final = 60.0
"""The time-outs of the functions (template.yaml). Lambda kills a process that runs longer."""


class SystemUnderTest:
    """All processes and what they share.

    `charges`, `refunds`: all requests so far. `answers`: each answered charge. `texts`: all results and errors.
    `live`: the mode of the stack. `decided_early`: payments that a person may have decided on while the gateway had no
    final status.
    """

    expected: tuple[type[BaseException], ...] = (Crash, NothingSent)
    """The errors that a process may end with."""

    def __init__(self, *, confirm: bool, left_after: timedelta | None = None, refunds_superseded: bool = False) -> None:
        self.left_after, self.refunds_superseded = left_after, refunds_superseded
        self.live = False
        self.confirm = confirm
        self.webhooks_come = True  # after the end of the faults
        self.elapsed = 0.0  # true time in seconds; the clock may deviate a little
        self.clock = SettableClock()
        self.ledger, self.bus, self.telemetry = InMemoryLedger(), RecordingBus(), StrictTelemetry()
        self.gateway = GatewayModel(lambda: self.elapsed)
        self.running: list[Process] = []
        self.charges: list[ShopCharge] = []
        self.answers: list[tuple[ShopCharge, Payment]] = []
        self.refunds: list[ShopRefund] = []
        self.texts: list[str] = []
        self.decided_early: set[str] = set()

    # ------------------------------------------------------------ processes

    def charge(self, charge: ShopCharge, plan: ChargePlan) -> Process:
        """Starts a shop's request to charge."""
        environment = self.environment_for("charge")

        def work(process: Process) -> Charged:
            gateway = Paused(PlannedGateway(environment, plan), process)
            ledger = Paused(self.ledger, process)
            charging = self.charging(ledger, gateway, live=environment.live)
            charged = charging.charge(charge.request(), samples.webhook_url, 20.0)
            self.answers.append((charge, charged.payment))
            return charged

        self.charges.append(charge)
        return self._start(f"charge {charge.key}", REQUEST_SECONDS, work, environment)

    def charging(self, ledger: Any, gateway: Any, *, live: bool) -> Charging:
        """The use case of charges, over the ledger and the gateway of one process."""
        return Charging(
            ledger,
            gateway,
            self.clock,
            self.telemetry,
            live=live,
            left_after=self.left_after,
            refunds_superseded=self.refunds_superseded,
        )

    def refund(self, refund: ShopRefund, plan: RefundPlan, *, loses_answer: bool) -> Process:
        """Starts a shop's request to refund. `loses_answer`: its first write is made and reported as a lost race."""
        environment = self.environment_for("charge")

        def work(process: Process) -> Refunded | None:
            ledger = Paused(self.ledger, process)
            gateway = Paused(PlannedGateway(environment, refund_plan=plan), process)
            payment = ledger.get(refund.payment_id)
            if payment is None:
                return None
            writing = LosesTheFirstAnswer(ledger) if loses_answer else ledger
            refunding = Refunding(writing, gateway, self.clock, self.telemetry, lambda: nonce)
            return refunding.refund(payment, refund.request(), 20.0)

        self.refunds.append(refund)
        nonce = f"nonce-{len(self.refunds)}"
        return self._start(f"refund {refund.key}", REQUEST_SECONDS, work, environment)

    def webhook(self, payment_id: str, transaction: GatewayTransaction) -> Process:
        """Starts the delivery of a verified webhook. For a released claim it ends at once, as the door answers 404."""
        environment = self.environment_for("webhook")

        def work(process: Process) -> object:
            parts = (self.ledger.announcing, environment, self.bus)
            ledger, gateway, bus = (Paused(part, process) for part in parts)
            payment = ledger.get(payment_id)
            if payment is None:
                return None
            handler = WebhookHandler(ledger, gateway, bus, self.clock, self.telemetry, confirm=self.confirm)
            return handler.handle(payment, transaction)

        return self._start(f"webhook {transaction.raw_status}", REQUEST_SECONDS, work, environment)

    def follow_up(self) -> Process:
        """Starts a run of the follow-up."""
        environment = self.environment_for("follow_up")
        ends = self.elapsed + RUN_SECONDS

        def work(process: Process) -> object:
            parts = (self.ledger.announcing, environment, self.bus)
            ledger, gateway, bus = (Paused(part, process) for part in parts)
            finisher = finisher_of(ledger, gateway, bus, self.clock, self.telemetry)
            return run(finisher, lambda: ends - self.elapsed, self.telemetry)

        return self._start("follow-up", RUN_SECONDS, work, environment)

    def relay(self, payment_ids: list[str]) -> Process:
        """Starts the relay with a batch of the table's stream: records of these payments, late or repeated ones too."""
        ends = self.elapsed + RELAY_SECONDS

        def work(process: Process) -> object:
            ledger, bus = Paused(self.ledger, process), Paused(self.bus, process)
            relay = Relay(ledger, bus, self.clock, self.telemetry)
            return relay.relay(records_of(*payment_ids), lambda: ends - self.elapsed)

        return self._start("relay", RELAY_SECONDS, work)

    def refresh(self, payment_id: str) -> Process:
        """Starts a refresh for a caller that cannot wait."""
        environment = self.environment_for("charge")

        def work(process: Process) -> object:
            ledger, gateway = Paused(self.ledger, process), Paused(environment, process)
            payment = ledger.get(payment_id)
            return payment and Refreshing(ledger, gateway, self.clock, self.telemetry).refresh(payment, samples.CALLER)

        return self._start("refresh", REQUEST_SECONDS, work, environment)

    def advance(self, process: Process, steps: int | None = None) -> None:
        """Runs the process so many steps; None: to its end."""
        process.advance(steps)
        self._collect(process)

    def kill(self, process: Process) -> None:
        """Kills the process at its present step."""
        process.kill()
        self._collect(process)

    def environment_for(self, function: str) -> Any:
        """The gateway's client in a free environment of a function."""
        return self.gateway

    def _start(self, name: str, seconds: float, work: Any, environment: Any = None) -> Process:
        process = Process(name, self.elapsed + seconds, work)
        if environment is not None:
            environment.process = process
        self.running.append(process)
        return process

    def _collect(self, process: Process) -> None:
        """Keeps the texts of a finished process. Raises its error unless it is a crash or an expected refusal."""
        if not process.is_finished:
            return
        self.running.remove(process)
        error = process.error
        self.texts += [repr(process.result), repr(error), str(error), repr(getattr(error, "__cause__", None))]
        if error is not None and not isinstance(error, self.expected):
            raise error

    # --------------------------------------------------------------- people

    def mark_suspicious(self, charge: Charge) -> None:
        """The gateway calls a payment suspicious: it goes into review, whatever other processes do with it."""
        payment = self.ledger.get(charge.payment_id)
        if payment is not None and payment.status is Status.SUCCEEDED:
            update(payment, self._suspicious, self.ledger, self.telemetry)

    def _suspicious(self, payment: Payment) -> Payment:
        return in_review(payment, [SUSPICIOUS], None, self.clock())

    def clear_suspicion(self, charge: Charge) -> None:
        """A reviewer decides that a suspicious payment succeeded."""
        payment = self.ledger.get(charge.payment_id)
        if payment is None or payment.failure is None or payment.failure.code != SUSPICIOUS:
            return
        self.ledger.save(
            payment,
            payment.transition_to(Status.SUCCEEDED, at=self.clock(), source="operator", evidence={"why": "asked"}),
        )

    # ----------------------------------------------------------------- time

    def pass_time(self, seconds: float) -> None:
        """Time passes: processes past their time-out are killed, and late POSTs arrive at the gateway."""
        self.elapsed += seconds
        self.clock.forward(seconds=seconds)
        for process in [process for process in self.running if process.killed_at < self.elapsed]:
            self.kill(process)
        self.gateway.advance()

    def run_on_schedule(self, runs: int) -> None:
        """So many complete runs of the follow-up, each when a payment is due."""
        for _ in range(runs):
            self.pass_time(self.seconds_to_next_due() or 60.0)
            self.advance(self.follow_up())

    def hide_known_charges(self) -> None:
        """The status API no longer finds the charges that the ledger already knows to have arrived."""

        def is_hidden(charge: Charge) -> bool:
            payment = self.ledger.get(charge.payment_id)
            return payment is not None and (payment.follow_up.arrived or payment.transaction_id is not None)

        self.gateway.is_hidden = is_hidden

    def set_clock_back(self, seconds: float) -> None:
        """The clock is corrected, by no more than five seconds from true time: the time service keeps it."""
        true = START + timedelta(seconds=self.elapsed)
        self.clock.now = max(true - timedelta(seconds=5), self.clock.now - timedelta(seconds=seconds))

    def seconds_to_next_due(self) -> float | None:
        """Seconds until a payment is due; None when all are finished, or wait for the gateway's refund for ever."""
        unfinished = [p for p in self.ledger.payments() if p.has_unpublished or not self._is_asked_for_ever(p)]
        due = [p.follow_up.due_at for p in unfinished if p.follow_up.due_at is not None]
        return max(0.0, (min(due) - self.clock()).total_seconds()) + 0.001 if due else None

    def awaits_gateway(self, payment: Payment) -> bool:
        """Whether the gateway has accepted a refund and not made it. It still may, so the queries never end."""
        attempt = payment.refund_attempt
        if not payment.awaits_refund or attempt is None or not attempt.arrived:
            return False
        return not any(charge.reversals.refunds for charge in self.gateway.charges if charge.payment_id == payment.id)

    def is_owed_a_refund(self, payment: Payment) -> bool:
        """Whether nothing can end the queries about the payment's refund.

        The gateway owes the refund; or the payment is of the other mode, about which no query is possible.
        """
        return self.awaits_gateway(payment) or (payment.awaits_refund and payment.live != self.live)

    def _is_asked_for_ever(self, payment: Payment) -> bool:
        """Whether nothing can end the queries, and a person has been called."""
        return self.is_owed_a_refund(payment) and payment.follow_up.asks > len(BACK_OFF)

    def end_faults(self) -> None:
        """Kills all processes and ends all outages."""
        for process in list(self.running):
            self.kill(process)
        self.gateway.recover()
        self.bus.takes = None

    def deliver_webhooks(self) -> None:
        """All undelivered webhooks arrive, unless the gateway sends none."""
        webhooks, self.gateway.webhooks = self.gateway.webhooks, []
        for payment_id, transaction in webhooks if self.webhooks_come else []:
            self.advance(self.webhook(payment_id, transaction))

    def refresh_all(self) -> None:
        """Refreshes every payment once, so that reversals by others without a webhook are recorded."""
        self.pass_time(2 * AT_MOST_EVERY.total_seconds() + 1)  # the clock may be five seconds behind
        for payment in self.ledger.payments():
            self.advance(self.refresh(payment.id))
        for _ in self.follow_up_to_the_end():
            pass

    def follow_up_to_the_end(self) -> Iterator[None]:
        """Runs the follow-up whenever a payment is due, until none is. Yields after each run."""
        for _ in range(500):
            wait = self.seconds_to_next_due()
            if wait is None:
                return
            self.pass_time(wait)
            self.advance(self.follow_up())
            yield
        raise AssertionError("the follow-up never comes to an end")
