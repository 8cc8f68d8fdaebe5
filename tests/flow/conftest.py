"""One stack a pytest worker, and the clients through which tests reach it.

The gateway's book and the subscriber keep everything of the worker's tests: each finds its payments by their ids, and
none resets anything.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local.demo import document
from local.demo.browser import Browser
from local.simulator.control_client import Control
from local.stack import Shop, Stack, running
from local.stack.cloud import Cloud
from local.stack.subscriber import Subscriber, subscribed
from tests.flow.card_data import assert_no_card_data_is_kept, kept_texts
from tests.flow.patient_gateway import RETRY_WEBHOOKS_FAST, PatientControl
from tests.flow.payment_tracker import PaymentTracker
from tests.flow.reconciliation_system import disable_schedules

Pay = Callable[[str], dict[str, Any]]
FIRST = ("test_rotation.py", "test_reconciliation_calls.py", "test_reconciliation.py", "test_money_safety.py")
"""The longest files start first, so that no worker is left alone with one at the end."""
LAST = ("test_no_card_data.py",)
"""Searches what all other files have left behind."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: (item.path.name not in FIRST, item.path.name in LAST))


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Afterwards no card data may be left in it, whichever tests this worker ran."""
    with running(simulator_options=RETRY_WEBHOOKS_FAST) as stack:
        # After a quarter of an hour it would act on payments that a test still works with.
        disable_schedules(stack, "payments-reconciliation")
        yield stack
        control = PatientControl(stack.gateway.control_url or "")
        assert_no_card_data_is_kept(kept_texts(stack, control))
        control.close()


@pytest.fixture(scope="session")
def shop(stack: Stack) -> Shop:
    """Signs its requests as the IAM user that may call the API."""
    return Shop(stack.api_url, stack.region, stack.identities.client)


@pytest.fixture(scope="session")
def stranger(stack: Stack) -> Shop:
    """Signs its requests as an IAM user that may not."""
    return Shop(stack.api_url, stack.region, stack.identities.stranger)


@pytest.fixture(scope="session")
def unsigned(stack: Stack) -> Shop:
    """Does not sign its requests."""
    return Shop(stack.api_url, stack.region, None)


@pytest.fixture(scope="session")
def gateway(stack: Stack) -> Iterator[Control]:
    """The simulator's control client: its book, its deliveries, and its next answers."""
    assert stack.gateway.control_url is not None
    control = PatientControl(stack.gateway.control_url)
    yield control
    control.close()


@pytest.fixture(scope="session")
def bus(stack: Stack) -> Iterator[Subscriber]:
    """Receives every event from its first use on."""
    with subscribed(stack.admin, stack.bus) as subscriber:
        yield subscriber
        subscriber.poll()
        assert_no_card_data_is_kept({"bus": json.dumps(subscriber.received)})


@pytest.fixture(scope="session")
def admin(stack: Stack) -> Cloud:
    """An administrator's clients: `admin.client("logs")`."""
    return stack.admin


@pytest.fixture(scope="session")
def table(stack: Stack) -> Any:
    return stack.admin.resource("dynamodb").Table(stack.table)


@pytest.fixture(scope="session")
def run_follow_up(stack: Stack) -> Callable[..., Any]:
    """Runs the follow-up function now, as the schedule does each minute, and returns its result."""
    functions = stack.admin.client("lambda")

    def run(event: dict[str, Any] | None = None) -> Any:
        name = stack.functions["FollowUpFunction"]
        answer = functions.invoke(FunctionName=name, Qualifier="live", Payload=json.dumps(event or {}))
        payload = answer["Payload"].read().decode()
        assert "FunctionError" not in answer, payload
        return json.loads(payload)

    return run


@pytest.fixture(scope="session")
def make_due(table: Any) -> Callable[[str], None]:
    """Makes a payment's next follow-up due now, which else takes a minute or more."""

    def make(payment_id: str) -> None:
        # The gateway is asked only about an open payment; for others at most events are due.
        is_open = "ask_at" in table.get_item(Key={"pk": payment_id}, ConsistentRead=True)["Item"]
        table.update_item(
            Key={"pk": payment_id},
            # A new revision, as of any write: else the relay, which may be publishing, would set its own due time.
            UpdateExpression=f"SET follow_up_at = :past{', ask_at = :past' if is_open else ''} ADD revision :one",
            ConditionExpression="attribute_exists(follow_up_at)" + (" AND attribute_exists(ask_at)" if is_open else ""),
            ExpressionAttributeValues={":past": 1, ":one": 1},
        )

    return make


@pytest.fixture
def tracker(shop: Shop, make_due: Callable[[str], None], run_follow_up: Callable[..., Any]) -> PaymentTracker:
    return PaymentTracker(shop, make_due, run_follow_up)


@pytest.fixture
def browser() -> Browser:
    return Browser()


@pytest.fixture
def payment() -> dict[str, Any]:
    """The documented payment without an order id, which each test chooses."""
    return {name: value for name, value in document.payment().items() if name != "order_id"}


@pytest.fixture
def pay(shop: Shop, gateway: Control, payment: dict[str, Any]) -> Pay:
    """Pays an order. No webhook comes, so nothing happens but the test's own actions."""

    def paid(order: str) -> dict[str, Any]:
        gateway.script("approve", order_id=order, webhook="lost")
        answer = shop.charge(payment | {"order_id": order}, order)
        assert (answer.status, answer.json["status"]) == (201, "succeeded"), answer.body
        made: dict[str, Any] = answer.json
        return made

    return paid
