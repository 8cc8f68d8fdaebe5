"""A signal is one JSON line and counts in metrics. Invocations share no keys; foreign error texts are not logged."""

import ast
import io
import json
import logging
import uuid
from typing import Any

import pytest
from aws_lambda_powertools import Logger

from payments.errors import SecretUnusable
from payments.runtime.emf import EmfLines
from payments.runtime.metrics import WAKES_SOMEBODY
from payments.runtime.telemetry import PowertoolsTelemetry, powertools
from tests.house.checkout import FUNCTIONS

NAMESPACE = "PayAgency"


class RecordedTelemetry:
    """A telemetry and its output."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._out, self._capsys = io.StringIO(), capsys
        # Loggers are global by name, so each test uses a name of its own.
        logger = Logger(service=f"payments-{uuid.uuid4().hex}", level="INFO", stream=self._out)
        self.telemetry = PowertoolsTelemetry(logger, EmfLines(NAMESPACE, "payments"))

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._out.getvalue().splitlines()]

    def emf(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._capsys.readouterr().out.splitlines()]


@pytest.fixture
def recorded(capsys: pytest.CaptureFixture[str]) -> RecordedTelemetry:
    return RecordedTelemetry(capsys)


class TestLines:
    def test_a_signal_is_one_json_line_with_its_facts(self, recorded: RecordedTelemetry) -> None:
        recorded.telemetry.note("payment_succeeded", payment_id="pay_1", left=2)

        (line,) = recorded.lines()
        assert line["signal"] == line["message"] == "payment_succeeded"
        assert (line["payment_id"], line["left"], line["level"]) == ("pay_1", 2, "INFO")
        assert line["timestamp"]

    @pytest.mark.parametrize("signal", sorted(WAKES_SOMEBODY))
    def test_a_signal_that_alerts_a_person_is_logged_as_an_error(
        self, recorded: RecordedTelemetry, signal: str
    ) -> None:
        recorded.telemetry.note(signal, status="needs_review", field="amount")

        assert recorded.lines()[0]["level"] == "ERROR"

    def test_a_line_has_the_correlation_id_of_its_invocation(self, recorded: RecordedTelemetry) -> None:
        recorded.telemetry.begin("request-1")
        recorded.telemetry.note("one")

        assert recorded.lines()[0]["correlation_id"] == "request-1"

    def test_the_facts_of_one_line_are_not_on_the_next(self, recorded: RecordedTelemetry) -> None:
        recorded.telemetry.note("one", payment_id="pay_1")
        recorded.telemetry.note("two")

        assert "payment_id" not in recorded.lines()[1]

    def test_the_payment_is_on_its_line_and_on_all_that_follow(self, recorded: RecordedTelemetry) -> None:
        recorded.telemetry.about("pay_1", "order-1", "PA1")
        recorded.telemetry.note("one")
        recorded.telemetry.unexpected(KeyError())

        for line in recorded.lines():
            assert (line["payment_id"], line["order_id"], line["transaction_id"]) == ("pay_1", "order-1", "PA1")

    def test_the_keys_of_one_payment_are_not_on_the_lines_of_the_next(self, recorded: RecordedTelemetry) -> None:
        recorded.telemetry.about("pay_1", "order-1", "PA1")
        recorded.telemetry.about("pay_2")
        recorded.telemetry.note("two")
        recorded.telemetry.about(None)
        recorded.telemetry.note("none")

        two, none = recorded.lines()
        assert two["payment_id"] == "pay_2"
        assert {"order_id", "transaction_id"} & set(two) == set()
        assert {"payment_id", "order_id", "transaction_id"} & set(none) == set()

    def test_the_keys_of_one_invocation_are_not_on_the_lines_of_the_next(self, recorded: RecordedTelemetry) -> None:
        recorded.telemetry.begin("request-1")
        recorded.telemetry.about("pay_1", "order-1", "PA1")
        recorded.telemetry.note("one")
        recorded.telemetry.begin(None)
        recorded.telemetry.note("two")

        two = recorded.lines()[1]
        assert {"payment_id", "order_id", "transaction_id", "correlation_id"} & set(two) == set()


class TestMetrics:
    def test_a_signal_is_counted_in_cloudwatchs_embedded_format(self, recorded: RecordedTelemetry) -> None:
        for _ in range(3):
            recorded.telemetry.note("charge_in_doubt")
        recorded.telemetry.flush()

        (emf,) = recorded.emf()
        (directive,) = emf["_aws"]["CloudWatchMetrics"]
        assert directive["Namespace"] == NAMESPACE
        assert directive["Dimensions"] == [["service"]]
        assert directive["Metrics"] == [{"Name": "ChargesInDoubt", "Unit": "Count"}]
        assert emf["service"] == "payments"
        assert sum(emf["ChargesInDoubt"]) == 3
        assert isinstance(emf["_aws"]["Timestamp"], int)

    def test_the_fact_named_by_a_metric_is_a_dimension_beside_the_total(self, recorded: RecordedTelemetry) -> None:
        recorded.telemetry.note("webhook_refused", cause="token")
        recorded.telemetry.note("webhook_refused", cause="signature")
        recorded.telemetry.note("webhook_refused", cause="token")
        recorded.telemetry.flush()

        by_cause = {emf["cause"]: emf for emf in recorded.emf()}
        assert {cause: sum(emf["WebhookRejections"]) for cause, emf in by_cause.items()} == {"token": 2, "signature": 1}
        for emf in by_cause.values():
            assert emf["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["service"], ["service", "cause"]]

    def test_amounts_of_different_currencies_have_no_total(self, recorded: RecordedTelemetry) -> None:
        """A sum of pounds and yen has no meaning."""
        recorded.telemetry.measure("MoneyAtRisk", 100, "GBP")
        recorded.telemetry.measure("MoneyAtRisk", 100, "JPY")
        recorded.telemetry.flush()

        emf = recorded.emf()
        assert [line["currency"] for line in emf] == ["GBP", "JPY"]
        assert [line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] for line in emf] == [[["service", "currency"]]] * 2

    def test_a_signal_can_count_in_two_metrics(self, recorded: RecordedTelemetry) -> None:
        recorded.telemetry.note("late_success", status="succeeded")
        recorded.telemetry.flush()

        counted = {name for emf in recorded.emf() for name in emf if name in {"Verdicts", "LateSuccesses"}}
        assert counted == {"Verdicts", "LateSuccesses"}

    def test_a_signal_can_count_by_more_than_one(self, recorded: RecordedTelemetry) -> None:
        recorded.telemetry.note("publish_incomplete", left=7)
        recorded.telemetry.flush()

        assert recorded.emf()[0]["EventsLeftBehind"] == [7.0]

    def test_a_measure_has_its_unit(self, recorded: RecordedTelemetry) -> None:
        recorded.telemetry.measure("FollowUpLag", 42)
        recorded.telemetry.flush()

        (emf,) = recorded.emf()
        assert emf["FollowUpLag"] == [42.0]
        assert emf["_aws"]["CloudWatchMetrics"][0]["Metrics"] == [{"Name": "FollowUpLag", "Unit": "Seconds"}]

    def test_an_undeclared_signal_is_logged_and_not_counted(self, recorded: RecordedTelemetry) -> None:
        recorded.telemetry.note("undeclared")
        recorded.telemetry.flush()

        assert [line["signal"] for line in recorded.lines()] == ["undeclared"]
        assert recorded.emf() == []

    def test_an_id_is_not_a_dimension(self, recorded: RecordedTelemetry) -> None:
        """One metric per payment would cost more than the payments earn."""
        recorded.telemetry.about("pay_1", "order-1", "PA1")
        recorded.telemetry.note("payment_succeeded", payment_id="pay_1", status="succeeded")
        recorded.telemetry.flush()

        output = json.dumps(recorded.emf())
        assert [known for known in ("pay_1", "order-1", "PA1") if known in output] == []

    def test_a_value_outside_the_closed_set_counts_as_other(self, recorded: RecordedTelemetry) -> None:
        recorded.telemetry.measure("MoneyAtRisk", 100, "pay_1")
        recorded.telemetry.flush()

        assert [emf["currency"] for emf in recorded.emf()] == ["other"]

    def test_flushed_values_are_not_written_again(self, recorded: RecordedTelemetry) -> None:
        recorded.telemetry.note("charge_in_doubt")
        recorded.telemetry.flush()
        recorded.telemetry.note("unknown_gateway_status")
        recorded.telemetry.flush()

        first, second = recorded.emf()
        assert "ChargesInDoubt" in first
        assert "ChargesInDoubt" not in second

    def test_an_invocation_without_a_signal_writes_nothing(self, recorded: RecordedTelemetry) -> None:
        """Powertools would write a warning that is not JSON."""
        recorded.telemetry.begin("request-1")
        recorded.telemetry.flush()

        assert recorded.emf() == []
        assert recorded.lines() == []

    @pytest.mark.parametrize("count", [99, 100, 101, 250])
    def test_every_value_is_written_when_they_do_not_fit_one_line(
        self, recorded: RecordedTelemetry, count: int
    ) -> None:
        """A line holds at most a hundred values of one metric."""
        for _ in range(count):
            recorded.telemetry.note("charge_in_doubt")
            recorded.telemetry.note("webhook_refused", cause="token")
        recorded.telemetry.flush()

        emf = recorded.emf()
        for name in ("ChargesInDoubt", "WebhookRejections"):
            assert sum(sum(line.get(name, [])) for line in emf) == count
        assert all(line["cause"] == "token" for line in emf if "WebhookRejections" in line)


class TestUnexpected:
    CARD = "4111111111111111"

    def failing(self) -> None:
        raise ValueError(f"could not parse {self.CARD}")

    def test_a_bug_is_logged_by_type_and_place_without_its_text(self, recorded: RecordedTelemetry) -> None:
        try:
            self.failing()
        except ValueError as error:
            recorded.telemetry.unexpected(error)

        (line,) = recorded.lines()
        assert (line["signal"], line["error"], line["level"]) == ("unexpected_error", "ValueError", "ERROR")
        assert "TestUnexpected.failing:" in line["where"]
        assert self.CARD not in json.dumps(line)

    def test_the_text_of_the_cause_is_not_logged(self, recorded: RecordedTelemetry) -> None:
        try:
            try:
                self.failing()
            except ValueError as cause:
                raise RuntimeError(f"while charging {self.CARD}") from cause
        except RuntimeError as error:
            recorded.telemetry.unexpected(error)

        assert self.CARD not in json.dumps(recorded.lines())

    def test_the_text_of_an_error_of_ours_is_logged(self, recorded: RecordedTelemetry) -> None:
        recorded.telemetry.unexpected(SecretUnusable("secret_key is not filled in"))

        assert recorded.lines()[0]["reason"] == "secret_key is not filled in"

    def test_an_error_that_was_never_raised_has_no_place(self, recorded: RecordedTelemetry) -> None:
        recorded.telemetry.unexpected(KeyError(self.CARD))

        assert recorded.lines()[0]["where"] == "?"
        assert self.CARD not in json.dumps(recorded.lines())

    def test_a_bug_is_counted(self, recorded: RecordedTelemetry) -> None:
        recorded.telemetry.unexpected(KeyError())
        recorded.telemetry.flush()

        assert recorded.emf()[0]["UnexpectedErrors"] == [1.0]


def test_no_fact_has_the_name_of_an_attribute_of_log_records() -> None:
    """`note(name=…)` would raise, and telemetry must not raise. The names in use are read from the source."""
    reserved = set(vars(logging.makeLogRecord({}))) | {"message", "asctime"}

    assert facts_in_use() & reserved == set()
    assert {"payment_id", "error", "why"} <= facts_in_use()


def facts_in_use() -> set[str]:
    calls = (
        node
        for path in FUNCTIONS.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "note"
    )
    return {keyword.arg for call in calls for keyword in call.keywords if keyword.arg}


@pytest.mark.parametrize("library", ["boto3", "botocore.parsers", "urllib3.connectionpool"])
def test_no_library_logs_anything_at_any_log_level(library: str, caplog: pytest.LogCaptureFixture) -> None:
    powertools()
    with caplog.at_level(logging.DEBUG):
        logging.getLogger(library).debug("SecretString: sesame")
        logging.getLogger(library).warning("Failed to parse headers: sesame")
    assert caplog.text == ""
