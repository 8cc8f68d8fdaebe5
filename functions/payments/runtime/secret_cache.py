"""A cache of one secret of Secrets Manager. If a refresh fails or hangs, the cached value stays in use.

Threads share it: one of them reads, and the others wait for its result.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import RLock
from typing import Any, Final, Generic, Protocol, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from payments.errors import SecretUnusable
from payments.ports.runtime import Clock, Telemetry
from payments.runtime.secret_reading import Reading, StillReading

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
        self._reading: dict[str, Reading[T]] = {}
        self._refreshable_at: datetime | None = None
        self._lock = RLock()
        self._failed = (0, "")

    def current(self) -> T:
        """The current version, the cached one if it cannot be read. Raises SecretUnusable if there is none to use."""
        failed = self._failed
        with self._lock:
            if self._failed != failed:
                raise SecretUnusable(self._failed[1])  # another thread has tried while this one waited
            try:
                value = self._stage(CURRENT)
            except SecretUnusable as error:
                self._failed = (failed[0] + 1, str(error))
                raise
            if value is None:
                raise SecretUnusable("the secret has no current version")
            return value

    def versions(self) -> tuple[T, ...]:
        """The versions that may verify a signature: the current one, and after a rotation also the previous one."""
        with self._lock:
            previous = self._stage(PREVIOUS)
            return (self.current(),) if previous is None else (self.current(), previous)

    def refresh(self) -> bool:
        """Reads the current version again, unless that was done a moment ago. Returns whether it was read."""
        with self._lock:
            return self._refresh()

    def _refresh(self) -> bool:
        now = self._clock()
        if self._refreshable_at is not None and now < self._refreshable_at:
            return False
        before = self._cached.get(CURRENT)
        try:
            value = self._read(CURRENT) if before is None else self._reading_of(CURRENT).result()
        except (SecretUnusable, ClientError, BotoCoreError, StillReading) as error:
            self._telemetry.note("secret_unreadable", stage=CURRENT, error=error_name(error))
            self._refreshable_at = now + REPEAT_AFTER
            return False
        self._reading.pop(CURRENT, None)
        if before is not None and value != before[0]:
            # A rotation: what was current is the previous version, until that one is read.
            self._cached[PREVIOUS] = (before[0], now)
        elif PREVIOUS in self._cached:
            self._cached[PREVIOUS] = (self._cached[PREVIOUS][0], now)  # read again when it is needed
        self._cached[CURRENT] = (value, now + FRESH_FOR)
        self._refreshable_at = now + REFRESH_EVERY
        return True

    def _stage(self, stage: str) -> T | None:
        now = self._clock()
        reading, cached = self._reading.get(stage), self._cached.get(stage)
        has_ended = reading is not None and reading.has_ended
        if cached is not None and now < cached[1] and not has_ended:
            return cached[0]
        try:
            if cached is None:
                value, read_at = self._read(stage), now
            else:
                reading = self._reading_of(stage)
                value, read_at = reading.result(), reading.began_at
        except StillReading as error:
            return self._fall_back(stage, error, cached[0] if cached else None)
        except (SecretUnusable, ClientError, BotoCoreError) as error:
            self._reading.pop(stage, None)
            return self._fall_back(stage, error, cached[0] if cached else None)
        self._reading.pop(stage, None)
        self._cached[stage] = (value, read_at + FRESH_FOR)  # the function may have been frozen since the read began
        return value

    def _reading_of(self, stage: str) -> "Reading[T]":
        """The read of a stage that is under way, begun if there is none."""
        if stage not in self._reading:
            self._reading[stage] = Reading(lambda: self._read(stage), self._clock())
        return self._reading[stage]

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
