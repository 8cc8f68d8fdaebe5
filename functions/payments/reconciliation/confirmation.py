"""Confirmation: a list may lag or be wrong, so it counts only where the status API agrees. Bounded by a budget."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from payments.errors import SecretUnusable
from payments.model.gateway_transaction import GatewayTransaction
from payments.model.payment import Payment
from payments.outcome.status_query import ASK_SECONDS, MAX_UNANSWERED, ask
from payments.ports.gateway import Gateway, GatewayError, UnknownToGateway
from payments.ports.runtime import Telemetry
from payments.reconciliation.errors import OutOfTime

CONTRADICTION_BUDGET: Final = 100
"""Contradictions that one reconciliation may count. Real drift is a few payments a day. A list that contradicts a
hundred payments is more likely wrong itself (the unit of its amounts, or another account's list), and people can take
on no more than a hundred reviews."""

MIN_PAYMENT_SECONDS: Final = 12.0
"""Seconds that must be left in the process before a payment is begun: for one question, one write, and a margin."""


@dataclass(slots=True)
class Confirmation:
    """The status API, asked within one call, and the contradiction budget of the whole reconciliation.

    A list can be wrong as a whole, and then about every payment. So nothing changes because of the list alone: the
    status API is asked, and its answer is recorded. An answer that confirms the list costs nothing: a day with 500 lost
    webhooks, or with 300 refunds at the gateway's dashboard, is recorded to the end. A contradiction is counted for

    * each answer that does not confirm the list, and each payment that only one of list and status API knows;
    * each payment put into review, for whatever reason: a person is called for it;
    * each orphan put into review.

    When the budget is spent, the list is not believed any more: nothing is asked and nothing is written, the report has
    a line for each payment, and an engineer is called (`reconciliation_doubtful`), once a call.

    `seconds_left`: until the process ends. `contradictions`: those counted so far, in all calls together.
    `unanswered`: questions in a row without an answer. `noted`: why an engineer was called.
    """

    gateway: Gateway
    telemetry: Telemetry
    seconds_left: Callable[[], float]
    contradictions: int = 0
    unanswered: int = 0
    noted: set[str] = field(default_factory=set)

    def check_time(self) -> None:
        """Raises OutOfTime when too little time is left to begin another payment."""
        if self.seconds_left() < MIN_PAYMENT_SECONDS:
            raise OutOfTime("this call has no time left")

    def has_budget(self) -> bool:
        """Whether one more contradiction may be counted; if not, an engineer is called."""
        if self.contradictions < CONTRADICTION_BUDGET:
            return True
        self.note_doubt("too much contradicted")
        return False

    def note_doubt(self, why: str) -> None:
        """Calls an engineer, once a call for each reason."""
        if why not in self.noted:
            self.noted.add(why)
            self.telemetry.note("reconciliation_doubtful", why=why, count=self.contradictions)

    def count_contradiction(self) -> None:
        """Counts one contradiction."""
        self.contradictions += 1

    def confirm(self, payment: Payment) -> GatewayTransaction | None:
        """The status API's answer about a payment that the list would change; None without an answer, or if not asked.

        Raises OutOfTime.
        """
        try:
            return self.ask(payment)
        except UnknownToGateway:
            self.count_contradiction()  # the gateway's list has the payment: the gateway contradicts itself
            return None

    def ask(self, payment: Payment) -> GatewayTransaction | None:
        """The status API's answer about a payment; None without an answer, or if not asked.

        Raises UnknownToGateway, OutOfTime.
        """
        self.check_time()
        if not self.has_budget() or self.unanswered >= MAX_UNANSWERED:
            return None
        try:
            transaction = ask(self.gateway, payment, ASK_SECONDS)
        except UnknownToGateway:
            self.unanswered = 0
            raise
        except (GatewayError, SecretUnusable) as error:
            self.unanswered += 1
            self.telemetry.note("status_unanswered", payment_id=payment.id, error=type(error).__name__)
            return None
        self.unanswered = 0
        return transaction
