"""A status or a webhook that quotes the shopper: the reply says who that is, and the text is kept without it."""

import pytest

from payments.gateway.envelope import transaction_of
from tests.payments.gateway.envelopes import MINOR, envelope
from tests.payments.gateway.gateway_calls import OLD, GatewayCalls
from tests.payments.gateway.rogue_server import rogue_server
from tests.payments.gateway.server_behaviours import answers

CUSTOMER = {"first_name": "Li", "last_name": "Okonkwo", "email": "li@example.org"}


@pytest.mark.parametrize("message", ["Card of Li Okonkwo was declined", "li@example.org: OKAY", "Okonkwo, Li"])
def test_a_text_is_kept_without_the_names_of_its_own_reply(message: str) -> None:
    transaction = transaction_of(envelope(message=message, customer=CUSTOMER), MINOR)
    assert transaction is not None
    for name in CUSTOMER.values():
        assert name not in str(transaction.message)


def test_a_short_name_inside_a_word_is_no_name() -> None:
    transaction = transaction_of(envelope(message="Limit exceeded, Li", customer=CUSTOMER), MINOR)
    assert transaction is not None
    assert transaction.message == "Limit exceeded, \u2022\u2022\u2022"


@pytest.mark.parametrize("customer", [None, [], "Li", {"first_name": 5}, {"first_name": ""}, {"last_name": None}])
def test_an_odd_customer_hides_nothing_and_breaks_nothing(customer: object) -> None:
    transaction = transaction_of(envelope(message="declined", customer=customer), MINOR)
    assert transaction is not None
    assert transaction.message == "declined"


def test_the_status_api_is_read_without_the_names() -> None:
    with rogue_server(answers(200, envelope(message="declined for Li Okonkwo", customer=CUSTOMER))) as server:
        assert "Okonkwo" not in str(GatewayCalls(server, OLD).status().message)
