"""A fresh charge API for every test."""

import pytest

from tests.charge.charge_api import ChargeApi


@pytest.fixture
def api() -> ChargeApi:
    return ChargeApi()
