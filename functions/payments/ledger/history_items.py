"""Entries: how a payment's history, and the facts beside its status, lie in its item, and how they are read back."""

from collections.abc import Mapping
from typing import Any

from payments.model.follow_up import RefundAttempt
from payments.model.history import Chargeback, Entry, Failure, FieldError, Refund
from payments.model.status import Status
from payments.model.timestamps import iso, parse_iso

Item = dict[str, Any]


def entry_item(entry: Entry) -> Item:
    """One history entry."""
    item = {
        "sequence": entry.sequence,
        "name": entry.name,
        "previous_status": entry.previous_status.value if entry.previous_status else None,
        "status": entry.status.value,
        "at": iso(entry.at),
        "source": entry.source,
        "evidence": dict(entry.evidence),
        "transaction_id": entry.transaction_id,
        "refund": refund(entry.refund),
        "chargeback": chargeback(entry.chargeback),
        "failure": failure(entry.failure),
    }
    return {key: value for key, value in item.items() if value is not None}


def entry_of(item: Mapping[str, Any]) -> Entry:
    """The history entry an item holds."""
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
    )


def refund(fact: Refund) -> Item:
    """The way back."""
    at = fact.refunded_at
    return {"status": fact.status} | ({"at": iso(at)} if at else {})


def refund_of(item: Mapping[str, Any]) -> Refund:
    """The refund an item holds."""
    return Refund(item["status"], parse_iso(item["at"]) if "at" in item else None)


def chargeback(fact: Chargeback) -> Item:
    """The chargeback."""
    at = fact.charged_back_at
    return {"status": fact.status} | ({"at": iso(at)} if at else {})


def chargeback_of(item: Mapping[str, Any]) -> Chargeback:
    """The chargeback an item holds."""
    return Chargeback(item["status"], parse_iso(item["at"]) if "at" in item else None)


def failure(reason: Failure | None) -> Item | None:
    """Why something came to nothing."""
    if reason is None:
        return None
    errors = [{"field": e.field, "code": e.code, "message": e.message} for e in reason.errors]
    return {"code": reason.code, "message": reason.message, "errors": errors}


def failure_of(item: Mapping[str, Any] | None) -> Failure | None:
    """The failure an item holds."""
    if item is None:
        return None
    return Failure(item["code"], item["message"], tuple(FieldError(**error) for error in item["errors"]))


def refund_attempt(request: RefundAttempt | None) -> Item | None:
    """The last request for a refund."""
    if request is None:
        return None
    told = {
        "id": request.id,
        "nonce": request.nonce,
        "requested_at": iso(request.requested_at),
        "arrived": request.arrived,
        "answered": request.answered,
        "failure": failure(request.failure),
    }
    return {key: value for key, value in told.items() if value is not None}


def refund_attempt_of(item: Mapping[str, Any] | None) -> RefundAttempt | None:
    """The request an item holds."""
    if item is None:
        return None
    return RefundAttempt(
        id=item["id"],
        nonce=item["nonce"],
        requested_at=parse_iso(item["requested_at"]),
        arrived=item["arrived"],
        answered=item.get("answered"),
        failure=failure_of(item.get("failure")),
    )
