"""The gateway's JSON for a transaction: the amount is a number in some answers and a string in others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.simulator.transaction import Transaction, iso_timestamp

if TYPE_CHECKING:
    from local.simulator.exact_json import Json

_OTHER_DIGITS = str.maketrans("0123456789", "9876543210")


def envelope(transaction: Transaction, checkout_url: str | None = None, lie: str = "") -> dict[str, Json]:
    """For card, webhook and refund: the amount is a number, digit for digit as the merchant sent it."""
    return _envelope(transaction, transaction.order.amount, checkout_url, lie)


def status_envelope(transaction: Transaction, checkout_url: str | None = None, lie: str = "") -> dict[str, Json]:
    """For the status endpoint: the same, with the amount as a string."""
    answer = _envelope(transaction, transaction.order.amount, checkout_url, lie)
    answer["data"]["amount"] = str(answer["data"]["amount"])
    return answer


def list_row(transaction: Transaction) -> dict[str, Json]:
    order = transaction.order
    return {
        "transaction_id": transaction.transaction_id,
        "order_id": order.order_id,
        "amount": str(order.amount),
        "currency": order.currency,
        "status": transaction.status,
        "card_number": order.card_number,
        "card_type": order.card_type,
        "created_at": iso_timestamp(transaction.created_at),
        "refund_date": iso_timestamp(transaction.refunded_at),
        "chargeback_date": iso_timestamp(transaction.charged_back_at),
        "suspicious_date": iso_timestamp(transaction.suspicious_at),
    }


def _envelope(transaction: Transaction, amount: Json, checkout_url: str | None, lie: str) -> dict[str, Json]:
    order = transaction.order
    data = {
        "amount": amount,
        "currency": order.currency,
        "order_id": order.order_id,
        "transaction_id": transaction.transaction_id,
        "customer": {
            "first_name": order.customer.first_name,
            "last_name": order.customer.last_name,
            "email": order.customer.email,
        },
        "refund": _flag("refund_date", iso_timestamp(transaction.refunded_at)),
        "chargeback": _flag("chargeback_date", iso_timestamp(transaction.charged_back_at)),
    }
    answer: dict[str, Json] = {"status": transaction.status, "message": transaction.message}
    if checkout_url is not None and transaction.status == "REDIRECT":
        answer["redirect_url"] = checkout_url
    answer["data"] = data
    return _falsified(answer, lie, transaction)


def _flag(date_name: str, date: str | None) -> dict[str, Json]:
    return {"status": date is not None, date_name: date}


def _falsified(answer: dict[str, Json], lie: str, transaction: Transaction) -> dict[str, Json]:
    data = answer["data"]
    match lie:
        case "amount":  # major units taken for minor units
            data["amount"] = data["amount"] * 100
        case "currency":
            data["currency"] = "USD" if data["currency"] == "EUR" else "EUR"
        case "order_id":
            data["order_id"] = f"{data['order_id']}-of-somebody-else"
        case "transaction_id":
            data["transaction_id"] = data["transaction_id"].translate(_OTHER_DIGITS)
        case "status":
            answer["status"] = "FAILED" if answer["status"] == "SUCCESS" else "SUCCESS"
        case "refund":  # a refund hidden, or one that was not made
            made_up = (
                None if data["refund"]["status"] else iso_timestamp(transaction.decided_at or transaction.created_at)
            )
            data["refund"] = _flag("refund_date", made_up)
    return answer
