"""The gateway's credentials: their format, their mode, and which key may have signed a webhook."""

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
_SAMPLE_KEYS: Final = frozenset(
    {
        "a5dddc03e56d2ed6df8096116cb23d0744e5182738ce28182fdec732807c630b",
        "770e03585efe35f63009d9a365f68f0275da4f6ca92987d9059b37c6d7cbf16a",
    }
)
"""SHA-256 of the sample keys in the gateway's public documents. Everybody knows them, so live mode refuses them."""


@dataclass(frozen=True, slots=True)
class GatewayKeys:
    """One version of the gateway's secret. `repr` shows no part of it."""

    secret_key: str = field(repr=False)
    encryption_key: bytes = field(repr=False)
    webhook_secret: bytes | None = field(repr=False)


class Keyring(Protocol):
    """The source of the keys."""

    def current(self) -> GatewayKeys:
        """The keys to send with. Raises SecretUnusable."""

    def versions(self) -> Sequence[GatewayKeys]:
        """The versions that may have signed a webhook: the current one first, then the previous one."""

    def refresh(self) -> bool:
        """Reloads the keys, unless they were reloaded a moment ago. Returns whether they were reloaded."""


def parse_keys(text: str, mode: Mode) -> GatewayKeys:
    """Parses `{"secret_key", "encryption_key", "webhook_secret"?}`.

    Raises SecretUnusable, which names the problem and never quotes the value.
    """
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        raise SecretUnusable("the gateway's secret is not JSON") from None
    if not isinstance(fields, dict):
        raise SecretUnusable("the gateway's secret is not a JSON object")
    secret_key, encryption_key = _required(fields, "secret_key"), _required(fields, "encryption_key")
    if len(encryption_key.encode()) != ENCRYPTION_KEY_BYTES:
        raise SecretUnusable(f"encryption_key must have {ENCRYPTION_KEY_BYTES} bytes")
    _check_mode(secret_key, mode)
    if mode == "live" and any(_is_sample(value) for value in (secret_key, encryption_key)):
        raise SecretUnusable("a sample key from a public document is never used in live mode")
    webhook_secret = _required(fields, "webhook_secret").encode() if fields.get("webhook_secret") else None
    return GatewayKeys(secret_key, encryption_key.encode(), webhook_secret)


def candidates(versions: Sequence[GatewayKeys]) -> list[Candidate]:
    """The keys that may have signed a webhook: each version's webhook secret if it has one, else its encryption key."""
    return [_candidate(keys, "current" if nth == 0 else "previous") for nth, keys in enumerate(versions)]


def _candidate(keys: GatewayKeys, version: str) -> Candidate:
    if keys.webhook_secret is not None:
        return Candidate(f"webhook_secret/{version}", keys.webhook_secret)
    return Candidate(f"encryption_key/{version}", keys.encryption_key)


def _check_mode(secret_key: str, mode: Mode) -> None:
    match = _SECRET_KEY.fullmatch(secret_key)
    if match is None:
        raise SecretUnusable("secret_key has no known form, e.g. PA_TEST_… or PA_LIVE_…")
    if match[1].lower() != mode:
        raise SecretUnusable(f"secret_key is a {match[1].lower()} key, and this stack is in {mode} mode")


def _required(fields: dict[str, object], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise SecretUnusable(f"{name} is not filled in")
    if not value.isprintable():  # encoding a lone surrogate would raise an error that quotes the key
        raise SecretUnusable(f"{name} is no valid text")
    return value


def _is_sample(value: str) -> bool:
    return hashlib.sha256(value.encode()).hexdigest() in _SAMPLE_KEYS
