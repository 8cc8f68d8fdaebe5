"""Other channels: transactions of the account that this service did not make, as a setting declares.

Payment links, for example. They are counted apart, and are no discrepancies.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from payments.reconciliation.totals import NOTHING, Totals, gateway_totals
from payments.reconciliation.transaction_list import ListedRow


@dataclass(frozen=True, slots=True)
class ChannelTotals:
    """The transactions of one channel in one currency: how many there are, and the totals of those that are paid."""

    transactions: int = 0
    totals: Totals = NOTHING

    def __add__(self, other: "ChannelTotals") -> "ChannelTotals":
        return ChannelTotals(self.transactions + other.transactions, self.totals + other.totals)


OtherChannels = Mapping[tuple[str, str], ChannelTotals]
"""Channel, as it was declared, and currency → its totals."""


def add_row(channels: OtherChannels, row: ListedRow) -> OtherChannels:
    """The totals with one more row of another channel."""
    key = row.other_channel or "", row.transaction.currency or ""
    one = ChannelTotals(1, gateway_totals(row.transaction))
    return {**channels, key: channels.get(key, ChannelTotals()) + one}


def channels_report(channels: OtherChannels) -> list[dict[str, Any]]:
    """The `other_channels` of the report: one object for each channel and currency."""
    return [
        {"channel": channel, "currency": currency, "transactions": one.transactions, **one.totals.as_dict()}
        for (channel, currency), one in sorted(channels.items())
    ]
