"""Another gateway may replace the simulator, but only one on this machine: card numbers are sent there."""

import pytest

from local.stack.errors import SettingError
from local.stack.gateway import GatewayKeys, on_loopback


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8080",
        "http://127.0.0.9:1",
        "http://localhost:8080",
        "http://[::1]:8080",
        "https://127.0.0.1:8443",
    ],
)
def test_a_loopback_url_is_accepted(url: str) -> None:
    assert on_loopback(url) == url
    assert on_loopback(url + "/") == url


@pytest.mark.parametrize(
    "url",
    [
        "https://backend.pay.agency",
        "http://10.0.0.1:8080",
        "http://0.0.0.0:8080",
        "http://169.254.169.254",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com:80",
        "http://[2001:db8::1]:80",
    ],
)
def test_any_other_machine_is_refused_and_named(url: str) -> None:
    with pytest.raises(SettingError, match="must be on this machine"):
        on_loopback(url)


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:8080",
        "ftp://127.0.0.1",
        "http://",
        "http://127.0.0.1:port",
        "http://127.0.0.1/api",
        "http://127.0.0.1:1/?a=b",
        "http://user:secret@127.0.0.1:1",
        "http://[::1",
        "",
    ],
)
def test_an_invalid_url_is_refused(url: str) -> None:
    with pytest.raises(SettingError, match="GATEWAY_URL"):
        on_loopback(url)


def test_generated_keys_have_the_gateways_format() -> None:
    keys = GatewayKeys.chosen({})
    assert keys.secret_key.startswith("PA_TEST_")
    assert len(keys.encryption_key) == 32
    assert keys != GatewayKeys.chosen({})


def test_keys_can_be_chosen() -> None:
    env = {
        "GATEWAY_SECRET_KEY": "FS_TEST_1",
        "GATEWAY_ENCRYPTION_KEY": "0123456789abcdef0123456789abcdef",
        "GATEWAY_WEBHOOK_SECRET": "whsec",
    }
    assert GatewayKeys.chosen(env) == GatewayKeys("FS_TEST_1", "0123456789abcdef0123456789abcdef", "whsec")


@pytest.mark.parametrize(
    "env", [{"GATEWAY_ENCRYPTION_KEY": "short"}, {"GATEWAY_SECRET_KEY": "PA_LIVE_1"}, {"GATEWAY_SECRET_KEY": "sk_test"}]
)
def test_keys_in_another_format_are_refused(env: dict[str, str]) -> None:
    with pytest.raises(SettingError, match=next(iter(env))):
        GatewayKeys.chosen(env)


def test_keys_are_not_shown() -> None:
    keys = GatewayKeys.chosen({})
    assert keys.secret_key not in repr(keys)
