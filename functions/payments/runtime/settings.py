"""Each function's settings, read from the environment once, at cold start. An invalid value stops the start."""

import ipaddress
import os
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from payments.errors import PaymentsError


class SettingsError(PaymentsError):
    """The environment is invalid. The message names each variable and the rule it breaks."""


def _by_comma(text: object) -> object:
    return [part.strip() for part in text.split(",")] if isinstance(text, str) and text else text or ()


_CHANNEL: Final = r"^(transaction_type|merchant_connector)=[A-Za-z0-9]([A-Za-z0-9 ._/&+-]{0,62}[A-Za-z0-9])?$"

Channel = Annotated[str, Field(pattern=_CHANNEL)]
"""A field of the gateway's list, and the value that names a channel there."""


class GatewaySettings(BaseModel):
    """The settings of every function. A field has the name of its environment variable in lower case."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    table_name: str = Field(min_length=3)
    gateway_secret_id: str = Field(min_length=1)
    gateway_mode: Literal["test", "live"]
    gateway_base_url: str = Field(pattern=r"^https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?$")
    gateway_amount_unit: Literal["minor", "major"]
    gateway_country_format: Literal["alpha-2", "alpha-3"]

    @model_validator(mode="after")
    def _cards_travel_encrypted(self) -> Self:
        url = urlsplit(self.gateway_base_url)
        try:
            _ = url.port
        except ValueError:
            raise ValueError("GATEWAY_BASE_URL has no such port") from None
        if url.scheme == "http" and not (self.gateway_mode == "test" and _is_loopback(url.hostname or "")):
            raise ValueError("GATEWAY_BASE_URL must be https; http is for loopback in test mode")
        return self

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Reads the environment. Raises SettingsError, which names every invalid variable."""
        values = {key.lower(): value for key, value in environment.items() if key.lower() in cls.model_fields}
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            wrong = (f"{'.'.join(map(str, e['loc'])).upper() or 'settings'}: {e['msg']}" for e in error.errors())
            raise SettingsError("; ".join(wrong)) from None


class ChargeSettings(GatewaySettings):
    """The settings of the charge function."""

    token_secret_id: str = Field(min_length=1)
    public_base_url: str = Field(default="", pattern=r"^(https?://\S+[^\s/])?$")
    max_amount: int = Field(gt=0)
    left_redirect_minutes: int = Field(ge=0, le=2160)  # later the payment is a person's: see PLAN_ENDS_AFTER
    superseded_payment_policy: Literal["alarm", "refund"]

    @model_validator(mode="after")
    def _webhooks_travel_encrypted(self) -> Self:
        if self.gateway_mode == "live" and self.public_base_url.startswith("http:"):
            raise ValueError("PUBLIC_BASE_URL must be https in live mode: the gateway's webhooks carry a token")
        return self


class WebhookSettings(GatewaySettings):
    """The settings of the webhook function."""

    token_secret_id: str = Field(min_length=1)
    bus_name: str = Field(min_length=1)
    webhook_signature: Literal["required", "report"]
    webhook_digest: Literal["sha256", "sha512"] = "sha256"
    webhook_encoding: Literal["hex", "base64"] = "hex"
    webhook_confirmation: Literal["always", "never"]

    @model_validator(mode="after")
    def _no_unproved_webhook_decides(self) -> Self:
        unproved = self.webhook_signature == "report" and self.webhook_confirmation == "never"
        if self.gateway_mode == "live" and unproved:
            raise ValueError(
                "WEBHOOK_SIGNATURE=report with WEBHOOK_CONFIRMATION=never is for test mode: "
                "an unsigned webhook would decide about money"
            )
        return self


class FollowUpSettings(GatewaySettings):
    """The settings of the follow-up function. `follow_up_concurrency`: questions that one run asks at once."""

    bus_name: str = Field(min_length=1)
    follow_up_concurrency: int = Field(ge=1, le=100)


class RelaySettings(GatewaySettings):
    """The settings of the relay function."""

    bus_name: str = Field(min_length=1)


class ReconciliationSettings(GatewaySettings):
    """The settings of the reconciliation function.

    The daily reconciliations cover the last `reconciliation_days`, but no day before `reconciliation_first_day`: each
    one the last `reconciliation_daily_days`, and a seventh of the others. `reconciliation_other_channels`: channels
    of the account with transactions that this service did not make.
    """

    reports_bucket: str = Field(min_length=3)
    reconciliation_days: int = Field(gt=0, le=366)
    reconciliation_daily_days: int = Field(gt=0, le=366)
    reconciliation_other_channels: Annotated[tuple[Channel, ...], BeforeValidator(_by_comma), Field(max_length=20)] = ()
    reconciliation_first_day: Annotated[date | None, BeforeValidator(lambda text: text or None)] = None


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
