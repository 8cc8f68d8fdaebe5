"""Each signal is one JSON line and one metric; nothing is left of the invocation before, and no text of a stranger."""

import ast
import io
import json
import logging
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from aws_lambda_powertools import Logger, Metrics

from payments.errors import SecretUnusable
from payments.runtime.telemetry import WAKES_SOMEBODY, PowertoolsTelemetry
from tests.house.tree import FUNCTIONS

NAMESPACE = "PayAgency"


class Watched:
    """A telemetry, and what it wrote."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._out, self._capsys = io.StringIO(), capsys
        self.metrics = Metrics(namespace=NAMESPACE, service="payments")
        # Python keeps a logger by its name for ever: each test has its own.
        logger = Logger(service=f"payments-{uuid.uuid4().hex}", level="INFO", stream=self._out)
        self.telemetry = PowertoolsTelemetry(logger, self.metrics)

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._out.getvalue().splitlines()]

    def emf(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._capsys.readouterr().out.splitlines()]


@pytest.fixture
def watched(capsys: pytest.CaptureFixture[str]) -> Iterator[Watched]:
    watched = Watched(capsys)
    yield watched
    watched.metrics.clear_metrics()  # Powertools keeps them for the whole process


class TestLines:
    def test_a_signal_is_one_json_line_with_its_facts(self, watched: Watched) -> None:
        watched.telemetry.note("payment_succeeded", payment_id="pay_1", left=2)

        (line,) = watched.lines()
        assert line["signal"] == line["message"] == "payment_succeeded"
        assert (line["payment_id"], line["left"], line["level"]) == ("pay_1", 2, "INFO")
        assert line["timestamp"]

    @pytest.mark.parametrize("signal", sorted(WAKES_SOMEBODY))
    def test_what_wakes_somebody_is_an_error(self, watched: Watched, signal: str) -> None:
        watched.telemetry.note(signal)

        assert watched.lines()[0]["level"] == "ERROR"

    def test_an_invocation_is_known_by_its_id(self, watched: Watched) -> None:
        watched.telemetry.begin("request-1")
        watched.telemetry.note("one")

        assert watched.lines()[0]["correlation_id"] == "request-1"

    def test_the_facts_of_one_line_are_not_on_the_next(self, watched: Watched) -> None:
        watched.telemetry.note("one", payment_id="pay_1")
        watched.telemetry.note("two")

        assert "payment_id" not in watched.lines()[1]

    def test_nothing_of_the_invocation_before_is_left(self, watched: Watched) -> None:
        watched.telemetry.begin("request-1")
        watched.telemetry.logger.append_keys(payment_id="pay_1")
        watched.telemetry.note("one")
        watched.telemetry.begin(None)
        watched.telemetry.note("two")

        one, two = watched.lines()
        assert one["payment_id"] == "pay_1"
        assert "payment_id" not in two
        assert "request-1" not in json.dumps(two)


class TestMetrics:
    def test_a_signal_is_counted_in_cloudwatchs_embedded_format(self, watched: Watched) -> None:
        for _ in range(3):
            watched.telemetry.note("charge_in_doubt")
        watched.telemetry.flush()

        (emf,) = watched.emf()
        (directive,) = emf["_aws"]["CloudWatchMetrics"]
        assert directive["Namespace"] == NAMESPACE
        assert directive["Dimensions"] == [["service"]]
        assert directive["Metrics"] == [{"Name": "charge_in_doubt", "Unit": "Count"}]
        assert emf["service"] == "payments"
        assert sum(emf["charge_in_doubt"]) == 3
        assert isinstance(emf["_aws"]["Timestamp"], int)

    def test_a_facts_value_is_no_dimension(self, watched: Watched) -> None:
        """A metric for each payment would cost more than the payments earn."""
        watched.telemetry.note("payment_succeeded", payment_id="pay_1")
        watched.telemetry.flush()

        assert "pay_1" not in json.dumps(watched.emf())

    def test_what_was_flushed_is_not_counted_again(self, watched: Watched) -> None:
        watched.telemetry.note("one")
        watched.telemetry.flush()
        watched.telemetry.note("two")
        watched.telemetry.flush()

        first, second = watched.emf()
        assert "one" in first
        assert "one" not in second

    def test_an_invocation_without_a_signal_writes_nothing(self, watched: Watched) -> None:
        """Powertools would warn, on a line that is no JSON."""
        watched.telemetry.begin("request-1")
        watched.telemetry.flush()

        assert watched.emf() == []
        assert watched.lines() == []

    def test_no_count_is_lost_however_many_there_are(self, watched: Watched) -> None:
        for nth in range(250):
            watched.telemetry.note("often")
            watched.telemetry.note(f"signal_{nth % 120}")
        watched.telemetry.flush()

        assert sum(sum(emf.get("often", [])) for emf in watched.emf()) == 250


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

        assert watched.lines()[0]["said"] == "secret_key is not filled in"

    def test_an_error_that_was_never_raised_has_no_place(self, watched: Watched) -> None:
        watched.telemetry.unexpected(KeyError(self.CARD))

        assert watched.lines()[0]["where"] == "?"
        assert self.CARD not in json.dumps(watched.lines())

    def test_it_is_counted(self, watched: Watched) -> None:
        watched.telemetry.unexpected(KeyError())
        watched.telemetry.flush()

        assert watched.emf()[0]["unexpected_error"] == [1.0]


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
