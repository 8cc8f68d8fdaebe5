"""Confirming: a list may lag, so a difference counts when the status API says it too. Bounded, for a list may lie."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from payments.asking import ask
from payments.errors import GatewayError, OutOfTime, SecretUnusable, UnknownToGateway
from payments.payment import Payment
from payments.ports import Gateway, Telemetry
from payments.reports import Report

ASK_SECONDS: Final = 8.0
"""The longest that one question to the gateway may take."""

QUESTIONS: Final = 100
"""Differences that are asked about in one sweep. Real drift is rare: a list that contradicts a hundred payments is
itself in doubt, its unit of amounts for one, and asking on would only hammer the gateway."""

SILENCES: Final = 3
"""Questions in a row without an answer: the status API is down, and this call asks no more."""

LEAST_SECONDS: Final = 12.0
"""No payment is begun with less time left before the process ends: a question, a write, and some air."""


@dataclass(slots=True)
class Confirming:
    """The questions of one call. `seconds_left`: until the process ends. `asked`: differences asked about so far."""

    gateway: Gateway
    telemetry: Telemetry
    seconds_left: Callable[[], float]
    asked: int = 0
    silences: int = 0
    doubtful: bool = False

    def check(self) -> None:
        """Raises OutOfTime when no other payment may be begun."""
        if self.seconds_left() < LEAST_SECONDS:
            raise OutOfTime("this call has no time left")

    def confirm(self, payment: Payment) -> Report | None:
        """What the status API says of a payment that the list contradicts; None when it says nothing, or is spared."""
        if self.asked >= QUESTIONS:
            self._doubt()
            return None
        self.asked += 1
        try:
            return self.ask(payment)
        except UnknownToGateway:
            return None  # its list has it: it contradicts itself

    def ask(self, payment: Payment) -> Report | None:
        """What the status API says of a payment; None when it gives no answer. Raises UnknownToGateway, OutOfTime."""
        self.check()
        if self.silences >= SILENCES:
            return None
        try:
            report = ask(self.gateway, payment, ASK_SECONDS)
        except UnknownToGateway:
            self.silences = 0
            raise
        except (GatewayError, SecretUnusable) as error:
            self.silences += 1
            self.telemetry.note("status_unanswered", payment_id=payment.id, error=type(error).__name__)
            return None
        self.silences = 0
        return report

    def _doubt(self) -> None:
        if not self.doubtful:
            self.doubtful = True
            self.telemetry.note("sweep_doubtful", why="questions", questions=self.asked)
