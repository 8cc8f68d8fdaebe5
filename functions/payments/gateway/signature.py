"""Who signed a webhook: `fs-webhook-hash` against the candidates, in order.

The scheme is officially unknown (docs/ambiguities.md, 3). What was seen in the field is the default: HMAC-SHA256 over
the raw body, lower-case hex, keyed with the webhook secret, else with the encryption key.
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
    """How this account's webhooks are signed, should it turn out to be another way."""

    digest: Digest = "sha256"
    encoding: Encoding = "hex"

    def sign(self, body: bytes, key: bytes) -> bytes:
        """What the header holds for these bytes under this key."""
        mac = hmac.new(key, body, getattr(hashlib, self.digest)).digest()
        return base64.b64encode(mac) if self.encoding == "base64" else mac.hex().encode()

    def normal(self, signature: str) -> bytes:
        """A header's value as it is compared: hex in either case is the same."""
        given = signature.strip()
        return (given.lower() if self.encoding == "hex" else given).encode("utf-8", "replace")


DEFAULT_SCHEME: Final = Scheme()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A key that may have signed, under a name that may be logged."""

    name: str
    key: bytes = field(repr=False)


def signed_by(
    body: bytes, signature: str | None, candidates: Sequence[Candidate], scheme: Scheme = DEFAULT_SCHEME
) -> str | None:
    """The name of the first candidate whose HMAC this is, None when there is none. Total: never raises.

    Every candidate is computed and compared in constant time, whichever matched, so timing tells nothing.
    """
    given = scheme.normal(signature or "")
    matched: str | None = None
    for candidate in candidates:
        if hmac.compare_digest(scheme.sign(body, candidate.key), given) and matched is None:
            matched = candidate.name
    return matched
