"""What the promise rests on in template.yaml, and planted breaches: each one is a fault that the same check reports.

Nothing in the code notices these settings. A stage that logs request bodies, for example, works as well as before.
"""

import copy
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from payments.follow_up.finish import LEASE
from tests.house import deployed_template

Template = dict[str, Any]

LEAST_LOG_DAYS: Final = 7
"""An outcome may be unknown for 38 hours, and a person decides after a weekend: the log must still be there."""

API_GATEWAY_SECONDS: Final = 29
"""How long API Gateway waits for a function: the default of a regional API."""

UNAWAITED: Final = ("FollowUpFunction", "ReconciliationFunction")


def test_the_template_has_no_fault() -> None:
    assert list(faults(deployed_template.translated(), deployed_template.written())) == []


def _stage(template: Template) -> dict[str, Any]:
    return next(resource["Properties"] for resource in _of(template, "AWS::ApiGateway::Stage"))


BREACHES: Final[dict[str, Callable[[Template, Template], object]]] = {
    "the stage logs bodies": lambda deployed, _: _stage(deployed)["MethodSettings"][0].update(DataTraceEnabled=True),
    "one method logs bodies": lambda deployed, _: _stage(deployed)["MethodSettings"].append(
        {"ResourcePath": "/~1charges", "HttpMethod": "POST", "DataTraceEnabled": True}
    ),
    "the stage logs executions": lambda deployed, _: _stage(deployed)["MethodSettings"][0].update(LoggingLevel="INFO"),
    "the stage is traced": lambda deployed, _: _stage(deployed).update(TracingEnabled=True),
    "the access log has the path": lambda deployed, _: _stage(deployed).update(
        AccessLogSetting={"DestinationArn": "arn", "Format": "$context.requestId $context.path"}
    ),
    "the access log has the resource's path in a JSON": lambda deployed, _: _stage(deployed).update(
        AccessLogSetting={"DestinationArn": "arn", "Format": '{"at":"$context.requestTime","to":"$context.path"}'}
    ),
    "logs are gone after a day": lambda _, written: written["Parameters"]["LogRetentionDays"].update(Default=1),
    "logs may be gone after a day": lambda _, written: written["Parameters"]["LogRetentionDays"].update(
        AllowedValues=[1, 30, 90]
    ),
    "a log group ignores the parameter": lambda deployed, _: next(
        iter(_of(deployed, "AWS::Logs::LogGroup"))
    )["Properties"].update(RetentionInDays=1),
    "Lambda repeats the follow-up itself": lambda deployed, _: _retries(deployed, "FollowUpFunction").update(
        MaximumRetryAttempts=2
    ),
    "Lambda repeats the reconciliation by default": lambda deployed, _: _retries(
        deployed, "ReconciliationFunction"
    ).pop("MaximumRetryAttempts"),
    "the schedule repeats a call": lambda deployed, _: next(iter(_of(deployed, "AWS::Scheduler::Schedule")))[
        "Properties"
    ]["Target"].pop("RetryPolicy"),
    "a follow-up outlives its lease": lambda deployed, _: _function(deployed, "FollowUpFunction").update(Timeout=90),
    "a charge outlives its caller": lambda deployed, _: _function(deployed, "ChargeFunction").update(Timeout=29),
    "a webhook outlives its caller": lambda deployed, _: _function(deployed, "WebhookFunction").update(Timeout=30),
}  # fmt: skip


@pytest.mark.parametrize("breach", BREACHES)
def test_a_planted_breach_is_a_fault(breach: str) -> None:
    deployed = copy.deepcopy(deployed_template.translated())
    written = copy.deepcopy(deployed_template.written())

    BREACHES[breach](deployed, written)

    assert len(list(faults(deployed, written))) == 1


def faults(deployed: Template, written: Template) -> Iterator[str]:
    """A sentence for each setting that breaks what the promise rests on; it names the place in template.yaml."""
    yield from _faults_of_the_stage(_stage(deployed))
    yield from _faults_of_the_logs(deployed, written["Parameters"]["LogRetentionDays"])
    yield from _faults_of_repeats(deployed)
    yield from _faults_of_timeouts(deployed)


def _faults_of_the_stage(stage: dict[str, Any]) -> Iterator[str]:
    """A body has a card, and a webhook's path has its token: API Gateway must write neither into a log or a trace."""
    for setting in stage.get("MethodSettings", []):
        if setting.get("DataTraceEnabled"):
            yield "template.yaml, Api: DataTraceEnabled writes card numbers into a log"
        if setting.get("LoggingLevel", "OFF") != "OFF":
            yield "template.yaml, Api: LoggingLevel writes the webhook's token into a log"
    if stage.get("TracingEnabled"):
        yield "template.yaml, Api: TracingEnabled writes the webhook's token into a trace"
    if "path" in str(stage.get("AccessLogSetting", {}).get("Format", "")).lower():
        yield "template.yaml, Api: the format of the access log has a path, and so the webhook's token"


def _faults_of_the_logs(deployed: Template, parameter: dict[str, Any]) -> Iterator[str]:
    for days in {parameter["Default"], *parameter["AllowedValues"]}:
        if days < LEAST_LOG_DAYS:
            yield f"template.yaml, LogRetentionDays: {days} days are over before the outcome of a payment is known"
    for group in _of(deployed, "AWS::Logs::LogGroup"):
        if group["Properties"]["RetentionInDays"] != {"Ref": "LogRetentionDays"}:
            yield "template.yaml: a log group does not keep its lines for LogRetentionDays"


def _faults_of_repeats(deployed: Template) -> Iterator[str]:
    """The next scheduled run is the retry. A second run beside it would ask the gateway twice."""
    for name in UNAWAITED:
        if _retries(deployed, name).get("MaximumRetryAttempts") != 0:
            yield f"template.yaml, {name}: EventInvokeConfig: MaximumRetryAttempts is not 0"
    for schedule in _of(deployed, "AWS::Scheduler::Schedule"):
        if schedule["Properties"]["Target"].get("RetryPolicy", {}).get("MaximumRetryAttempts") != 0:
            yield "template.yaml: a schedule's RetryPolicy: MaximumRetryAttempts is not 0"


def _faults_of_timeouts(deployed: Template) -> Iterator[str]:
    if _function(deployed, "FollowUpFunction")["Timeout"] >= LEASE.total_seconds():
        yield "template.yaml, FollowUpFunction: Timeout: two runs would hold one payment"
    for name in ("ChargeFunction", "WebhookFunction"):
        if _function(deployed, name)["Timeout"] >= API_GATEWAY_SECONDS:
            yield f"template.yaml, {name}: Timeout: API Gateway answers its caller before the function does"


def _of(template: Template, kind: str) -> list[dict[str, Any]]:
    return [resource for resource in template["Resources"].values() if resource["Type"] == kind]


def _function(template: Template, name: str) -> dict[str, Any]:
    properties: dict[str, Any] = template["Resources"][name]["Properties"]
    return properties


def _retries(template: Template, function: str) -> dict[str, Any]:
    """The configuration of a function's asynchronous calls."""
    configurations = _of(template, "AWS::Lambda::EventInvokeConfig")
    return next(c["Properties"] for c in configurations if c["Properties"]["FunctionName"] == {"Ref": function})
