"""What tells a repeat of a charge from a reuse of its key: all that was asked for, and no CVV."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.charging.request import ChargeRequest
from payments.model.money import Money
from tests.fakes.samples import card, charge_request, shopper

WITH_CARD = charge_request()
HOSTED = charge_request(card=None)

CHANGES: dict[str, Any] = {
    "amount": {"money": Money(101, "GBP")},
    "currency": {"money": Money(100, "EUR")},
    "shopper": {"shopper": shopper() | {"zip": "TF10 8DE"}},
    "redirect_url": {"redirect_url": "https://shop.example/other"},
    "order_id": {"order_id": "another"},
    "no order_id": {"order_id": None},
    "terminal_id": {"terminal_id": "T1"},
}


class TestTheFingerprint:
    @pytest.mark.parametrize("order", [WITH_CARD, HOSTED], ids=["card", "hosted"])
    @pytest.mark.parametrize("changes", CHANGES.values(), ids=list(CHANGES))
    def test_is_another_for_anything_else_that_was_asked(self, order: ChargeRequest, changes: dict[str, Any]) -> None:
        assert replace(order, **changes).fingerprint() != order.fingerprint()

    @pytest.mark.parametrize("order", [WITH_CARD, HOSTED], ids=["card", "hosted"])
    def test_is_the_same_for_the_same_in_another_order(self, order: ChargeRequest) -> None:
        turned = dict(reversed(list(shopper().items())))
        assert replace(order, shopper=turned).fingerprint() == order.fingerprint()

    @pytest.mark.parametrize("order", [WITH_CARD, HOSTED], ids=["card", "hosted"])
    def test_does_not_know_who_asked_under_which_key(self, order: ChargeRequest) -> None:
        """Those two make the payment's id."""
        assert replace(order, caller="another", idempotency_key="other").fingerprint() == order.fingerprint()

    @pytest.mark.parametrize(
        "changes",
        [
            {"number": "4111111111111129"},
            {"number": "4012888888881881"},
            {"expiry_month": "11"},
            {"expiry_year": "2031"},
        ],
        ids=["last 4", "first 6", "month", "year"],
    )
    def test_knows_the_card_by_what_may_be_kept_of_it(self, changes: dict[str, str]) -> None:
        assert replace(WITH_CARD, card=card(**changes)).fingerprint() != WITH_CARD.fingerprint()

    def test_knows_no_cvv(self) -> None:
        assert replace(WITH_CARD, card=card(cvv="123")).fingerprint() == WITH_CARD.fingerprint()

    def test_of_a_hosted_payment_is_never_a_card_payments(self) -> None:
        assert HOSTED.fingerprint() != WITH_CARD.fingerprint()

    @given(
        st.builds(charge_request, redirect_url=st.text(), order_id=st.none() | st.text()),
        st.builds(charge_request, redirect_url=st.text(), order_id=st.none() | st.text()),
    )
    def test_of_a_hosted_payment_is_never_a_card_payments_whatever_is_asked(
        self, one: ChargeRequest, other: ChargeRequest
    ) -> None:
        assert replace(one, card=None).fingerprint() != other.fingerprint()

    @pytest.mark.parametrize(
        ("order", "fingerprint"),
        [
            (WITH_CARD, "f7bf22aeae3a8ce80d095b3cd70c0d97ab37796c6ee015ada78bed90aa3889a8"),
            (HOSTED, "c0a92e91aa1d6c6a2bcc176ab950b5895d5972411260ef0dc38b7d12823b543b"),
        ],
        ids=["card", "hosted"],
    )
    def test_is_the_same_in_every_version(self, order: ChargeRequest, fingerprint: str) -> None:
        """What changes it makes a stranger of every repeat that comes after the deploy."""
        assert order.fingerprint() == fingerprint
