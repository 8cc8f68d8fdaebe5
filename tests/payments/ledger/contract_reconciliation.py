"""The contract of the reconciliation's ledger: payments are found by sent order id, and an index has the unlisted."""

from datetime import date, timedelta
from typing import Protocol

import pytest

from payments.ledger.payment_items import UNLISTED_SHARDS, shard_of
from payments.model.payment import Payment
from payments.model.status import Status
from payments.ports.ledger import LostRace
from payments.reconciliation.steps import ReconciliationLedger
from payments.reconciliation.transaction_list import Span
from tests.fakes import samples
from tests.fakes.clock import START
from tests.payments.ledger.ledger_port import Ledger
from tests.payments.ledger.payment_steps import claimed, stored, transitioned

DAY = START.date()
TODAY = Span(DAY, DAY)


class FullLedger(Ledger, ReconciliationLedger, Protocol):
    """All ledger ports, including the reconciliation's."""


def on_index(ledger: FullLedger, span: Span = TODAY, *, live: bool = False) -> list[str]:
    """The ids of all unlisted payments of a span, in the order of the pages."""
    found, place = ledger.unlisted(span, None, live=live)
    ids = [payment.id for payment in found]
    for _ in range(1000):
        if place is None:
            return ids
        found, place = ledger.unlisted(span, place, live=live)
        ids += [payment.id for payment in found]
    raise AssertionError("the pages of the index do not end")


def adopted() -> Payment:
    """A payment that was adopted from the gateway's list."""
    return samples.payment(key="orphan", order_id=None, source="reconciliation")


class LookupContract:
    def test_a_payment_is_found_by_its_order_id(self, ledger: FullLedger) -> None:
        payment = claimed(ledger)
        (found,) = ledger.sent_under([samples.ORDER_ID], live=False).items()
        assert (found[0], found[1].payment, found[1].is_unlisted) == (samples.ORDER_ID, payment, True)

    def test_each_mode_has_its_own_payment_under_an_order_id(self, ledger: FullLedger) -> None:
        tested, live = claimed(ledger), claimed(ledger, live=True)
        for payment in (tested, live):
            (found,) = ledger.sent_under([samples.ORDER_ID], live=payment.live).values()
            assert found.payment == payment

    def test_a_payment_of_the_other_mode_is_not_found_by_its_id(self, ledger: FullLedger) -> None:
        payment = claimed(ledger, order_id=None)
        assert ledger.sent_under([payment.id], live=True) == {}

    def test_each_attempt_is_found_by_its_own_order_id(self, ledger: FullLedger) -> None:
        first = transitioned(ledger, claimed(ledger), Status.FAILED)
        second = claimed(ledger, key="key-2", attempt=2)
        found = ledger.sent_under([samples.ORDER_ID, f"{samples.ORDER_ID}~2", f"{samples.ORDER_ID}~3"], live=False)
        assert {sent: marked.payment.id for sent, marked in found.items()} == {
            samples.ORDER_ID: first.id,
            f"{samples.ORDER_ID}~2": second.id,
        }

    def test_a_payment_without_an_order_is_found_by_its_id(self, ledger: FullLedger) -> None:
        payment = claimed(ledger, order_id=None)
        assert ledger.sent_under([payment.id], live=False)[payment.id].payment == payment

    def test_a_payment_with_an_order_is_not_found_by_its_id(self, ledger: FullLedger) -> None:
        payment = claimed(ledger)
        assert ledger.sent_under([payment.id], live=False) == {}
        assert ledger.standing([payment.id])[payment.id].payment == payment

    @pytest.mark.parametrize(
        "order_id",
        [
            "unknown-order",
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
    def test_an_order_id_that_was_never_sent_finds_nothing(self, ledger: FullLedger, order_id: str) -> None:
        claimed(ledger)
        assert ledger.sent_under([order_id], live=False) == {}

    def test_many_payments_are_found_in_one_call(self, ledger: FullLedger) -> None:
        many = [claimed(ledger, key=f"key-{n}", order_id=None) for n in range(230)]
        found = ledger.sent_under([payment.id for payment in many] * 2, live=False)
        assert {sent: marked.payment for sent, marked in found.items()} == {payment.id: payment for payment in many}

    def test_an_empty_list_finds_nothing(self, ledger: FullLedger) -> None:
        assert ledger.sent_under([], live=False) == ledger.standing([]) == {}


class UnlistedContract:
    def test_a_payment_is_on_the_unlisted_index_from_its_claim_on(self, ledger: FullLedger) -> None:
        payment = claimed(ledger)
        assert on_index(ledger) == [payment.id]
        done = transitioned(ledger, payment, Status.SUCCEEDED)
        ledger.advance(done, 2)
        assert on_index(ledger) == [payment.id]

    def test_each_mode_has_its_own_index(self, ledger: FullLedger) -> None:
        tested, live = claimed(ledger), claimed(ledger, live=True)
        assert (on_index(ledger), on_index(ledger, live=True)) == ([tested.id], [live.id])
        ledger.cross_off([tested.id])
        assert (on_index(ledger), on_index(ledger, live=True)) == ([], [live.id])

    def test_crossing_off_takes_a_payment_off_the_index_and_does_not_change_it(self, ledger: FullLedger) -> None:
        payment = claimed(ledger)
        ledger.cross_off([payment.id])
        assert on_index(ledger) == []
        assert stored(ledger, payment) == payment
        assert not ledger.standing([payment.id])[payment.id].is_unlisted
        transitioned(ledger, payment, Status.SUCCEEDED)
        assert on_index(ledger) == []

    def test_crossing_off_twice_or_an_unknown_payment_does_nothing(self, ledger: FullLedger) -> None:
        payment = claimed(ledger)
        ledger.cross_off([payment.id, payment.id, samples.payment(key="another").id])
        assert stored(ledger, payment) == payment
        assert ledger.get(samples.payment(key="another").id) is None

    def test_crossing_off_does_not_make_a_concurrent_write_lose(self, ledger: FullLedger) -> None:
        payment = claimed(ledger)
        ledger.cross_off([payment.id])
        try:
            transitioned(ledger, payment, Status.SUCCEEDED)
        except LostRace:
            pytest.fail("crossing off raised the revision")

    def test_a_released_payment_is_off_the_index(self, ledger: FullLedger) -> None:
        payment = claimed(ledger)
        assert ledger.release(payment)
        assert on_index(ledger) == []

    def test_an_adopted_payment_is_never_on_the_index(self, ledger: FullLedger) -> None:
        assert ledger.claim(adopted(), None) is None
        assert on_index(ledger) == []

    def test_every_shard_of_every_day_is_read_once(self, ledger: FullLedger) -> None:
        days = [START - timedelta(days=n) for n in range(3)]
        waiting = {claimed(ledger, key=f"{at}-{n}", order_id=None, at=at).id for at in days for n in range(20)}
        found = on_index(ledger, Span(days[-1].date(), DAY))
        assert {shard_of(payment_id) % UNLISTED_SHARDS for payment_id in waiting} == set(range(UNLISTED_SHARDS))
        assert len(found) == len(waiting)
        assert set(found) == waiting

    def test_a_shard_of_more_than_one_page_is_read_once(self, ledger: FullLedger) -> None:
        ids = {f"key-{n}": samples.payment(key=f"key-{n}").id for n in range(700)}
        keys = [key for key, payment_id in ids.items() if shard_of(payment_id) % UNLISTED_SHARDS == 0][:60]
        waiting = [claimed(ledger, key=key, order_id=None).id for key in keys]
        assert on_index(ledger) == sorted(waiting)

    def test_other_days_are_left_out(self, ledger: FullLedger) -> None:
        for shift in (-1, 0, 1):
            claimed(ledger, key=f"key-{shift}", order_id=None, at=START + timedelta(days=shift))
        assert on_index(ledger) == [samples.payment(key="key-0").id]

    def test_a_cursor_stays_valid_while_earlier_payments_are_crossed_off(self, ledger: FullLedger) -> None:
        waiting = {claimed(ledger, key=f"key-{n}", order_id=None).id for n in range(40)}
        seen: list[str] = []
        place: str | None = None
        for _ in range(1000):
            found, place = ledger.unlisted(TODAY, place, live=False)
            seen += [payment.id for payment in found]
            ledger.cross_off(payment.id for payment in found)
            if place is None:
                break
        assert set(seen) == waiting
        assert len(seen) == len(waiting)

    def test_an_empty_span_has_an_end(self, ledger: FullLedger) -> None:
        assert on_index(ledger, Span(date(2026, 1, 1), date(2026, 3, 1))) == []
