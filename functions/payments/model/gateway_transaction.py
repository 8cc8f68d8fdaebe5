"""One payment as the gateway describes it, in our terms.

It comes from an answer to a charge or refund, a webhook, a status query, or the gateway's transaction list.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from payments.model.status import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayTransaction:
    """`raw_status` is the gateway's own status word; `verdict` is our status for it, None for an unknown word.

    `order_id` is the wire order id. `amount` is in minor units, exact, with a fraction if the gateway sent one. None
    means that the gateway sent nothing: for `refunded` and `charged_back` that is no denial.
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
