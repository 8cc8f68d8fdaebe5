"""A paid payment for each test of refunds."""

import pytest

from payments.model.payment import Payment
from tests.payments.assembled import PaymentSystem


@pytest.fixture
def paid(system: PaymentSystem) -> Payment:
    return system.paid()
