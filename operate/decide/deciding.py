"""Deciding: what a human knows becomes the payment's next entry. Only what waits for a human is decided by one."""

from datetime import datetime
from typing import Final

from payments.errors import IllegalMove, LostRace, PaymentsError
from payments.history import Failure
from payments.ledger.dynamo import DynamoLedger
from payments.payment import Payment
from payments.statuses import MOVES, Status

CHOICES: Final = tuple(sorted(status.value for status in MOVES[Status.NEEDS_REVIEW]))


class NotForYou(PaymentsError):
    """The payment does not wait for a human; the sentence says what it is."""


def decide(ledger: DynamoLedger, payment_id: str, to: Status, *, who: str, why: str, at: datetime) -> Payment:
    """The payment as decided. Raises NotForYou when there is none that waits, or somebody was quicker.

    `who` and `why` stand in the history, for ever, and are told to nobody else: no card data, no names of shoppers.
    """
    payment = ledger.get(payment_id)
    if payment is None:
        raise NotForYou(f"there is no payment {payment_id}")
    if payment.status is not Status.NEEDS_REVIEW:
        raise NotForYou(f"{payment_id} is {payment.status}: only what needs review is decided by hand")
    failure = None if to is Status.SUCCEEDED else Failure("decided_by_operator", "decided after a review")
    try:
        decided = payment.moved(to, at=at, source="operator", evidence={"who": who, "why": why}, failure=failure)
        return ledger.save(payment, decided)
    except (IllegalMove, LostRace) as error:
        raise NotForYou(f"{payment_id} has moved on meanwhile: look again") from error
