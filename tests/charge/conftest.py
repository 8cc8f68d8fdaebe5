"""A fresh counter for every test."""

import pytest

from tests.charge.counter import Counter


@pytest.fixture
def counter() -> Counter:
    return Counter()
