"""The contract of a ledger. Whoever would stand in for DynamoDB inherits it, gives a `ledger`, and passes all of it."""

from tests.payments.ledger.contract_checkpoints import Keeping
from tests.payments.ledger.contract_claiming import Claiming, Releasing
from tests.payments.ledger.contract_follow_up import Following, Refreshing
from tests.payments.ledger.contract_races import Racing
from tests.payments.ledger.contract_reconciliation import Discrepancy, Unlisted
from tests.payments.ledger.contract_writing import Publishing, Writing


class LedgerContract(Claiming, Releasing, Writing, Publishing, Following, Refreshing, Racing):
    """Each test gets its own empty `ledger`."""


class ReconciliationContract(Discrepancy, Unlisted, Keeping):
    """Each test gets its own empty `ledger` and `checkpoints`, which may lie in one table."""
