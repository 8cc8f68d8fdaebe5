"""A secret is read seldom, kept on while it cannot be read, and read anew at most once a minute."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from payments.errors import SecretUnusable
from payments.runtime.secret_cache import CURRENT, FRESH_FOR, PREVIOUS, REFRESH_EVERY, REPEAT_AFTER, RETRY_AFTER, Secret
from tests.fakes.clock import SettableClock
from tests.fakes.telemetry import RecordingTelemetry

A_MOMENT = timedelta(milliseconds=1)


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "the text may name the secret"}}, "GetSecretValue")


class Cupboard:
    """Meets SecretsClient: what lies at each stage, or the error there; and how often it was looked into."""

    def __init__(self, current: str | Exception, previous: str | Exception | None = None) -> None:
        self.stages: dict[str, str | Exception] = {
            CURRENT: current,
            PREVIOUS: refusal("ResourceNotFoundException") if previous is None else previous,
        }
        self.asked: list[str] = []

    def get_secret_value(self, **kwargs: str) -> dict[str, Any]:
        """See SecretsClient."""
        assert kwargs["SecretId"] == "the-secret"
        self.asked.append(kwargs["VersionStage"])
        found = self.stages[kwargs["VersionStage"]]
        if isinstance(found, Exception):
            raise found
        return {"SecretString": found}

    def rotate(self, to: str) -> None:
        self.stages = {CURRENT: to, PREVIOUS: self.stages[CURRENT]}


def parsed(text: str) -> str:
    if text == "empty form":
        raise SecretUnusable("secret_key is not filled in")
    return text.upper()


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def telemetry() -> RecordingTelemetry:
    return RecordingTelemetry()


Vault = Callable[[Cupboard], Secret[str]]


@pytest.fixture
def vault(clock: SettableClock, telemetry: RecordingTelemetry) -> Vault:
    return lambda cupboard: Secret(cupboard, "the-secret", parsed, clock, telemetry)


class TestReading:
    def test_nothing_is_read_before_it_is_wanted(self, vault: Vault) -> None:
        cupboard = Cupboard("one")
        vault(cupboard)

        assert cupboard.asked == []

    def test_a_secret_is_read_once_and_then_kept(self, vault: Vault, clock: SettableClock) -> None:
        cupboard = Cupboard("one")
        secret = vault(cupboard)

        assert [secret.current() for _ in range(100)] == ["ONE"] * 100
        clock.now += FRESH_FOR - A_MOMENT
        assert secret.current() == "ONE"
        assert cupboard.asked == [CURRENT]

    def test_it_is_read_again_when_its_time_is_over(self, vault: Vault, clock: SettableClock) -> None:
        cupboard = Cupboard("one")
        secret = vault(cupboard)
        secret.current()
        cupboard.rotate("two")
        clock.now += FRESH_FOR

        assert secret.current() == "TWO"
        assert cupboard.asked == [CURRENT, CURRENT]

    def test_two_secrets_do_not_share_what_they_keep(self, vault: Vault) -> None:
        assert (vault(Cupboard("one")).current(), vault(Cupboard("two")).current()) == ("ONE", "TWO")


class TestFailing:
    ERRORS = (
        refusal("ThrottlingException"),
        refusal("AccessDeniedException"),
        refusal("InternalServiceError"),
        refusal("ResourceNotFoundException"),
        EndpointConnectionError(endpoint_url="https://secrets.example"),
        ReadTimeoutError(endpoint_url="https://secrets.example"),
    )

    @pytest.mark.parametrize("error", [*ERRORS, "empty form"], ids=str)
    def test_what_was_read_serves_on(
        self, vault: Vault, clock: SettableClock, telemetry: RecordingTelemetry, error: Exception | str
    ) -> None:
        cupboard = Cupboard("one")
        secret = vault(cupboard)
        secret.current()
        cupboard.stages[CURRENT] = error
        clock.now += FRESH_FOR

        assert secret.current() == "ONE"
        assert telemetry.signals == ["secret_unreadable"]

    @pytest.mark.parametrize("error", [*ERRORS, "empty form"], ids=str)
    def test_where_nothing_was_read_there_is_nothing(self, vault: Vault, error: Exception | str) -> None:
        with pytest.raises(SecretUnusable):
            vault(Cupboard(error)).current()

    def test_a_failure_is_left_alone_for_a_while(self, vault: Vault, clock: SettableClock) -> None:
        cupboard = Cupboard("one")
        secret = vault(cupboard)
        secret.current()
        cupboard.stages[CURRENT] = refusal("ThrottlingException")
        clock.now += FRESH_FOR
        for _ in range(10):
            secret.current()
        assert cupboard.asked == [CURRENT] * 2

        cupboard.stages[CURRENT] = "two"
        clock.now += RETRY_AFTER
        assert secret.current() == "TWO"

    def test_a_first_failure_heals_at_once(self, vault: Vault) -> None:
        cupboard = Cupboard("empty form")
        secret = vault(cupboard)
        with pytest.raises(SecretUnusable):
            secret.current()

        cupboard.stages[CURRENT] = "filled in"
        assert secret.current() == "FILLED IN"

    def test_the_error_says_why_and_nothing_of_the_secret(self, vault: Vault, telemetry: RecordingTelemetry) -> None:
        with pytest.raises(SecretUnusable, match="AccessDeniedException") as caught:
            vault(Cupboard(refusal("AccessDeniedException"))).current()

        assert "may name" not in str(caught.value) + str(telemetry.notes)


class TestVersions:
    def test_a_secret_that_was_never_rotated_has_one(self, vault: Vault) -> None:
        assert vault(Cupboard("one")).versions() == ("ONE",)

    def test_during_a_rotation_the_version_before_still_verifies(self, vault: Vault) -> None:
        assert vault(Cupboard("two", "one")).versions() == ("TWO", "ONE")

    def test_the_templates_empty_form_never_signed_anything(self, vault: Vault, telemetry: RecordingTelemetry) -> None:
        assert vault(Cupboard("one", "empty form")).versions() == ("ONE",)
        assert telemetry.signals == []

    @pytest.mark.parametrize("error", TestFailing.ERRORS[:3], ids=str)
    def test_one_that_cannot_be_read_does_not_take_the_current_with_it(
        self, vault: Vault, telemetry: RecordingTelemetry, error: Exception
    ) -> None:
        cupboard = Cupboard("two", error)
        secret = vault(cupboard)

        assert [secret.versions() for _ in range(5)] == [("TWO",)] * 5
        assert cupboard.asked.count(PREVIOUS) == 1
        assert telemetry.signals == ["secret_unreadable"]

    def test_it_is_kept_on_error_too(self, vault: Vault, clock: SettableClock) -> None:
        cupboard = Cupboard("two", "one")
        secret = vault(cupboard)
        secret.versions()
        cupboard.stages[PREVIOUS] = refusal("ThrottlingException")
        clock.now += FRESH_FOR

        assert secret.versions() == ("TWO", "ONE")

    def test_both_are_kept(self, vault: Vault) -> None:
        cupboard = Cupboard("one")
        secret = vault(cupboard)
        for _ in range(50):
            secret.versions()

        assert sorted(cupboard.asked) == [CURRENT, PREVIOUS]


class TestRefreshing:
    def test_reads_anew_before_the_time_is_over(self, vault: Vault) -> None:
        cupboard = Cupboard("one")
        secret = vault(cupboard)
        secret.versions()
        cupboard.rotate("two")

        assert secret.refresh()
        assert secret.current() == "TWO"
        assert secret.versions() == ("TWO", "ONE")

    def test_happens_at_most_once_a_minute(self, vault: Vault, clock: SettableClock) -> None:
        cupboard = Cupboard("one")
        secret = vault(cupboard)
        secret.current()

        assert secret.refresh()
        assert not any(secret.refresh() for _ in range(1000))
        clock.now += REFRESH_EVERY - A_MOMENT
        assert not secret.refresh()
        assert cupboard.asked == [CURRENT] * 2
        clock.now += A_MOMENT
        assert secret.refresh()
        assert cupboard.asked == [CURRENT] * 3

    def test_that_fails_leaves_what_there_was_and_may_be_repeated_soon(
        self, vault: Vault, clock: SettableClock
    ) -> None:
        cupboard = Cupboard("one", "zero")
        secret = vault(cupboard)
        secret.versions()
        cupboard.stages = dict.fromkeys(cupboard.stages, refusal("ThrottlingException"))

        assert not secret.refresh()
        assert secret.versions() == ("ONE", "ZERO")
        asked = len(cupboard.asked)
        assert not secret.refresh()
        assert len(cupboard.asked) == asked
        clock.now += REPEAT_AFTER
        cupboard.stages[CURRENT] = "two"
        assert secret.refresh()
        assert secret.current() == "TWO"

    def test_before_the_first_reading_reads(self, vault: Vault) -> None:
        cupboard = Cupboard("one")
        secret = vault(cupboard)

        assert secret.refresh()
        assert secret.current() == "ONE"
        assert cupboard.asked == [CURRENT]
