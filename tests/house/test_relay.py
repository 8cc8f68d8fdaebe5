"""The stream's mapping hands exactly the relay's payments to it, loses none silently, and never waits for ever."""

import json
from dataclasses import replace
from typing import Any, Final

import pytest

from payments.ledger import payment_items
from payments.ledger.expressions import typed
from payments.model.announcer import with_announcer
from payments.model.follow_up import LEFT_TO_RELAY
from payments.model.payment import Payment
from payments.model.status import Status
from tests.fakes import samples
from tests.fakes.clock import START
from tests.house import deployed_template

TEMPLATE: Final = "template.yaml, RelayMapping"
CLAIM: Final = samples.payment()
ANSWERED: Final = CLAIM.transition_to(Status.SUCCEEDED, at=START, source="answer", evidence={})


def mapping() -> dict[str, Any]:
    (found,) = deployed_template.resources("AWS::Lambda::EventSourceMapping").values()
    properties: dict[str, Any] = found["Properties"]
    return properties


def image(before: Payment | None, after: Payment, *, leaves_to_relay: bool = True) -> dict[str, Any]:
    """The new image that the stream has of a write."""
    return typed(payment_items.payment_item(with_announcer(before, after, leaves_to_relay=leaves_to_relay)))


def passes(event_name: str, new_image: dict[str, Any]) -> bool:
    """Whether the mapping's filter lets a record through: each value of the pattern is a list of allowed values."""

    def matches(pattern: Any, value: Any) -> bool:
        if isinstance(pattern, list):
            return value in pattern
        return isinstance(value, dict) and all(matches(part, value.get(name)) for name, part in pattern.items())

    (one,) = mapping()["FilterCriteria"]["Filters"]
    return matches(json.loads(one["Pattern"]), {"eventName": event_name, "dynamodb": {"NewImage": new_image}})


class TestFilter:
    @pytest.mark.parametrize("event_name", ["INSERT", "MODIFY"])
    def test_takes_a_payment_that_was_left_to_the_relay(self, event_name: str) -> None:
        assert passes(event_name, image(CLAIM, ANSWERED)), f"{TEMPLATE}: FilterCriteria"

    @pytest.mark.parametrize(
        "new_image",
        [
            pytest.param(image(None, CLAIM), id="a mere claim"),
            pytest.param(image(CLAIM, ANSWERED, leaves_to_relay=False), id="its writer publishes it"),
            pytest.param(image(CLAIM, replace(ANSWERED, published=ANSWERED.version)), id="all is published"),
            pytest.param(typed({"pk": "order#test#1", "attempts": [CLAIM.id]}), id="a lock of an order"),
            pytest.param(typed({"pk": "reconciliation#last"}), id="a checkpoint"),
        ],
    )
    def test_takes_nothing_else(self, new_image: dict[str, Any]) -> None:
        assert not passes("MODIFY", new_image), f"{TEMPLATE}: FilterCriteria"

    def test_takes_no_deleted_item(self) -> None:
        assert not passes("REMOVE", image(CLAIM, ANSWERED)), f"{TEMPLATE}: FilterCriteria"


class TestFailures:
    def test_give_back_only_the_rest_of_a_batch(self) -> None:
        assert mapping()["FunctionResponseTypes"] == ["ReportBatchItemFailures"], TEMPLATE
        assert mapping()["BisectBatchOnFunctionError"] is True, TEMPLATE

    def test_are_tried_again_for_a_while_and_not_for_ever(self) -> None:
        """-1, the default, means for ever: one broken payment would hold up a shard for a day."""
        assert 0 < mapping()["MaximumRetryAttempts"] <= 100, TEMPLATE
        assert mapping()["MaximumRecordAgeInSeconds"] == LEFT_TO_RELAY.total_seconds(), TEMPLATE

    def test_end_in_an_encrypted_queue_that_keeps_them_for_two_weeks(self) -> None:
        name = mapping()["DestinationConfig"]["OnFailure"]["Destination"]["Fn::GetAtt"][0]
        queue = deployed_template.resources("AWS::SQS::Queue")[name]["Properties"]
        assert queue == {"MessageRetentionPeriod": 14 * 86_400, "SqsManagedSseEnabled": True}, f"template.yaml, {name}"


def test_the_stream_is_the_tables_and_the_function_is_the_published_one() -> None:
    assert mapping()["EventSourceArn"] == {"Fn::GetAtt": ["PaymentsTable", "StreamArn"]}, TEMPLATE
    alias = deployed_template.resources("AWS::Lambda::Alias")[mapping()["FunctionName"]["Ref"]]["Properties"]
    assert alias["FunctionName"] == {"Ref": "RelayFunction"}, f"{TEMPLATE}: FunctionName"


def test_the_image_has_no_more_than_the_filter_needs() -> None:
    (table,) = deployed_template.resources("AWS::DynamoDB::Table").values()
    assert table["Properties"]["StreamSpecification"] == {"StreamViewType": "NEW_IMAGE"}, "template.yaml, PaymentsTable"


def test_a_mapping_that_is_made_anew_reads_no_old_records() -> None:
    assert mapping()["StartingPosition"] == "LATEST", f"{TEMPLATE}: the follow-up publishes what it missed"


def test_the_relay_may_read_one_stream_and_may_not_write_a_new_payment() -> None:
    granted = {
        (action, json.dumps(statement["Resource"]))
        for role, statement in deployed_template.statements()
        if role == "RelayFunctionRole"
        for action in deployed_template.as_list(statement["Action"])
    }
    stream, table = (json.dumps({"Fn::GetAtt": ["PaymentsTable", part]}) for part in ("StreamArn", "Arn"))
    reads = {"DescribeStream", "GetRecords", "GetShardIterator"}
    assert granted == {
        *((f"dynamodb:{action}", stream) for action in reads),
        ("dynamodb:ListStreams", json.dumps({"Fn::Sub": "${PaymentsTable.Arn}/stream/*"})),
        ("dynamodb:GetItem", table),
        ("dynamodb:UpdateItem", table),
        ("events:PutEvents", json.dumps({"Fn::GetAtt": ["PaymentsBus", "Arn"]})),
        ("sqs:SendMessage", json.dumps({"Fn::GetAtt": ["RelayDeadLetters", "Arn"]})),
    }, "template.yaml, RelayFunction: Policies"
