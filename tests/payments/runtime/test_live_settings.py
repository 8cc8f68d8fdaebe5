"""Settings that are fit for a test and not for money: the function does not start with them in live mode."""

import pytest

from payments.gateway.envelope import Dialect, transaction_of
from payments.runtime.bootstrap import dialect_of
from payments.runtime.settings import ChargeSettings, SettingsError, WebhookSettings
from tests.payments.gateway.envelopes import envelope
from tests.payments.runtime.test_settings import CHARGE, WEBHOOK

LIVE = {"GATEWAY_MODE": "live"}
UNPROVED = {"WEBHOOK_SIGNATURE": "report", "WEBHOOK_CONFIRMATION": "never"}


def test_webhooks_that_are_neither_signed_nor_confirmed_are_for_test_mode() -> None:
    assert WebhookSettings.from_environment(WEBHOOK | UNPROVED).webhook_signature == "report"
    with pytest.raises(SettingsError, match="WEBHOOK_SIGNATURE=report with WEBHOOK_CONFIRMATION=never"):
        WebhookSettings.from_environment(WEBHOOK | UNPROVED | LIVE)


@pytest.mark.parametrize("one", [{"WEBHOOK_SIGNATURE": "report"}, {"WEBHOOK_CONFIRMATION": "never"}])
def test_one_proof_of_two_is_enough_in_live_mode(one: dict[str, str]) -> None:
    assert WebhookSettings.from_environment(WEBHOOK | LIVE | one).gateway_mode == "live"


def test_a_public_address_over_plain_http_is_for_test_mode() -> None:
    plain = {"PUBLIC_BASE_URL": "http://127.0.0.1:8000"}
    assert ChargeSettings.from_environment(CHARGE | plain).public_base_url
    with pytest.raises(SettingsError, match="PUBLIC_BASE_URL must be https in live mode"):
        ChargeSettings.from_environment(CHARGE | plain | LIVE)
    assert ChargeSettings.from_environment(CHARGE | LIVE | {"PUBLIC_BASE_URL": "https://pay.example"}).public_base_url


@pytest.mark.parametrize(
    ("page", "is_shown"),
    [("https://bank.example/3ds", True), ("http://bank.example/3ds", False)],
)
def test_a_shopper_is_sent_to_no_plain_http_page_in_live_mode(page: str, is_shown: bool) -> None:  # noqa: FBT001
    settings = ChargeSettings.from_environment(CHARGE | LIVE)
    reply = envelope(status="REDIRECT", redirect_url=page)
    transaction = transaction_of(reply, dialect_of(settings))
    assert transaction is not None
    assert transaction.redirect_url == (page if is_shown else None)
    in_test = transaction_of(reply, Dialect("minor", "alpha-2"))
    assert in_test is not None
    assert in_test.redirect_url == page
