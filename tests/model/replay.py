"""Replays a trace of the model on the real use cases with the fakes: each process is a thread that takes its turn."""

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any, Final

from payments.charging.charge import Charging
from payments.errors import PaymentsError
from payments.follow_up.schedule import BACK_OFF
from payments.gateway.status_words import VERDICTS
from payments.model.gateway_transaction import GatewayTransaction
from payments.model.payment import Payment
from payments.model.status import TRANSITIONS, Status
from payments.ports.gateway import NoAnswer, NotSent, Refused, UnknownToGateway
from payments.ports.ledger import LostRace, OrderLock, Superseding
from payments.webhooks.handle import WebhookHandler
from tests.fakes import samples
from tests.fakes.crashing_ledger import Crash
from tests.fakes.gateway import Answers, BankCharge, Fails, transaction_of
from tests.model.promela import FOLLOW_UP, ILLEGAL_MOVE, LOST_CHARGE, NEW_KEY, SHOWN_IS_GONE, TWO_CHARGES, WEBHOOK
from tests.payments.assembled import PaymentSystem, finish

GATED: Final = {"claim": "claim", "save": "save", "release": "release", "lease": "lease", "charge": "send"} | {
    "status": "query"
}
"""Each call that is a step of the model. Every other call only reads, or publishes."""

RAW: Final = {Status.PROCESSING: "INIT", Status.REQUIRES_ACTION: "REDIRECT", Status.PENDING: "PENDING"} | {
    Status.SUCCEEDED: "SUCCESS",
    Status.FAILED: "FAILED",
}
SILENT, NOT_FOUND = 100, 101
WAIT: Final = 10.0
ENDLESS: Final = 1e9
"""Seconds of a request: the model has no clock, so a request may outlive a lease."""


class Turns:
    """Gives one thread its turn at a step, and waits until it is at its next step or has ended."""

    def __init__(self, run: Callable[["Turns"], object]) -> None:
        self._go, self._waits = threading.Semaphore(0), threading.Semaphore(0)
        self.at: str | None = None
        self._failed: Exception | None = None
        self._dies = False
        self._thread = threading.Thread(target=self._ran, args=(run,), daemon=True)
        self._thread.start()
        self._arrived()

    def __call__(self, name: str) -> None:
        """Called by the process at each step: waits for its turn."""
        self.at = name
        self._waits.release()
        assert self._go.acquire(timeout=WAIT)
        if self._dies:
            raise Crash(name)

    def step(self, name: str) -> None:
        """Lets the process take its next step, which must have this name."""
        assert self.at == name, f"the model is at {name}, the code at {self.at}"
        self._go.release()
        self._arrived()

    def die(self) -> None:
        """Ends the process before its next step."""
        self._dies = True
        if self.at is not None:
            self._go.release()
            self._arrived()

    def _ran(self, run: Callable[["Turns"], object]) -> None:
        try:
            with suppress(PaymentsError, Crash):
                run(self)
        except Exception as error:  # noqa: BLE001 - it is raised again in the thread that takes the steps
            self._failed = error
        finally:
            self.at = None
            self._waits.release()

    def _arrived(self) -> None:
        assert self._waits.acquire(timeout=WAIT)
        if self._failed is not None:
            raise self._failed


class Gate:
    """Wraps a ledger or a gateway: a call that is a step of the model waits for its turn."""

    def __init__(self, target: Any, turns: Turns, steps: Mapping[str, str] = GATED) -> None:
        self._target, self._turns, self._steps = target, turns, steps
        self._lost_to: Payment | None = None

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._target, name)
        if name not in self._steps:
            return found

        def call(*arguments: Any, **named: Any) -> Any:
            # A lost race is one step with the save that follows.
            if name != "save" or arguments[0] is not self._lost_to:
                self._turns(self._steps[name])
            try:
                return found(*arguments, **named)
            except LostRace as lost:
                self._lost_to = lost.current
                raise

        return call


class NewKeyGate(Gate):
    """The ledger of a request with another key: it reads the lock and the payment that has it, and takes the order."""

    def claim(self, payment: Payment, lock: OrderLock | None, superseding: Superseding | None = None) -> Payment | None:
        """The first claim, without a lock, only finds that there is one."""
        if lock is not None:
            self._turns("take")
        found: Payment | None = self._target.claim(payment, lock, superseding)
        return found


class LaggingGate(Gate):
    """The gateway of a request with another key. Its query before the takeover is no step: the status API lags."""

    def status(self, order_id: str, _seconds: float) -> GatewayTransaction:
        """The shopper is still on the page, so the claim alone must find out what has been written."""
        (charge,) = self._target.charges_of(order_id)
        return transaction_of(charge, raw_status="REDIRECT")


class Replay:
    """The system after the steps of a trace. `charging`: the use case, with or without a broken guard."""

    def __init__(self, system: PaymentSystem, charging: type[Charging] = Charging) -> None:
        self.system, self._charging = system, charging
        self._shown = False
        self._order_id: str | None = None  # its lock is a second guard, which is not in the model but for a new key
        self._processes: dict[int, Turns] = {}
        self._started: list[Turns] = []

    def run(self, steps: Sequence[str]) -> None:
        """Takes the steps in their order. Raises AssertionError where the code takes another step than the model."""
        if any(step.startswith(f"{NEW_KEY} ") for step in steps):
            self._order_id = samples.ORDER_ID
        try:
            for step in steps:
                who, _, what = step.partition(" ")
                if who.isdecimal():
                    self._step(int(who), what.split())
                elif who == "world":
                    self._world(what.split())
        finally:
            for process in self._started:  # no thread outlives its trace
                process.die()

    @property
    def payment(self) -> Payment | None:
        """The payment in the table."""
        return self.system.ledger.get(samples.payment().id)

    def broken_promises(self) -> set[str]:
        """The model's promises that do not hold at the end of the trace."""
        payment, charges = self.payment, self.system.gateway.charges
        broken = {TWO_CHARGES} if len(charges) > 1 else set()
        if payment is None:
            return broken | ({SHOWN_IS_GONE} if self._shown else set()) | ({LOST_CHARGE} if charges else set())
        statuses = [entry.status for entry in payment.history] + [payment.status]
        if any(to is not was and to not in TRANSITIONS[was] for was, to in pairwise(statuses)):
            broken.add(ILLEGAL_MOVE)
        is_found = any(VERDICTS[charge.raw_status] is payment.status for charge in charges)
        is_open = payment.follow_up.ask_at is not None or payment.status is Status.NEEDS_REVIEW
        return broken if is_found or is_open or not charges else broken | {LOST_CHARGE}

    def _step(self, who: int, what: list[str]) -> None:
        name = what[0]
        self._prepare(name, what[1:])
        if name == "answers":
            self._shown = True
        elif name == "delivered":
            self._start(who, self._webhook)
        else:
            if who not in self._processes or name == "lease":
                self._start(who, self._process(who))
            process = self._processes[who]
            process.die() if name == "dies" else process.step(name)

    def _prepare(self, name: str, how: list[str]) -> None:
        if name == "lease":
            self._make_due()
        elif name == "reads":
            self.system.clock.forward(milliseconds=1)  # the shopper counts as gone after any time
        elif name == "send":
            self._script_charge(how[0], int(how[1]))
        elif name == "query":
            self._script_status(int(how[0]))

    def _process(self, who: int) -> Callable[[Turns], object]:
        if who == NEW_KEY:
            return self._new_key
        return self._follow_up if FOLLOW_UP <= who < WEBHOOK else self._shop

    def _start(self, who: int, run: Callable[[Turns], object]) -> None:
        self._processes[who] = Turns(run)
        self._started.append(self._processes[who])

    def _world(self, what: list[str]) -> None:
        if what[0] == "hour":
            self.system.clock.forward(hours=1)
        elif what[0] == "plan":
            self.system.clock.now += 2 * sum(BACK_OFF, timedelta())
        elif what[0] == "decides":
            self.system.gateway.charges[-1].raw_status = _raw(int(what[1]))
        elif what[0] == "charges":  # a request without an answer arrives late
            gateway = self.system.gateway
            gateway.charges.append(BankCharge("PA0000000000000009", gateway.submissions[-1], _raw(int(what[1]))))

    def _script_charge(self, how: str, number: int) -> None:
        raw = _raw(number) if number else None
        silent = Fails(NoAnswer("no answer"), raw_status=raw)
        fails = {
            "silent": silent,
            "late": silent,
            "refused": Fails(Refused("no")),
            "unsent": Fails(NotSent("no route")),
        }
        self.system.gateway.script_charges(Answers(raw or "") if how == "answered" else fails[how])

    def _script_status(self, result: int) -> None:
        if result == SILENT:
            self.system.gateway.script_statuses(NoAnswer("no answer"))
        elif result == NOT_FOUND:
            self.system.gateway.script_statuses(UnknownToGateway("no such payment"))

    def _make_due(self) -> None:
        payment = self.payment
        assert payment is not None
        assert payment.follow_up.due_at is not None
        due = max(payment.follow_up.due_at, payment.follow_up.ask_at or payment.follow_up.due_at)
        self.system.clock.now = max(self.system.clock.now, due) + timedelta(milliseconds=1)

    def _shop(self, turns: Turns) -> None:
        self._charge(turns, Gate(self.system.ledger, turns), samples.KEY)

    def _new_key(self, turns: Turns) -> None:
        ledger = NewKeyGate(self.system.ledger, turns, {"order": "reads"})
        self._charge(turns, ledger, "key-2", LaggingGate(self.system.gateway, turns))

    def _charge(self, turns: Turns, ledger: Any, key: str, gateway: Gate | None = None) -> None:
        s, gateway = self.system, gateway or Gate(self.system.gateway, turns)
        charging = self._charging(ledger, gateway, s.clock, s.telemetry, live=False, left_after=timedelta())
        request = samples.charge_request(idempotency_key=key, order_id=self._order_id)
        charging.charge(request, samples.webhook_url, ENDLESS)

    def _follow_up(self, turns: Turns) -> None:
        s = self.system
        finisher = replace(s.finisher, ledger=Gate(s.ledger, turns), gateway=Gate(s.gateway, turns))
        for due in list(s.ledger.due(s.clock(), 100)):
            finish(finisher, due)

    def _webhook(self, turns: Turns) -> None:
        s, payment = self.system, self.payment
        assert payment is not None
        claimed = transaction_of(s.gateway.charges[-1])
        handler = WebhookHandler(
            Gate(s.ledger, turns), Gate(s.gateway, turns), s.bus, s.clock, s.telemetry, confirm=True
        )
        handler.handle(payment, claimed)


def _raw(number: int) -> str:
    return RAW[list(Status)[number - 1]]
