"""The runs of the follow-up in template.yaml: as many as FollowUpRuns says, each with its share, and room to grow."""

import json
from typing import Any, Final

import pytest

from follow_up.share import share_of
from payments.follow_up.lanes import PUBLISHERS
from payments.follow_up.run import ONE_PAYMENT_SECONDS
from payments.ledger.payment_items import SHARDS
from payments.runtime.bootstrap import CONNECTIONS
from payments.runtime.settings import FollowUpSettings, SettingsError
from tests.house import deployed_template

PARAMETERS: Final = deployed_template.written()["Parameters"]
RUNS: Final = PARAMETERS["FollowUpRuns"]["AllowedValues"]

STATUS_SECONDS: Final = 0.3
TABLE_SECONDS: Final = 0.03
"""A lease and a write around each question."""


def schedules() -> dict[str, dict[str, Any]]:
    """The schedules of the follow-up, by name."""
    found = [each["Properties"] for each in deployed_template.resources("AWS::Scheduler::Schedule").values()]
    names = {str(each["Name"]["Fn::Sub"]): each for each in found}
    return {name: each for name, each in names.items() if "-follow-up-" in name}


def holds(condition: Any, runs: int) -> bool:
    """Whether a condition of the template holds for this number of runs."""
    if isinstance(condition, str):
        return holds(deployed_template.written()["Conditions"][condition], runs)
    if "Fn::Not" in condition:
        return not holds(condition["Fn::Not"][0], runs)
    left, right = condition["Fn::Equals"]
    assert left == {"Ref": "FollowUpRuns"}
    return bool(right == runs)


def is_enabled(schedule: dict[str, Any], runs: int) -> bool:
    state = schedule.get("State", "ENABLED")
    if isinstance(state, dict):
        name, yes, no = state["Fn::If"]
        state = yes if holds(name, runs) else no
    return bool(state == "ENABLED")


@pytest.mark.parametrize("runs", RUNS)
def test_the_enabled_runs_of_a_minute_take_each_shard_once(runs: int) -> None:
    inputs = [
        json.loads(schedule["Target"]["Input"]["Fn::Sub"].replace("${FollowUpRuns}", str(runs)))
        for schedule in schedules().values()
        if is_enabled(schedule, runs)
    ]
    taken = [shard for event in inputs for shard in share_of(event).of(range(SHARDS))]
    assert (len(inputs), sorted(taken)) == (runs, list(range(SHARDS))), "template.yaml, FollowUpFunction, Events"


def test_each_run_has_its_own_schedule_every_minute_through_one_role() -> None:
    assert len(schedules()) == max(RUNS)
    for name, schedule in schedules().items():
        target = schedule["Target"]
        assert json.loads(target["Input"]["Fn::Sub"].replace("${FollowUpRuns}", "32"))["run"] == int(
            name.split("-")[-1]
        )
        assert schedule["ScheduleExpression"] == "rate(1 minute)", name
        assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}, name
        assert target["RoleArn"] == {"Fn::GetAtt": ["FollowUpScheduleRole", "Arn"]}, name
        assert target["Arn"] == {"Ref": "FollowUpFunctionAliaslive"}, name
        assert target["DeadLetterConfig"]["Arn"] == {"Fn::GetAtt": ["ScheduleDeadLetters", "Arn"]}, name


def test_the_role_of_the_schedules_runs_the_alias_and_keeps_dead_letters_and_nothing_else() -> None:
    role = deployed_template.resources("AWS::IAM::Role")["FollowUpScheduleRole"]["Properties"]
    (policy,) = role["Policies"]
    allowed = {statement["Action"]: statement["Resource"] for statement in policy["PolicyDocument"]["Statement"]}
    assert allowed == {
        "lambda:InvokeFunction": {"Fn::Sub": "${FollowUpFunction.Arn}:live"},
        "sqs:SendMessage": {"Fn::GetAtt": ["ScheduleDeadLetters", "Arn"]},
    }
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}


@pytest.mark.parametrize(
    ("function", "parameter", "condition"),
    [
        ("WebhookFunction", "WebhookReservedConcurrency", "ReservesForWebhooks"),
        ("FollowUpFunction", "FollowUpReservedConcurrency", "ReservesForFollowUp"),
    ],
)
def test_concurrency_is_reserved_on_request_only(function: str, parameter: str, condition: str) -> None:
    """A new account has ten executions in all, and Lambda keeps a hundred unreserved: a default would not deploy."""
    reserved = deployed_template.functions()[function]["ReservedConcurrentExecutions"]
    assert reserved == {"Fn::If": [condition, {"Ref": parameter}, {"Ref": "AWS::NoValue"}]}
    is_zero = {"Fn::Equals": [{"Ref": parameter}, 0]}
    assert deployed_template.written()["Conditions"][condition] == {"Fn::Not": [is_zero]}
    assert (PARAMETERS[parameter]["Default"], PARAMETERS[parameter]["MinValue"]) == (0, 0)


def test_no_other_function_has_a_reservation_that_could_throttle_it() -> None:
    reserving = {name for name, made in deployed_template.functions().items() if "ReservedConcurrentExecutions" in made}
    assert reserving == {"WebhookFunction", "FollowUpFunction"}


def questions_a_second(runs: int, concurrency: int) -> float:
    """How many questions all runs can ask, on average over the minute."""
    timeout = float(deployed_template.functions()["FollowUpFunction"]["Timeout"])
    return runs * concurrency / (STATUS_SECONDS + TABLE_SECONDS) * (timeout - ONE_PAYMENT_SECONDS) / 60


def test_the_defaults_ask_enough_for_a_hundred_charges_a_second() -> None:
    """Half of them are open after a minute, and are asked about four times within the hour, at worst."""
    needed = 100 / 2 * 4
    assert PARAMETERS["ThrottleRate"]["Default"] == 100
    asked = questions_a_second(PARAMETERS["FollowUpRuns"]["Default"], PARAMETERS["FollowUpConcurrency"]["Default"])
    assert needed * 1.2 < asked < needed * 2


def test_a_thousand_charges_a_second_need_only_other_parameters() -> None:
    assert questions_a_second(max(RUNS), 40) > 1000 / 2 * 4
    assert PARAMETERS["FollowUpConcurrency"]["MaxValue"] >= 40


@pytest.mark.parametrize(("value", "valid"), [(0, False), (1, True), (100, True), (101, False)])
def test_the_function_takes_the_concurrency_that_the_template_allows(value: int, *, valid: bool) -> None:
    bounds = PARAMETERS["FollowUpConcurrency"]
    assert (bounds["MinValue"] <= value <= bounds["MaxValue"]) == valid
    environment = deployed_template.environment("FollowUpFunction") | {"FOLLOW_UP_CONCURRENCY": str(value)}
    try:
        assert FollowUpSettings.from_environment(environment).follow_up_concurrency == value
        assert valid
    except SettingsError:
        assert not valid


def test_each_thread_of_a_run_keeps_its_connection() -> None:
    assert PARAMETERS["FollowUpConcurrency"]["MaxValue"] + PUBLISHERS + 1 <= CONNECTIONS
