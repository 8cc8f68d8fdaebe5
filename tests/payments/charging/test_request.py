"""The fingerprint that distinguishes a retry from a reuse of the key: every field of the request but the CVV."""

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


class TestFingerprint:
    @pytest.mark.parametrize("charge", [WITH_CARD, HOSTED], ids=["card", "hosted"])
    @pytest.mark.parametrize("changes", CHANGES.values(), ids=list(CHANGES))
    def test_every_changed_field_changes_it(self, charge: ChargeRequest, changes: dict[str, Any]) -> None:
        assert replace(charge, **changes).fingerprint(live=False) != charge.fingerprint(live=False)

    @pytest.mark.parametrize("charge", [WITH_CARD, HOSTED], ids=["card", "hosted"])
    def test_the_order_of_the_shopper_fields_does_not_change_it(self, charge: ChargeRequest) -> None:
        reordered = dict(reversed(list(shopper().items())))
        assert replace(charge, shopper=reordered).fingerprint(live=False) == charge.fingerprint(live=False)

    @pytest.mark.parametrize("charge", [WITH_CARD, HOSTED], ids=["card", "hosted"])
    def test_caller_and_key_do_not_change_it(self, charge: ChargeRequest) -> None:
        """They are in the payment id."""
        assert replace(charge, caller="another", idempotency_key="other").fingerprint(live=False) == charge.fingerprint(
            live=False
        )

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
    def test_the_card_s_first_6_last_4_and_expiry_change_it(self, changes: dict[str, str]) -> None:
        assert replace(WITH_CARD, card=card(**changes)).fingerprint(live=False) != WITH_CARD.fingerprint(live=False)

    def test_the_cvv_does_not_change_it(self) -> None:
        assert replace(WITH_CARD, card=card(cvv="123")).fingerprint(live=False) == WITH_CARD.fingerprint(live=False)

    @pytest.mark.parametrize("charge", [WITH_CARD, HOSTED], ids=["card", "hosted"])
    def test_the_mode_changes_it(self, charge: ChargeRequest) -> None:
        assert charge.fingerprint(live=True) != charge.fingerprint(live=False)

    def test_a_hosted_payment_differs_from_the_same_card_payment(self) -> None:
        assert HOSTED.fingerprint(live=False) != WITH_CARD.fingerprint(live=False)

    @given(
        st.builds(charge_request, redirect_url=st.text(), order_id=st.none() | st.text()),
        st.builds(charge_request, redirect_url=st.text(), order_id=st.none() | st.text()),
    )
    def test_no_hosted_payment_has_the_fingerprint_of_a_card_payment(
        self, one: ChargeRequest, other: ChargeRequest
    ) -> None:
        assert replace(one, card=None).fingerprint(live=False) != other.fingerprint(live=False)

    @pytest.mark.parametrize(
        ("charge", "fingerprint"),
        [
            (WITH_CARD, "ecfc35b294b715006bfb7545663008e3e10eb5a899bab605cd5ea96f10d04a79"),
            (HOSTED, "df1426abe9bb38b9a4461d5a6416d8f75860861d30f1ebc5ee1b62661385c1c9"),
        ],
        ids=["card", "hosted"],
    )
    def test_it_is_the_same_in_every_version(self, charge: ChargeRequest, fingerprint: str) -> None:
        """A changed fingerprint would refuse every retry that comes after the deploy."""
        assert charge.fingerprint(live=False) == fingerprint
