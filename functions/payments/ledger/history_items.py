"""Maps history entries, refunds, chargebacks and failures to attributes of a payment's item, and back."""

from collections.abc import Mapping
from typing import Any

from payments.model.follow_up import RefundAttempt
from payments.model.history import Chargeback, Entry, Failure, FieldError, Refund
from payments.model.status import Status
from payments.model.timestamps import iso, parse_iso

Item = dict[str, Any]


def entry_item(entry: Entry) -> Item:
    """The attributes of a history entry."""
    item = {
        "sequence": entry.sequence,
        "name": entry.name,
        "previous_status": entry.previous_status.value if entry.previous_status else None,
        "status": entry.status.value,
        "at": iso(entry.at),
        "source": entry.source,
        "evidence": dict(entry.evidence),
        "transaction_id": entry.transaction_id,
        "refund": refund_item(entry.refund),
        "chargeback": chargeback_item(entry.chargeback),
        "failure": failure_item(entry.failure),
        "principal": entry.principal,
    }
    return {key: value for key, value in item.items() if value is not None}


def entry_of(item: Mapping[str, Any]) -> Entry:
    """The history entry in an item."""
    previous = item.get("previous_status")
    return Entry(
        sequence=int(item["sequence"]),
        name=item["name"],
        previous_status=Status(previous) if previous else None,
        status=Status(item["status"]),
        at=parse_iso(item["at"]),
        source=item["source"],
        evidence={key: value if isinstance(value, str) else int(value) for key, value in item["evidence"].items()},
        transaction_id=item.get("transaction_id"),
        refund=refund_of(item["refund"]),
        chargeback=chargeback_of(item["chargeback"]),
        failure=failure_of(item.get("failure")),
        principal=item.get("principal"),
    )


def refund_item(refund: Refund) -> Item:
    """The attributes of a refund."""
    at = refund.refunded_at
    return {"status": refund.status} | ({"at": iso(at)} if at else {})


def refund_of(item: Mapping[str, Any]) -> Refund:
    """The refund in an item."""
    return Refund(item["status"], parse_iso(item["at"]) if "at" in item else None)


def chargeback_item(chargeback: Chargeback) -> Item:
    """The attributes of a chargeback."""
    at = chargeback.charged_back_at
    return {"status": chargeback.status} | ({"at": iso(at)} if at else {})


def chargeback_of(item: Mapping[str, Any]) -> Chargeback:
    """The chargeback in an item."""
    return Chargeback(item["status"], parse_iso(item["at"]) if "at" in item else None)


def failure_item(failure: Failure | None) -> Item | None:
    """The attributes of a failure."""
    if failure is None:
        return None
    errors = [{"field": e.field, "code": e.code, "message": e.message} for e in failure.errors]
    return {"code": failure.code, "message": failure.message, "errors": errors}


def failure_of(item: Mapping[str, Any] | None) -> Failure | None:
    """The failure in an item."""
    if item is None:
        return None
    return Failure(item["code"], item["message"], tuple(FieldError(**error) for error in item["errors"]))


def refund_attempt_item(attempt: RefundAttempt | None) -> Item | None:
    """The attributes of the last refund attempt."""
    if attempt is None:
        return None
    item = {
        "id": attempt.id,
        "nonce": attempt.nonce,
        "requested_at": iso(attempt.requested_at),
        "arrived": attempt.arrived,
        "answered": attempt.answered,
        "failure": failure_item(attempt.failure),
        "principal": attempt.principal,
    }
    return {key: value for key, value in item.items() if value is not None}


def refund_attempt_of(item: Mapping[str, Any] | None) -> RefundAttempt | None:
    """The refund attempt in an item."""
    if item is None:
        return None
    return RefundAttempt(
        id=item["id"],
        nonce=item["nonce"],
        requested_at=parse_iso(item["requested_at"]),
        arrived=item["arrived"],
        answered=item.get("answered"),
        failure=failure_of(item.get("failure")),
        principal=item.get("principal"),
    )
