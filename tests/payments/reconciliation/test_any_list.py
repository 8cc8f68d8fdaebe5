"""Any list beside any payments: the reconciliation ends, and repeating it changes nothing."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from payments.model.gateway_transaction import GatewayTransaction
from payments.model.status import Status
from payments.ports.gateway import GatewayError, NoAnswer, UnknownToGateway
from tests.explained_totals import differences, explained_by_lines
from tests.fakes import samples
from tests.fakes.transaction_list import ScriptedList, row
from tests.payments.reconciliation.reconciler import AgreeingGateway, Reconciler

pytestmark = pytest.mark.slow

WORDS = ["SUCCESS", "FAILED", "BLOCKED", "ABANDONED", "PENDING", "REDIRECT", "INIT", "ON_HOLD"]
VERDICTS = {"SUCCESS", "FAILED", "BLOCKED", "ABANDONED"}
DATE = st.sampled_from([None, "2027-02-01T08:00:00Z"])
ORDERS = [f"order-{nth}" for nth in range(4)]
HERE = st.dictionaries(st.sampled_from(ORDERS), st.tuples(st.sampled_from(Status), st.booleans()), max_size=4)
ANSWERS = st.sampled_from(["the same", "nothing", "unknown", "FAILED", "PENDING", "SUCCESS", "ON_HOLD", "of another"])
"""The status API's answer about each payment, whatever is listed."""

ROW = st.fixed_dictionaries(
    {
        "raw_status": st.sampled_from(WORDS),
        "order_id": st.sampled_from([*ORDERS, "theirs", None]),
        "amount": st.sampled_from(["100", "100", "100", "7", "0", "x"]),
        "currency": st.sampled_from(["GBP", "GBP", "EUR"]),
        "refund_date": DATE,
        "chargeback_date": DATE,
        "suspicious_date": DATE,
    }
)


class Stubborn(AgreeingGateway):
    """Its status API gives one answer about every payment."""

    def __init__(self, listing: ScriptedList, raw_status: str) -> None:
        super().__init__(listing)
        self.raw_status = raw_status

    def _found(self, name: str) -> GatewayTransaction | GatewayError:
        if self.raw_status == "nothing":
            return NoAnswer("no answer")
        if self.raw_status == "unknown":
            return UnknownToGateway("unknown")
        if self.raw_status == "of another":
            return samples.transaction(transaction_id=f"PA-{name}", order_id=None)
        listed = super()._found(name)
        if isinstance(listed, GatewayError):
            return listed
        return samples.transaction(self.raw_status, transaction_id=listed.transaction_id, order_id=None)


def stack(
    here: dict[str, tuple[Status, bool]], listed: list[dict[str, Any]], answers: str, page_size: int = 3
) -> Reconciler:
    """Payments in any status, some with the transaction that their order has in the list, and any list."""
    rows = [row(**each, transaction_id=f"PA{nth}") for nth, each in enumerate(listed)]
    reconciler = Reconciler(page_size=page_size)
    reconciler.listing.rows = list(rows)
    if answers != "the same":
        reconciler.gateway = Stubborn(reconciler.listing, answers)
    for order_id, (status, is_known) in here.items():
        theirs = next((each["transaction_id"] for each in rows if each["order_id"] == order_id), "PA99")
        # A payment that succeeded has a transaction id: the gateway gave both.
        transaction_id = theirs if is_known or status is Status.SUCCEEDED else None
        if status is Status.PROCESSING:
            reconciler.claimed(order_id, order_id=order_id)
        else:
            reconciler.with_status(status, key=order_id, order_id=order_id, transaction_id=transaction_id)
    return reconciler


@given(HERE, st.lists(ROW, max_size=8), ANSWERS, st.integers(1, 4))
@settings(max_examples=150)
def test_the_reconciliation_ends_and_a_repeat_changes_nothing(
    here: dict[str, tuple[Status, bool]], listed: list[dict[str, Any]], answers: str, page_size: int
) -> None:
    reconciler = stack(here, listed, answers, page_size)
    first = reconciler.run()
    if answers != "the same":
        reconciler.run(anew=True)  # only after the other row may it learn which of two transactions is ours
    before = {payment.id: payment for payment in reconciler.ledger.payments()}
    again = reconciler.run(anew=True)

    assert (first["state"], again["state"]) == ("finished", "finished")
    assert first["rows"] == again["rows"] == len(listed)
    assert {payment.id: payment for payment in reconciler.ledger.payments()} == before
    assert sum(first["discrepancies"].values()) == len(lines_of(reconciler, 0))
    assert "unexpected_error" not in reconciler.console.read()


@given(HERE, st.lists(ROW, max_size=8), ANSWERS)
@settings(max_examples=150)
def test_each_charge_that_the_gateway_lists_becomes_a_payment_or_has_a_line(
    here: dict[str, tuple[Status, bool]], listed: list[dict[str, Any]], answers: str
) -> None:
    reconciler = stack(here, listed, answers)
    reconciler.run()
    reported = {each["transaction_id"] for each in reconciler.report()["discrepancies"]}
    ours = [payment.transaction_id for payment in reconciler.ledger.payments()]

    for nth, each in enumerate(listed):
        if each["raw_status"] not in VERDICTS:
            continue  # it is open: a later run looks again
        assert ours.count(f"PA{nth}") == 1 or (f"PA{nth}" in reported and f"PA{nth}" not in ours)


@given(HERE, st.lists(ROW, max_size=8), ANSWERS)
@settings(max_examples=150)
def test_the_lines_explain_every_difference_of_the_totals_in_this_report_and_the_next(
    here: dict[str, tuple[Status, bool]], listed: list[dict[str, Any]], answers: str
) -> None:
    reconciler = stack(here, listed, answers)
    for _ in range(2):
        reconciler.run(anew=True)
        report = reconciler.report()
        assert explained_by_lines(report) == differences(report)


@given(HERE, st.lists(ROW, max_size=8), ANSWERS)
@settings(max_examples=150)
def test_a_payment_succeeds_only_if_the_gateway_confirms_it(
    here: dict[str, tuple[Status, bool]], listed: list[dict[str, Any]], answers: str
) -> None:
    reconciler = stack(here, listed, answers)
    paid = {payment.id for payment in reconciler.ledger.payments() if payment.status is Status.SUCCEEDED}
    reconciler.run()
    for payment in reconciler.ledger.payments():
        if payment.status is Status.SUCCEEDED and payment.id not in paid:
            rows = [each for nth, each in enumerate(listed) if f"PA{nth}" == payment.transaction_id]
            by_the_list = [(each["raw_status"], each["amount"], each["currency"]) for each in rows]
            assert by_the_list == [("SUCCESS", "100", "GBP")] or answers in {"SUCCESS", "of another"}
            assert answers in {"the same", "SUCCESS", "of another"}


def lines_of(reconciler: Reconciler, nth: int) -> list[dict[str, Any]]:
    """The lines of the nth report."""
    key = sorted(key for key in reconciler.files.files if key.endswith(".json"))[nth]
    lines: list[dict[str, Any]] = json.loads(reconciler.files.files[key])["discrepancies"]
    return lines
