"""The time budgets fit into each other: the numbers are those of the code, the template and the real AWS clients."""

import re
from typing import Any, Final

import boto3
import pytest

from charge.app import VERDICT_SECONDS
from payments.charging.cancel import ASK_TRIES
from payments.events import relay
from payments.follow_up.bus_budget import BUS_BUDGET
from payments.follow_up.finish import LEASE
from payments.follow_up.refresh import REFRESH_SECONDS
from payments.follow_up.run import ONE_PAYMENT_SECONDS, PUBLICATION_SECONDS
from payments.gateway.transport import CONNECT_SECONDS
from payments.ledger.table import CONFLICT_TRIES, FIRST_WAIT, PATIENCE_SECONDS
from payments.model.follow_up import FIRST_ASK, IN_DOUBT_ASK, MIN_SEND_SECONDS
from payments.outcome.status_query import ASK_SECONDS, MAX_UNANSWERED
from payments.runtime.bootstrap import aws
from payments.runtime.bootstrap_reconciliation import _FOR_FILES
from payments.runtime.secret_reading import HELD_UP_SECONDS
from payments.webhooks.handle import CONFIRM_SECONDS
from tests.house import deployed_template
from tests.house.checkout import FUNCTIONS

API_GATEWAY_SECONDS: Final = 29
"""API Gateway's own limit for an answer."""

COLD_START_SECONDS: Final = 2
"""Restoring a snapshot takes well under a second, and counts before the function's own time."""

LONGEST_CARD_ANSWER: Final = 20
"""What a charge leaves to the gateway at least. A bank's answer takes a few seconds."""


@pytest.fixture(autouse=True)
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")


def timeout_of(function: str) -> float:
    return float(deployed_template.functions()[function]["Timeout"])


def longest(client: Any) -> float:
    """Seconds that one call of a client takes at most: each try may connect and answer slowly, with waits between.

    In botocore's standard mode the wait after try n, from 0, is at most 2^n s, and at most 20 s.
    """
    config = client.meta.config
    assert config.retries["mode"] == "standard"
    tries = config.retries["total_max_attempts"]
    waits = sum(min(2**nth, 20) for nth in range(tries - 1))
    return float(tries * (config.connect_timeout + config.read_timeout) + waits)


def s3() -> Any:
    """The client of the reconciliation's reports."""
    return boto3.client("s3", config=_FOR_FILES)


def longest_table_call() -> float:
    """The table's own tries: none begins after PATIENCE_SECONDS."""
    return PATIENCE_SECONDS + longest(aws("dynamodb"))


@pytest.mark.parametrize("function", ["ChargeFunction", "WebhookFunction"])
def test_a_request_ends_before_api_gateway_gives_up_also_after_a_cold_start(function: str) -> None:
    assert timeout_of(function) + COLD_START_SECONDS <= API_GATEWAY_SECONDS


def test_the_gateways_time_ends_before_the_functions_and_is_enough_for_a_bank() -> None:
    gateway = timeout_of("ChargeFunction") - VERDICT_SECONDS
    assert LONGEST_CARD_ANSWER <= gateway < timeout_of("ChargeFunction")
    assert MIN_SEND_SECONDS < CONNECT_SECONDS < gateway


def test_the_verdict_is_written_though_the_table_and_the_secrets_hang() -> None:
    """After a refused key the secrets are read again, perhaps at the end of the gateway's time."""
    assert longest_table_call() + HELD_UP_SECONDS <= VERDICT_SECONDS


def test_the_first_read_of_a_secret_leaves_time_to_charge() -> None:
    """Nothing is sent without it; two secrets are read at a cold start."""
    left = timeout_of("ChargeFunction") - VERDICT_SECONDS - 2 * longest(aws("secretsmanager"))
    assert left > CONNECT_SECONDS


def test_each_client_is_tested_here() -> None:
    """A new AWS service needs a place in these budgets. The files have a client, and time, of their own."""
    code = "\n".join(path.read_text() for path in FUNCTIONS.rglob("*.py"))
    assert set(re.findall(r'\baws\("([a-z0-9]+)"\)', code)) == {"dynamodb", "events", "secretsmanager"}
    assert re.findall(r'boto3\.client\("([a-z0-9]+)"', code) == ["s3"]


def test_a_file_of_a_report_fits_into_the_time_that_a_reconciliation_keeps() -> None:
    """Its client tries again; what a killed call has not saved, the next call does again."""
    assert longest(s3()) < timeout_of("ReconciliationFunction")


def test_the_client_of_the_table_makes_one_try_and_the_table_makes_the_others() -> None:
    """Two who try again multiply: six tries of two tries each took far longer than the verdict's reserve."""
    assert aws("dynamodb").meta.config.retries["total_max_attempts"] == 1
    assert CONFLICT_TRIES == 6
    assert sum(FIRST_WAIT * 2**nth for nth in range(CONFLICT_TRIES - 1)) < PATIENCE_SECONDS


def test_a_call_that_hangs_is_made_twice() -> None:
    config = aws("dynamodb").meta.config
    assert config.read_timeout + FIRST_WAIT <= PATIENCE_SECONDS


def test_a_refresh_ends_within_the_function() -> None:
    """It reads, notes the refresh, queries and records."""
    calls = 3 * longest_table_call()
    assert calls + REFRESH_SECONDS <= timeout_of("ChargeFunction")


def test_a_cancellation_ends_within_the_function() -> None:
    """The gateway takes all its time for each question, and the table hangs once. A killed one has marked nothing."""
    assert ASK_TRIES * ASK_SECONDS + longest_table_call() <= timeout_of("ChargeFunction")


def test_a_webhook_is_recorded_within_its_function() -> None:
    """It needs both versions of two secrets, reads the payment, confirms and records. The follow-up can publish."""
    calls = 4 * HELD_UP_SECONDS + 2 * longest_table_call()
    assert calls + CONFIRM_SECONDS <= timeout_of("WebhookFunction")


def test_a_bus_in_trouble_leaves_a_run_time_for_its_queries() -> None:
    bus = BUS_BUDGET.total_seconds() + longest(aws("events"))
    one_query = ASK_SECONDS
    assert bus + ONE_PAYMENT_SECONDS + one_query <= timeout_of("FollowUpFunction")


def test_a_payment_that_is_begun_is_finished_within_the_run() -> None:
    assert ASK_SECONDS + longest_table_call() + longest(aws("events")) <= ONE_PAYMENT_SECONDS


def test_a_publication_that_is_begun_is_finished_within_the_run() -> None:
    assert longest(aws("events")) + longest_table_call() <= PUBLICATION_SECONDS < ONE_PAYMENT_SECONDS


def test_a_run_has_time_for_all_queries_that_an_outage_costs() -> None:
    assert timeout_of("FollowUpFunction") >= MAX_UNANSWERED * ASK_SECONDS + ONE_PAYMENT_SECONDS


def test_a_payment_that_the_relay_begins_is_finished_within_its_function() -> None:
    """It reads, publishes, and moves the cursor: when another process writes meanwhile, in two tries."""
    assert 3 * longest_table_call() + longest(aws("events")) <= relay.ONE_PAYMENT_SECONDS
    assert timeout_of("RelayFunction") >= 2 * relay.ONE_PAYMENT_SECONDS


def test_a_run_ends_before_the_next_one_and_before_its_leases() -> None:
    assert timeout_of("FollowUpFunction") < 60
    assert LEASE.total_seconds() > timeout_of("FollowUpFunction")


def test_the_follow_up_does_not_ask_about_a_charge_that_is_still_being_sent() -> None:
    assert FIRST_ASK.total_seconds() > timeout_of("ChargeFunction")
    assert IN_DOUBT_ASK < FIRST_ASK
