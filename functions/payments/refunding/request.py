"""What a shop asks for when it gives a payment back, validated, and what tells a repeat of it from a reuse."""

import hashlib
from dataclasses import dataclass

from payments.model.identifiers import refund_request_id_of


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRequest:
    """The whole amount back. The key is of the payment that it is used for: another payment's is another key."""

    caller: str
    idempotency_key: str
    reason: str

    @property
    def id(self) -> str:
        """Of the request, whenever it is repeated."""
        return refund_request_id_of(self.caller, self.idempotency_key)

    def fingerprint(self) -> str:
        """SHA-256 that tells a repeat from a reuse."""
        return hashlib.sha256(self.reason.encode()).hexdigest()
