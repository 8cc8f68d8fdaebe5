"""All that the house asks of a ledger, in one port."""

from typing import Protocol

from payments.follow_up.refresh import RefreshLedger
from payments.ports.ledger import ClaimLedger, FollowUpLedger


class Ledger(ClaimLedger, FollowUpLedger, RefreshLedger, Protocol):
    """Every ledger port at once."""
