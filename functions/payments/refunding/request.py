"""A validated request for a refund, and the fingerprint that distinguishes its retry from a reuse of its key."""

import hashlib
from dataclasses import dataclass

from payments.model.identifiers import refund_request_id_of


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRequest:
    """A request to refund the whole amount. A key counts for one payment: for another payment it is another key."""

    caller: str
    idempotency_key: str
    reason: str

    @property
    def id(self) -> str:
        """Derived from caller and key, so that each retry has the same id."""
        return refund_request_id_of(self.caller, self.idempotency_key)

    def fingerprint(self) -> str:
        """SHA-256 of the reason: the same for a retry, different for a reuse of the key."""
        return hashlib.sha256(self.reason.encode()).hexdigest()
