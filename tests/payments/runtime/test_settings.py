"""Settings are read from the environment. An invalid variable stops the start with an error that names it."""

from datetime import date

import pytest

from payments.runtime.settings import (
    ChargeSettings,
    FollowUpSettings,
    GatewaySettings,
    ReconciliationSettings,
    SettingsError,
    WebhookSettings,
)

GATEWAY = {
    "TABLE_NAME": "payments",
    "GATEWAY_SECRET_ID": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:gateway",
    "GATEWAY_MODE": "test",
    "GATEWAY_BASE_URL": "https://backend.pay.agency",
    "GATEWAY_AMOUNT_UNIT": "minor",
    "GATEWAY_COUNTRY_FORMAT": "alpha-2",
}
CHARGE = GATEWAY | {
    "TOKEN_SECRET_ID": "token",
    "PUBLIC_BASE_URL": "",
    "MAX_AMOUNT": "1000000",
    "LEFT_REDIRECT_MINUTES": "60",
    "SUPERSEDED_PAYMENT_POLICY": "alarm",
}
WEBHOOK = GATEWAY | {
    "TOKEN_SECRET_ID": "token",
    "BUS_NAME": "payments",
    "WEBHOOK_SIGNATURE": "required",
    "WEBHOOK_CONFIRMATION": "always",
}
FOLLOW_UP = GATEWAY | {"BUS_NAME": "payments", "FOLLOW_UP_CONCURRENCY": "20"}
RECONCILIATION = GATEWAY | {
    "REPORTS_BUCKET": "payments-reports",
    "RECONCILIATION_DAYS": "120",
    "RECONCILIATION_DAILY_DAYS": "7",
}
ALL: list[tuple[type[GatewaySettings], dict[str, str]]] = [
    (ChargeSettings, CHARGE),
    (WebhookSettings, WEBHOOK),
    (FollowUpSettings, FOLLOW_UP),
    (ReconciliationSettings, RECONCILIATION),
]


def refusal(model: type[GatewaySettings], environment: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as caught:
        model.from_environment(environment)
    return str(caught.value)


@pytest.mark.parametrize(("model", "environment"), ALL)
def test_other_variables_of_the_environment_are_ignored(
    model: type[GatewaySettings], environment: dict[str, str]
) -> None:
    settings = model.from_environment(environment | {"PATH": "/bin", "AWS_REGION": "eu-west-1"})

    assert settings.table_name == "payments"


def test_an_amount_is_read_as_a_number() -> None:
    assert ChargeSettings.from_environment(CHARGE).max_amount == 1_000_000


@pytest.mark.parametrize("days", ["0", "-1", "367", "many", ""])
def test_the_reconciliation_covers_at_most_a_year(days: str) -> None:
    assert ReconciliationSettings.from_environment(RECONCILIATION).reconciliation_days == 120
    assert ReconciliationSettings.from_environment(RECONCILIATION).reconciliation_daily_days == 7
    for name in ("RECONCILIATION_DAYS", "RECONCILIATION_DAILY_DAYS"):
        assert refusal(ReconciliationSettings, RECONCILIATION | {name: days}).startswith(name)


def test_channels_are_separated_by_commas() -> None:
    def read(text: str) -> tuple[str, ...]:
        environment = RECONCILIATION | {"RECONCILIATION_OTHER_CHANNELS": text}
        return ReconciliationSettings.from_environment(environment).reconciliation_other_channels

    assert ReconciliationSettings.from_environment(RECONCILIATION).reconciliation_other_channels == read("") == ()
    assert read("transaction_type=PAYMENT_LINK") == ("transaction_type=PAYMENT_LINK",)
    assert read("transaction_type=LINK, merchant_connector=Open Banking") == (
        "transaction_type=LINK",
        "merchant_connector=Open Banking",
    )


@pytest.mark.parametrize(
    "text",
    [
        "PAYMENT_LINK",
        "transaction_type=",
        "transaction_type=*",
        "card_type=VISA",
        "transaction_type=LINK,",
        "transaction_type=LINK;merchant_connector=x",
        f"transaction_type={'a' * 65}",
        ",".join(f"transaction_type=T{n}" for n in range(21)),
    ],
)
def test_an_invalid_channel_is_refused(text: str) -> None:
    refused = refusal(ReconciliationSettings, RECONCILIATION | {"RECONCILIATION_OTHER_CHANNELS": text})
    assert refused.startswith("RECONCILIATION_OTHER_CHANNELS")


def test_the_reconciliation_may_have_a_first_day() -> None:
    assert (
        ReconciliationSettings.from_environment(
            RECONCILIATION | {"RECONCILIATION_FIRST_DAY": ""}
        ).reconciliation_first_day
        is None
    )
    assert ReconciliationSettings.from_environment(
        RECONCILIATION | {"RECONCILIATION_FIRST_DAY": "2026-11-22"}
    ).reconciliation_first_day == date(2026, 11, 22)
    assert refusal(ReconciliationSettings, RECONCILIATION | {"RECONCILIATION_FIRST_DAY": "2026-11-31"}).startswith(
        "RECONCILIATION_FIRST_DAY"
    )


@pytest.mark.parametrize(("model", "environment"), ALL)
def test_each_variable_must_be_set(model: type[GatewaySettings], environment: dict[str, str]) -> None:
    for name in environment.keys() - {"PUBLIC_BASE_URL"}:
        assert refusal(model, {key: value for key, value in environment.items() if key != name}).startswith(name)


@pytest.mark.parametrize(("model", "environment"), ALL)
def test_settings_cannot_be_changed(model: type[GatewaySettings], environment: dict[str, str]) -> None:
    settings = model.from_environment(environment)

    with pytest.raises(ValueError, match="frozen"):
        setattr(settings, "gateway_mode", "live")  # noqa: B010 - mypy rejects a plain assignment


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TABLE_NAME", ""),
        ("GATEWAY_SECRET_ID", ""),
        ("GATEWAY_MODE", "prod"),
        ("GATEWAY_MODE", "Live"),
        ("GATEWAY_MODE", ""),
        ("GATEWAY_AMOUNT_UNIT", ""),
        ("GATEWAY_AMOUNT_UNIT", "cents"),
        ("GATEWAY_COUNTRY_FORMAT", "alpha2"),
        ("GATEWAY_BASE_URL", "backend.pay.agency"),
        ("GATEWAY_BASE_URL", "ftp://backend.pay.agency"),
        ("GATEWAY_BASE_URL", "https://backend.pay.agency/"),
        ("GATEWAY_BASE_URL", "https://backend.pay.agency/api"),
        ("GATEWAY_BASE_URL", "https://backend.pay.agency "),
        ("GATEWAY_BASE_URL", "https://backend.pay.agency\n"),
        ("GATEWAY_BASE_URL", "https://"),
        ("GATEWAY_BASE_URL", "https://user:secret@backend.pay.agency"),
        ("GATEWAY_BASE_URL", "https://backend.pay.agency?x=1"),
        ("GATEWAY_BASE_URL", "https://backend.pay.agency#x"),
        ("GATEWAY_BASE_URL", "https://backend.pay.agency:port"),
        ("GATEWAY_BASE_URL", "https://backend.pay.agency:99999"),
        ("TOKEN_SECRET_ID", ""),
        ("MAX_AMOUNT", "0"),
        ("MAX_AMOUNT", "-1"),
        ("MAX_AMOUNT", "1.5"),
        ("MAX_AMOUNT", "many"),
        ("MAX_AMOUNT", ""),
        ("SUPERSEDED_PAYMENT_POLICY", "ignore"),
        ("LEFT_REDIRECT_MINUTES", "-1"),
        ("LEFT_REDIRECT_MINUTES", "2161"),
        ("LEFT_REDIRECT_MINUTES", "soon"),
        ("PUBLIC_BASE_URL", "shop.example"),
        ("PUBLIC_BASE_URL", "https://shop.example/"),
        ("PUBLIC_BASE_URL", "https://shop.example/v1 "),
    ],
)
def test_an_invalid_variable_is_named_and_its_value_not_shown(name: str, value: str) -> None:
    message = refusal(ChargeSettings, CHARGE | {name: value})

    assert name in message
    assert not value.strip() or len(value) < 9 or value.strip() not in message


@pytest.mark.parametrize("name", ["WEBHOOK_SIGNATURE", "WEBHOOK_CONFIRMATION"])
@pytest.mark.parametrize("value", ["", "none", "false", "Required", "off"])
def test_an_unknown_value_does_not_weaken_the_webhook_checks(name: str, value: str) -> None:
    assert name in refusal(WebhookSettings, WEBHOOK | {name: value})


def test_every_invalid_variable_is_named() -> None:
    message = refusal(ChargeSettings, CHARGE | {"GATEWAY_MODE": "x", "MAX_AMOUNT": "x", "TABLE_NAME": ""})

    assert all(name in message for name in ("GATEWAY_MODE", "MAX_AMOUNT", "TABLE_NAME"))


class TestCardsTravelEncrypted:
    @pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.1", "[::1]", "LOCALHOST"])
    @pytest.mark.parametrize("port", ["", ":8080"])
    def test_http_is_accepted_for_loopback_in_test_mode_only(self, host: str, port: str) -> None:
        url = {"GATEWAY_BASE_URL": f"http://{host}{port}"}

        assert GatewaySettings.from_environment(GATEWAY | url).gateway_mode == "test"
        assert "must be https" in refusal(GatewaySettings, GATEWAY | url | {"GATEWAY_MODE": "live"})

    @pytest.mark.parametrize(
        "host",
        [
            "backend.pay.agency",
            "10.0.0.1",
            "169.254.169.254",
            "0.0.0.0",  # noqa: S104 - must be refused
            "localhost.example",
            "127.0.0.1.example",
            "127.0.0.1@evil.example",
            "evil.example#@localhost",
            "evil.example?@localhost",
            "[::2]",
        ],
    )
    def test_http_to_another_host_is_refused(self, host: str) -> None:
        assert "GATEWAY_BASE_URL" in refusal(GatewaySettings, GATEWAY | {"GATEWAY_BASE_URL": f"http://{host}"})
