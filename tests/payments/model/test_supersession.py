"""Supersession: only a payment on the gateway's page gives its order away, and only once."""

from dataclasses import replace

import pytest

from payments.model.status import IllegalTransition, Status
from payments.model.supersession import superseded
from tests.fakes import samples
from tests.fakes.clock import START

LEFT = replace(samples.payment(), status=Status.REQUIRES_ACTION)


def test_a_payment_gives_its_order_to_the_named_payment() -> None:
    after = superseded(LEFT, "pay_next", START)

    assert after.superseded_at == START
    assert after.history[-1].evidence == {"superseded_by": "pay_next"}


def test_it_gives_its_order_away_only_once() -> None:
    with pytest.raises(IllegalTransition, match="cannot be superseded"):
        superseded(superseded(LEFT, "pay_next", START), "pay_third", START)


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.REQUIRES_ACTION}))
def test_a_payment_that_is_not_on_the_page_keeps_its_order(status: Status) -> None:
    with pytest.raises(IllegalTransition, match=f"is {status} cannot"):
        superseded(replace(LEFT, status=status), "pay_next", START)
