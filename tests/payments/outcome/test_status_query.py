"""The status query: which payments are queried, and under which id."""

import pytest

from payments.model.integrity import mismatched_fields
from payments.model.status import Status
from payments.outcome.status_query import ask
from payments.ports.gateway import NotSent
from tests.fakes import samples
from tests.fakes.clock import START
from tests.fakes.gateway import ScriptedGateway


def test_a_payment_is_queried_by_its_wire_order_id() -> None:
    gateway = ScriptedGateway()
    gateway.script_statuses(samples.transaction())
    assert ask(gateway, samples.payment(attempt=2), 8.0).order_id == samples.ORDER_ID
    assert gateway.asked == [f"{samples.ORDER_ID}~2"]


def test_an_adopted_payment_is_queried_by_its_transaction_id() -> None:
    """We never sent it, so the gateway's order id for it is not ours and no mismatch."""
    gateway = ScriptedGateway()
    theirs = samples.transaction("SUCCESS", order_id="theirs", transaction_id="PA7")
    gateway.script_statuses(theirs)
    orphan = samples.payment(order_id=None, source="reconciliation").transition_to(
        Status.NEEDS_REVIEW, at=START, source="reconciliation", evidence={}, transaction_id="PA7"
    )
    assert mismatched_fields(orphan, ask(gateway, orphan, 8.0)) == ()
    assert gateway.asked == ["PA7"]


@pytest.mark.parametrize("source", ["request", "reconciliation"])
def test_a_payment_of_the_other_mode_is_not_queried(source: str) -> None:
    gateway = ScriptedGateway()
    with pytest.raises(NotSent):
        ask(gateway, samples.payment(live=True, source=source), 8.0)
    assert gateway.asked == []
