"""A payment system of its own for each test of a use case."""

import pytest

from tests.payments.assembled import PaymentSystem


@pytest.fixture
def system() -> PaymentSystem:
    return PaymentSystem()
