"""Records an outcome: the only way by which news from the gateway reaches a payment.

Answers, webhooks, status queries and reconciliation all come through here.
"""

from collections.abc import Callable
from dataclasses import replace

from payments.model import refund as refunds
from payments.model.gateway_transaction import GatewayTransaction
from payments.model.history import Source
from payments.model.integrity import mismatched_fields
from payments.model.payment import Payment
from payments.model.status import FINAL, Status
from payments.model.supersession import is_late_success, is_to_be_refunded, owes_refund, with_refund_due
from payments.outcome.apply import apply, apply_flags
from payments.ports.ledger import LostRace, OutcomeLedger
from payments.ports.runtime import Clock, Telemetry


def record(
    payment: Payment,
    transaction: GatewayTransaction,
    source: Source,
    ledger: OutcomeLedger,
    clock: Clock,
    telemetry: Telemetry,
    principal: str | None = None,
) -> Payment:
    """The payment after the transaction, as it is in the ledger now. A repeated or late transaction changes nothing.

    `principal`: see `update`. Raises Released.
    """
    telemetry.about(payment.id, payment.order_id, payment.transaction_id or transaction.transaction_id)
    _note_contradictions(payment, transaction, telemetry)
    return update(payment, lambda current: apply(current, transaction, source, clock()), ledger, telemetry, principal)


def record_refund(
    payment: Payment,
    transaction: GatewayTransaction,
    ledger: OutcomeLedger,
    clock: Clock,
    telemetry: Telemetry,
    principal: str | None,
) -> Payment:
    """The payment after the answer to its refund, as it is in the ledger now. Raises Released.

    It is undocumented whether `status` here is the refund's or the payment's, so only the refund and chargeback flags
    are applied.
    """
    _note_mismatches(payment, transaction, telemetry)

    def change(current: Payment) -> Payment:
        if mismatched_fields(current, transaction):
            return current
        return apply_flags(current, transaction, "answer", clock())

    return update(payment, change, ledger, telemetry, principal)


def update(
    payment: Payment,
    change: Callable[[Payment], Payment],
    ledger: OutcomeLedger,
    telemetry: Telemetry,
    principal: str | None = None,
) -> Payment:
    """Writes a change and returns the payment as it is in the ledger now. Raises Released.

    `principal`: the AWS principal that made the request; each entry that the change adds names it. None for the system.
    When another process wrote first, `change` decides again about the payment that is in the ledger now. Nothing is
    written when `change` returns the same object.
    """
    while True:
        changed = change(payment)
        if changed is payment:
            return payment
        after = with_refund_due(requested_by(principal, payment, changed))
        try:
            saved = ledger.save(payment, after)
        except LostRace as lost:
            payment = lost.current
            continue
        note_entries(payment, saved, telemetry)
        return saved


def requested_by(principal: str | None, before: Payment, after: Payment) -> Payment:
    """The payment `after` with the principal in each entry that `before` does not have."""
    new = (replace(entry, principal=principal) for entry in after.history[before.version :])
    return replace(after, history=(*before.history, *new))


def note_entries(before: Payment, after: Payment, telemetry: Telemetry) -> None:
    """Notes a signal for each entry that `before` does not have, once the write is made."""
    for entry in after.history[before.version :]:
        telemetry.note(
            "late_success" if is_late_success(after, entry) else f"payment_{entry.name}",
            payment_id=after.id,
            status=entry.status,
            source=entry.source,
        )
    failed = any(entry.name == refunds.FAILED for entry in after.history[before.version :])
    if failed and is_to_be_refunded(after) and not owes_refund(after):
        telemetry.note("late_refund_failed", payment_id=after.id)


def _note_contradictions(payment: Payment, transaction: GatewayTransaction, telemetry: Telemetry) -> None:
    _note_mismatches(payment, transaction, telemetry)
    if transaction.verdict is not None and _contradicts(payment, transaction.verdict):
        telemetry.note(
            "verdict_contradicted", payment_id=payment.id, status=payment.status, raw_status=transaction.raw_status
        )
    if transaction.verdict is None:
        telemetry.note("unknown_gateway_status", payment_id=payment.id)


def _note_mismatches(payment: Payment, transaction: GatewayTransaction, telemetry: Telemetry) -> None:
    for name in mismatched_fields(payment, transaction):
        telemetry.note("integrity_mismatch", payment_id=payment.id, field=name)


def _contradicts(payment: Payment, verdict: Status) -> bool:
    """Whether both verdicts are final and different. The payment does not change, but an operator should know."""
    both_final = payment.status in FINAL and verdict in FINAL
    return both_final and verdict is not payment.status and not payment.may_become(verdict)
