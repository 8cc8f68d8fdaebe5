"""The gateway's keys: their form, their kind, and which may be used where."""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

from payments.errors import SecretUnusable
from payments.gateway.signature import Candidate

Mode = Literal["test", "live"]

ENCRYPTION_KEY_BYTES: Final = 32
_SECRET_KEY: Final = re.compile(r"[A-Z]{2,}_(TEST|LIVE)_[!-~]+")
_PRINTED_IN_PUBLIC: Final = frozenset(
    {
        "a5dddc03e56d2ed6df8096116cb23d0744e5182738ce28182fdec732807c630b",
        "770e03585efe35f63009d9a365f68f0275da4f6ca92987d9059b37c6d7cbf16a",
    }
)
"""SHA-256 of the sample keys in the gateway's public documents: everybody has them, so live mode refuses them."""


@dataclass(frozen=True, slots=True)
class GatewayKeys:
    """One version of the gateway's secret. No part of it has a printable form."""

    secret_key: str = field(repr=False)
    encryption_key: bytes = field(repr=False)
    webhook_secret: bytes | None = field(repr=False)


class Keyring(Protocol):
    """Where the keys come from."""

    def current(self) -> GatewayKeys:
        """The keys to send with. Raises SecretUnusable."""

    def versions(self) -> Sequence[GatewayKeys]:
        """The keys that may have signed: current first, then the previous version."""

    def refresh(self) -> bool:
        """Reads anew, unless that was done a moment ago; tells whether it was read."""


def parse_keys(text: str, mode: Mode) -> GatewayKeys:
    """`{"secret_key", "encryption_key", "webhook_secret"?}`. Raises SecretUnusable: what is wrong, never the value."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        raise SecretUnusable("the gateway's secret is not JSON") from None
    if not isinstance(told, dict):
        raise SecretUnusable("the gateway's secret is not a JSON object")
    secret_key, encryption_key = _filled(told, "secret_key"), _filled(told, "encryption_key")
    if len(encryption_key.encode()) != ENCRYPTION_KEY_BYTES:
        raise SecretUnusable(f"encryption_key must have {ENCRYPTION_KEY_BYTES} bytes")
    _check_kind(secret_key, mode)
    if mode == "live" and any(_is_public(value) for value in (secret_key, encryption_key)):
        raise SecretUnusable("a sample key from a public document is never used in live mode")
    webhook_secret = _filled(told, "webhook_secret").encode() if told.get("webhook_secret") else None
    return GatewayKeys(secret_key, encryption_key.encode(), webhook_secret)


def candidates(versions: Sequence[GatewayKeys]) -> list[Candidate]:
    """Who may have signed a webhook, in order: the webhook secret if one is set, else the encryption key."""
    return [_candidate(keys, "current" if nth == 0 else "previous") for nth, keys in enumerate(versions)]


def _candidate(keys: GatewayKeys, version: str) -> Candidate:
    if keys.webhook_secret is not None:
        return Candidate(f"webhook_secret/{version}", keys.webhook_secret)
    return Candidate(f"encryption_key/{version}", keys.encryption_key)


def _check_kind(secret_key: str, mode: Mode) -> None:
    kind = _SECRET_KEY.fullmatch(secret_key)
    if kind is None:
        raise SecretUnusable("secret_key has no known form, e.g. PA_TEST_… or PA_LIVE_…")
    if kind[1].lower() != mode:
        raise SecretUnusable(f"secret_key is a {kind[1].lower()} key, and this stack is in {mode} mode")


def _filled(told: dict[str, object], name: str) -> str:
    value = told.get(name)
    if not isinstance(value, str) or not value:
        raise SecretUnusable(f"{name} is not filled in")
    if not value.isprintable():  # a lone surrogate has no bytes, and the error that says so would quote the key
        raise SecretUnusable(f"{name} is no valid text")
    return value


def _is_public(value: str) -> bool:
    return hashlib.sha256(value.encode()).hexdigest() in _PRINTED_IN_PUBLIC
