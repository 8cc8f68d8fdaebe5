"""Reads payments as the shop does, runs their follow-up early, and checks what holds for every payment."""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from local.simulator.control_client import Control
from local.stack import Shop
from local.stack.subscriber import Subscriber

DEADLINE_SECONDS: Final = 60.0
"""Far more than the stack needs. Only a failing test waits this long; a busy machine must not fail one."""


@dataclass(frozen=True)
class PaymentTracker:
    """A shop's view of its payments. `make_due` and `run` replace the schedule, which runs once a minute."""

    shop: Shop
    make_due: Callable[[str], None]
    run: Callable[..., Any]

    def read(self, payment_id: str) -> dict[str, Any]:
        """The payment as GET /charges/{id} answers it."""
        answer = self.shop.get(f"/charges/{payment_id}")
        assert answer.status == 200, answer.body
        payment: dict[str, Any] = answer.json
        return payment

    def follow_up(self, payment_id: str) -> None:
        """Makes the payment due and runs the follow-up once."""
        with contextlib.suppress(ClientError):  # the schedule has finished the payment in the meantime
            self.make_due(payment_id)
        assert self.run()["broken"] == 0

    def follow_up_until(self, payment_id: str, status: str) -> dict[str, Any]:
        """Repeats the follow-up until the payment has the status: the schedule's own run may hold its lease."""
        return self._until(payment_id, lambda payment: payment["status"] == status, self.follow_up)

    def follow_up_until_refund(self, payment_id: str, status: str) -> dict[str, Any]:
        """Repeats the follow-up until the payment's refund has the status."""
        return self._until(payment_id, lambda payment: payment["refund"]["status"] == status, self.follow_up)

    def wait_until(self, payment_id: str, status: str) -> dict[str, Any]:
        """Waits for the status without running the follow-up."""
        return self._until(payment_id, lambda payment: payment["status"] == status, lambda _: None)

    def _until(
        self, payment_id: str, has_arrived: Callable[[dict[str, Any]], bool], between_reads: Callable[[str], None]
    ) -> dict[str, Any]:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while True:
            between_reads(payment_id)
            payment = self.read(payment_id)
            if has_arrived(payment):
                return payment
            assert time.monotonic() < deadline, payment
            time.sleep(0.05)


def assert_published_without_a_gap(bus: Subscriber, payment: dict[str, Any]) -> None:
    """The bus has every entry up to the payment's version, in order; a repeated event equals the first one."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while payment["version"] not in [event["detail"]["metadata"]["sequence"] for event in bus.of(payment["id"])]:
        assert time.monotonic() < deadline, [event["detail-type"] for event in bus.of(payment["id"])]
        bus.poll()
    published: dict[int, Any] = {}
    for event in bus.of(payment["id"]):
        metadata = event["detail"]["metadata"]
        assert metadata["event_id"] == f"{payment['id']}:{metadata['sequence']}"
        assert published.setdefault(metadata["sequence"], event["detail"]) == event["detail"]
    assert list(published) == list(range(1, payment["version"] + 1)), "complete and in order"


def assert_charged_once(gateway: Control, order: str) -> None:
    """The gateway received one charge for the order, and it succeeded."""
    book = gateway.book()
    assert book["posts"][order] == 1
    assert [t["status"] for t in book["transactions"] if t["order_id"] == order] == ["SUCCESS"]
