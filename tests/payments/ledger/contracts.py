"""The contracts of a ledger. A test class for one implementation inherits them and defines the fixtures."""

from tests.payments.ledger.contract_announcer import AnnouncerContract
from tests.payments.ledger.contract_checkpoints import CheckpointContract
from tests.payments.ledger.contract_claim import ClaimContract, ReleaseContract
from tests.payments.ledger.contract_follow_up import FollowUpContract, RefreshContract
from tests.payments.ledger.contract_races import RaceContract
from tests.payments.ledger.contract_reconciliation import LookupContract, UnlistedContract
from tests.payments.ledger.contract_save import PublishContract, SaveContract
from tests.payments.ledger.contract_supersession import SupersessionContract


class LedgerContract(
    ClaimContract,
    ReleaseContract,
    SupersessionContract,
    SaveContract,
    PublishContract,
    AnnouncerContract,
    FollowUpContract,
    RefreshContract,
    RaceContract,
):
    """Needs fixtures `ledger`, empty for each test, and `announcing`: the same table for who publishes itself."""


class ReconciliationContract(LookupContract, UnlistedContract, CheckpointContract):
    """Needs fixtures `ledger` and `checkpoints`, empty for each test. They may share a table."""
