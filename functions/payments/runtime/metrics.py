"""The catalogue: every metric, with its unit and its meaning, and which signal of the code counts in it.

docs/observability.md is checked against it, and so are the alarms of template.yaml. An id is never a dimension: a
metric for each payment would cost more than the payments earn.
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
    """`by` names a second dimension beside `service`; with `total`, the sum over it is a metric as well."""

    name: str
    unit: MetricUnit
    meaning: str
    by: str | None = None
    total: bool = True


@dataclass(frozen=True, slots=True)
class Signal:
    """What a noted signal counts in: one each, or the fact named by `value`. `wakes`: an alarm calls a person."""

    metrics: tuple[str, ...]
    wakes: bool = False
    value: str | None = None


_DECLARED: Final = (
    Metric("Verdicts", Count, "Payments that came to a status: the gateway's verdict, or `needs_review`", by="status"),
    Metric("LateSuccesses", Count, "Payments that were failed, blocked or abandoned, and then turned out paid"),
    Metric("Refunds", Count, "Payments whose money is on the way back"),
    Metric("RefundRequests", Count, "Refunds that a shop asked for, recorded before the gateway was asked"),
    Metric("RefundsFailed", Count, "Refunds that came to nothing: the money is where it was"),
    Metric("RefundsInDoubt", Count, "Refunds that were sent and brought no verdict: they are asked about"),
    Metric("RefundsNotSent", Count, "Refunds answered with 503: the gateway was out of reach, no byte of them left"),
    Metric("RefundsUnresolved", Count, "Questions about a refund past the plan: nobody knows what became of it"),
    Metric("Chargebacks", Count, "Payments that the cardholder's bank took back"),
    Metric("ChargesInDoubt", Count, "Charges that were sent and brought no verdict: they stay `processing`"),
    Metric("ChargesNotSent", Count, "Charges answered with 503: the gateway was out of reach, no byte of them left"),
    Metric("IntegrityMismatches", Count, "Facts in which a gateway message contradicts what was sent", by="field"),
    Metric("VerdictContradictions", Count, "Last words of the gateway against an earlier last word, which stands"),
    Metric("UnknownGatewayStatuses", Count, "Gateway messages with a status that no document names"),
    Metric("GatewayCredentialsRefused", Count, "Requests whose key the gateway refused, twice, the second time fresh"),
    Metric("StatusUnanswered", Count, "Questions for a payment's status that the gateway did not answer"),
    Metric("SecretsUnreadable", Count, "Readings of a secret that failed, or brought keys that cannot be used"),
    Metric("WebhookRejections", Count, "Webhooks that were turned away", by="cause"),
    Metric("WebhookSignatures", Count, "Webhooks with a right token, by the key that signed them", by="matched"),
    Metric("WebhooksNotUnderstood", Count, "Webhooks that were signed and could not be read"),
    Metric("WebhooksUnconfirmed", Count, "Webhooks that the status API could not confirm in time"),
    Metric("WebhookContradictions", Count, "Webhooks whose status is not that of the status API"),
    Metric("EventsRefused", Count, "Times EventBridge answered and did not take an event"),
    Metric("BusUnreachable", Count, "Times EventBridge could not be reached"),
    Metric("EventsLeftBehind", Count, "Events that were due and that the bus did not take: the follow-up comes back"),
    Metric("UnexpectedErrors", Count, "Bugs: exceptions that no code expected"),
    Metric("FollowUpRuns", Count, "Runs of the follow-up that came to their end"),
    Metric("FollowUpFinished", Count, "Payments for which a run did what was due"),
    Metric("FollowUpBroken", Count, "Payments that a run stumbled over; their lease keeps them for a later run"),
    Metric("FollowUpOutOfTime", Count, "Runs that ended before everything due was done"),
    Metric("FollowUpLag", Seconds, "The longest that a payment taken in a run had been due"),
    Metric(
        "ReconciliationsFinished", Count, "The schedule's reconciliations that came to their end, with their report"
    ),
    Metric("ReconciliationRows", Count, "Transactions of the gateway's list that a finished reconciliation compared"),
    Metric(
        "ReconciliationDiscrepancies",
        Count,
        "Lines in the report of a finished reconciliation",
        by="discrepancy",
        total=False,
    ),
    Metric(
        "ReconciliationsUnfinished", Count, "Calls of the reconciliation that ended before it did: a later one goes on"
    ),
    Metric(
        "ReconciliationPagesUnanswered", Count, "Pages of the gateway's list that could not be had, in several tries"
    ),
    Metric(
        "ReconciliationsDoubtful",
        Count,
        "Times the gateway's list contradicted so much, or itself, that it is in doubt",
    ),
    Metric("ReconciliationsStuck", Count, "Walks through the gateway's list that could not be brought to an end"),
    Metric("PaymentsUnresolved", Count, "Payments without a verdict: processing, requires_action or pending"),
    Metric("PaymentsInDoubt", Count, "Payments still `processing` after the time that a charge may take"),
    Metric("OldestUnresolvedPayment", Seconds, "The age of the oldest payment without a verdict; 0 if there is none"),
    Metric("MoneyAtRisk", NoUnit, "Sum of the amounts in doubt, in minor units", by="currency", total=False),
    Metric("PublishBacklog", Count, "History entries that the bus has not taken yet"),
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
    "payment_refunded": Signal(("Refunds",)),
    "payment_refund_requested": Signal(("RefundRequests",)),
    "payment_refund_failed": Signal(("RefundsFailed",)),
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
    "reconciliation_unfinished": Signal(("ReconciliationsUnfinished",)),
    "reconciliation_page_unanswered": Signal(("ReconciliationPagesUnanswered",)),
    "reconciliation_doubtful": Signal(("ReconciliationsDoubtful",), wakes=True),
    "reconciliation_stuck": Signal(("ReconciliationsStuck",), wakes=True),
    "unexpected_error": Signal(("UnexpectedErrors",), wakes=True),
}
"""Signal → what it counts in. A signal that is missing here would be a line without a count: a test finds it."""

WAKES_SOMEBODY: Final = frozenset(name for name, signal in SIGNALS.items() if signal.wakes)
"""Signals logged as errors; the others are information."""
