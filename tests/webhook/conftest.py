"""A webhook API on which the recorded payment waits for its webhook."""

import pytest

from tests.webhook.webhook_api import WebhookApi


@pytest.fixture
def api() -> WebhookApi:
    api = WebhookApi()
    api.charge()
    return api
