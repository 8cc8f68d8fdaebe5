"""The keys that the gateway issues to its merchant, and the keys in force during a rotation."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_KEY_KIND = re.compile(r"^(?:PA|FS)_(TEST|LIVE)_[\x21-\x7e]+$")


class CredentialsError(ValueError):
    """Keys that the real gateway could not have issued."""


@dataclass(frozen=True, slots=True)
class Credentials:
    secret_key: str = field(repr=False)
    encryption_key: str = field(repr=False)
    webhook_secret: str | None = field(repr=False)

    def __post_init__(self) -> None:
        if not _KEY_KIND.match(self.secret_key):
            raise CredentialsError("the secret key must begin with PA_TEST_, FS_TEST_, PA_LIVE_ or FS_LIVE_")
        if len(self.encryption_key.encode()) != 32:
            raise CredentialsError("the encryption key must be 32 bytes of UTF-8")

    @classmethod
    def invented(cls, mode: str = "test") -> Credentials:
        return cls(f"PA_{mode.upper()}_{secrets.token_hex(24)}", secrets.token_hex(16), secrets.token_hex(24))

    @property
    def mode(self) -> str:
        match = _KEY_KIND.match(self.secret_key)
        return match[1].lower() if match else "none"

    @property
    def signing_key(self) -> str:
        """The webhook secret; without one, the encryption key signs. The gateway's page names both."""
        return self.webhook_secret or self.encryption_key


class Keyring:
    """The keys in force, newest first; several only during a rotation with `keep_previous`."""

    def __init__(self, *credentials: Credentials) -> None:
        self._keys = credentials

    @property
    def newest(self) -> Credentials:
        return self._keys[0]

    def find(self, secret_key: str, mode: str) -> Credentials | None:
        presented = secret_key.encode(errors="surrogateescape")  # a header may hold any byte
        for keys in self._keys:
            if secrets.compare_digest(keys.secret_key.encode(), presented) and keys.mode == mode:
                return keys
        return None

    def rotate(self, changes: Mapping[str, str], *, keep_previous: bool) -> None:
        """Replaces the named keys; the others stay."""
        fresh = replace(self.newest, **changes)
        self._keys = (fresh, *self._keys) if keep_previous else (fresh,)
