"""The tests that must catch mutants. The four proofs are slow, the others take seconds."""

from typing import Final

_PROOFS: Final = "tests/proof/test_proof.py::test_no_order_of_events_breaks_a_promise"
PROOF: Final = _PROOFS
REFUND_PROOF: Final = f"{_PROOFS}_about_refunds"
OPERATIONS_PROOF: Final = f"{_PROOFS}_while_people_operate_it"
DEPLOYMENT_PROOF: Final = f"{_PROOFS}_while_it_is_deployed_anew"
LATE_REFUND_PROOF: Final = f"{_PROOFS}_about_late_successes"

CHARGE: Final = "tests/payments/charging/test_charge.py"

CANCEL: Final = "tests/payments/charging/test_cancel.py"
CHARGE_CRASHES: Final = "tests/payments/charging/test_charge_crashes.py"
CHARGE_LEFT: Final = "tests/payments/charging/test_left_redirect.py"
CIPHER: Final = "tests/payments/gateway/test_cipher.py"
LIVENESS: Final = "tests/proof/test_liveness.py"
LATE_REFUND: Final = "tests/payments/refunding/test_late_refund.py"
LATE_REFUND_CRASHES: Final = "tests/payments/refunding/test_late_refund_crashes.py"
MOTO: Final = "tests/payments/ledger/test_moto.py"
NEVER_ARRIVED: Final = "tests/payments/follow_up/test_never_arrived.py"
OUTBOX: Final = "tests/payments/events/test_outbox.py"
PAGINATION: Final = "tests/payments/reconciliation/test_pagination.py"
READS: Final = "tests/payments/ledger/test_consistent_reads.py"
RECONCILIATION_RESUMES: Final = "tests/payments/reconciliation/test_resuming.py"
RECORD: Final = "tests/payments/outcome/test_record.py"
REFUND: Final = "tests/payments/refunding/test_refund.py"
REFUND_CRASHES: Final = "tests/payments/refunding/test_refund_crashes.py"
REFUND_IN_DOUBT: Final = "tests/payments/refunding/test_refund_in_doubt.py"
REFUND_RACES: Final = "tests/payments/refunding/test_refund_races.py"
REFUND_REFUSED: Final = "tests/payments/refunding/test_refund_refused.py"
SECRET_CACHE: Final = "tests/payments/runtime/test_secret_cache.py"
WEBHOOKS: Final = "tests/payments/webhooks/test_handle.py"
