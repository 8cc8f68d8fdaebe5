"""Whatever the gateway lists, whatever our books hold: the sweep ends, and doing it again changes nothing."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from payments.model.gateway_transaction import Report
from payments.model.status import Status
from payments.ports.gateway import GatewayError, NoAnswer, UnknownToGateway
from tests.explained_totals import differences, of_the_lines
from tests.fakes import samples
from tests.fakes.transaction_list import ScriptedList, row
from tests.payments.reconciliation.reconciler import AgreeingGateway, Sweeper

WORDS = ["SUCCESS", "FAILED", "BLOCKED", "ABANDONED", "PENDING", "REDIRECT", "INIT", "ON_HOLD"]
VERDICTS = {"SUCCESS", "FAILED", "BLOCKED", "ABANDONED"}
DATE = st.sampled_from([None, "2027-02-01T08:00:00Z"])
ORDERS = [f"order-{nth}" for nth in range(4)]
HERE = st.dictionaries(st.sampled_from(ORDERS), st.tuples(st.sampled_from(Status), st.booleans()), max_size=4)
ANSWERS = st.sampled_from(["the same", "nothing", "unknown", "FAILED", "PENDING", "SUCCESS", "ON_HOLD", "of another"])
"""What the status API says of each payment, whatever is listed."""

ROW = st.fixed_dictionaries(
    {
        "said": st.sampled_from(WORDS),
        "order_id": st.sampled_from([*ORDERS, "theirs", None]),
        "amount": st.sampled_from(["100", "100", "100", "7", "0", "x"]),
        "currency": st.sampled_from(["GBP", "GBP", "EUR"]),
        "refund_date": DATE,
        "chargeback_date": DATE,
        "suspicious_date": DATE,
    }
)


class Stubborn(AgreeingGateway):
    """Its status API has one word for everything."""

    def __init__(self, listing: ScriptedList, said: str) -> None:
        super().__init__(listing)
        self.said = said

    def _found(self, name: str) -> Report | GatewayError:
        if self.said == "nothing":
            return NoAnswer("no answer")
        if self.said == "unknown":
            return UnknownToGateway("unknown")
        if self.said == "of another":
            return samples.report(transaction_id=f"PA-{name}", order_id=None)
        listed = super()._found(name)
        if isinstance(listed, GatewayError):
            return listed
        return samples.report(self.said, transaction_id=listed.transaction_id, order_id=None)


def stack(
    here: dict[str, tuple[Status, bool]], listed: list[dict[str, Any]], answers: str, page_size: int = 3
) -> Sweeper:
    """Payments in any status, some with the transaction that their order has in the list, and any list."""
    rows = [row(**each, transaction_id=f"PA{nth}") for nth, each in enumerate(listed)]
    sweeper = Sweeper(page_size=page_size)
    sweeper.listing.told = list(rows)
    if answers != "the same":
        sweeper.gateway = Stubborn(sweeper.listing, answers)
    for order_id, (status, is_known) in here.items():
        theirs = next((told["transaction_id"] for told in rows if told["order_id"] == order_id), "PA99")
        # What the gateway said succeeded has its transaction's id: that is what the move rests on.
        transaction_id = theirs if is_known or status is Status.SUCCEEDED else None
        if status is Status.PROCESSING:
            sweeper.claimed(order_id, order_id=order_id)
        else:
            sweeper.settled(status, key=order_id, order_id=order_id, transaction_id=transaction_id)
    return sweeper


@given(HERE, st.lists(ROW, max_size=8), ANSWERS, st.integers(1, 4))
@settings(max_examples=150, deadline=None)
def test_the_sweep_ends_and_again_it_changes_nothing(
    here: dict[str, tuple[Status, bool]], listed: list[dict[str, Any]], answers: str, page_size: int
) -> None:
    sweeper = stack(here, listed, answers, page_size)
    first = sweeper.sweep()
    if answers != "the same":
        sweeper.sweep(anew=True)  # which of two transactions is ours it may learn only after the other's row
    before = {payment.id: payment for payment in sweeper.ledger.payments()}
    again = sweeper.sweep(anew=True)

    assert (first["state"], again["state"]) == ("finished", "finished")
    assert first["rows"] == again["rows"] == len(listed)
    assert {payment.id: payment for payment in sweeper.ledger.payments()} == before
    assert sum(first["findings"].values()) == len(lines_of(sweeper, 0))
    assert "unexpected_error" not in sweeper.console.read()


@given(HERE, st.lists(ROW, max_size=8), ANSWERS)
@settings(max_examples=150, deadline=None)
def test_each_charge_that_the_gateway_lists_is_in_our_books_or_a_line_says_why_not(
    here: dict[str, tuple[Status, bool]], listed: list[dict[str, Any]], answers: str
) -> None:
    sweeper = stack(here, listed, answers)
    sweeper.sweep()
    told = {each["transaction_id"] for each in sweeper.report()["findings"]}
    ours = [payment.transaction_id for payment in sweeper.ledger.payments()]

    for nth, each in enumerate(listed):
        if each["said"] not in VERDICTS:
            continue  # it is not over: looked at again
        assert ours.count(f"PA{nth}") == 1 or (f"PA{nth}" in told and f"PA{nth}" not in ours)


@given(HERE, st.lists(ROW, max_size=8), ANSWERS)
@settings(max_examples=150, deadline=None)
def test_the_lines_alone_explain_every_difference_of_the_books_today_and_tomorrow(
    here: dict[str, tuple[Status, bool]], listed: list[dict[str, Any]], answers: str
) -> None:
    sweeper = stack(here, listed, answers)
    for _ in range(2):
        sweeper.sweep(anew=True)
        report = sweeper.report()
        assert of_the_lines(report) == differences(report)


@given(HERE, st.lists(ROW, max_size=8), ANSWERS)
@settings(max_examples=150, deadline=None)
def test_no_payment_comes_to_count_as_paid_but_on_the_gateways_word(
    here: dict[str, tuple[Status, bool]], listed: list[dict[str, Any]], answers: str
) -> None:
    sweeper = stack(here, listed, answers)
    paid = {payment.id for payment in sweeper.ledger.payments() if payment.status is Status.SUCCEEDED}
    sweeper.sweep()
    for payment in sweeper.ledger.payments():
        if payment.status is Status.SUCCEEDED and payment.id not in paid:
            said = [each for nth, each in enumerate(listed) if f"PA{nth}" == payment.transaction_id]
            by_the_list = [(each["said"], each["amount"], each["currency"]) for each in said]
            assert by_the_list == [("SUCCESS", "100", "GBP")] or answers in {"SUCCESS", "of another"}
            assert answers in {"the same", "SUCCESS", "of another"}


def lines_of(sweeper: Sweeper, nth: int) -> list[dict[str, Any]]:
    """The lines of the nth report."""
    key = sorted(key for key in sweeper.files.files if key.endswith(".json"))[nth]
    told: list[dict[str, Any]] = json.loads(sweeper.files.files[key])["findings"]
    return told
