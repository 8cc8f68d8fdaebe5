"""One running simulator a module, reset before each test."""

from collections.abc import Iterator

import pytest

from local.simulator import Simulator, running
from local.simulator.control_client import Control
from tests.local.simulator.merchant import Merchant
from tests.local.simulator.webhook_receiver import WebhookReceiver, webhook_receiver


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with running() as simulator:
        yield simulator


@pytest.fixture
def control(simulator: Simulator) -> Control:
    simulator.control.reset()
    return simulator.control


@pytest.fixture
def merchant(simulator: Simulator, control: Control) -> Iterator[Merchant]:
    merchant = Merchant(simulator)
    yield merchant
    merchant.http.clear()


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with webhook_receiver() as receiver:
        yield receiver
