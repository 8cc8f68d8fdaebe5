"""A house of its own for each test of the domain."""

import pytest

from tests.payments.assembled import House


@pytest.fixture
def house() -> House:
    return House()
