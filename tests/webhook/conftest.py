"""A house where the recorded payment waits for its webhook."""

import pytest

from tests.webhook.webhook_endpoint import House


@pytest.fixture
def house() -> House:
    house = House()
    house.charge()
    return house
