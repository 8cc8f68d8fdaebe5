"""Verification of a delivery: the token in its address and the gateway's signature. Any malformed input is refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from payments.gateway.credentials import Keyring, candidates
from payments.gateway.signature import DEFAULT_SCHEME, Scheme, signed_by
from payments.ports.runtime import Telemetry
from payments.webhooks.callback_token import is_token


class TokenKeys(Protocol):
    """The source of the keys that sign the tokens in webhook addresses."""

    def versions(self) -> Sequence[bytes]:
        """The keys in use, newest first. Raises SecretUnusable."""

    def refresh(self) -> bool:
        """Reads the keys again, at most once a minute. Returns whether it did."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """`signature`: "required" refuses an unsigned delivery; "report" accepts it for its token.

    Under both policies the log says which key made the signature.
    """

    token_keys: TokenKeys
    keyring: Keyring
    signature: Literal["required", "report"]
    telemetry: Telemetry
    scheme: Scheme = DEFAULT_SCHEME

    def accepts_token(self, payment_id: str, token: str) -> bool:
        """Whether the address carries our token for this payment."""
        if is_token(token, payment_id, self.token_keys.versions()):
            return True
        # The key may have been rotated a moment ago.
        return self.token_keys.refresh() and is_token(token, payment_id, self.token_keys.versions())

    def accepts_signature(self, body: bytes, header: str | None) -> bool:
        """Whether the policy accepts the signature. After a mismatch the keys are read again, at most once a minute."""
        matched = self._matched(body, header)
        if matched is None and header and self.keyring.refresh():
            matched = self._matched(body, header)
        self.telemetry.note("webhook_signature", matched=matched or "none", policy=self.signature)
        return matched is not None or self.signature == "report"

    def _matched(self, body: bytes, header: str | None) -> str | None:
        return signed_by(body, header, candidates(self.keyring.versions()), self.scheme)
