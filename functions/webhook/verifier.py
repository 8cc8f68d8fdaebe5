"""Verifying: is this address ours, and did the gateway sign these bytes? Any odd input is simply not verified."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from payments.gateway.credentials import Keyring, candidates
from payments.gateway.signature import DEFAULT_SCHEME, Scheme, signed_by
from payments.ports.runtime import Telemetry
from payments.webhooks.callback_token import is_token


class TokenKeys(Protocol):
    """Where the tokens' keys come from."""

    def versions(self) -> Sequence[bytes]:
        """The keys that may have made a token, newest first."""

    def refresh(self) -> bool:
        """Reads anew, unless that was done a moment ago; tells whether it was read."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """`required` refuses what is not signed; `report` lets the token suffice and tells which candidate matched."""

    token_keys: TokenKeys
    keyring: Keyring
    signature: Literal["required", "report"]
    telemetry: Telemetry
    scheme: Scheme = DEFAULT_SCHEME

    def knows_address(self, payment_id: str, token: str) -> bool:
        """Whether the address carries the token we made for this payment."""
        if is_token(token, payment_id, self.token_keys.versions()):
            return True
        # A token of a key that was rotated a moment ago: the keys are read anew, at most once a minute.
        return self.token_keys.refresh() and is_token(token, payment_id, self.token_keys.versions())

    def accepts(self, body: bytes, hash_header: str | None) -> bool:
        """Whether the signature lets the webhook in. A mismatch reads the keys anew first, at most once a minute."""
        matched = self._matched(body, hash_header)
        if matched is None and hash_header and self.keyring.refresh():
            matched = self._matched(body, hash_header)
        self.telemetry.note("webhook_signature", matched=matched or "none", policy=self.signature)
        return matched is not None or self.signature == "report"

    def _matched(self, body: bytes, hash_header: str | None) -> str | None:
        return signed_by(body, hash_header, candidates(self.keyring.versions()), self.scheme)
