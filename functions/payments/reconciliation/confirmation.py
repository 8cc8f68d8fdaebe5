"""Confirming: a list may lag, so what it says counts when the status API says it too. Bounded, for a list may lie."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from payments.errors import SecretUnusable
from payments.model.gateway_transaction import GatewayTransaction
from payments.model.payment import Payment
from payments.outcome.status_query import ASK_SECONDS, MAX_UNANSWERED, ask
from payments.ports.gateway import Gateway, GatewayError, UnknownToGateway
from payments.ports.runtime import Telemetry
from payments.reconciliation.errors import OutOfTime

DOUBTS: Final = 100
"""Doubts that one reconciliation may have. Real drift is a few a day: a list that contradicts a hundred payments is itself in
doubt, the unit of its amounts for one, or whose account it is of, and a hundred calls are all that people can take."""

MIN_PAYMENT_SECONDS: Final = 12.0
"""No payment is begun with less time left before the process ends: a question, a write, and some air."""


@dataclass(slots=True)
class Confirmation:
    """The questions of one call, and the reconciliation's one budget: `doubts` counts those so far, all calls together.

    A list can be wrong as a whole, and then about everybody. So nothing is done to a payment on its word alone: the
    status API is asked, and what IT says is settled. What bears the list out costs nothing, and a day with 500 lost
    webhooks or 300 refunds at the dashboard is settled to the end. A doubt is counted for

    * each answer that does not bear the list out, and each payment that only one of the two knows;
    * each payment put into review, for whatever reason: a person is called for it;
    * each orphan taken into review.

    After a hundred the list is not believed any more: nothing is asked and nothing is written, a line says so of each,
    and somebody is woken (`reconciliation_doubtful`), once a call. `seconds_left`: until the process ends.
    """

    gateway: Gateway
    telemetry: Telemetry
    seconds_left: Callable[[], float]
    doubts: int = 0
    silences: int = 0
    doubtful: bool = False

    def check(self) -> None:
        """Raises OutOfTime when no other payment may be begun."""
        if self.seconds_left() < MIN_PAYMENT_SECONDS:
            raise OutOfTime("this call has no time left")

    def has_budget(self) -> bool:
        """Whether there may be one more; somebody is told when not."""
        if self.doubts < DOUBTS:
            return True
        if not self.doubtful:
            self.doubtful = True
            self.telemetry.note("reconciliation_doubtful", why="too much contradicted", count=self.doubts)
        return False

    def doubt(self) -> None:
        """Counts one."""
        self.doubts += 1

    def confirm(self, payment: Payment) -> GatewayTransaction | None:
        """What the status API says of a payment of which the list has news; None when nothing, or it is spared."""
        try:
            return self.ask(payment)
        except UnknownToGateway:
            self.doubt()  # its list has it: it contradicts itself
            return None

    def ask(self, payment: Payment) -> GatewayTransaction | None:
        """What the status API says of a payment; None when it gives no answer, or is spared.

        Raises UnknownToGateway, OutOfTime.
        """
        self.check()
        if not self.has_budget() or self.silences >= MAX_UNANSWERED:
            return None
        try:
            transaction = ask(self.gateway, payment, ASK_SECONDS)
        except UnknownToGateway:
            self.silences = 0
            raise
        except (GatewayError, SecretUnusable) as error:
            self.silences += 1
            self.telemetry.note("status_unanswered", payment_id=payment.id, error=type(error).__name__)
            return None
        self.silences = 0
        return transaction
