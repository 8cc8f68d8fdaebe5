"""Each signal is one JSON line and one metric; nothing is left of the invocation before, and no text of a stranger."""

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


class Watched:
    """A telemetry, and what it wrote."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._out, self._capsys = io.StringIO(), capsys
        # Python keeps a logger by its name for ever: each test has its own.
        logger = Logger(service=f"payments-{uuid.uuid4().hex}", level="INFO", stream=self._out)
        self.telemetry = PowertoolsTelemetry(logger, EmfLines(NAMESPACE, "payments"))

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._out.getvalue().splitlines()]

    def emf(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._capsys.readouterr().out.splitlines()]


@pytest.fixture
def watched(capsys: pytest.CaptureFixture[str]) -> Watched:
    return Watched(capsys)


class TestLines:
    def test_a_signal_is_one_json_line_with_its_facts(self, watched: Watched) -> None:
        watched.telemetry.note("payment_succeeded", payment_id="pay_1", left=2)

        (line,) = watched.lines()
        assert line["signal"] == line["message"] == "payment_succeeded"
        assert (line["payment_id"], line["left"], line["level"]) == ("pay_1", 2, "INFO")
        assert line["timestamp"]

    @pytest.mark.parametrize("signal", sorted(WAKES_SOMEBODY))
    def test_what_wakes_somebody_is_an_error(self, watched: Watched, signal: str) -> None:
        watched.telemetry.note(signal, status="needs_review", field="amount")

        assert watched.lines()[0]["level"] == "ERROR"

    def test_an_invocation_is_known_by_its_id(self, watched: Watched) -> None:
        watched.telemetry.begin("request-1")
        watched.telemetry.note("one")

        assert watched.lines()[0]["correlation_id"] == "request-1"

    def test_the_facts_of_one_line_are_not_on_the_next(self, watched: Watched) -> None:
        watched.telemetry.note("one", payment_id="pay_1")
        watched.telemetry.note("two")

        assert "payment_id" not in watched.lines()[1]

    def test_what_a_line_is_about_is_on_it_and_on_all_that_follow(self, watched: Watched) -> None:
        watched.telemetry.about("pay_1", "order-1", "PA1")
        watched.telemetry.note("one")
        watched.telemetry.unexpected(KeyError())

        for line in watched.lines():
            assert (line["payment_id"], line["order_id"], line["transaction_id"]) == ("pay_1", "order-1", "PA1")

    def test_another_payment_takes_nothing_over_from_the_one_before(self, watched: Watched) -> None:
        watched.telemetry.about("pay_1", "order-1", "PA1")
        watched.telemetry.about("pay_2")
        watched.telemetry.note("two")
        watched.telemetry.about(None)
        watched.telemetry.note("none")

        two, none = watched.lines()
        assert two["payment_id"] == "pay_2"
        assert {"order_id", "transaction_id"} & set(two) == set()
        assert {"payment_id", "order_id", "transaction_id"} & set(none) == set()

    def test_nothing_of_the_invocation_before_is_left(self, watched: Watched) -> None:
        watched.telemetry.begin("request-1")
        watched.telemetry.about("pay_1", "order-1", "PA1")
        watched.telemetry.note("one")
        watched.telemetry.begin(None)
        watched.telemetry.note("two")

        two = watched.lines()[1]
        assert {"payment_id", "order_id", "transaction_id", "correlation_id"} & set(two) == set()


class TestMetrics:
    def test_a_signal_is_counted_in_cloudwatchs_embedded_format(self, watched: Watched) -> None:
        for _ in range(3):
            watched.telemetry.note("charge_in_doubt")
        watched.telemetry.flush()

        (emf,) = watched.emf()
        (directive,) = emf["_aws"]["CloudWatchMetrics"]
        assert directive["Namespace"] == NAMESPACE
        assert directive["Dimensions"] == [["service"]]
        assert directive["Metrics"] == [{"Name": "ChargesInDoubt", "Unit": "Count"}]
        assert emf["service"] == "payments"
        assert sum(emf["ChargesInDoubt"]) == 3
        assert isinstance(emf["_aws"]["Timestamp"], int)

    def test_a_fact_by_which_a_metric_is_told_apart_is_a_dimension_beside_the_total(self, watched: Watched) -> None:
        watched.telemetry.note("webhook_refused", cause="token")
        watched.telemetry.note("webhook_refused", cause="signature")
        watched.telemetry.note("webhook_refused", cause="token")
        watched.telemetry.flush()

        by_cause = {emf["cause"]: emf for emf in watched.emf()}
        assert {cause: sum(emf["WebhookRejections"]) for cause, emf in by_cause.items()} == {"token": 2, "signature": 1}
        for emf in by_cause.values():
            assert emf["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["service"], ["service", "cause"]]

    def test_what_cannot_be_added_up_has_no_total(self, watched: Watched) -> None:
        """A hundred pounds and a hundred yen are two hundred of nothing."""
        watched.telemetry.measure("MoneyAtRisk", 100, "GBP")
        watched.telemetry.measure("MoneyAtRisk", 100, "JPY")
        watched.telemetry.flush()

        emf = watched.emf()
        assert [line["currency"] for line in emf] == ["GBP", "JPY"]
        assert [line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] for line in emf] == [[["service", "currency"]]] * 2

    def test_a_signal_may_count_in_two_metrics(self, watched: Watched) -> None:
        watched.telemetry.note("late_success", status="succeeded")
        watched.telemetry.flush()

        counted = {name for emf in watched.emf() for name in emf if name in {"Verdicts", "LateSuccesses"}}
        assert counted == {"Verdicts", "LateSuccesses"}

    def test_a_signal_may_count_more_than_one(self, watched: Watched) -> None:
        watched.telemetry.note("publish_incomplete", left=7)
        watched.telemetry.flush()

        assert watched.emf()[0]["EventsLeftBehind"] == [7.0]

    def test_a_measure_has_its_unit(self, watched: Watched) -> None:
        watched.telemetry.measure("FollowUpLag", 42)
        watched.telemetry.flush()

        (emf,) = watched.emf()
        assert emf["FollowUpLag"] == [42.0]
        assert emf["_aws"]["CloudWatchMetrics"][0]["Metrics"] == [{"Name": "FollowUpLag", "Unit": "Seconds"}]

    def test_a_signal_that_nobody_declared_is_a_line_at_least(self, watched: Watched) -> None:
        watched.telemetry.note("unheard_of")
        watched.telemetry.flush()

        assert [line["signal"] for line in watched.lines()] == ["unheard_of"]
        assert watched.emf() == []

    def test_an_id_is_no_dimension(self, watched: Watched) -> None:
        """A metric for each payment would cost more than the payments earn."""
        watched.telemetry.about("pay_1", "order-1", "PA1")
        watched.telemetry.note("payment_succeeded", payment_id="pay_1", status="succeeded")
        watched.telemetry.flush()

        told = json.dumps(watched.emf())
        assert [known for known in ("pay_1", "order-1", "PA1") if known in told] == []

    def test_what_was_flushed_is_not_counted_again(self, watched: Watched) -> None:
        watched.telemetry.note("charge_in_doubt")
        watched.telemetry.flush()
        watched.telemetry.note("unknown_gateway_status")
        watched.telemetry.flush()

        first, second = watched.emf()
        assert "ChargesInDoubt" in first
        assert "ChargesInDoubt" not in second

    def test_an_invocation_without_a_signal_writes_nothing(self, watched: Watched) -> None:
        """Powertools would warn, on a line that is no JSON."""
        watched.telemetry.begin("request-1")
        watched.telemetry.flush()

        assert watched.emf() == []
        assert watched.lines() == []

    @pytest.mark.parametrize("count", [99, 100, 101, 250])
    def test_no_count_is_lost_however_many_there_are(self, watched: Watched, count: int) -> None:
        """A line takes a hundred values of one metric."""
        for _ in range(count):
            watched.telemetry.note("charge_in_doubt")
            watched.telemetry.note("webhook_refused", cause="token")
        watched.telemetry.flush()

        emf = watched.emf()
        for name in ("ChargesInDoubt", "WebhookRejections"):
            assert sum(sum(line.get(name, [])) for line in emf) == count
        assert all(line["cause"] == "token" for line in emf if "WebhookRejections" in line)


class TestUnexpected:
    CARD = "4111111111111111"

    def failing(self) -> None:
        raise ValueError(f"could not parse {self.CARD}")

    def test_type_and_place_are_told_and_never_the_text(self, watched: Watched) -> None:
        try:
            self.failing()
        except ValueError as error:
            watched.telemetry.unexpected(error)

        (line,) = watched.lines()
        assert (line["signal"], line["error"], line["level"]) == ("unexpected_error", "ValueError", "ERROR")
        assert "TestUnexpected.failing:" in line["where"]
        assert self.CARD not in json.dumps(line)

    def test_neither_is_the_text_of_its_cause(self, watched: Watched) -> None:
        try:
            try:
                self.failing()
            except ValueError as cause:
                raise RuntimeError(f"while charging {self.CARD}") from cause
        except RuntimeError as error:
            watched.telemetry.unexpected(error)

        assert self.CARD not in json.dumps(watched.lines())

    def test_a_sentence_of_our_own_is_told(self, watched: Watched) -> None:
        watched.telemetry.unexpected(SecretUnusable("secret_key is not filled in"))

        assert watched.lines()[0]["reason"] == "secret_key is not filled in"

    def test_an_error_that_was_never_raised_has_no_place(self, watched: Watched) -> None:
        watched.telemetry.unexpected(KeyError(self.CARD))

        assert watched.lines()[0]["where"] == "?"
        assert self.CARD not in json.dumps(watched.lines())

    def test_it_is_counted(self, watched: Watched) -> None:
        watched.telemetry.unexpected(KeyError())
        watched.telemetry.flush()

        assert watched.emf()[0]["UnexpectedErrors"] == [1.0]


def test_no_fact_collides_with_what_a_log_line_has_already() -> None:
    """`note(name=…)` would raise where nothing may. The names in use, found by reading the code."""
    taken = set(vars(logging.makeLogRecord({}))) | {"message", "asctime"}

    assert facts_in_use() & taken == set()
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
def test_no_library_may_log_what_it_sees_whatever_the_log_level(library: str, caplog: pytest.LogCaptureFixture) -> None:
    powertools()
    with caplog.at_level(logging.DEBUG):
        logging.getLogger(library).debug("SecretString: sesame")
        logging.getLogger(library).warning("Failed to parse headers: sesame")
    assert caplog.text == ""
