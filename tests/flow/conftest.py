"""One stack for the whole run, and the ways into it.

The gateway keeps its book and the bus its events across tests: tell payments apart by their ids, and reset nothing.
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
from tests.flow.reconciling import rest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What looks for traces comes when all the others have left theirs."""
    items.sort(key=lambda item: item.path.name == "test_no_card_data.py")


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    with running(simulator_options=("--webhook-intervals", "0.1,0.2,0.3")) as stack:
        rest(
            stack, "payments-reconciliation"
        )  # a quarter of an hour into the run it would settle what a test still plays with
        yield stack


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
    return Shop(stack.api_url, stack.region, None)


@pytest.fixture(scope="session")
def gateway(stack: Stack) -> Iterator[Control]:
    """Behind the simulator's back: its book, its deliveries, and what it shall do next."""
    assert stack.gateway.control_url is not None
    control = Control(stack.gateway.control_url)
    yield control
    control.close()


@pytest.fixture(scope="session")
def bus(stack: Stack) -> Iterator[Subscriber]:
    """Hears every event of the run, from its first use on."""
    with subscribed(stack.admin, stack.bus) as subscriber:
        yield subscriber


@pytest.fixture(scope="session")
def admin(stack: Stack) -> Cloud:
    """An administrator's clients: `admin.client("logs")`."""
    return stack.admin


@pytest.fixture(scope="session")
def table(stack: Stack) -> Any:
    return stack.admin.resource("dynamodb").Table(stack.table)


@pytest.fixture(scope="session")
def follow_up(stack: Stack) -> Callable[..., Any]:
    """Runs the follow-up function now, as the schedule does each minute; raises what it raised."""
    functions = stack.admin.client("lambda")

    def run(event: dict[str, Any] | None = None) -> Any:
        name = stack.functions["FollowUpFunction"]
        answer = functions.invoke(FunctionName=name, Qualifier="live", Payload=json.dumps(event or {}))
        said = answer["Payload"].read().decode()
        assert "FunctionError" not in answer, said
        return json.loads(said)

    return run


@pytest.fixture(scope="session")
def overdue(table: Any) -> Callable[[str], None]:
    """Makes a payment's next follow-up due now, which else takes a minute or more."""

    def hurry(payment_id: str) -> None:
        # Only of an open payment the gateway is still asked; of the others at most the events are due.
        asks = "ask_at" in table.get_item(Key={"pk": payment_id}, ConsistentRead=True)["Item"]
        table.update_item(
            Key={"pk": payment_id},
            UpdateExpression="SET follow_up_at = :past" + (", ask_at = :past" if asks else ""),
            ConditionExpression="attribute_exists(follow_up_at)" + (" AND attribute_exists(ask_at)" if asks else ""),
            ExpressionAttributeValues={":past": 1},
        )

    return hurry


@pytest.fixture
def browser() -> Browser:
    return Browser()


@pytest.fixture
def payment() -> dict[str, Any]:
    """The documented payment, without its order: that is for the test to choose."""
    return {name: value for name, value in document.payment().items() if name != "order_id"}
