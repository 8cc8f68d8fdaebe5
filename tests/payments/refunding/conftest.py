"""A paid payment for each test of refunds, and a system that refunds late successes."""

from datetime import timedelta

import pytest

from payments.model.payment import Payment
from tests.payments.assembled import PaymentSystem


@pytest.fixture
def paid(system: PaymentSystem) -> Payment:
    return system.paid()


@pytest.fixture
def refunding() -> PaymentSystem:
    """The system with the policy `refund`."""
    return PaymentSystem(refunds_superseded=True, left_after=timedelta(hours=1))
