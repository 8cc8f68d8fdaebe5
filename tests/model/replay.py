"""Replays a trace of the model on the real use cases with the fakes: each process is a thread that takes its turn."""

import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

from payments.charging.charge import Charging
from payments.errors import PaymentsError
from payments.follow_up.finish import PaymentFinisher
from payments.model.payment import Payment
from payments.model.status import Status
from payments.ports.gateway import NoAnswer, NotSent, Refused, UnknownToGateway
from payments.webhooks.handle import WebhookHandler
from tests.fakes import samples
from tests.fakes.crashing_ledger import Crash
from tests.fakes.gateway import Answers, BankCharge, Fails, transaction_of
from tests.model.promela import FOLLOW_UP
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


class Turns:
    """Gives one thread its turn at a step, and waits until it is at its next step or has ended."""

    def __init__(self, run: Callable[["Turns"], object]) -> None:
        self._go, self._waits = threading.Semaphore(0), threading.Semaphore(0)
        self.at: str | None = None
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
        with suppress(PaymentsError, Crash):
            run(self)
        self.at = None
        self._waits.release()

    def _arrived(self) -> None:
        assert self._waits.acquire(timeout=WAIT)


class Gate:
    """Wraps a ledger or a gateway: a call that is a step of the model waits for its turn."""

    def __init__(self, target: Any, turns: Turns) -> None:
        self._target, self._turns = target, turns

    def __getattr__(self, name: str) -> Any:
        if name in GATED:
            self._turns(GATED[name])
        return getattr(self._target, name)


class Replay:
    """The system after the steps of a trace. `charging`: the use case, with or without a broken guard."""

    def __init__(self, system: PaymentSystem, charging: type[Charging] = Charging) -> None:
        self.system, self._charging = system, charging
        self._processes: dict[int, Turns] = {}
        self._started: list[Turns] = []

    def run(self, steps: Iterable[str]) -> None:
        """Takes the steps in their order. Raises AssertionError where the code takes another step than the model."""
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

    def _step(self, who: int, what: list[str]) -> None:
        name = what[0]
        if name == "answers":
            return None
        if name == "delivered":
            self._processes[who] = Turns(self._webhook)
            return None
        if name == "lease":
            self._make_due()
        if who not in self._processes or name == "lease":
            self._start(who, self._follow_up if who == FOLLOW_UP else self._shop)
        turns = self._processes[who]
        if name == "dies":
            return turns.die()
        if name == "send":
            self._script_charge(what[1], int(what[2]))
        if name == "query":
            self._script_status(int(what[1]))
        return turns.step(name)

    def _start(self, who: int, run: Callable[[Turns], object]) -> None:
        self._processes[who] = Turns(run)
        self._started.append(self._processes[who])

    def _world(self, what: list[str]) -> None:
        if what[0] == "hour":
            self.system.clock.forward(hours=1)
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
        s = self.system
        # Without an order: its lock is a second guard, which is not in the model.
        charging = self._charging(Gate(s.ledger, turns), Gate(s.gateway, turns), s.clock, s.telemetry, live=False)
        charging.charge(samples.charge_request(order_id=None), samples.webhook_url, 20.0)

    def _follow_up(self, turns: Turns) -> None:
        s = self.system
        finisher = PaymentFinisher(Gate(s.ledger, turns), Gate(s.gateway, turns), s.bus, s.clock, s.telemetry)
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
