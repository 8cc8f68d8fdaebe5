"""The contract of the announcer: each write says whether the relay publishes its entries."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from payments.model.follow_up import Announcer
from payments.model.payment import Payment
from payments.model.status import Status
from payments.model.supersession import superseded
from payments.ports.ledger import Superseding
from tests.fakes import samples
from tests.fakes.clock import START
from tests.payments.ledger.ledger_port import Ledger
from tests.payments.ledger.payment_steps import FAR_FUTURE, claimed, due_payments, stored, transitioned


def announcer(ledger: Ledger, payment: Payment) -> Announcer | None:
    """The announcer of the payment as it is stored."""
    return stored(ledger, payment).follow_up.announcer


WITHOUT_ENTRY: dict[str, Callable[[Payment], Payment]] = {
    "a query is due": lambda payment: payment.asked_again(FAR_FUTURE, arrived=True),
    "an answer": lambda payment: payment.with_answer("verdict"),
}


class AnnouncerContract:
    def test_a_mere_claim_has_none_because_it_may_be_deleted(self, ledger: Ledger) -> None:
        payment = claimed(ledger)
        assert announcer(ledger, payment) is None
        later = ledger.save(payment, payment.asked_again(FAR_FUTURE, arrived=True))
        assert later.follow_up.announcer is announcer(ledger, payment) is None

    def test_an_adopted_payment_has_the_relay(self, ledger: Ledger) -> None:
        adopted = samples.payment(order_id=None).transition_to(
            Status.SUCCEEDED, at=START, source="reconciliation", evidence={}
        )
        assert ledger.claim(adopted, None) is None
        assert announcer(ledger, adopted) == "relay"

    def test_who_writes_an_entry_decides(self, ledger: Ledger, announcing: Ledger) -> None:
        payment = claimed(ledger)
        for writer, expected in ((ledger, "relay"), (announcing, None), (ledger, "relay")):
            to = Status.PENDING if payment.status is not Status.PENDING else Status.REQUIRES_ACTION
            payment = transitioned(writer, payment, to)
            assert payment.follow_up.announcer == announcer(ledger, payment) == expected

    @pytest.mark.parametrize("write", WITHOUT_ENTRY, ids=WITHOUT_ENTRY)
    def test_a_write_without_an_entry_leaves_it(self, ledger: Ledger, announcing: Ledger, write: str) -> None:
        of_relay = transitioned(ledger, claimed(ledger), Status.PENDING)
        announcing.save(of_relay, WITHOUT_ENTRY[write](of_relay))
        own = transitioned(announcing, claimed(ledger, key="key-2", order_id=None), Status.PENDING)
        ledger.save(own, WITHOUT_ENTRY[write](own))
        assert (announcer(ledger, of_relay), announcer(ledger, own)) == ("relay", None)

    def test_a_first_answer_or_a_retry_ends_the_mere_claim(self, ledger: Ledger, announcing: Ledger) -> None:
        for nth, (writer, expected) in enumerate(((ledger, "relay"), (announcing, None)) * 2):
            payment = claimed(ledger, key=f"key-{nth}", order_id=None)
            writer.save(
                payment,
                replace(payment, replayed_while_sending=True) if nth > 1 else payment.with_answer("in_doubt"),
            )
            assert announcer(ledger, payment) == expected

    def test_the_relay_has_nothing_left_when_all_is_published(self, ledger: Ledger) -> None:
        payment = transitioned(ledger, claimed(ledger), Status.SUCCEEDED)
        ledger.advance(payment, 1)
        assert announcer(ledger, payment) == "relay"
        ledger.advance(stored(ledger, payment), 2)
        assert announcer(ledger, payment) is None
        asked = ledger.save(
            stored(ledger, payment), stored(ledger, payment).asked_again(FAR_FUTURE).with_answer("verdict")
        )
        assert asked.follow_up.announcer is announcer(ledger, payment) is None

    def test_a_late_publisher_takes_nothing_from_the_relay(self, ledger: Ledger) -> None:
        payment = transitioned(ledger, claimed(ledger), Status.PENDING)
        transitioned(ledger, payment, Status.SUCCEEDED)
        ledger.advance(payment, 2)
        assert announcer(ledger, payment) == "relay"

    def test_a_lease_leaves_it(self, ledger: Ledger) -> None:
        payment = transitioned(ledger, claimed(ledger), Status.PENDING)
        (due,) = due_payments(ledger)
        leased = ledger.lease(due, FAR_FUTURE)
        assert leased is not None
        assert leased.follow_up.announcer == announcer(ledger, payment) == "relay"

    def test_a_superseded_payment_has_the_announcer_of_the_new_one(self, ledger: Ledger, announcing: Ledger) -> None:
        for writer, order, expected in ((ledger, "order-1", "relay"), (announcing, "order-2", None)):
            left = transitioned(ledger, claimed(ledger, key=order, order_id=order), Status.REQUIRES_ACTION)
            second = samples.payment(key=f"{order}-2", order_id=order, attempt=2)
            taken = Superseding(left, superseded(left, second.id, START))
            assert writer.claim(second, ledger.order(order, live=False), taken) is None
            assert announcer(ledger, left) == expected
