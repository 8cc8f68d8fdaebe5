"""The contract of comparing books: payments are found by the gateway's word, and an index has what is not listed."""

from datetime import date, timedelta
from typing import Protocol

import pytest

from payments.ledger.payment_items import SHARDS, shard_of
from payments.model.payment import Payment
from payments.model.status import Status
from payments.ports.ledger import LostRace
from payments.reconciliation.steps import ReconciliationLedger
from payments.reconciliation.transaction_list import Span
from tests.fakes import samples
from tests.fakes.clock import START
from tests.payments.ledger.ledger_port import Ledger
from tests.payments.ledger.payment_steps import claimed, moved, standing

DAY = START.date()
TODAY = Span(DAY, DAY)


class ComparedLedger(Ledger, ReconciliationLedger, Protocol):
    """Every port at once, the reconciliation's too."""


def on_index(ledger: ComparedLedger, span: Span = TODAY) -> list[str]:
    """The ids of all that a span has on the index, in the order of the pages."""
    found, place = ledger.unlisted(span, None)
    ids = [payment.id for payment in found]
    for _ in range(1000):
        if place is None:
            return ids
        found, place = ledger.unlisted(span, place)
        ids += [payment.id for payment in found]
    raise AssertionError("the index has no end")


def adopted() -> Payment:
    """A payment that nobody asked us for."""
    return samples.payment(key="orphan", order_id=None, source="reconciliation")


class Discrepancy:
    def test_a_payment_is_found_by_its_order(self, ledger: ComparedLedger) -> None:
        payment = claimed(ledger)
        (found,) = ledger.sent_under([samples.ORDER_ID]).items()
        assert (found[0], found[1].payment, found[1].is_unlisted) == (samples.ORDER_ID, payment, True)

    def test_each_attempt_by_its_own(self, ledger: ComparedLedger) -> None:
        first = moved(ledger, claimed(ledger), Status.FAILED)
        second = claimed(ledger, key="key-2", attempt=2)
        found = ledger.sent_under([samples.ORDER_ID, f"{samples.ORDER_ID}~2", f"{samples.ORDER_ID}~3"])
        assert {told: marked.payment.id for told, marked in found.items()} == {
            samples.ORDER_ID: first.id,
            f"{samples.ORDER_ID}~2": second.id,
        }

    def test_without_an_order_by_its_id(self, ledger: ComparedLedger) -> None:
        payment = claimed(ledger, order_id=None)
        assert ledger.sent_under([payment.id])[payment.id].payment == payment

    def test_and_with_one_not_by_its_id_under_which_it_was_never_sent(self, ledger: ComparedLedger) -> None:
        payment = claimed(ledger)
        assert ledger.sent_under([payment.id]) == {}
        assert ledger.standing([payment.id])[payment.id].payment == payment

    @pytest.mark.parametrize(
        "told",
        [
            "never-heard-of",
            samples.payment(key="another").id,
            "",
            "x",
            "~2",
            f"{samples.ORDER_ID}~",
            f"{samples.ORDER_ID}~0",
            f"{samples.ORDER_ID}~1",
            f"{samples.ORDER_ID}~-1",
            f"{samples.ORDER_ID}~2~2",
            f"{samples.ORDER_ID}~99999",
            "order#" + samples.ORDER_ID,
            "reconciliation#2026-11-01_2026-11-02",
            "\ud800",
            "é" * 200,
        ],
    )
    def test_what_we_never_sent_finds_nothing(self, ledger: ComparedLedger, told: str) -> None:
        claimed(ledger)
        assert ledger.sent_under([told]) == {}

    def test_many_are_found_at_once(self, ledger: ComparedLedger) -> None:
        many = [claimed(ledger, key=f"key-{n}", order_id=None) for n in range(230)]
        found = ledger.sent_under([payment.id for payment in many] * 2)
        assert {told: marked.payment for told, marked in found.items()} == {payment.id: payment for payment in many}

    def test_nothing_asked_is_nothing_found(self, ledger: ComparedLedger) -> None:
        assert ledger.sent_under([]) == ledger.standing([]) == {}


class Unlisted:
    def test_a_payment_is_on_the_index_from_its_claim_on(self, ledger: ComparedLedger) -> None:
        payment = claimed(ledger)
        assert on_index(ledger) == [payment.id]
        done = moved(ledger, payment, Status.SUCCEEDED)
        ledger.advance(done, 2)
        assert on_index(ledger) == [payment.id]

    def test_until_it_is_crossed_off_which_is_no_news_of_it(self, ledger: ComparedLedger) -> None:
        payment = claimed(ledger)
        ledger.cross_off([payment.id])
        assert on_index(ledger) == []
        assert standing(ledger, payment) == payment
        assert not ledger.standing([payment.id])[payment.id].is_unlisted
        moved(ledger, payment, Status.SUCCEEDED)
        assert on_index(ledger) == []

    def test_crossing_off_twice_or_what_is_not_there_does_nothing(self, ledger: ComparedLedger) -> None:
        payment = claimed(ledger)
        ledger.cross_off([payment.id, payment.id, samples.payment(key="another").id])
        assert standing(ledger, payment) == payment
        assert ledger.get(samples.payment(key="another").id) is None

    def test_crossing_off_disturbs_nobody_who_has_read_the_payment(self, ledger: ComparedLedger) -> None:
        payment = claimed(ledger)
        ledger.cross_off([payment.id])
        try:
            moved(ledger, payment, Status.SUCCEEDED)
        except LostRace:
            pytest.fail("the revision was raised")

    def test_what_was_taken_back_is_off_it(self, ledger: ComparedLedger) -> None:
        payment = claimed(ledger)
        assert ledger.release(payment)
        assert on_index(ledger) == []

    def test_what_was_adopted_never_is_on_it(self, ledger: ComparedLedger) -> None:
        assert ledger.claim(adopted(), None) is None
        assert on_index(ledger) == []

    def test_every_shard_of_every_day_is_gone_through_once(self, ledger: ComparedLedger) -> None:
        days = [START - timedelta(days=n) for n in range(3)]
        waiting = {claimed(ledger, key=f"{at}-{n}", order_id=None, at=at).id for at in days for n in range(20)}
        found = on_index(ledger, Span(days[-1].date(), DAY))
        assert {shard_of(payment_id) for payment_id in waiting} == set(range(SHARDS))
        assert len(found) == len(waiting)
        assert set(found) == waiting

    def test_more_than_a_page_in_one_shard_is_gone_through_once(self, ledger: ComparedLedger) -> None:
        keys = [f"key-{n}" for n in range(700) if shard_of(samples.payment(key=f"key-{n}").id) == 0][:60]
        waiting = [claimed(ledger, key=key, order_id=None).id for key in keys]
        assert on_index(ledger) == sorted(waiting)

    def test_other_days_are_left_out(self, ledger: ComparedLedger) -> None:
        for shift in (-1, 0, 1):
            claimed(ledger, key=f"key-{shift}", order_id=None, at=START + timedelta(days=shift))
        assert on_index(ledger) == [samples.payment(key="key-0").id]

    def test_a_place_stays_good_while_what_was_before_it_is_crossed_off(self, ledger: ComparedLedger) -> None:
        waiting = {claimed(ledger, key=f"key-{n}", order_id=None).id for n in range(40)}
        seen: list[str] = []
        place: str | None = None
        for _ in range(1000):
            found, place = ledger.unlisted(TODAY, place)
            seen += [payment.id for payment in found]
            ledger.cross_off(payment.id for payment in found)
            if place is None:
                break
        assert set(seen) == waiting
        assert len(seen) == len(waiting)

    def test_an_empty_span_has_an_end(self, ledger: ComparedLedger) -> None:
        assert on_index(ledger, Span(date(2026, 1, 1), date(2026, 3, 1))) == []
