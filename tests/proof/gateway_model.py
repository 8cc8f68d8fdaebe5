"""The model of the gateway: its book of charges, the view of its status API, and the answers that get lost."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final, Literal

from payments.model.gateway_transaction import GatewayTransaction
from payments.ports.gateway import (
    AlreadyChargedBack,
    AlreadyRefunded,
    CredentialsRefused,
    NoAnswer,
    NotSent,
    Refused,
    Submission,
    UnknownToGateway,
)
from tests.fakes import samples
from tests.proof.refund_model import SHOWN_AS, RefundPlan, RefundPost, Reversal, Reversals

WITH_WEBHOOK: Final = frozenset({"SUCCESS", "FAILED", "BLOCKED"})
NO_MONEY: Final = frozenset({"FAILED", "BLOCKED", "ABANDONED"})
FINAL: Final = WITH_WEBHOOK | NO_MONEY

ChargeResult = Literal["answered", "lost", "late", "vanished", "not sent", "refused", "credentials refused"]
"""The result of one POST for a charge. `lost`: it arrived, its answer did not. `vanished`: it never arrived."""

Outage = Literal["unreachable", "silent", "busy"] | None
"""`busy`: it answers 429 and asks to wait. Only the model of its HTTP knows that."""


@dataclass(frozen=True)
class ChargePlan:
    """The planned result of one POST for a charge. Times in seconds; together they stay well below an hour.

    An hour after the intent, "not found" means that the charge never arrived: a later arrival would be outside of what
    the code promises.
    """

    raw_status: str = "REDIRECT"
    result: ChargeResult = "answered"
    arrives_after: float = 0  # `late`: the POST arrives so long after its time-out
    hidden_for: float = 0  # the status API does not find the charge for so long
    stale_by: float = 0  # the status API shows the status of so long ago
    next_status: str | None = None  # the status that the charge gets by itself ...
    next_after: float = 0  # ... so long after its arrival
    amount_factor: int = 1  # the gateway charges so many times the amount
    proxied: bool = False  # a proxy answers 401 after the gateway has made the charge


@dataclass
class Charge:
    """One POST that arrived: money may move for it, whether we know it or not. `statuses`: (since, raw status)."""

    transaction_id: str
    submission: Submission
    plan: ChargePlan
    at: float
    live: bool = False
    statuses: list[tuple[float, str]] = field(default_factory=list)
    reversals: Reversals = field(default_factory=Reversals)

    @property
    def raw_status(self) -> str:
        """The true status now."""
        return self.statuses[-1][1]

    @property
    def amount(self) -> Decimal:
        """The amount that the card is really charged, in minor units."""
        return Decimal(self.submission.money.amount * self.plan.amount_factor)

    @property
    def payment_id(self) -> str:
        """The payment id in its webhook address."""
        return self.submission.webhook_url.split("/")[-2]

    def visible_status(self, now: float) -> str | None:
        """The status in the status API; None while it does not find the charge."""
        if now < self.at + self.plan.hidden_for:
            return None
        visible = [raw_status for since, raw_status in self.statuses if since <= now - self.plan.stale_by]
        return (visible or [self.statuses[0][1]])[-1]


class GatewayModel:
    """Meets the Gateway port. It accepts every POST for a charge, so that a charge that is sent twice is made twice.

    `charge_plan` and `refund_plan` decide the next POST. `webhooks` (payment id, transaction) are not delivered yet.
    `live`: the mode of the next call. `sent`: (live, submission) of each POST for a charge.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.charges: list[Charge] = []
        self.in_flight: list[tuple[float, Charge]] = []
        self.live = False
        self.sent: list[tuple[bool, Submission]] = []
        self.webhooks: list[tuple[str, GatewayTransaction]] = []
        self.outage: Outage = None
        self.is_hidden: Callable[[Charge], bool] = lambda charge: False
        self.charge_plan = ChargePlan()
        self.refund_plan = RefundPlan()

    # ------------------------------------------------------------- the port

    def ensure_ready(self) -> None:
        """See `Gateway.ensure_ready`."""

    def charge(self, submission: Submission, seconds: float) -> GatewayTransaction:
        """See `Gateway.charge`."""
        plan = self.charge_plan
        if self.outage == "unreachable" or plan.result == "not sent":
            raise NotSent("no route")
        self.sent.append((self.live, submission))
        if self.outage == "silent" or plan.result == "vanished":
            raise NoAnswer("timed out")
        if plan.result == "credentials refused":
            raise CredentialsRefused("bad key")
        if plan.result == "refused":
            raise Refused("no")
        charge = Charge(f"PA{len(self.sent):016}", submission, plan, self.now(), self.live)
        if plan.result == "late":
            self.in_flight.append((self.now() + plan.arrives_after, charge))
            raise NoAnswer("timed out")
        self._enter(charge, self.now())
        if plan.result == "lost":
            raise NoAnswer("reset")
        return transaction_of(charge, charge.raw_status)

    def refund(self, transaction_id: str, reason: str, seconds: float) -> GatewayTransaction:
        """See `Gateway.refund`. Raises KeyError for an unknown transaction and for one that is not paid."""
        charge = {charge.transaction_id: charge for charge in self.paid}[transaction_id]
        plan, reversals, now = self.refund_plan, charge.reversals, self.now()
        if self.outage == "unreachable" or plan.result == "not sent":
            raise NotSent("no route")
        lost_on_the_way = self.outage == "silent" or plan.result in ("vanished", "late")
        refused = not lost_on_the_way and (
            plan.result in ("refused", "credentials refused", "declined") or reversals.by_others
        )
        reversals.posts.append(RefundPost(now, refused))
        if lost_on_the_way:
            if self.outage != "silent" and plan.result == "late":
                reversals.in_flight.append((now + plan.arrives_after, plan))
            raise NoAnswer("timed out")
        if not refused:
            reversals.refunds.append(Reversal(now, plan, ours=True))
            reversals.transparent = reversals.transparent or plan.result == "denied"
        return self._answer_to_refund(charge, plan, refused=refused)

    def _answer_to_refund(self, charge: Charge, plan: RefundPlan, *, refused: bool) -> GatewayTransaction:
        if plan.result == "lost":
            raise NoAnswer("reset")
        if plan.result == "credentials refused":
            raise CredentialsRefused("bad key")
        if plan.result in ("refused", "denied"):
            raise Refused("words that nobody knows")
        if plan.result == "declined":
            return transaction_of(charge, "FAILED")
        if refused and not charge.reversals.refunds:
            raise AlreadyChargedBack("Transaction has already been charged back.")
        if refused or plan.result == "already":
            raise AlreadyRefunded("Transaction has already been refunded.")
        return transaction_of(
            charge, charge.raw_status, **({} if plan.result == "answered" else SHOWN_AS[plan.shown_as])
        )

    def status(self, order_id: str, seconds: float) -> GatewayTransaction:
        """See `Gateway.status`."""
        if self.outage is not None:
            raise NotSent("no route") if self.outage == "unreachable" else NoAnswer("timed out")
        for charge in self.charges:
            is_this = (charge.live, charge.submission.order_id) == (self.live, order_id)
            if is_this and (raw_status := self._visible_status(charge)) is not None:
                return transaction_of(charge, raw_status, **charge.reversals.status_fields(self.now()))
        raise UnknownToGateway("the gateway has no payment under this id")

    def _visible_status(self, charge: Charge) -> str | None:
        if charge.reversals.transparent:
            return charge.raw_status
        return None if self.is_hidden(charge) else charge.visible_status(self.now())

    # ------------------------------------------- what happens without a call

    def advance(self) -> None:
        """Late POSTs arrive, and charges get their planned next status."""
        for arrives_at, charge in list(self.in_flight):
            if arrives_at <= self.now():
                self.in_flight.remove((arrives_at, charge))
                self._enter(charge, arrives_at)
        for charge in self.undecided:
            if charge.plan.next_status is not None and charge.at + charge.plan.next_after <= self.now():
                self.decide(charge, charge.plan.next_status, charge.at + charge.plan.next_after)
        for charge in self.charges:
            charge.reversals.advance(self.now())

    def decide(self, charge: Charge, raw_status: str, at: float) -> None:
        """The shopper or the card's issuer decides: the charge gets its next status."""
        charge.statuses.append((at, raw_status))
        self._send_webhook(charge)

    def refund_in_dashboard(self, charge: Charge, plan: RefundPlan) -> None:
        """The shop refunds the charge in the gateway's dashboard, without us."""
        charge.reversals.refunds.append(Reversal(self.now(), replace(plan, shown_as="plainly"), ours=False))
        self._send_webhook(charge)

    def charge_back(self, charge: Charge, plan: RefundPlan) -> None:
        """The card's issuer takes the money back."""
        charge.reversals.chargeback = Reversal(self.now(), plan, ours=False)
        self._send_webhook(charge)

    def recover(self) -> None:
        """The gateway is up, every POST has arrived, and the status API shows the truth from now on."""
        self.outage, self.is_hidden = None, lambda charge: False
        for arrives_at, charge in self.in_flight:
            self._enter(charge, arrives_at)
        self.in_flight = []
        for charge in self.charges:
            charge.plan = replace(charge.plan, hidden_for=0, stale_by=0)
            charge.reversals.recover(self.now())

    @property
    def undecided(self) -> list[Charge]:
        """The charges without a final status."""
        return [charge for charge in self.charges if charge.raw_status not in FINAL]

    @property
    def paid(self) -> list[Charge]:
        """The charges that succeeded."""
        return [charge for charge in self.charges if charge.raw_status == "SUCCESS"]

    def _enter(self, charge: Charge, at: float) -> None:
        charge.at = at
        charge.statuses.append((at, charge.plan.raw_status))
        self.charges.append(charge)
        self._send_webhook(charge)

    def _send_webhook(self, charge: Charge) -> None:
        if charge.raw_status in WITH_WEBHOOK:
            self.webhooks.append((charge.payment_id, transaction_of(charge, charge.raw_status)))


def transaction_of(charge: Charge, raw_status: str, /, **changes: Any) -> GatewayTransaction:
    """The charge as the gateway describes it; `changes` replace true fields."""
    fields: dict[str, Any] = {
        "transaction_id": charge.transaction_id,
        "order_id": charge.submission.order_id,
        "amount": charge.amount,
        "currency": charge.submission.money.currency,
        **charge.reversals.true_fields(),
    }
    return samples.transaction(changes.pop("raw_status", raw_status), **{**fields, **changes})
