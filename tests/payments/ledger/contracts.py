"""The contracts of a ledger. A test class for one implementation inherits them and defines the fixtures."""

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
    FollowUpContract,
    RefreshContract,
    RaceContract,
):
    """Needs a fixture `ledger`, empty for each test."""


class ReconciliationContract(LookupContract, UnlistedContract, CheckpointContract):
    """Needs fixtures `ledger` and `checkpoints`, empty for each test. They may share a table."""
