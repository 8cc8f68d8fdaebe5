"""A system of its own for each test of the domain."""

import pytest

from tests.payments.assembled import PaymentSystem


@pytest.fixture
def system() -> PaymentSystem:
    return PaymentSystem()
