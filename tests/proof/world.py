"""The world of the proof: the real domain in every process, and around it a ledger, a bank, a bus and a clock."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from payments.charging.charge import Charged, Charging
from payments.charging.request import ChargeRequest
from payments.errors import NothingSent
from payments.follow_up.finish import PaymentFinisher
from payments.follow_up.refresh import AT_MOST_EVERY, Refreshing
from payments.follow_up.run import run
from payments.model.gateway_transaction import GatewayTransaction
from payments.model.history import SUSPICIOUS
from payments.model.payment import Payment
from payments.model.status import Status
from payments.outcome.record import update
from payments.ports.ledger import LostRace
from payments.reconciliation.resolution import in_review
from payments.refunding.refund import Refunded, Refunding
from payments.refunding.request import RefundRequest
from payments.webhooks.handle import WebhookHandler
from tests.fakes import samples
from tests.fakes.bus import RecordingBus
from tests.fakes.clock import START, SettableClock
from tests.fakes.crashing_ledger import Crash
from tests.fakes.ledger import InMemoryLedger
from tests.fakes.telemetry import RecordingTelemetry
from tests.proof.gateway_model import Bank, Charge, Fate
from tests.proof.processes import Paused, Process
from tests.proof.refund_steps import Way

CVV: Final = "the-cvv"
"""No digits, so that no timestamp can be mistaken for it."""

DOOR_SECONDS: Final = 28.0
RUN_SECONDS: Final = 55.0
"""The functions' time-outs (template.yaml): Lambda kills what lives longer."""


class Telemetry(RecordingTelemetry):
    """Fails the proof where production would log a bug."""

    def unexpected(self, error: Exception) -> None:
        """A bug."""
        raise AssertionError(f"unexpected: {error!r}") from error


@dataclass(frozen=True)
class Shop:
    """One of the requests that shops make, and repeat."""

    caller: str
    key: str
    order_id: str | None
    amount: int = 100

    def order(self) -> ChargeRequest:
        """The request."""
        money = replace(samples.MONEY, amount=self.amount)
        card = samples.card(cvv=CVV)
        return samples.charge_request(
            caller=self.caller, idempotency_key=self.key, order_id=self.order_id, money=money, card=card
        )


@dataclass(frozen=True)
class Wish:
    """One of the requests to give a payment back, which shops make and repeat, too."""

    payment_id: str
    caller: str
    key: str
    reason: str = "returned"

    def order(self) -> RefundRequest:
        """The request."""
        return RefundRequest(caller=self.caller, idempotency_key=self.key, reason=self.reason)


class World:
    """All there is, and how its processes begin, go on and die."""

    def __init__(self, *, confirm: bool) -> None:
        self.confirm = confirm
        self.elapsed = 0.0  # true time; the clock may deviate a little
        self.clock = SettableClock()
        self.ledger, self.bus, self.telemetry = InMemoryLedger(), RecordingBus(), Telemetry()
        self.bank = Bank(lambda: self.elapsed)
        self.alive: list[Process] = []
        self.asked: list[Shop] = []
        self.answers: list[tuple[Shop, Payment]] = []
        self.wished: list[Wish] = []
        self.texts: list[str] = []

    # ------------------------------------------------------------ processes

    def charge(self, shop: Shop, fate: Fate) -> Process:
        """A shop's request."""

        def work(process: Process) -> Charged:
            gateway = Paused(_Fated(self.bank, fate), process)
            charging = Charging(Paused(self.ledger, process), gateway, self.clock, self.telemetry, live=False)
            charged = charging.charge(shop.order(), samples.address, 20.0)
            self.answers.append((shop, charged.payment))
            return charged

        self.asked.append(shop)
        return self._begun(f"charge {shop.key}", DOOR_SECONDS, work)

    def refund(self, wish: Wish, way: Way, *, unheard: bool) -> Process:
        """A shop's request to give it all back. `unheard`: its first write is done, and reported as lost."""

        def work(process: Process) -> Refunded | None:
            ledger, gateway = Paused(self.ledger, process), Paused(_Fated(self.bank, way=way), process)
            payment = ledger.get(wish.payment_id)
            if payment is None:
                return None
            writing = _Unheard(ledger) if unheard else ledger
            refunding = Refunding(writing, gateway, self.clock, self.telemetry, lambda: nonce)
            return refunding.refund(payment, wish.order(), 20.0)

        self.wished.append(wish)
        nonce = f"nonce-{len(self.wished)}"
        return self._begun(f"refund {wish.key}", DOOR_SECONDS, work)

    def webhook(self, payment_id: str, transaction: GatewayTransaction) -> Process:
        """A delivery, verified by the door; 404 for a payment that was released."""

        def work(process: Process) -> object:
            ledger, bank, bus = (Paused(part, process) for part in (self.ledger, self.bank, self.bus))
            payment = ledger.get(payment_id)
            if payment is None:
                return None
            handler = WebhookHandler(ledger, bank, bus, self.clock, self.telemetry, confirm=self.confirm)
            return handler.handle(payment, transaction)

        return self._begun(f"webhook {transaction.raw_status}", DOOR_SECONDS, work)

    def follow_up(self) -> Process:
        """A run of the schedule."""
        ends = self.elapsed + RUN_SECONDS

        def work(process: Process) -> object:
            ledger, bank, bus = (Paused(part, process) for part in (self.ledger, self.bank, self.bus))
            follow_ups = PaymentFinisher(ledger, bank, bus, self.clock, self.telemetry)
            return run(follow_ups, lambda: ends - self.elapsed, self.telemetry)

        return self._begun("follow-up", RUN_SECONDS, work)

    def refresh(self, payment_id: str) -> Process:
        """A caller who cannot wait."""

        def work(process: Process) -> object:
            ledger, bank = Paused(self.ledger, process), Paused(self.bank, process)
            payment = ledger.get(payment_id)
            return payment and Refreshing(ledger, bank, self.clock, self.telemetry).refresh(payment)

        return self._begun("refresh", DOOR_SECONDS, work)

    def go_on(self, process: Process, steps: int | None = None) -> None:
        """So many steps further, or to the end."""
        process.go_on(steps)
        self._buried(process)

    def kill(self, process: Process) -> None:
        """The process dies where it is."""
        process.die()
        self._buried(process)

    def _begun(self, name: str, lives: float, work: Any) -> Process:
        process = Process(name, self.elapsed + lives, work)
        self.alive.append(process)
        return process

    def _buried(self, process: Process) -> None:
        if not process.is_over:
            return
        self.alive.remove(process)
        error = process.error
        self.texts += [repr(process.result), repr(error), str(error), repr(getattr(error, "__cause__", None))]
        if error is not None and not isinstance(error, Crash | NothingSent):
            raise error

    # ----------------------------------------------------------------- time

    def pass_time(self, seconds: float) -> None:
        """Time passes: what lives too long is killed, what was under way arrives."""
        self.elapsed += seconds
        self.clock.forward(seconds=seconds)
        for process in [process for process in self.alive if process.dies_at < self.elapsed]:
            self.kill(process)
        self.bank.catch_up()

    def keep_time(self, runs: int) -> None:
        """The schedule as it should be: so many runs, each when something is due."""
        for _ in range(runs):
            self.pass_time(self.seconds_to_next_due() or 60.0)
            self.go_on(self.follow_up())

    def suspect(self, charge: Charge) -> None:
        """The gateway's books call a payment suspicious: it goes to a human, whatever else is being done about it."""
        payment = self.ledger.get(charge.payment_id)
        if payment is not None and payment.status is Status.SUCCEEDED:
            update(payment, self._suspicious, self.ledger, self.telemetry)

    def _suspicious(self, payment: Payment) -> Payment:
        return in_review(payment, [SUSPICIOUS], None, self.clock())

    def clear_of_suspicion(self, charge: Charge) -> None:
        """A human has looked: it was paid, as it seemed."""
        payment = self.ledger.get(charge.payment_id)
        if payment is None or payment.failure is None or payment.failure.code != SUSPICIOUS:
            return
        self.ledger.save(
            payment,
            payment.transition_to(Status.SUCCEEDED, at=self.clock(), source="operator", evidence={"why": "asked"}),
        )

    def forget(self) -> None:
        """The status API no longer finds what it has once shown, and we have written down that it knows it."""

        def forgets(charge: Charge) -> bool:
            payment = self.ledger.get(charge.payment_id)
            return payment is not None and (payment.follow_up.arrived or payment.transaction_id is not None)

        self.bank.forgets = forgets

    def set_clock_back(self, seconds: float) -> None:
        """The machine's clock is corrected; never by much, for it is kept by the time service."""
        true = START + timedelta(seconds=self.elapsed)
        self.clock.now = max(true - timedelta(seconds=5), self.clock.now - timedelta(seconds=seconds))

    def seconds_to_next_due(self) -> float | None:
        """How long until something is due; None when nothing is left to do, but to wait for the bank."""
        left = [p for p in self.ledger.payments() if p.has_unpublished or not self.waits_for_the_bank(p)]
        due = [p.follow_up.due_at for p in left if p.follow_up.due_at is not None]
        return max(0.0, (min(due) - self.clock()).total_seconds()) + 0.001 if due else None

    def waits_for_the_bank(self, payment: Payment) -> bool:
        """The gateway took a refund and has not made it: it may yet, so it is asked about for as long as it takes."""
        request = payment.refund_attempt
        if not payment.awaits_refund or request is None or not request.arrived:
            return False
        return not any(charge.back.refunds for charge in self.bank.book if charge.payment_id == payment.id)

    def finish(self) -> None:
        """Whoever is alive dies, all is well from now on, no webhook comes any more, and the follow-up has its time."""
        for process in list(self.alive):
            self.kill(process)
        self.bank.heal()
        self.bank.post = []
        self.bus.takes = None
        self.come_to_rest()

    def look_at_each(self) -> None:
        """Every payment is asked about once more: what was done behind our back, and told by nobody, is seen."""
        self.pass_time(2 * AT_MOST_EVERY.total_seconds() + 1)  # the clock may have been set back by five
        for payment in self.ledger.payments():
            self.go_on(self.refresh(payment.id))
        self.come_to_rest()

    def come_to_rest(self) -> None:
        """The follow-up runs whenever something is due, until nothing is."""
        for _ in range(500):
            wait = self.seconds_to_next_due()
            if wait is None:
                return
            self.pass_time(wait)
            self.go_on(self.follow_up())
        raise AssertionError("the follow-up never comes to an end")


class _Fated:
    """The bank, which has decided what becomes of this process's POST."""

    def __init__(self, bank: Bank, fate: Fate | None = None, way: Way | None = None) -> None:
        self._bank = bank
        self._fate, self._way = fate, way

    def __getattr__(self, name: str) -> Any:
        self._bank.fate, self._bank.way = self._fate or self._bank.fate, self._way or self._bank.way
        return getattr(self._bank, name)


class _Unheard:
    """A ledger whose first write is done, though its client, who tries again by itself, finds his own in the way."""

    def __init__(self, ledger: Any) -> None:
        self._ledger = ledger
        self._heard = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    def save(self, before: Payment, after: Payment) -> Payment:
        saved: Payment = self._ledger.save(before, after)
        if self._heard:
            return saved
        self._heard = True
        raise LostRace(self._ledger.get(saved.id))
