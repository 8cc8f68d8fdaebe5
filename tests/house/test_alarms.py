"""Signal, metric, alarm, runbook: each alarm has a metric that the code emits, each urgent signal has an alarm."""

import re
from typing import Any

import pytest

from payments.runtime.dimensions import DIMENSIONS
from payments.runtime.metrics import METRICS, SIGNALS, WAKES_SOMEBODY
from tests.house import deployed_template, signals
from tests.house.checkout import ROOT

CATALOGUE = "functions/payments/runtime/metrics.py"
NAMESPACE = "PayAgency"
OF_AWS = {
    ("AWS/Lambda", "Errors", "FunctionName"),
    ("AWS/Lambda", "IteratorAge", "FunctionName"),
    ("AWS/Lambda", "Throttles", "FunctionName"),
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName"),
    ("AWS/ApiGateway", "5XXError", "ApiName"),
}
"""Metrics that AWS measures itself, each with its dimension."""

IDS = re.compile(r"(^|_)id$|email|name|card|number", re.IGNORECASE)
PARTS = ["Means", "Urgency", "Look", "Act", "Over when"]

ALARMS: dict[str, dict[str, Any]] = {
    name: alarm["Properties"] for name, alarm in deployed_template.resources("AWS::CloudWatch::Alarm").items()
}
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
ENTRIES: dict[str, str] = dict(re.findall(r"^## ([a-z0-9-]+)\n(.*?)(?=^## |\Z)", RUNBOOK, re.MULTILINE | re.DOTALL))


def title(alarm: dict[str, Any]) -> str:
    """The alarm's name without the stack's name: the title of its entry in the runbook."""
    name: str = alarm["AlarmName"]["Fn::Sub"]
    return name.removeprefix("${AWS::StackName}-")


def dimensions(alarm: dict[str, Any]) -> dict[str, Any]:
    return {dimension["Name"]: dimension["Value"] for dimension in alarm["Dimensions"]}


def emitted() -> dict[str, set[str]]:
    """Each emitted metric with the values of its second dimension (`by`); an empty set where there is none."""
    values: dict[str, set[str]] = {name: set() for name in signals.measured()}
    for note in signals.notes():
        for name in SIGNALS[note.signal].metrics if note.signal in SIGNALS else ():
            values.setdefault(name, set()).update(DIMENSIONS.get(METRICS[name].by or "", frozenset()))
    return values


class TestTheCatalogue:
    def test_names_every_signal_that_the_code_notes_and_no_other(self) -> None:
        noted = {note.signal for note in signals.notes()}

        assert noted - set(SIGNALS) == set(), f"add these signals to SIGNALS in {CATALOGUE}"
        assert set(SIGNALS) - noted == set(), (
            f"nothing in functions/ notes these: remove them from SIGNALS, {CATALOGUE}"
        )

    def test_names_every_metric_that_is_emitted_and_no_other(self) -> None:
        assert set(emitted()) - set(METRICS) == set(), f"declare these metrics in _DECLARED of {CATALOGUE}"
        assert set(METRICS) - set(emitted()) == set(), f"nothing emits these: remove them from _DECLARED of {CATALOGUE}"

    def test_gets_the_facts_that_it_counts_by(self) -> None:
        needed = {
            note: {METRICS[name].by for name in SIGNALS[note.signal].metrics} | {SIGNALS[note.signal].value}
            for note in signals.notes()
        }
        lacking = [
            f"functions/{note.where}: note {note.signal!r} with {sorted(filter(None, facts - note.facts))}"
            for note, facts in needed.items()
            if facts - {None} - note.facts
        ]
        assert lacking == [], f"{CATALOGUE} counts by these facts"

    def test_has_names_as_cloudwatch_writes_them(self) -> None:
        odd = [name for name in METRICS if not re.fullmatch(r"([A-Z][a-z]+)+", name)]

        assert odd == [], f"write these in CamelCase in {CATALOGUE}"

    def test_has_no_dimension_with_many_values(self) -> None:
        wide = [metric.name for metric in METRICS.values() if metric.by and IDS.search(metric.by)]

        assert wide == [], f"an id is never a dimension: change `by` of these in {CATALOGUE}"

    def test_explains_each_metric_once(self) -> None:
        meanings = [metric.meaning for metric in METRICS.values()]

        assert all(meanings), f"a metric has no meaning in {CATALOGUE}"
        assert len(set(meanings)) == len(meanings), f"two metrics have one meaning in {CATALOGUE}"


@pytest.mark.parametrize("name", sorted(ALARMS))
class TestEachAlarm:
    def test_stands_on_a_metric_that_somebody_emits(self, name: str) -> None:
        alarm = ALARMS[name]
        found = dimensions(alarm)
        where = f"template.yaml, {name}"
        if alarm["Namespace"] != NAMESPACE:
            used = {(alarm["Namespace"], alarm["MetricName"], key) for key in found}
            assert used <= OF_AWS, f"{where}: not a metric of AWS's; if it is, add it to OF_AWS in {__file__}"
            return
        assert alarm["MetricName"] in emitted(), f"{where}: no code emits {alarm['MetricName']}, see {CATALOGUE}"
        assert found.pop("service") == {"Ref": "AWS::StackName"}, f"{where}: set the dimension `service` to the stack"
        metric = METRICS[alarm["MetricName"]]
        assert metric.total or found, f"{where}: {metric.name} has no total; name a dimension `{metric.by}`"
        for key, value in found.items():
            assert key == metric.by, f"{where}: the dimension of {metric.name} is {metric.by}, see {CATALOGUE}"
            assert value in emitted()[metric.name], f"{where}: {metric.name} never has {key} {value}"

    def test_says_what_no_data_means_and_why(self, name: str) -> None:
        written = (ROOT / "template.yaml").read_text().split(f"\n  {name}:\n")[1].split("\n\n")[0]
        treatment = re.search(r"^ +TreatMissingData: (\w+)  # \S+ \S+", written, re.MULTILINE)

        assert treatment, f"template.yaml, {name}: give TreatMissingData and, behind it, a comment with the reason"
        assert treatment[1] in {"breaching", "notBreaching", "ignore"}, f"template.yaml, {name}: TreatMissingData"

    def test_calls_somebody(self, name: str) -> None:
        assert ALARMS[name]["AlarmActions"] == [{"Ref": "AlarmTopic"}], f"template.yaml, {name}: AlarmActions"
        assert ALARMS[name].get("ActionsEnabled", True), f"template.yaml, {name}: ActionsEnabled must stay true"

    def test_has_an_entry_in_the_runbook_and_points_to_it(self, name: str) -> None:
        link = f" See docs/runbook.md#{title(ALARMS[name])}"

        assert ALARMS[name]["AlarmDescription"].endswith(link), (
            f"template.yaml, {name}: end AlarmDescription in {link!r}"
        )
        assert title(ALARMS[name]) in ENTRIES, f"docs/runbook.md: write an entry `## {title(ALARMS[name])}`"


def test_every_signal_that_wakes_somebody_has_an_alarm() -> None:
    watched = {(alarm["MetricName"], dimensions(alarm).get("status")) for alarm in ALARMS.values()}
    unwatched = [
        signal
        for signal in sorted(WAKES_SOMEBODY)
        if not any(
            (metric, None) in watched or (metric, signal.removeprefix("payment_")) in watched
            for metric in SIGNALS[signal].metrics
        )
    ]
    assert unwatched == [], "template.yaml: write an alarm on a metric of each of these signals"


def test_every_function_and_every_queue_of_dead_letters_is_watched() -> None:
    watched = {(alarm["MetricName"], str(value)) for alarm in ALARMS.values() for value in dimensions(alarm).values()}
    for function in deployed_template.functions():
        assert ("Errors", str({"Ref": function})) in watched, f"template.yaml: write an alarm on Errors of {function}"
        assert ("Throttles", str({"Ref": function})) in watched, f"template.yaml: one on Throttles of {function}"
    for queue in deployed_template.resources("AWS::SQS::Queue"):
        name = str({"Fn::GetAtt": [queue, "QueueName"]})
        seen = ("ApproximateNumberOfMessagesVisible", name) in watched
        assert seen, f"template.yaml: write an alarm on ApproximateNumberOfMessagesVisible of {queue}"


def test_a_person_is_subscribed_when_there_is_an_address() -> None:
    (subscription,) = deployed_template.resources("AWS::SNS::Subscription").values()

    assert subscription["Condition"] == "HasAlarmEmail", "template.yaml, AlarmByEmail: Condition"
    assert subscription["Properties"]["Endpoint"] == {"Ref": "AlarmEmail"}, "template.yaml, AlarmByEmail: Endpoint"


class TestTheRunbook:
    def test_has_an_entry_for_each_alarm_and_no_other(self) -> None:
        titles = {title(alarm) for alarm in ALARMS.values()}

        assert titles - set(ENTRIES) == set(), "docs/runbook.md: write an entry (`## name`) for each of these alarms"
        assert set(ENTRIES) - titles == set(), "docs/runbook.md: remove these entries, template.yaml has no such alarm"

    @pytest.mark.parametrize("entry", sorted(ENTRIES))
    def test_says_in_each_what_it_means_how_to_look_how_to_act_and_when_it_is_over(self, entry: str) -> None:
        parts = re.findall(r"^\*\*([A-Z][a-z ]+)\*\* ?", ENTRIES[entry], re.MULTILINE)

        assert parts == PARTS, f"docs/runbook.md, {entry}: its bold parts are {PARTS}, in this order"
        look = ENTRIES[entry].split("**Look**")[1].split("**Act**")[0]
        assert "```sh" in look, f"docs/runbook.md, {entry}: give exact commands (```sh) under Look"

    def test_links_to_what_is_there(self) -> None:
        broken = set(re.findall(r"\]\(#([^)]+)\)", RUNBOOK)) - set(ENTRIES)

        assert broken == set(), "docs/runbook.md: these links lead to no entry"

    def test_looks_for_signals_and_metrics_that_exist(self) -> None:
        commands = "\n".join("".join(found) for found in re.findall(r"```sh\n(.*?)```|`([^`\n]+)`", RUNBOOK, re.DOTALL))
        named = set(re.findall(r"\bsignal ([a-z_]{3,})", commands))
        measured = set(re.findall(r"\bmetric ([A-Z][a-z]\w+) ", commands))
        measured |= set(re.findall(r"--metric-name ([A-Z][A-Za-z]+)", commands))

        assert named - set(SIGNALS) == set(), f"docs/runbook.md: no such signals in {CATALOGUE}"
        assert measured - set(METRICS) == set(), f"docs/runbook.md: no such metrics in {CATALOGUE}"
