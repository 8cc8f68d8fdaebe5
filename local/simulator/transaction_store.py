"""The transactions of the simulated gateway, and the only ways to change one. No HTTP here."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from local.simulator.transaction import MESSAGES, Order, Transaction
from local.simulator.transaction_index import TransactionIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from local.simulator.exact_json import Json


class UnknownTransactionError(LookupError):
    """No transaction has this transaction_id or order_id."""


class NotAllowedError(Exception):
    """The change is not allowed; the message is the gateway's text."""


class TransactionStore:
    def __init__(self, now: Callable[[], datetime], on_change: Callable[[], None] = lambda: None) -> None:
        self._now = now
        self._on_change = on_change
        self._transactions: dict[str, Transaction] = {}
        self._previous: dict[str, Transaction] = {}
        self._by_order: dict[str, list[str]] = {}
        self.index = TransactionIndex()

    def __iter__(self) -> Iterator[Transaction]:
        return iter(self._transactions.values())

    def __contains__(self, transaction: Transaction) -> bool:
        return transaction.transaction_id in self._transactions

    def record(self, order: Order, status: str, message: str | None, at: datetime | None = None) -> Transaction:
        created_at = at or self._now()
        transaction = Transaction(
            transaction_id=self._new_id(),
            order=order,
            status=status,
            message=message or MESSAGES.get(status, "Transaction is being looked at."),
            created_at=created_at,
        )
        if transaction.is_final:
            transaction = replace(transaction, decided_at=created_at)
        if order.order_id is not None:
            self._by_order.setdefault(order.order_id, []).append(transaction.transaction_id)
        self.index.add(transaction)
        return self._store(transaction)

    def find(self, name: str, mode: str | None = None) -> Transaction:
        """By transaction_id, or the latest with that order_id. Raises UnknownTransactionError."""
        ids = [name] if name in self._transactions else self._by_order.get(name, [])
        for transaction_id in reversed(ids):
            transaction = self._transactions[transaction_id]
            if mode in {None, transaction.order.mode}:
                return transaction
        raise UnknownTransactionError(name)

    def previous_version(self, transaction_id: str) -> Transaction | None:
        """The transaction before its last change; None if it never changed."""
        return self._previous.get(transaction_id)

    def has_order(self, order_id: str, mode: str) -> bool:
        ids = self._by_order.get(order_id, [])
        return any(self._transactions[one].order.mode == mode for one in ids)

    def decide(self, name: str, status: str, message: str | None = None, *, overrule: bool = False) -> Transaction:
        """Sets the status, as the shopper or the bank would. A final status changes only with `overrule`.

        Raises NotAllowedError.
        """
        transaction = self.find(name)
        if transaction.is_final and not overrule:
            raise NotAllowedError("Transaction has already been decided.")
        message = message or MESSAGES.get(status, "")
        return self._store(replace(transaction, status=status, message=message, decided_at=self._now()))

    def refund(self, name: str) -> Transaction:
        transaction = self._refundable(name)
        if transaction.refunded_at is not None:
            raise NotAllowedError("Transaction has already been refunded.")
        return self._store(replace(transaction, refunded_at=self._now()))

    def charge_back(self, name: str) -> Transaction:
        """A refunded transaction can be charged back as well: the cardholder's bank does not check."""
        transaction = self._refundable(name)
        return self._store(replace(transaction, charged_back_at=self._now()))

    def suspect(self, name: str) -> Transaction:
        return self._store(replace(self.find(name), suspicious_at=self._now()))

    def amend(self, name: str, **order: Json) -> Transaction:
        """Changes fields of the order at the gateway alone, so that it differs from the merchant's record."""
        transaction = self.find(name)
        return self._store(replace(transaction, order=replace(transaction.order, **order)))

    def forget(self, name: str) -> None:
        transaction = self.find(name)
        del self._transactions[transaction.transaction_id]
        self._previous.pop(transaction.transaction_id, None)
        if transaction.order.order_id is not None:
            self._by_order[transaction.order.order_id].remove(transaction.transaction_id)
        self.index.remove(transaction)
        self._on_change()

    def clear(self) -> None:
        self._transactions.clear()
        self._previous.clear()
        self._by_order.clear()
        self.index = TransactionIndex()
        self._on_change()

    def _refundable(self, name: str) -> Transaction:
        transaction = self.find(name)
        if transaction.charged_back_at is not None:
            raise NotAllowedError("Transaction has already been charged back.")
        if transaction.status != "SUCCESS":
            raise NotAllowedError("Only a successful transaction can be refunded.")
        return transaction

    def _store(self, transaction: Transaction) -> Transaction:
        if transaction.transaction_id in self._transactions:
            self._previous[transaction.transaction_id] = self._transactions[transaction.transaction_id]
        self._transactions[transaction.transaction_id] = transaction
        self._on_change()
        return transaction

    def _new_id(self) -> str:
        while (fresh := f"PA{secrets.randbelow(10**16):016d}") in self._transactions:
            pass
        return fresh
