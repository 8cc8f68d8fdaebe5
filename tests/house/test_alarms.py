"""Signal, metric, alarm, runbook: no alarm waits for what nobody emits, and what wakes somebody has an alarm."""

import re
from typing import Any

import pytest

from payments.model.status import Status
from payments.runtime.metrics import METRICS, SIGNALS, WAKES_SOMEBODY
from tests.house import deployed_template as estate
from tests.house import signals
from tests.house.checkout import ROOT

NAMESPACE = "PayAgency"
OF_AWS = {
    ("AWS/Lambda", "Errors", "FunctionName"),
    ("AWS/Lambda", "Throttles", "FunctionName"),
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName"),
    ("AWS/ApiGateway", "5XXError", "ApiName"),
}
"""What AWS measures by itself, and the dimension under which it does."""

IDS = re.compile(r"(^|_)id$|email|name|card|number", re.IGNORECASE)
PARTS = ["Means", "Urgency", "Look", "Act", "Over when"]

ALARMS: dict[str, dict[str, Any]] = {
    name: alarm["Properties"] for name, alarm in estate.resources("AWS::CloudWatch::Alarm").items()
}
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
ENTRIES: dict[str, str] = dict(re.findall(r"^## ([a-z0-9-]+)\n(.*?)(?=^## |\Z)", RUNBOOK, re.MULTILINE | re.DOTALL))


def title(alarm: dict[str, Any]) -> str:
    """The alarm's name without the stack's: its entry in the runbook."""
    name: str = alarm["AlarmName"]["Fn::Sub"]
    return name.removeprefix("${AWS::StackName}-")


def dimensions(alarm: dict[str, Any]) -> dict[str, Any]:
    return {dimension["Name"]: dimension["Value"] for dimension in alarm["Dimensions"]}


def emitted() -> dict[str, set[str]]:
    """Metric → the values that its own dimension can take; a signal's for its metrics, none where it is measured."""
    values: dict[str, set[str]] = {name: set() for name in signals.measured()}
    causes = {
        "cause": signals.constants("webhook", "_refused", 1),
        "status": {str(status) for status in Status},
        "field": {"amount", "currency", "order_id", "transaction_id"},
    }
    for note in signals.notes():
        for name in SIGNALS[note.signal].metrics if note.signal in SIGNALS else ():
            values.setdefault(name, set()).update(causes.get(METRICS[name].by or "", set()))
    return values


class TestTheCatalogue:
    def test_names_every_signal_that_the_code_notes_and_no_other(self) -> None:
        assert {note.signal for note in signals.notes()} == set(SIGNALS)

    def test_names_every_metric_that_is_emitted_and_no_other(self) -> None:
        assert set(emitted()) == set(METRICS)

    def test_gets_the_facts_that_it_counts_by(self) -> None:
        needed = {
            note: {METRICS[name].by for name in SIGNALS[note.signal].metrics} | {SIGNALS[note.signal].value}
            for note in signals.notes()
        }
        lacking = [(note.where, note.signal) for note, facts in needed.items() if facts - {None} - note.facts]
        assert lacking == []

    def test_has_names_as_cloudwatch_writes_them(self) -> None:
        assert [name for name in METRICS if not re.fullmatch(r"([A-Z][a-z]+)+", name)] == []

    def test_tells_nothing_apart_by_what_has_many_values(self) -> None:
        assert [metric.by for metric in METRICS.values() if metric.by and IDS.search(metric.by)] == []

    def test_explains_each_metric_once(self) -> None:
        meanings = [metric.meaning for metric in METRICS.values()]
        assert len(set(meanings)) == len(meanings)
        assert all(meanings)


@pytest.mark.parametrize("name", sorted(ALARMS))
class TestEachAlarm:
    def test_stands_on_a_metric_that_somebody_emits(self, name: str) -> None:
        alarm = ALARMS[name]
        told_apart = dimensions(alarm)
        if alarm["Namespace"] != NAMESPACE:
            assert {(alarm["Namespace"], alarm["MetricName"], key) for key in told_apart} <= OF_AWS
            return
        assert alarm["MetricName"] in emitted()
        assert told_apart.pop("service") == {"Ref": "AWS::StackName"}
        metric = METRICS[alarm["MetricName"]]
        assert metric.total or told_apart, "there is no total to look at"
        for key, value in told_apart.items():
            assert key == metric.by
            assert value in emitted()[metric.name], value

    def test_says_what_no_data_means_and_why(self, name: str) -> None:
        written = (ROOT / "template.yaml").read_text().split(f"\n  {name}:\n")[1].split("\n\n")[0]
        treatment = re.search(r"^ +TreatMissingData: (\w+)  # \S+ \S+", written, re.MULTILINE)

        assert treatment
        assert treatment[1] in {"breaching", "notBreaching", "ignore"}

    def test_calls_somebody(self, name: str) -> None:
        assert ALARMS[name]["AlarmActions"] == [{"Ref": "AlarmTopic"}]
        assert ALARMS[name].get("ActionsEnabled", True)

    def test_has_an_entry_in_the_runbook_and_points_to_it(self, name: str) -> None:
        assert ALARMS[name]["AlarmDescription"].endswith(f" See docs/runbook.md#{title(ALARMS[name])}")
        assert title(ALARMS[name]) in ENTRIES


def test_every_signal_that_wakes_somebody_has_an_alarm() -> None:
    watched = {(alarm["MetricName"], dimensions(alarm).get("status")) for alarm in ALARMS.values()}
    deaf = [
        signal
        for signal in sorted(WAKES_SOMEBODY)
        if not any(
            (metric, None) in watched or (metric, signal.removeprefix("payment_")) in watched
            for metric in SIGNALS[signal].metrics
        )
    ]
    assert deaf == []


def test_every_function_and_every_queue_of_dead_letters_is_watched() -> None:
    watched = {(alarm["MetricName"], str(value)) for alarm in ALARMS.values() for value in dimensions(alarm).values()}
    for function in estate.functions():
        assert ("Errors", str({"Ref": function})) in watched
        assert ("Throttles", str({"Ref": function})) in watched
    for queue in estate.resources("AWS::SQS::Queue"):
        assert ("ApproximateNumberOfMessagesVisible", str({"Fn::GetAtt": [queue, "QueueName"]})) in watched


def test_a_person_is_subscribed_when_there_is_an_address() -> None:
    (subscription,) = estate.resources("AWS::SNS::Subscription").values()

    assert subscription["Condition"] == "HasAlarmEmail"
    assert subscription["Properties"]["Endpoint"] == {"Ref": "AlarmEmail"}


class TestTheRunbook:
    def test_has_an_entry_for_each_alarm_and_no_other(self) -> None:
        assert set(ENTRIES) == {title(alarm) for alarm in ALARMS.values()}

    @pytest.mark.parametrize("entry", sorted(ENTRIES))
    def test_says_in_each_what_it_means_how_to_look_how_to_act_and_when_it_is_over(self, entry: str) -> None:
        assert re.findall(r"^\*\*([A-Z][a-z ]+)\*\* ?", ENTRIES[entry], re.MULTILINE) == PARTS
        assert "```sh" in ENTRIES[entry].split("**Look**")[1].split("**Act**")[0], "exact commands"

    def test_links_to_what_is_there(self) -> None:
        assert set(re.findall(r"\]\(#([^)]+)\)", RUNBOOK)) <= set(ENTRIES)

    def test_looks_for_signals_and_metrics_that_exist(self) -> None:
        commands = "\n".join("".join(found) for found in re.findall(r"```sh\n(.*?)```|`([^`\n]+)`", RUNBOOK, re.DOTALL))

        assert set(re.findall(r"\bsignal ([a-z_]{3,})", commands)) <= set(SIGNALS)
        assert set(re.findall(r"\bmetric ([A-Z][a-z]\w+) ", commands)) <= set(METRICS)
        assert set(re.findall(r"--metric-name ([A-Z][A-Za-z]+)", commands)) <= set(METRICS)
