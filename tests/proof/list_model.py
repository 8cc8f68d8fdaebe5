"""The model of the gateway's transaction list: its rows some time ago, newest first, a few on a page."""

from datetime import datetime, timedelta
from typing import Any, Final

from payments.gateway import transaction_list
from payments.ports.gateway import NoAnswer, NotSent, Refused
from payments.reconciliation.transaction_list import Page, Span
from tests.fakes.clock import START
from tests.fakes.transaction_list import MINOR, row
from tests.proof.gateway_model import Charge, GatewayModel

PAGE_SIZE: Final = 2


class ListModel:
    """Meets the TransactionList port. `lag`: the list shows the charges as they were so many seconds ago."""

    def __init__(self, gateway: GatewayModel, lag: float, *, live: bool = False) -> None:
        self._gateway = gateway
        self.lag, self.live = lag, live

    def of_mode(self, *, live: bool) -> "ListModel":
        """The list of a mode."""
        return ListModel(self._gateway, self.lag, live=live)

    def page(self, span: Span, cursor: str | None, seconds: float) -> Page:
        """See `TransactionList.page`. A cursor is a position: new charges push old ones to the next page."""
        if self._gateway.outage is not None:
            raise NotSent("no route") if self._gateway.outage == "unreachable" else NoAnswer("timed out")
        rows = [self._row(charge) for charge in self.shown(span)]
        first = 0 if cursor is None else int(cursor)
        if first > len(rows):
            raise Refused("Invalid cursor.")
        after = first + PAGE_SIZE
        parsed = [
            transaction_list.row_of(each, MINOR, moment(self._gateway.now()) + timedelta(days=1))
            for each in rows[first:after]
        ]
        has_next = after < len(rows)
        return Page(parsed, has_next, str(after) if has_next else None, len(rows))

    def shown(self, span: Span) -> list[Charge]:
        """The charges of a span that the list shows now, newest first."""
        charges = [each for each in self._gateway.charges if each.live == self.live and span.contains(moment(each.at))]
        visible = [each for each in charges if each.at <= self.horizon]
        return sorted(visible, key=lambda charge: (charge.at, charge.transaction_id), reverse=True)

    @property
    def horizon(self) -> float:
        """The list shows what happened until then."""
        return self._gateway.now() - self.lag

    def _row(self, charge: Charge) -> dict[str, Any]:
        statuses = [raw_status for since, raw_status in charge.statuses if since <= self.horizon]
        refunds = [each.at for each in charge.reversals.refunds if each.at <= self.horizon]
        chargeback = charge.reversals.chargeback
        charged_back = chargeback is not None and chargeback.at <= self.horizon
        return row(
            (statuses or [charge.statuses[0][1]])[-1],
            transaction_id=charge.transaction_id,
            order_id=charge.submission.order_id,
            amount=str(charge.amount),
            currency=charge.submission.money.currency,
            created_at=moment(charge.at).isoformat(),
            refund_date=moment(refunds[0]).isoformat() if refunds else None,
            chargeback_date=moment(chargeback.at).isoformat() if chargeback is not None and charged_back else None,
        )


def moment(elapsed: float) -> datetime:
    """True time in seconds as a moment."""
    return START + timedelta(seconds=elapsed)
