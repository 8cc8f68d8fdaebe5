"""Who signed a webhook: `fs-webhook-hash` against the candidates, in order.

The scheme is officially unknown (docs/ambiguities.md, 3). What was seen in the field is the default: HMAC-SHA256 over
the raw body, lower-case hex, keyed with the webhook secret, else with the encryption key.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field

HEADER = "fs-webhook-hash"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A key that may have signed, under a name that may be logged."""

    name: str
    key: bytes = field(repr=False)


def signed_by(body: bytes, signature: str | None, candidates: Sequence[Candidate]) -> str | None:
    """The name of the first candidate whose HMAC this is, None when there is none. Total: never raises.

    Every candidate is computed and compared in constant time, whichever matched, so timing tells nothing.
    """
    given = (signature or "").strip().lower().encode("utf-8", "replace")
    matched: str | None = None
    for candidate in candidates:
        expected = hmac.new(candidate.key, body, hashlib.sha256).hexdigest().encode()
        if hmac.compare_digest(expected, given) and matched is None:
            matched = candidate.name
    return matched
