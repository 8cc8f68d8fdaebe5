"""A report: what the gateway says of one payment, in our words. Three witnesses bring one: answer, webhook, status."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from payments.model.status import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayTransaction:
    """`verdict` is None for a status word nobody has told us of; `amount` is in minor units, as exact as it came.

    `refunded` is None when nothing is said of a refund, which is no word against it; `charged_back` likewise.
    """

    raw_status: str
    verdict: Status | None
    transaction_id: str
    order_id: str | None = None
    amount: Decimal | None = None
    currency: str | None = None
    message: str | None = None
    redirect_url: str | None = None
    refunded: bool | None = None
    refunded_at: datetime | None = None
    charged_back: bool | None = None
    charged_back_at: datetime | None = None
