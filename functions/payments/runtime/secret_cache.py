"""A cache of one secret of Secrets Manager. If a refresh fails, the cached value stays in use."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final, Generic, Protocol, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from payments.errors import SecretUnusable
from payments.ports.runtime import Clock, Telemetry

FRESH_FOR: Final = timedelta(minutes=5)
"""How long a value is used before it is read again. A rotation takes effect within this time, without a deploy."""

RETRY_AFTER: Final = timedelta(seconds=30)
"""After a failed read, how long the older value is used before the next try."""

REPEAT_AFTER: Final = timedelta(seconds=2)
"""After a failed refresh, how long until the next one may run. Short, because a webhook may be waiting."""

REFRESH_EVERY: Final = timedelta(minutes=1)
"""The minimum time between refreshes after a refused key or a bad signature. Forged webhooks must not cause cost."""

CURRENT: Final = "AWSCURRENT"
PREVIOUS: Final = "AWSPREVIOUS"

T = TypeVar("T")


class SecretsClient(Protocol):
    """The part of boto3's Secrets Manager client that is used."""

    def get_secret_value(self, **kwargs: str) -> dict[str, Any]:
        """Calls GetSecretValue."""


class Secret(Generic[T]):
    """One secret with its current and previous version. `parse` converts its string, or raises SecretUnusable."""

    def __init__(
        self, client: SecretsClient, secret_id: str, parse: Callable[[str], T], clock: Clock, telemetry: Telemetry
    ) -> None:
        self._client = client
        self._secret_id = secret_id
        self._parse = parse
        self._clock = clock
        self._telemetry = telemetry
        self._cached: dict[str, tuple[T | None, datetime]] = {}
        self._refreshable_at: datetime | None = None

    def current(self) -> T:
        """The current version, the cached one if it cannot be read. Raises SecretUnusable if there is none to use."""
        value = self._stage(CURRENT)
        if value is None:
            raise SecretUnusable("the secret has no current version")
        return value

    def versions(self) -> tuple[T, ...]:
        """The versions that may verify a signature: the current one, and after a rotation also the previous one."""
        previous = self._stage(PREVIOUS)
        return (self.current(),) if previous is None else (self.current(), previous)

    def refresh(self) -> bool:
        """Reads the current version again, unless that was done a moment ago. Returns whether it was read."""
        now = self._clock()
        if self._refreshable_at is not None and now < self._refreshable_at:
            return False
        try:
            value = self._read(CURRENT)
        except (SecretUnusable, ClientError, BotoCoreError) as error:
            self._telemetry.note("secret_unreadable", stage=CURRENT, error=error_name(error))
            self._refreshable_at = now + REPEAT_AFTER
            return False
        self._cached = {CURRENT: (value, now + FRESH_FOR)}  # the previous version is read when it is needed
        self._refreshable_at = now + REFRESH_EVERY
        return True

    def _stage(self, stage: str) -> T | None:
        now = self._clock()
        cached = self._cached.get(stage)
        if cached is not None and now < cached[1]:
            return cached[0]
        try:
            value = self._read(stage)
        except (SecretUnusable, ClientError, BotoCoreError) as error:
            return self._fall_back(stage, error, cached[0] if cached else None)
        self._cached[stage] = (value, now + FRESH_FOR)
        return value

    def _fall_back(self, stage: str, error: Exception, older: T | None) -> T | None:
        """The older value of a stage that cannot be read. Raises SecretUnusable if the current stage has none."""
        self._telemetry.note("secret_unreadable", stage=stage, error=error_name(error))
        if older is None and stage == CURRENT:
            raise SecretUnusable(f"the secret cannot be used ({error_name(error)})") from error
        self._cached[stage] = (older, self._clock() + RETRY_AFTER)
        return older

    def _read(self, stage: str) -> T | None:
        try:
            answer = self._client.get_secret_value(SecretId=self._secret_id, VersionStage=stage)
        except ClientError as error:
            if stage == PREVIOUS and error_name(error) in ("ResourceNotFoundException", "InvalidRequestException"):
                return None  # there was no rotation yet
            raise
        try:
            return self._parse(_string(answer))
        except SecretUnusable:
            if stage == PREVIOUS:
                return None  # the empty secret that the template created: it never signed anything
            raise


def _string(answer: dict[str, Any]) -> str:
    string = answer.get("SecretString")
    if not isinstance(string, str):
        raise SecretUnusable("the secret is binary, not a string")
    return string


def error_name(error: Exception) -> str:
    """The AWS error code, the message of a SecretUnusable, or the type of any other error."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "ClientError"))
    return str(error) if isinstance(error, SecretUnusable) else type(error).__name__
