"""The signature of a webhook: the header `fs-webhook-hash`, checked against candidate keys in order.

The scheme is officially unknown (docs/ambiguities.md, 3). The default is the scheme observed in practice: HMAC-SHA256
over the raw body, in lower-case hex, keyed with the webhook secret, else with the encryption key.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

HEADER: Final = "fs-webhook-hash"

Digest = Literal["sha256", "sha512"]
Encoding = Literal["hex", "base64"]


@dataclass(frozen=True, slots=True)
class Scheme:
    """How this account's webhooks are signed. It can be configured, because the scheme is not documented."""

    digest: Digest = "sha256"
    encoding: Encoding = "hex"

    def sign(self, body: bytes, key: bytes) -> bytes:
        """The header's value for this body and this key."""
        mac = hmac.new(key, body, getattr(hashlib, self.digest)).digest()
        return base64.b64encode(mac) if self.encoding == "base64" else mac.hex().encode()

    def normalise(self, signature: str) -> bytes:
        """A header's value in the form that is compared: upper-case and lower-case hex are equal."""
        given = signature.strip()
        return (given.lower() if self.encoding == "hex" else given).encode("utf-8", "replace")


DEFAULT_SCHEME: Final = Scheme()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A key that may have signed a webhook, and a name for it that may be logged."""

    name: str
    key: bytes = field(repr=False)


def signed_by(
    body: bytes, signature: str | None, candidates: Sequence[Candidate], scheme: Scheme = DEFAULT_SCHEME
) -> str | None:
    """The name of the first candidate that made the signature, None if none did. Never raises.

    Every candidate is computed and compared in constant time, also after a match, so the time reveals nothing.
    """
    given = scheme.normalise(signature or "")
    matched: str | None = None
    for candidate in candidates:
        if hmac.compare_digest(scheme.sign(body, candidate.key), given) and matched is None:
            matched = candidate.name
    return matched
