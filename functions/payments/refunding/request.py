"""A validated request for a refund, and the fingerprint that distinguishes its retry from a reuse of its key."""

import hashlib
from dataclasses import dataclass

from payments.model.identifiers import refund_request_id_of
from payments.model.payment import Payment


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRequest:
    """A request to refund the whole amount. A key counts for one payment: for another payment it is another key.

    `caller`: the AWS principal; None for the system. `only_if_owed`: nothing is recorded or sent unless the payment
    owes its refund at that moment, see `supersession.py`. Neither is part of the request's identity.
    """

    caller: str | None
    idempotency_key: str
    reason: str
    only_if_owed: bool = False

    def id_for(self, payment: Payment) -> str:
        """Derived from payment and key, so that each retry has the same id."""
        return refund_request_id_of(payment.id, self.idempotency_key)

    def fingerprint(self) -> str:
        """SHA-256 of the reason: the same for a retry, different for a reuse of the key."""
        return hashlib.sha256(self.reason.encode()).hexdigest()
