"""All that the house asks of a ledger, in one port."""

from typing import Protocol

from payments.ports import ClaimLedger, FollowUpLedger
from payments.refreshing import RefreshLedger


class Ledger(ClaimLedger, FollowUpLedger, RefreshLedger, Protocol):
    """Every ledger port at once."""
