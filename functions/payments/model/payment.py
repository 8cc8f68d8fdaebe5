"""One payment: its state, its history and its follow-up. Pure: a change returns a new payment, nothing is written."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from payments.model.card import CardFacts
from payments.model.follow_up import FIRST_ASK, Answered, FollowUp, RefundAttempt
from payments.model.history import NOT_CHARGED_BACK, NOT_REFUNDED, Chargeback, Entry, Evidence, Failure, Refund, Source
from payments.model.money import Money
from payments.model.status import OPEN, TRANSITIONS, IllegalTransition, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """The payment of one idempotency key, in one mode.

    `attempt`: the number of the payment for its order, from 1. `revision` is the optimistic lock: every write raises
    it, and a write based on an older revision fails. `published` counts the history entries that are on the bus.
    `replayed_while_sending`: a retry was already answered with this payment; it is not deleted if nothing was sent.
    `superseded_at`: when it gave up its order, to another payment or by a cancellation. It may still succeed.
    """

    id: str
    fingerprint: str
    money: Money
    live: bool
    order_id: str | None
    attempt: int
    card: CardFacts | None
    created_at: datetime
    status: Status
    history: tuple[Entry, ...]
    follow_up: FollowUp
    revision: int = 1
    published: int = 0
    answered: Answered | None = None
    replayed_while_sending: bool = False
    transaction_id: str | None = None
    message: str | None = None
    redirect_url: str | None = None
    refund: Refund = NOT_REFUNDED
    refund_attempt: RefundAttempt | None = None
    chargeback: Chargeback = NOT_CHARGED_BACK
    failure: Failure | None = None
    superseded_at: datetime | None = None

    @property
    def version(self) -> int:
        """Sequence of the last history entry."""
        return len(self.history)

    @property
    def updated_at(self) -> datetime:
        """The time of the last history entry."""
        return self.history[-1].at

    @property
    def wire_order_id(self) -> str:
        """The order id that is sent to the gateway. It is unique: no caller can choose the one of another payment."""
        if self.order_id is None:
            return self.id
        return self.order_id if self.attempt == 1 else f"{self.order_id}~{self.attempt}"

    @property
    def is_adopted(self) -> bool:
        """Whether reconciliation adopted it from the gateway's list: nobody requested it from us."""
        return self.history[0].source == "reconciliation"

    @property
    def has_unpublished(self) -> bool:
        """Whether some history entries are not on the bus yet."""
        return self.published < self.version

    @property
    def is_open(self) -> bool:
        """Whether there is no verdict yet."""
        return self.status in OPEN

    @property
    def awaits_refund(self) -> bool:
        """Whether a refund was requested and its outcome is not known yet."""
        return self.refund.status == "requested"

    @property
    def transitions(self) -> tuple[Entry, ...]:
        """The entries that changed the status, the first entry included. The others are facts beside the status."""
        return tuple(entry for entry in self.history if entry.is_transition)

    def may_become(self, to: Status) -> bool:
        """Whether the transition table has this transition."""
        return to in TRANSITIONS[self.status]

    def transition_to(
        self,
        to: Status,
        *,
        at: datetime,
        source: Source,
        evidence: Evidence,
        transaction_id: str | None = None,
        message: str | None = None,
        redirect_url: str | None = None,
        failure: Failure | None = None,
    ) -> Self:
        """This payment in its next status. Raises IllegalTransition when the table has no such transition.

        `message`, `redirect_url` and `failure` replace the present ones, also by None.
        """
        if not self.may_become(to):
            raise IllegalTransition(f"{self.status} may not become {to}")
        return replace(
            self,
            status=to,
            transaction_id=transaction_id or self.transaction_id,
            message=message,
            redirect_url=redirect_url,
            failure=failure,
            follow_up=FollowUp(due_at=at, ask_at=at + FIRST_ASK if to in OPEN or self.awaits_refund else None),
        ).with_entry(to.value, at, source, evidence, previous_status=self.status)

    def with_answer(self, kind: Answered) -> Self:
        """This payment with the kind of the first answer recorded; unchanged when there is one already."""
        return self if self.answered else replace(self, answered=kind)

    def asked_again(self, at: datetime, *, arrived: bool = False) -> Self:
        """This payment with its next status query due at that time; unchanged when a query can change nothing.

        It is a query beside the schedule: a webhook that comes four times must not use up the schedule.
        """
        if self.status is Status.SUCCEEDED and not self.awaits_refund:
            return self
        plan, known = self.follow_up, self.follow_up.arrived or arrived
        return replace(self, follow_up=replace(plan, due_at=at, ask_at=at, asks=max(plan.asks - 1, 0), arrived=known))

    def with_transaction_id(self, transaction_id: str) -> Self:
        """This payment after a transaction without a verdict: it did arrive, and it has this transaction id."""
        if self.status is not Status.PROCESSING or (self.transaction_id and self.follow_up.arrived):
            return self
        follow_up = replace(self.follow_up, arrived=True)
        return replace(self, transaction_id=self.transaction_id or transaction_id, follow_up=follow_up)

    def charged_back(self, charged_back_at: datetime, *, at: datetime, source: Source, evidence: Evidence) -> Self:
        """This payment after the cardholder's bank has taken the money back."""
        chargeback = Chargeback("charged_back", charged_back_at)
        return replace(self, chargeback=chargeback).with_entry("charged_back", at, source, evidence)

    def with_entry(
        self, name: str, at: datetime, source: Source, evidence: Evidence, previous_status: Status | None = None
    ) -> Self:
        """This payment with one more history entry for its present facts; due to publish it, unless others do."""
        entry = Entry(
            sequence=self.version + 1,
            name=name,
            previous_status=previous_status or self.status,
            status=self.status,
            at=at,
            source=source,
            evidence=evidence,
            transaction_id=self.transaction_id,
            refund=self.refund,
            chargeback=self.chargeback,
            failure=self.failure,
        )
        return replace(self, history=(*self.history, entry), follow_up=self.follow_up.publishing(at))


def intent(
    payment_id: str,
    *,
    fingerprint: str,
    money: Money,
    live: bool,
    order_id: str | None,
    card: CardFacts | None,
    at: datetime,
    attempt: int = 1,
    source: Source = "request",
    principal: str | None = None,
) -> Payment:
    """A new payment: recorded, not sent, with a status query due in case the process dies."""
    first = Entry(1, Status.PROCESSING.value, None, Status.PROCESSING, at, source, {}, principal=principal)
    return Payment(
        id=payment_id,
        fingerprint=fingerprint,
        money=money,
        live=live,
        order_id=order_id,
        attempt=attempt,
        card=card,
        created_at=at,
        status=Status.PROCESSING,
        history=(first,),
        follow_up=FollowUp(due_at=at + FIRST_ASK, ask_at=at + FIRST_ASK),
    )
