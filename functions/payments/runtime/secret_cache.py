"""The vault: a secret of Secrets Manager, kept in memory for minutes, and kept on while it cannot be read."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final, Generic, Protocol, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from payments.errors import SecretUnusable
from payments.ports.runtime import Clock, Telemetry

FRESH_FOR: Final = timedelta(minutes=5)
"""How long a secret is used before it is read again: a rotation is noticed within this, without a deploy."""

RETRY_AFTER: Final = timedelta(seconds=30)
"""How long a failed reading is left alone while an older one serves."""

REPEAT_AFTER: Final = timedelta(seconds=2)
"""How long a refreshing that failed is left alone: somebody's webhook is waiting for it."""

REFRESH_EVERY: Final = timedelta(minutes=1)
"""A refused key or a bad signature refreshes at most this often: forged webhooks cannot run up a bill."""

CURRENT: Final = "AWSCURRENT"
PREVIOUS: Final = "AWSPREVIOUS"

T = TypeVar("T")


class SecretsClient(Protocol):
    """The one call of boto3's Secrets Manager client that is used."""

    def get_secret_value(self, **kwargs: str) -> dict[str, Any]:
        """GetSecretValue."""


class Secret(Generic[T]):
    """One secret, by stages. `parse` turns its string into what the caller needs, and raises SecretUnusable."""

    def __init__(
        self, client: SecretsClient, secret_id: str, parse: Callable[[str], T], clock: Clock, telemetry: Telemetry
    ) -> None:
        self._client = client
        self._secret_id = secret_id
        self._parse = parse
        self._clock = clock
        self._telemetry = telemetry
        self._kept: dict[str, tuple[T | None, datetime]] = {}
        self._refreshable_at: datetime | None = None

    def current(self) -> T:
        """The current version. Raises SecretUnusable when there is none that can be used, not even an older reading."""
        value = self._stage(CURRENT)
        if value is None:
            raise SecretUnusable("the secret has no current version")
        return value

    def versions(self) -> tuple[T, ...]:
        """Every version that may still verify: the current one, and during a rotation the one before."""
        previous = self._stage(PREVIOUS)
        return (self.current(),) if previous is None else (self.current(), previous)

    def refresh(self) -> bool:
        """Reads anew, unless that was done a moment ago; tells whether it was read. A failure is repeated soon."""
        now = self._clock()
        if self._refreshable_at is not None and now < self._refreshable_at:
            return False
        try:
            value = self._read(CURRENT)
        except (SecretUnusable, ClientError, BotoCoreError) as error:
            self._telemetry.note("secret_unreadable", stage=CURRENT, error=error_name(error))
            self._refreshable_at = now + REPEAT_AFTER
            return False
        self._kept = {CURRENT: (value, now + FRESH_FOR)}  # the version before is read when it is needed
        self._refreshable_at = now + REFRESH_EVERY
        return True

    def _stage(self, stage: str) -> T | None:
        now = self._clock()
        kept = self._kept.get(stage)
        if kept is not None and now < kept[1]:
            return kept[0]
        try:
            value = self._read(stage)
        except (SecretUnusable, ClientError, BotoCoreError) as error:
            return self._without(stage, error, kept[0] if kept else None)
        self._kept[stage] = (value, now + FRESH_FOR)
        return value

    def _without(self, stage: str, error: Exception, older: T | None) -> T | None:
        """What serves when a stage cannot be read: an older reading; for the previous version, nothing."""
        self._telemetry.note("secret_unreadable", stage=stage, error=error_name(error))
        if older is None and stage == CURRENT:
            raise SecretUnusable(f"the secret cannot be used ({error_name(error)})") from error
        self._kept[stage] = (older, self._clock() + RETRY_AFTER)
        return older

    def _read(self, stage: str) -> T | None:
        try:
            answer = self._client.get_secret_value(SecretId=self._secret_id, VersionStage=stage)
        except ClientError as error:
            if stage == PREVIOUS and error_name(error) in ("ResourceNotFoundException", "InvalidRequestException"):
                return None  # never rotated
            raise
        try:
            return self._parse(_string(answer))
        except SecretUnusable:
            if stage == PREVIOUS:
                return None  # the empty form that the template made: it never signed anything
            raise


def _string(answer: dict[str, Any]) -> str:
    string = answer.get("SecretString")
    if not isinstance(string, str):
        raise SecretUnusable("the secret is binary, not a string")
    return string


def error_name(error: Exception) -> str:
    """AWS's own code for an error, or its type."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "ClientError"))
    return str(error) if isinstance(error, SecretUnusable) else type(error).__name__
