"""The tests that must catch mutants. The two proofs are slow, the others take seconds."""

from typing import Final

PROOF: Final = "tests/proof/test_proof.py::test_no_order_of_events_breaks_a_promise"
REFUND_PROOF: Final = "tests/proof/test_proof.py::test_no_order_of_events_breaks_a_promise_about_refunds"

CHARGE: Final = "tests/payments/charging/test_charge.py"
CHARGE_CRASHES: Final = "tests/payments/charging/test_charge_crashes.py"
CHARGE_LEFT: Final = "tests/payments/charging/test_left_redirect.py"
MOTO: Final = "tests/payments/ledger/test_moto.py"
NEVER_ARRIVED: Final = "tests/payments/follow_up/test_never_arrived.py"
OUTBOX: Final = "tests/payments/events/test_outbox.py"
RECORD: Final = "tests/payments/outcome/test_record.py"
REFUND: Final = "tests/payments/refunding/test_refund.py"
REFUND_CRASHES: Final = "tests/payments/refunding/test_refund_crashes.py"
REFUND_IN_DOUBT: Final = "tests/payments/refunding/test_refund_in_doubt.py"
REFUND_RACES: Final = "tests/payments/refunding/test_refund_races.py"
REFUND_REFUSED: Final = "tests/payments/refunding/test_refund_refused.py"
WEBHOOKS: Final = "tests/payments/webhooks/test_handle.py"
