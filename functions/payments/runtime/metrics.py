"""The declared list of metrics: name, unit and meaning of each, and the signals that count in it.

Tests compare docs/observability.md and the alarms of template.yaml with this list. An id is never a dimension: one
metric per payment would cost more than the payments earn.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from aws_lambda_powertools.metrics import MetricUnit

Count: Final = MetricUnit.Count
Seconds: Final = MetricUnit.Seconds
NoUnit: Final = MetricUnit.NoUnit


@dataclass(frozen=True, slots=True)
class Metric:
    """`by` is the name of a second dimension beside `service`. With `total`, the sum over it is a metric as well."""

    name: str
    unit: MetricUnit
    meaning: str
    by: str | None = None
    total: bool = True


@dataclass(frozen=True, slots=True)
class Signal:
    """The metrics that a signal counts in: by one, or by the fact named `value`. `wakes`: an alarm alerts a person."""

    metrics: tuple[str, ...]
    wakes: bool = False
    value: str | None = None


_DECLARED: Final = (
    Metric("Verdicts", Count, "Payments that reached a status: the gateway's verdict, or `needs_review`", by="status"),
    Metric("LateSuccesses", Count, "Payments that succeeded after they were failed, blocked, abandoned or superseded"),
    Metric("PaymentsSuperseded", Count, "Payments that gave up their order: to another payment, or cancelled"),
    Metric("Refunds", Count, "Payments that were refunded"),
    Metric("RefundRequests", Count, "Refunds that a shop requested, recorded before the request goes to the gateway"),
    Metric("RefundsFailed", Count, "Refunds that failed: no money moved"),
    Metric("RefundsInDoubt", Count, "Refunds that were sent and got no verdict: their status is queried"),
    Metric("RefundsNotSent", Count, "Refunds answered with 503: the gateway was out of reach, nothing was sent"),
    Metric("RefundsUnresolved", Count, "Status queries for a refund after the plan's last one: its outcome is unknown"),
    Metric("LateRefundsFailed", Count, "Refunds of late successes that failed, or cannot be made here: a person must"),
    Metric("Chargebacks", Count, "Payments that the cardholder's bank took back"),
    Metric("ChargesInDoubt", Count, "Charges that were sent and got no verdict: they stay `processing`"),
    Metric("ChargesNotSent", Count, "Charges answered with 503: the gateway was out of reach, nothing was sent"),
    Metric(
        "IntegrityMismatches", Count, "Fields in which a message of the gateway differs from what was sent", by="field"
    ),
    Metric(
        "VerdictContradictions", Count, "Final verdicts that contradict an earlier final verdict; the earlier one stays"
    ),
    Metric("UnknownGatewayStatuses", Count, "Messages of the gateway with an undocumented status"),
    Metric(
        "GatewayCredentialsRefused",
        Count,
        "Requests that the gateway refused for their key, also after the key was reloaded",
    ),
    Metric("StatusUnanswered", Count, "Status queries that the gateway did not answer"),
    Metric("SecretsUnreadable", Count, "Reads of a secret that failed or returned unusable keys"),
    Metric("WebhookRejections", Count, "Webhooks that were rejected", by="cause"),
    Metric("WebhookSignatures", Count, "Webhooks with a valid token, by the key that signed them", by="matched"),
    Metric("WebhooksNotUnderstood", Count, "Webhooks that were signed and could not be parsed"),
    Metric("WebhooksUnconfirmed", Count, "Webhooks that the status API could not confirm in time"),
    Metric("WebhookContradictions", Count, "Webhooks with another status than the status API"),
    Metric("EventsRefused", Count, "Times EventBridge answered and did not accept an event"),
    Metric("BusUnreachable", Count, "Times EventBridge could not be reached"),
    Metric(
        "EventsLeftBehind",
        Count,
        "Events that the bus did not accept: the relay or the follow-up publishes them later",
    ),
    Metric("RelayRetries", Count, "Batches of the stream that the relay could not finish: a part is delivered again"),
    Metric("UnexpectedErrors", Count, "Bugs: exceptions that no code handles"),
    Metric("FollowUpRuns", Count, "Runs of the follow-up that finished"),
    Metric("FollowUpFinished", Count, "Payments for which a run did all that was due"),
    Metric("FollowUpBroken", Count, "Payments for which a run failed; a later run takes them when the lease ends"),
    Metric("FollowUpOutOfTime", Count, "Runs that ended before all due payments were done"),
    Metric("FollowUpLag", Seconds, "The longest time that a payment of a run had been due"),
    Metric("ReconciliationsFinished", Count, "Scheduled reconciliations that finished, with their report"),
    Metric("ReconciliationRows", Count, "Transactions of the gateway's list that a finished reconciliation compared"),
    Metric(
        "ReconciliationDiscrepancies",
        Count,
        "Lines in the report of a finished reconciliation",
        by="discrepancy",
        total=False,
    ),
    Metric(
        "ReconciliationsUnfinished",
        Count,
        "Calls that ended before their reconciliation was finished: a later call continues",
    ),
    Metric(
        "ReconciliationPagesUnanswered",
        Count,
        "Pages of the gateway's list that could not be read, after several tries",
    ),
    Metric(
        "ReconciliationsDoubtful",
        Count,
        "Times the gateway's list contradicted itself, or so many payments that it may be wrong",
    ),
    Metric("ReconciliationsStuck", Count, "Reconciliations that could not read the gateway's list to its end"),
    Metric("PaymentsUnresolved", Count, "Payments without a verdict: processing, requires_action or pending"),
    Metric("PaymentsInDoubt", Count, "Payments still `processing` after the time that a charge may take"),
    Metric("OldestUnresolvedPayment", Seconds, "The age of the oldest payment without a verdict; 0 if there is none"),
    Metric("MoneyAtRisk", NoUnit, "Sum of the amounts in doubt, in minor units", by="currency", total=False),
    Metric("PublishBacklog", Count, "History entries that are not published yet"),
)

METRICS: Final[Mapping[str, Metric]] = {metric.name: metric for metric in _DECLARED}

SIGNALS: Final[Mapping[str, Signal]] = {
    "payment_requires_action": Signal(("Verdicts",)),
    "payment_pending": Signal(("Verdicts",)),
    "payment_succeeded": Signal(("Verdicts",)),
    "payment_failed": Signal(("Verdicts",)),
    "payment_blocked": Signal(("Verdicts",)),
    "payment_abandoned": Signal(("Verdicts",)),
    "payment_needs_review": Signal(("Verdicts",), wakes=True),
    "late_success": Signal(("Verdicts", "LateSuccesses"), wakes=True),
    "late_refund_failed": Signal(("LateRefundsFailed",), wakes=True),
    "payment_refunded": Signal(("Refunds",)),
    "payment_refund_requested": Signal(("RefundRequests",)),
    "payment_refund_failed": Signal(("RefundsFailed",)),
    "payment_superseded": Signal(("PaymentsSuperseded",)),
    "payment_charged_back": Signal(("Chargebacks",)),
    "charge_in_doubt": Signal(("ChargesInDoubt",)),
    "charge_not_sent": Signal(("ChargesNotSent",)),
    "refund_in_doubt": Signal(("RefundsInDoubt",)),
    "refund_not_sent": Signal(("RefundsNotSent",)),
    "refund_unresolved": Signal(("RefundsUnresolved",), wakes=True),
    "integrity_mismatch": Signal(("IntegrityMismatches",), wakes=True),
    "verdict_contradicted": Signal(("VerdictContradictions",), wakes=True),
    "unknown_gateway_status": Signal(("UnknownGatewayStatuses",), wakes=True),
    "gateway_credentials_refused": Signal(("GatewayCredentialsRefused",), wakes=True),
    "status_unanswered": Signal(("StatusUnanswered",)),
    "secret_unreadable": Signal(("SecretsUnreadable",), wakes=True),
    "webhook_refused": Signal(("WebhookRejections",)),
    "webhook_signature": Signal(("WebhookSignatures",)),
    "webhook_not_understood": Signal(("WebhooksNotUnderstood",)),
    "webhook_unconfirmed": Signal(("WebhooksUnconfirmed",)),
    "webhook_contradicts_status": Signal(("WebhookContradictions",)),
    "event_refused": Signal(("EventsRefused",), wakes=True),
    "bus_unreachable": Signal(("BusUnreachable",), wakes=True),
    "publish_incomplete": Signal(("EventsLeftBehind",), value="left"),
    "relay_incomplete": Signal(("RelayRetries",)),
    "reconciliation_unfinished": Signal(("ReconciliationsUnfinished",)),
    "reconciliation_page_unanswered": Signal(("ReconciliationPagesUnanswered",)),
    "reconciliation_doubtful": Signal(("ReconciliationsDoubtful",), wakes=True),
    "reconciliation_stuck": Signal(("ReconciliationsStuck",), wakes=True),
    "unexpected_error": Signal(("UnexpectedErrors",), wakes=True),
}
"""Signal → the metrics it counts in. A signal that is missing here would be logged and not counted: a test finds it."""

WAKES_SOMEBODY: Final = frozenset(name for name, signal in SIGNALS.items() if signal.wakes)
"""Signals that are logged as errors. All others are logged as information."""
