"""Payments: only legal transitions, a history without gaps, unique wire order ids, and the next follow-up."""

from dataclasses import FrozenInstanceError, replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.model import refund as refunds
from payments.model.follow_up import FIRST_ASK, LEFT_TO_RELAY, FollowUp
from payments.model.history import Failure
from payments.model.payment import Payment
from payments.model.status import FREES_THE_ORDER, OPEN, TRANSITIONS, IllegalTransition, Status
from payments.model.supersession import frees_the_order
from tests.fakes import samples
from tests.fakes.clock import START

ALL_PAIRS = [(one, other) for one in Status for other in Status]
LEGAL = [(one, other) for one, other in ALL_PAIRS if other in TRANSITIONS[one]]
ILLEGAL = [(one, other) for one, other in ALL_PAIRS if other not in TRANSITIONS[one]]
LATER = START + timedelta(minutes=5)
order_ids = st.from_regex(r"[A-Za-z0-9._-]{3,8}", fullmatch=True)
DECLINED = Failure("declined", "no funds")


def payment_in(status: Status) -> Payment:
    return replace(samples.payment(), status=status)


def transitioned(payment: Payment, to: Status, **facts: object) -> Payment:
    return payment.transition_to(to, at=LATER, source="status", evidence={"gateway_status": "X"}, **facts)  # type: ignore[arg-type]


def test_a_new_payment_records_its_card_and_who_requested_it() -> None:
    payment = samples.payment(principal=samples.CALLER)

    assert payment.card == samples.card().facts
    assert [entry.principal for entry in payment.history] == [samples.CALLER]


class TestTransitions:
    @pytest.mark.parametrize(("one", "other"), LEGAL)
    def test_a_legal_transition_is_made_and_recorded(self, one: Status, other: Status) -> None:
        before = payment_in(one)
        after = transitioned(before, other)

        assert (after.status, after.version) == (other, before.version + 1)
        entry = after.history[-1]
        assert (entry.previous_status, entry.status, entry.name) == (one, other, other.value)
        assert (entry.at, entry.source, entry.evidence) == (LATER, "status", {"gateway_status": "X"})
        assert after.updated_at == LATER
        assert after.has_unpublished

    @pytest.mark.parametrize(("one", "other"), ILLEGAL)
    def test_an_illegal_transition_raises(self, one: Status, other: Status) -> None:
        before = payment_in(one)

        assert not before.may_become(other)
        with pytest.raises(IllegalTransition, match=f"{one} may not become {other}"):
            transitioned(before, other)

    def test_a_transition_does_not_change_the_old_object(self) -> None:
        before = samples.payment()
        transitioned(before, Status.FAILED, failure=DECLINED)

        assert before == samples.payment()
        with pytest.raises(FrozenInstanceError):
            before.status = Status.SUCCEEDED  # type: ignore[misc]

    @pytest.mark.parametrize(("one", "other"), LEGAL)
    def test_the_new_status_decides_the_follow_up(self, one: Status, other: Status) -> None:
        follow_up = transitioned(payment_in(one), other).follow_up

        assert follow_up.ask_at == (LATER + FIRST_ASK if other in OPEN else None)
        assert follow_up.due_at == (follow_up.ask_at or LATER + LEFT_TO_RELAY)  # for the event

    def test_a_known_transaction_id_is_kept(self) -> None:
        identified = transitioned(samples.payment(), Status.PENDING, transaction_id="PA1")

        assert transitioned(identified, Status.SUCCEEDED).transaction_id == "PA1"

    def test_message_failure_and_redirect_url_belong_to_one_status(self) -> None:
        redirected = transitioned(
            samples.payment(), Status.REQUIRES_ACTION, redirect_url="https://bank.example", message="go"
        )
        failed = transitioned(redirected, Status.FAILED, failure=DECLINED)
        paid = transitioned(failed, Status.SUCCEEDED)

        assert (failed.redirect_url, failed.message, failed.failure) == (None, None, DECLINED)
        assert paid.failure is None


class TestHistory:
    @given(st.lists(st.sampled_from(list(Status)), max_size=30), st.integers(0, 5), st.integers(0, 5))
    def test_it_has_no_gap_after_any_sequence(
        self, targets: list[Status], refunds_after: int, charged_back_after: int
    ) -> None:
        payment = samples.payment()
        for step, to in enumerate(targets):
            if payment.may_become(to):
                payment = transitioned(payment, to)
            if step == refunds_after:
                payment = refunds.refunded(payment, START, at=LATER, source="reconciliation", evidence={})
            if step == charged_back_after:
                payment = payment.charged_back(START, at=LATER, source="reconciliation", evidence={})

        entries = payment.history
        assert [entry.sequence for entry in entries] == list(range(1, payment.version + 1))
        assert entries[0].previous_status is None
        for before, after in pairwise(entries):
            assert after.previous_status is before.status
        assert entries[-1].status is payment.status

    def test_it_begins_with_the_request(self) -> None:
        (first,) = samples.payment().history

        assert (first.sequence, first.name, first.status, first.source) == (1, "processing", "processing", "request")
        assert first.at == START

    def test_an_entry_keeps_the_facts_of_its_time(self) -> None:
        """An event that is published again after a year must be identical."""
        payment = transitioned(samples.payment(), Status.FAILED, transaction_id="PA1", failure=DECLINED)
        payment = transitioned(payment, Status.SUCCEEDED)
        payment = refunds.refunded(payment, START, at=LATER, source="status", evidence={})
        payment = payment.charged_back(START, at=LATER, source="status", evidence={})

        facts = [
            (e.name, e.status, e.transaction_id, e.failure, e.refund.status, e.chargeback.status)
            for e in payment.history
        ]
        assert facts == [
            ("processing", "processing", None, None, "none", "none"),
            ("failed", "failed", "PA1", DECLINED, "none", "none"),
            ("succeeded", "succeeded", "PA1", None, "none", "none"),
            ("refunded", "succeeded", "PA1", None, "refunded", "none"),
            ("charged_back", "succeeded", "PA1", None, "refunded", "charged_back"),
        ]

    @pytest.mark.parametrize("status", list(Status))
    def test_a_refund_is_a_fact_beside_any_status(self, status: Status) -> None:
        before = payment_in(status)
        after = refunds.refunded(before, START, at=LATER, source="reconciliation", evidence={"a": 1})

        assert after.status is before.status
        assert (after.history[-1].previous_status, after.refund.refunded_at) == (status, START)
        assert after.follow_up.ask_at == before.follow_up.ask_at


class TestWireOrderId:
    """No wire order id is sent twice."""

    @pytest.mark.parametrize(
        ("order_id", "attempt", "sent"), [("order-1", 1, "order-1"), ("order-1", 2, "order-1~2"), ("a~b", 12, "a~b~12")]
    )
    def test_it_is_the_shop_s_order_id_with_the_attempt(self, order_id: str, attempt: int, sent: str) -> None:
        assert samples.payment(order_id=order_id, attempt=attempt).wire_order_id == sent

    def test_without_an_order_it_is_the_payment_id(self) -> None:
        payment = samples.payment(order_id=None)

        assert payment.wire_order_id == payment.id

    @given(
        st.lists(
            st.tuples(st.from_regex(r"[A-Za-z0-9._-]{3,8}", fullmatch=True), st.integers(1, 20)),
            unique=True,
            min_size=2,
        )
    )
    def test_any_two_attempts_have_two_wire_order_ids(self, attempts: list[tuple[str, int]]) -> None:
        sent = [samples.payment(order_id=order_id, attempt=attempt).wire_order_id for order_id, attempt in attempts]

        assert len(set(sent)) == len(sent)


class TestFollowUp:
    def test_a_new_payment_is_queried_if_its_process_dies(self) -> None:
        assert samples.payment().follow_up == FollowUp(START + FIRST_ASK, START + FIRST_ASK)

    @pytest.mark.parametrize("status", list(Status))
    def test_a_payment_that_may_still_change_is_queried_again(self, status: Status) -> None:
        before = payment_in(status)
        after = before.asked_again(LATER)

        assert (after is before) is (status is Status.SUCCEEDED)
        assert after is before or after.follow_up.ask_at == after.follow_up.due_at == LATER

    def test_arrived_is_never_reset(self) -> None:
        known = samples.payment().asked_again(LATER, arrived=True)

        assert known.asked_again(LATER).follow_up.arrived

    def test_a_query_alone_does_not_show_that_the_payment_arrived(self) -> None:
        assert not samples.payment().asked_again(LATER).follow_up.arrived

    @pytest.mark.parametrize(("asks", "left"), [(0, 0), (1, 0), (2, 1), (9, 8)])
    def test_a_query_beside_the_schedule_does_not_use_it_up(self, asks: int, left: int) -> None:
        """The follow-up adds one for each query, and this one is not of its schedule."""
        payment = replace(samples.payment(), follow_up=FollowUp(due_at=LATER, ask_at=LATER, asks=asks))

        assert payment.asked_again(LATER).follow_up.asks == left

    @pytest.mark.parametrize("waits", [-FIRST_ASK, FIRST_ASK, LEFT_TO_RELAY, 2 * LEFT_TO_RELAY])
    def test_a_new_entry_is_due_when_the_relay_has_had_its_time_and_delays_no_query(self, waits: timedelta) -> None:
        query = FollowUp(due_at=LATER + waits, ask_at=LATER + waits, asks=3)
        after = replace(samples.payment(), follow_up=query).with_entry("noted", LATER, "operator", {})

        assert after.follow_up == replace(query, due_at=LATER + min(waits, LEFT_TO_RELAY))

    @pytest.mark.parametrize(("known", "arrived"), [(None, False), (None, True), ("PA1", False), ("PA1", True)])
    def test_a_transaction_shows_that_the_payment_arrived_and_gives_it_an_id_if_it_has_none(
        self, known: str | None, *, arrived: bool
    ) -> None:
        plan = replace(samples.payment().follow_up, arrived=arrived)
        after = replace(samples.payment(), transaction_id=known, follow_up=plan).with_transaction_id("PA2")

        assert (after.transaction_id, after.follow_up.arrived) == (known or "PA2", True)

    def test_the_kind_of_the_first_answer_is_kept(self) -> None:
        assert samples.payment().with_answer("in_doubt").with_answer("verdict").answered == "in_doubt"


@pytest.mark.parametrize("status", list(Status))
def test_a_status_that_frees_the_order_is_not_open(status: Status) -> None:
    payment = payment_in(status)

    assert payment.is_open is (status in OPEN)
    assert frees_the_order(payment) is (status in FREES_THE_ORDER)
    assert not (payment.is_open and frees_the_order(payment))


def test_the_text_of_a_payment_has_no_card() -> None:
    assert samples.CARD_NUMBER not in repr(samples.payment())
    assert samples.CVV not in repr(samples.payment())
