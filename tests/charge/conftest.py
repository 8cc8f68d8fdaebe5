"""A fresh counter for every test."""

import pytest

from tests.charge.charge_api import Counter


@pytest.fixture
def counter() -> Counter:
    return Counter()
