"""Every ledger port in one, for the contract tests."""

from typing import Protocol

from payments.follow_up.refresh import RefreshLedger
from payments.ports.ledger import ClaimLedger, FollowUpLedger


class Ledger(ClaimLedger, FollowUpLedger, RefreshLedger, Protocol):
    """All ports but the reconciliation's."""
