"""The Lambda handler: SQS delivers the bus's events. Each is handled once; a failed one delays no other."""

import os
from typing import Any, Final

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.typing import LambdaContext

from consumer.events import event_in
from consumer.gap_detection import RETENTION_SECONDS, GapDetector
from consumer.reporting import Reporter

TABLE: Final = os.environ["TABLE_NAME"]

logger = Logger()
metrics = Metrics()
# `event_id` of the payments service. EventBridge's own id differs when the same event is published again.
idempotency = IdempotencyConfig(
    event_key_jmespath="detail.metadata.event_id",
    raise_on_no_idempotency_key=True,
    expires_after_seconds=RETENTION_SECONDS,
)
gaps = GapDetector(TABLE)
reporter = Reporter(logger, metrics)
# Off: if all records fail, the function succeeds all the same, and SQS retries each message by itself.
processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Returns the failed records. SQS delivers them again, and after three times moves them to the dead letters."""
    idempotency.register_lambda_context(context)
    metrics.add_metric(name="EventsReceived", unit=MetricUnit.Count, value=len(event["Records"]))
    answer = process_partial_response(event=event, record_handler=process_record, processor=processor, context=context)
    reporter.report_gaps()
    return answer


def process_record(record: SQSRecord) -> None:
    """Handles one message of the queue. Raises UnsupportedEvent."""
    try:
        handle(event=event_in(record.body))
    except Exception:
        logger.exception("an event could not be processed", extra={"message_id": record.message_id})
        raise


@idempotent_function(  # type: ignore[untyped-decorator]  # Powertools does not annotate it
    data_keyword_argument="event",
    config=idempotency,
    persistence_store=DynamoDBPersistenceLayer(table_name=TABLE, key_attr="id"),
)
def handle(event: dict[str, Any]) -> None:
    """Handles one event, once. Put your own code here, before the sequence number is stored."""
    reporter.report_payment(event)
    metadata, payment_id = event["detail"]["metadata"], event["detail"]["data"]["payment_id"]
    reporter.set_missing(payment_id, gaps.missing_after(payment_id, metadata["sequence"]))
