"""A line of EMF becomes the values that CloudWatch would make of it; any other line is skipped."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from local.dashboard.emf import Value, values

AT = datetime(2027, 1, 31, 9, 30, tzinfo=UTC)


def line(**members: Any) -> str:
    directive = {
        "Namespace": "PayAgency",
        "Dimensions": [["service"], ["service", "cause"]],
        "Metrics": [{"Name": "WebhookRejections", "Unit": "Count"}],
    }
    aws = {"Timestamp": int(AT.timestamp() * 1000), "CloudWatchMetrics": [directive]}
    return json.dumps(
        {"_aws": aws, "service": "payments", "cause": "token", "WebhookRejections": [1.0, 2.0], **members}
    )


def test_each_value_counts_under_each_set_of_dimensions() -> None:
    service = (("service", "payments"),)
    by_cause = (("cause", "token"), ("service", "payments"))

    assert list(values([line()])) == [
        Value("PayAgency", "WebhookRejections", dimensions, "Count", value, AT)
        for dimensions in (service, by_cause)
        for value in (1.0, 2.0)
    ]


def test_a_single_value_may_be_a_number() -> None:
    assert {value.value for value in values([line(WebhookRejections=7)])} == {7.0}


@pytest.mark.parametrize(
    "other", ["", "START RequestId", '{"signal": "late_success"}', 'no JSON, but "_aws"', '{"_aws":']
)
def test_any_other_line_is_skipped(other: str) -> None:
    assert list(values([other])) == []
