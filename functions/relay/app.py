"""The relay door: publishes the entries that a batch of the table's stream reports."""

from collections.abc import Callable, Mapping
from typing import Any, TypedDict

from payments.events.relay import Relay, StreamRecord
from payments.model.timestamps import utc_now
from payments.runtime import bootstrap
from payments.runtime.lambda_entry import built_once, invocation
from payments.runtime.settings import RelaySettings
from payments.runtime.telemetry import PowertoolsTelemetry


class Failed(TypedDict):
    """A record that is to be delivered again."""

    itemIdentifier: str


class BatchResponse(TypedDict):
    """Lambda's answer for a batch (ReportBatchItemFailures): the stream is delivered again from the lowest place."""

    batchItemFailures: list[Failed]


def handler(event: Mapping[str, Any], context: Any) -> BatchResponse:
    """A batch of the stream in, the first record to be delivered again out."""
    with invocation(context.aws_request_id):
        return relayed(event, _relay(), lambda: context.get_remaining_time_in_millis() / 1000)


def relayed(event: Mapping[str, Any], relay: Relay, seconds_left: Callable[[], float]) -> BatchResponse:
    """The answer for a batch. Raises KeyError for what is no record of the table's stream."""
    changes = [record["dynamodb"] for record in event["Records"]]
    records = [StreamRecord(change["SequenceNumber"], change["Keys"]["pk"]["S"]) for change in changes]
    left = relay.relay(records, seconds_left)
    return {"batchItemFailures": [] if left is None else [{"itemIdentifier": left}]}


@built_once
def _relay(telemetry: PowertoolsTelemetry) -> Relay:
    settings = RelaySettings.from_environment()
    ledger = bootstrap.ledger_of(settings)
    return Relay(ledger, bootstrap.bus_of(settings.bus_name, telemetry), utc_now, telemetry)
