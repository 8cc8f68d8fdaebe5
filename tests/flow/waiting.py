"""Bringing a payment's next follow-up forward, and checking what must hold of every payment however it got there."""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from local.simulator.control_client import Control
from local.stack import Shop
from local.stack.subscriber import Subscriber

_SECONDS = 15.0


@dataclass(frozen=True)
class Clerk:
    """Reads payments as the shop does, and lets the follow-up come sooner than it would."""

    shop: Shop
    overdue: Callable[[str], None]
    run_follow_up: Callable[..., Any]

    def read(self, payment_id: str) -> dict[str, Any]:
        answer = self.shop.get(f"/charges/{payment_id}")
        assert answer.status == 200, answer.body
        payment: dict[str, Any] = answer.json
        return payment

    def hurry(self, payment_id: str) -> None:
        """Lets the follow-up do what it would do for the payment in a minute or more; once."""
        with contextlib.suppress(ClientError):  # the schedule was quicker: nothing is left to do
            self.overdue(payment_id)
        assert self.run_follow_up()["broken"] == 0

    def follow_up(self, payment_id: str, status: str) -> dict[str, Any]:
        """Hurries until the payment has this status; the schedule may have it on lease for a moment."""
        return self._until(payment_id, lambda payment: payment["status"] == status, lambda: self.hurry(payment_id))

    def follow_up_refund(self, payment_id: str, status: str) -> dict[str, Any]:
        """Hurries until the payment's refund has this status."""
        return self._until(
            payment_id, lambda payment: payment["refund"]["status"] == status, lambda: self.hurry(payment_id)
        )

    def wait(self, payment_id: str, status: str) -> dict[str, Any]:
        """Waits until somebody else has brought the payment to this status."""
        return self._until(payment_id, lambda payment: payment["status"] == status, lambda: None)

    def _until(
        self, payment_id: str, found: Callable[[dict[str, Any]], bool], meanwhile: Callable[[], None]
    ) -> dict[str, Any]:
        deadline = time.monotonic() + _SECONDS
        while True:
            meanwhile()
            payment = self.read(payment_id)
            if found(payment):
                return payment
            assert time.monotonic() < deadline, payment
            time.sleep(0.1)


def assert_told_without_a_gap(bus: Subscriber, payment: dict[str, Any]) -> None:
    """The bus has every entry up to the payment's version, in order; a repeat says the same as before."""
    deadline = time.monotonic() + _SECONDS
    while payment["version"] not in [event["detail"]["metadata"]["sequence"] for event in bus.of(payment["id"])]:
        assert time.monotonic() < deadline, [event["detail-type"] for event in bus.of(payment["id"])]
        bus.poll()
    told: dict[int, Any] = {}
    for event in bus.of(payment["id"]):
        metadata = event["detail"]["metadata"]
        assert metadata["event_id"] == f"{payment['id']}:{metadata['sequence']}"
        assert told.setdefault(metadata["sequence"], event["detail"]) == event["detail"]
    assert sorted(told) == list(range(1, payment["version"] + 1))
    assert list(told) == sorted(told), "in order"


def assert_charged_once(gateway: Control, order: str) -> None:
    book = gateway.book()
    assert book["posts"][order] == 1
    assert [t["status"] for t in book["transactions"] if t["order_id"] == order] == ["SUCCESS"]
