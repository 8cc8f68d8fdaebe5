"""Settling: the only way news of the gateway reaches a payment. Answer, webhook and status all come through here."""

from collections.abc import Callable
from typing import Protocol

from payments.model.gateway_transaction import GatewayTransaction
from payments.model.history import Source
from payments.model.integrity import mismatched_fields
from payments.model.payment import Payment
from payments.model.status import FINAL, Status
from payments.outcome.apply import apply, apply_flags
from payments.ports.ledger import LostRace
from payments.ports.runtime import Clock, Telemetry


class OutcomeLedger(Protocol):
    """All that settling needs of the table."""

    def save(self, before: Payment, after: Payment) -> Payment:
        """Writes `after` in one conditional write and returns it as it now stands. Raises LostRace, Released."""


def record(
    payment: Payment,
    transaction: GatewayTransaction,
    source: Source,
    ledger: OutcomeLedger,
    clock: Clock,
    telemetry: Telemetry,
) -> Payment:
    """The payment after the report, as it now stands in the ledger. Repeats, replays and late news are no-ops."""
    telemetry.about(payment.id, payment.order_id, payment.transaction_id or transaction.transaction_id)
    _raise_flags(payment, transaction, telemetry)
    return update(payment, lambda current: apply(current, transaction, source, clock()), ledger, telemetry)


def record_refund(
    payment: Payment, transaction: GatewayTransaction, ledger: OutcomeLedger, clock: Clock, telemetry: Telemetry
) -> Payment:
    """The payment after the answer to its refund. Whose status the answer's word is, the refund's or the payment's,
    no document says: only its flags are heard.
    """
    for name in mismatched_fields(payment, transaction):
        telemetry.note("integrity_mismatch", payment_id=payment.id, field=name)

    def change(current: Payment) -> Payment:
        return (
            current if mismatched_fields(current, transaction) else apply_flags(current, transaction, "answer", clock())
        )

    return update(payment, change, ledger, telemetry)


def update(
    payment: Payment, change: Callable[[Payment], Payment], ledger: OutcomeLedger, telemetry: Telemetry
) -> Payment:
    """Writes a change; when somebody wrote first, decides again on what stands there now."""
    while True:
        after = change(payment)
        if after is payment:
            return payment
        try:
            saved = ledger.save(payment, after)
        except LostRace as lost:
            payment = lost.current
            continue
        _tell(payment, saved, telemetry)
        return saved


def _tell(before: Payment, after: Payment, telemetry: Telemetry) -> None:
    for entry in after.history[before.version :]:
        late = before.frees_the_order and entry.status is Status.SUCCEEDED
        telemetry.note(
            "late_success" if late else f"payment_{entry.name}",
            payment_id=after.id,
            status=entry.status,
            source=entry.source,
        )


def _raise_flags(payment: Payment, transaction: GatewayTransaction, telemetry: Telemetry) -> None:
    for name in mismatched_fields(payment, transaction):
        telemetry.note("integrity_mismatch", payment_id=payment.id, field=name)
    if transaction.verdict is not None and _contradicts(payment, transaction.verdict):
        telemetry.note(
            "verdict_contradicted", payment_id=payment.id, status=payment.status, raw_status=transaction.raw_status
        )
    if transaction.verdict is None:
        telemetry.note("unknown_gateway_status", payment_id=payment.id)


def _contradicts(payment: Payment, verdict: Status) -> bool:
    """A last word against another one, which changes nothing any more, but somebody should know."""
    both_final = payment.status in FINAL and verdict in FINAL
    return both_final and verdict is not payment.status and not payment.may_become(verdict)
