"""A secret is cached for minutes, stays in use while it cannot be read, and is refreshed at most once a minute."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from payments.errors import SecretUnusable
from payments.runtime.secret_cache import CURRENT, FRESH_FOR, PREVIOUS, REFRESH_EVERY, REPEAT_AFTER, RETRY_AFTER, Secret
from tests.fakes.clock import SettableClock
from tests.fakes.telemetry import RecordingTelemetry

ONE_MILLISECOND = timedelta(milliseconds=1)


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "the text may name the secret"}}, "GetSecretValue")


class FakeSecretsManager:
    """Meets SecretsClient: returns the value of each stage or raises its error, and records the calls."""

    def __init__(self, current: str | Exception, previous: str | Exception | None = None) -> None:
        self.stages: dict[str, str | Exception] = {
            CURRENT: current,
            PREVIOUS: refusal("ResourceNotFoundException") if previous is None else previous,
        }
        self.reads: list[str] = []

    def get_secret_value(self, **kwargs: str) -> dict[str, Any]:
        """See SecretsClient."""
        assert kwargs["SecretId"] == "the-secret"
        self.reads.append(kwargs["VersionStage"])
        value = self.stages[kwargs["VersionStage"]]
        if isinstance(value, Exception):
            raise value
        return {"SecretString": value}

    def rotate(self, to: str) -> None:
        self.stages = {CURRENT: to, PREVIOUS: self.stages[CURRENT]}


def parsed(text: str) -> str:
    if text == "empty secret":
        raise SecretUnusable("secret_key is not filled in")
    return text.upper()


MakeSecret = Callable[[FakeSecretsManager], Secret[str]]


@pytest.fixture
def make_secret(clock: SettableClock, telemetry: RecordingTelemetry) -> MakeSecret:
    return lambda manager: Secret(manager, "the-secret", parsed, clock, telemetry)


class TestReading:
    def test_nothing_is_read_before_the_first_use(self, make_secret: MakeSecret) -> None:
        manager = FakeSecretsManager("one")
        make_secret(manager)

        assert manager.reads == []

    def test_a_secret_is_read_once_and_then_cached(self, make_secret: MakeSecret, clock: SettableClock) -> None:
        manager = FakeSecretsManager("one")
        secret = make_secret(manager)

        assert [secret.current() for _ in range(100)] == ["ONE"] * 100
        clock.now += FRESH_FOR - ONE_MILLISECOND
        assert secret.current() == "ONE"
        assert manager.reads == [CURRENT]

    def test_a_secret_is_read_again_when_it_is_no_longer_fresh(
        self, make_secret: MakeSecret, clock: SettableClock
    ) -> None:
        manager = FakeSecretsManager("one")
        secret = make_secret(manager)
        secret.current()
        manager.rotate("two")
        clock.now += FRESH_FOR

        assert secret.current() == "TWO"
        assert manager.reads == [CURRENT, CURRENT]

    def test_a_rotation_takes_effect_within_five_minutes(self, make_secret: MakeSecret, clock: SettableClock) -> None:
        """The runbook promises this: whoever rotates a leaked key counts on it."""
        manager = FakeSecretsManager("one")
        secret = make_secret(manager)
        secret.current()
        manager.rotate("two")
        clock.now += timedelta(minutes=5)

        assert secret.current() == "TWO"

    def test_two_secrets_have_separate_caches(self, make_secret: MakeSecret) -> None:
        assert (make_secret(FakeSecretsManager("one")).current(), make_secret(FakeSecretsManager("two")).current()) == (
            "ONE",
            "TWO",
        )


class TestFailing:
    ERRORS = (
        refusal("ThrottlingException"),
        refusal("AccessDeniedException"),
        refusal("InternalServiceError"),
        refusal("ResourceNotFoundException"),
        EndpointConnectionError(endpoint_url="https://secrets.example"),
        ReadTimeoutError(endpoint_url="https://secrets.example"),
    )

    @pytest.mark.parametrize("error", [*ERRORS, "empty secret"], ids=str)
    def test_the_cached_value_stays_in_use_when_a_read_fails(
        self, make_secret: MakeSecret, clock: SettableClock, telemetry: RecordingTelemetry, error: Exception | str
    ) -> None:
        manager = FakeSecretsManager("one")
        secret = make_secret(manager)
        secret.current()
        manager.stages[CURRENT] = error
        clock.now += FRESH_FOR

        assert secret.current() == "ONE"
        assert telemetry.signals == ["secret_unreadable"]

    @pytest.mark.parametrize("error", [*ERRORS, "empty secret"], ids=str)
    def test_a_failed_first_read_raises_secret_unusable(self, make_secret: MakeSecret, error: Exception | str) -> None:
        with pytest.raises(SecretUnusable):
            make_secret(FakeSecretsManager(error)).current()

    def test_a_failed_read_is_repeated_only_after_a_wait(self, make_secret: MakeSecret, clock: SettableClock) -> None:
        manager = FakeSecretsManager("one")
        secret = make_secret(manager)
        secret.current()
        manager.stages[CURRENT] = refusal("ThrottlingException")
        clock.now += FRESH_FOR
        for _ in range(10):
            secret.current()
        assert manager.reads == [CURRENT] * 2

        manager.stages[CURRENT] = "two"
        clock.now += RETRY_AFTER
        assert secret.current() == "TWO"

    def test_a_failed_first_read_is_repeated_at_the_next_use(self, make_secret: MakeSecret) -> None:
        manager = FakeSecretsManager("empty secret")
        secret = make_secret(manager)
        with pytest.raises(SecretUnusable):
            secret.current()

        manager.stages[CURRENT] = "filled in"
        assert secret.current() == "FILLED IN"

    def test_the_error_has_the_aws_code_and_not_the_message(
        self, make_secret: MakeSecret, telemetry: RecordingTelemetry
    ) -> None:
        with pytest.raises(SecretUnusable, match="AccessDeniedException") as caught:
            make_secret(FakeSecretsManager(refusal("AccessDeniedException"))).current()

        assert "may name" not in str(caught.value) + str(telemetry.notes)


class TestVersions:
    def test_a_secret_that_was_never_rotated_has_one_version(self, make_secret: MakeSecret) -> None:
        assert make_secret(FakeSecretsManager("one")).versions() == ("ONE",)

    def test_after_a_rotation_the_previous_version_still_verifies(self, make_secret: MakeSecret) -> None:
        assert make_secret(FakeSecretsManager("two", "one")).versions() == ("TWO", "ONE")

    def test_the_empty_secret_of_the_template_is_no_previous_version(
        self, make_secret: MakeSecret, telemetry: RecordingTelemetry
    ) -> None:
        assert make_secret(FakeSecretsManager("one", "empty secret")).versions() == ("ONE",)
        assert telemetry.signals == []

    @pytest.mark.parametrize("error", TestFailing.ERRORS[:3], ids=str)
    def test_an_unreadable_previous_version_does_not_affect_the_current_one(
        self, make_secret: MakeSecret, telemetry: RecordingTelemetry, error: Exception
    ) -> None:
        manager = FakeSecretsManager("two", error)
        secret = make_secret(manager)

        assert [secret.versions() for _ in range(5)] == [("TWO",)] * 5
        assert manager.reads.count(PREVIOUS) == 1
        assert telemetry.signals == ["secret_unreadable"]

    def test_the_cached_previous_version_stays_in_use_when_a_read_fails(
        self, make_secret: MakeSecret, clock: SettableClock
    ) -> None:
        manager = FakeSecretsManager("two", "one")
        secret = make_secret(manager)
        secret.versions()
        manager.stages[PREVIOUS] = refusal("ThrottlingException")
        clock.now += FRESH_FOR

        assert secret.versions() == ("TWO", "ONE")

    def test_both_versions_are_cached(self, make_secret: MakeSecret) -> None:
        manager = FakeSecretsManager("one")
        secret = make_secret(manager)
        for _ in range(50):
            secret.versions()

        assert sorted(manager.reads) == [CURRENT, PREVIOUS]


class TestRefreshing:
    def test_a_refresh_reads_before_the_value_is_out_of_date(self, make_secret: MakeSecret) -> None:
        manager = FakeSecretsManager("one")
        secret = make_secret(manager)
        secret.versions()
        manager.rotate("two")

        assert secret.refresh()
        assert secret.current() == "TWO"
        assert secret.versions() == ("TWO", "ONE")

    def test_a_refresh_happens_at_most_once_a_minute(self, make_secret: MakeSecret, clock: SettableClock) -> None:
        manager = FakeSecretsManager("one")
        secret = make_secret(manager)
        secret.current()

        assert secret.refresh()
        assert not any(secret.refresh() for _ in range(1000))
        clock.now += REFRESH_EVERY - ONE_MILLISECOND
        assert not secret.refresh()
        assert manager.reads == [CURRENT] * 2
        clock.now += ONE_MILLISECOND
        assert secret.refresh()
        assert manager.reads == [CURRENT] * 3

    def test_a_failed_refresh_keeps_the_cached_values_and_may_be_repeated_soon(
        self, make_secret: MakeSecret, clock: SettableClock
    ) -> None:
        manager = FakeSecretsManager("one", "zero")
        secret = make_secret(manager)
        secret.versions()
        manager.stages = dict.fromkeys(manager.stages, refusal("ThrottlingException"))

        assert not secret.refresh()
        assert secret.versions() == ("ONE", "ZERO")
        reads = len(manager.reads)
        assert not secret.refresh()
        assert len(manager.reads) == reads
        clock.now += REPEAT_AFTER
        manager.stages[CURRENT] = "two"
        assert secret.refresh()
        assert secret.current() == "TWO"

    def test_a_refresh_before_the_first_use_reads(self, make_secret: MakeSecret) -> None:
        manager = FakeSecretsManager("one")
        secret = make_secret(manager)

        assert secret.refresh()
        assert secret.current() == "ONE"
        assert manager.reads == [CURRENT]
