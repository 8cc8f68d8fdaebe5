"""Telemetry that remembers its calls, and refuses a signal that an operator could not look up or follow."""

from typing import Any, Final

_ENTRY = "payment_id status source"
FACTS: Final = {
    **{f"payment_{status}": _ENTRY for status in "requires_action pending succeeded failed blocked".split()},
    **{f"payment_{status}": _ENTRY for status in "abandoned needs_review charged_back adopted".split()},
    **{f"payment_{entry}": _ENTRY for entry in "refunded refund_requested refund_failed superseded".split()},
    "late_success": _ENTRY,
    "late_refund_failed": "payment_id",
    "charge_in_doubt": "payment_id why",
    "charge_not_sent": "error",
    "refund_in_doubt": "payment_id why",
    "refund_not_sent": "error",
    "refund_unresolved": "payment_id asks",
    "integrity_mismatch": "payment_id field",
    "verdict_contradicted": "payment_id status raw_status",
    "unknown_gateway_status": "payment_id",
    "gateway_credentials_refused": "http_status",
    "status_unanswered": "payment_id error",
    "secret_unreadable": "stage error",
    "webhook_refused": "cause",
    "webhook_signature": "matched policy",
    "webhook_not_understood": "payment_id",
    "webhook_unconfirmed": "payment_id error",
    "webhook_contradicts_status": "payment_id",
    "event_refused": "error",
    "bus_unreachable": "error",
    "publish_incomplete": "payment_id left",
    "relay_incomplete": "records",
    "reconciliation_unfinished": "why rows",
    "reconciliation_page_unanswered": "error",
    "reconciliation_stuck": "why rows",
    "unexpected_error": "error",
}
"""Signal → the facts of its line. The queries of the runbook, and the alarms, depend on these names."""


class RecordingTelemetry:
    """Meets the Telemetry port."""

    def __init__(self) -> None:
        self.notes: list[tuple[str, dict[str, Any]]] = []
        self.subjects: list[tuple[str | None, str | None, str | None]] = []

    def about(self, payment_id: str | None, order_id: str | None = None, transaction_id: str | None = None) -> None:
        """See `Telemetry.about`. A line about an order or a transaction is also about its payment."""
        assert payment_id or not (order_id or transaction_id)
        assert payment_id is None or not payment_id.startswith(("ord", "txn"))
        self.subjects.append((payment_id, order_id, transaction_id))

    def note(self, signal: str, **facts: str | int) -> None:
        """See `Telemetry.note`. A signal has its facts, and each of them says something."""
        if signal in FACTS:
            assert set(facts) == set(FACTS[signal].split()), (signal, facts)
        assert signal in FACTS or signal == "reconciliation_doubtful", signal
        assert all(value not in {None, "", "NoneType"} for value in facts.values()), (signal, facts)
        self.notes.append((signal, dict(facts)))

    def unexpected(self, error: Exception) -> None:
        """Records an unexpected exception as a signal of its own."""
        self.note("unexpected_error", error=type(error).__name__)

    @property
    def signals(self) -> list[str]:
        """The names of the signals, in order."""
        return [signal for signal, _ in self.notes]

    def facts_of(self, signal: str) -> list[dict[str, Any]]:
        """The facts of each occurrence of a signal, in order."""
        return [facts for noted, facts in self.notes if noted == signal]
