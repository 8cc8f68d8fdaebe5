"""Each thing that the two books can disagree about: what becomes of the payment, and the line that a person reads."""

from decimal import Decimal
from typing import Any
from unittest.mock import ANY

import pytest

from payments.follow_up.finish import PaymentFinisher
from payments.model import refund as refunds
from payments.model.follow_up import RefundAttempt
from payments.model.identifiers import orphan_id_of
from payments.model.money import Money
from payments.model.payment import Payment
from payments.model.status import FREES_THE_ORDER, OPEN, Status
from payments.ports.gateway import NoAnswer, UnknownToGateway
from payments.reconciliation.discrepancy import NOTES
from tests.fakes import samples
from tests.fakes.bus import RecordingBus
from tests.fakes.clock import START
from tests.fakes.transaction_list import row
from tests.payments.reconciliation.reconciler import DAY, Reconciler, moment

WORDS = {"SUCCESS": "succeeded", "FAILED": "failed", "BLOCKED": "blocked", "ABANDONED": "abandoned"}
REFUNDED: dict[str, Any] = {"refund_date": "2027-02-01T08:00:00.000Z"}
CHARGED_BACK: dict[str, Any] = {"chargeback_date": "2027-03-01T08:00:00.000Z"}
SUSPICIOUS: dict[str, Any] = {"suspicious_date": "2027-02-02T08:00:00.000Z"}


def last(payment: Payment) -> tuple[str, str]:
    """The last thing that happened to a payment, and on whose word."""
    entry = payment.history[-1]
    return entry.name, entry.source


def decided(reconciler: Reconciler, payment: Payment, to: Status) -> Payment:
    """The payment after a human has looked."""
    now = reconciler.standing(payment)
    evidence = {"who": "jane", "why": "asked the bank"}
    return reconciler.ledger.save(
        now, now.transition_to(to, at=reconciler.clock(), source="operator", evidence=evidence)
    )


def test_books_that_agree_have_nothing_to_tell() -> None:
    reconciler = Reconciler(row())
    payment = reconciler.paid()
    result = reconciler.run()
    assert result["state"] == "finished"
    assert (result["rows"], result["listed_total"], result["discrepancies"]) == (1, 1, {})
    assert reconciler.discrepancies() == []
    assert reconciler.standing(payment) == payment
    assert reconciler.on_unlisted() == set()
    assert reconciler.gateway.asked == []


class TestMoneyOnItsWayBack:
    def test_a_refund_made_in_the_gateways_dashboard_is_recorded(self) -> None:
        reconciler = Reconciler(row(**REFUNDED))
        payment = reconciler.paid()
        reconciler.run()
        after = reconciler.standing(payment)
        assert (after.status, after.refund.status) == (Status.SUCCEEDED, "refunded")
        assert after.refund.refunded_at == moment("2027-02-01T08:00")
        assert last(after) == ("refunded", "reconciliation")
        assert reconciler.discrepancies() == [("refunded_elsewhere", "recorded")]

    def test_so_is_a_chargeback(self) -> None:
        reconciler = Reconciler(row(**CHARGED_BACK))
        payment = reconciler.paid()
        reconciler.run()
        after = reconciler.standing(payment)
        assert (after.status, after.chargeback.status) == (Status.SUCCEEDED, "charged_back")
        assert after.chargeback.charged_back_at == moment("2027-03-01T08:00")
        assert reconciler.discrepancies() == [("charged_back", "recorded")]

    def test_and_both_at_once(self) -> None:
        reconciler = Reconciler(row(**REFUNDED, **CHARGED_BACK))
        reconciler.paid()
        reconciler.run()
        assert reconciler.discrepancies() == [("refunded_elsewhere", "recorded"), ("charged_back", "recorded")]

    def test_what_was_recorded_yesterday_is_no_discrepancy_today(self) -> None:
        reconciler = Reconciler(row(**REFUNDED, **CHARGED_BACK))
        payment = reconciler.paid()
        reconciler.run()
        before = reconciler.standing(payment)
        reconciler.run(anew=True)
        assert reconciler.discrepancies() == []
        assert reconciler.standing(payment) == before

    def test_a_payment_in_review_hears_of_it_too(self) -> None:
        reconciler = Reconciler(row(**REFUNDED))
        payment = reconciler.settled(Status.NEEDS_REVIEW)
        reconciler.run()
        assert reconciler.standing(payment).refund.status == "refunded"
        assert ("refunded_elsewhere", "recorded") in reconciler.discrepancies()

    def test_a_refund_of_ours_that_was_in_doubt_is_confirmed(self) -> None:
        reconciler = Reconciler(row(**REFUNDED))
        payment = reconciler.paid()
        request = RefundAttempt("key", "nonce", START)
        reconciler.ledger.save(payment, refunds.requested(payment, request, "f" * 64))
        reconciler.run()
        assert reconciler.standing(payment).refund.status == "refunded"
        assert reconciler.discrepancies() == [("refund_confirmed", "recorded")]

    def test_a_refund_of_ours_that_is_on_its_way_is_no_difference(self) -> None:
        reconciler = Reconciler(row())
        payment = reconciler.paid()
        request = RefundAttempt("key", "nonce", START)
        asked = reconciler.ledger.save(payment, refunds.requested(payment, request, "f" * 64))
        reconciler.run()
        assert reconciler.standing(payment) == asked
        assert reconciler.discrepancies() == []

    @pytest.mark.parametrize("back", [REFUNDED, CHARGED_BACK])
    def test_a_word_of_its_own_for_money_sent_back_is_no_other_status(self, back: dict[str, Any]) -> None:
        reconciler = Reconciler(row("REVERSED", **back))
        payment = reconciler.paid()
        reconciler.run()
        after = reconciler.standing(payment)
        assert (after.status, after.version) == (Status.SUCCEEDED, 3)
        reconciler.gateway.asked.clear()
        reconciler.run(anew=True)
        assert reconciler.standing(payment) == after
        assert reconciler.discrepancies() == [("unknown_status", "none")], "it counts on our side alone"
        assert reconciler.gateway.asked == []

    def test_the_line_has_what_a_finance_person_needs(self) -> None:
        reconciler = Reconciler(row(**REFUNDED))
        payment = reconciler.paid()
        reconciler.run()
        assert reconciler.report()["discrepancies"] == [
            {
                "discrepancy": "refunded_elsewhere",
                "action": "recorded",
                "payment_id": payment.id,
                "transaction_id": samples.TRANSACTION_ID,
                "order_id": samples.ORDER_ID,
                "made_at": "2027-01-31T09:30:00.000Z",
                "amount_here": 100,
                "amount_gateway": 100,
                "currency_here": "GBP",
                "currency_gateway": "GBP",
                "status_here": "succeeded",
                "status_gateway": "SUCCESS",
                "refunded_at": "2027-02-01T08:00:00.000Z",
                "charged_back_at": None,
                "suspicious_at": None,
                "note": NOTES["refunded_elsewhere"],
            }
        ]


class TestVerdicts:
    @pytest.mark.parametrize("said", WORDS)
    @pytest.mark.parametrize("status", sorted(OPEN))
    def test_an_open_payment_learns_its_verdict(self, said: str, status: Status) -> None:
        reconciler = Reconciler(row(said))
        payment = reconciler.claimed() if status is Status.PROCESSING else reconciler.settled(status)
        reconciler.run()
        after = reconciler.standing(payment)
        assert (after.status, after.transaction_id) == (WORDS[said], samples.TRANSACTION_ID)
        assert last(after) == (WORDS[said], "reconciliation")
        assert reconciler.discrepancies() == [("recorded", "recorded")]
        assert reconciler.on_unlisted() == set()

    @pytest.mark.parametrize("said", ["INIT", "PENDING", "REDIRECT"])
    def test_one_that_both_call_open_is_no_discrepancy(self, said: str) -> None:
        reconciler = Reconciler(row(said))
        reconciler.settled(Status.PENDING)
        reconciler.run()
        assert reconciler.discrepancies() == []

    @pytest.mark.parametrize("status", sorted(FREES_THE_ORDER))
    def test_one_that_counted_as_unpaid_turns_out_paid(self, status: Status) -> None:
        reconciler = Reconciler(row())
        payment = reconciler.settled(status)
        reconciler.run()
        assert reconciler.standing(payment).status is Status.SUCCEEDED
        assert reconciler.discrepancies() == [("late_success", "recorded")]
        assert "late_success" in reconciler.console.read()

    @pytest.mark.parametrize("wrong", [{"amount": "10000"}, {"currency": "EUR"}])
    def test_one_that_is_not_as_it_was_sent_needs_a_human(self, wrong: dict[str, Any]) -> None:
        reconciler = Reconciler(row(**wrong))
        payment = reconciler.claimed()
        reconciler.run()
        assert reconciler.standing(payment).status is Status.NEEDS_REVIEW
        assert reconciler.discrepancies() == [("mismatch", "needs_review")]
        assert len(reconciler.gateway.asked) == 1

    @pytest.mark.parametrize(("here", "said"), [(Status.FAILED, "BLOCKED"), (Status.ABANDONED, "FAILED")])
    def test_two_words_for_no_money_are_told_and_left(self, here: Status, said: str) -> None:
        reconciler = Reconciler(row(said))
        payment = reconciler.settled(here)
        reconciler.run()
        assert reconciler.standing(payment) == payment
        assert reconciler.discrepancies() == [("status_differs", "none")]
        assert reconciler.gateway.asked == []


def refunded_here(payment: Payment) -> Payment:
    return refunds.refunded(payment, START, at=START, source="status", evidence={})


def charged_back_here(payment: Payment) -> Payment:
    return payment.charged_back(START, at=START, source="status", evidence={})


DRIFTS: dict[str, tuple[dict[str, Any], dict[str, Any], Any]] = {
    "amount_drift": ({"amount": "250"}, {"amount": Decimal(250)}, None),
    "currency_drift": ({"currency": "EUR"}, {"currency": "EUR"}, None),
    "status_drift": ({"status": "FAILED"}, {"raw_status": "FAILED", "verdict": Status.FAILED}, None),
    "refund_drift": ({}, {}, refunded_here),
    "chargeback_drift": ({}, {"charged_back": False}, charged_back_here),
}
"""Finding → what the list says differently, what the status API says when it confirms it, and what differs here."""


@pytest.mark.parametrize("kind", DRIFTS)
class TestDrift:
    def drifting(self, kind: str) -> tuple[Reconciler, Payment]:
        """A payment that succeeded, and the list says otherwise."""
        listed, _, here = DRIFTS[kind]
        reconciler = Reconciler(row(**listed))
        payment = reconciler.paid()
        return reconciler, reconciler.ledger.save(payment, here(payment)) if here else payment

    def confirms(self, reconciler: Reconciler, kind: str) -> None:
        reconciler.gateway.script_statuses(samples.transaction(**DRIFTS[kind][1]))

    def test_that_the_status_api_confirms_goes_to_a_human(self, kind: str) -> None:
        reconciler, payment = self.drifting(kind)
        self.confirms(reconciler, kind)
        reconciler.run()
        after = reconciler.standing(payment)
        assert (after.status, last(after)) == (Status.NEEDS_REVIEW, ("needs_review", "reconciliation"))
        assert after.failure is not None
        assert (after.failure.code, after.history[-1].evidence["discrepancy"]) == (kind, kind)
        assert reconciler.discrepancies() == [(kind, "needs_review")]
        assert reconciler.gateway.asked == [samples.ORDER_ID]
        assert '"payment_needs_review"' in reconciler.console.read()

    def test_that_it_denies_is_the_lists_own(self, kind: str) -> None:
        reconciler, payment = self.drifting(kind)
        refunded, back = kind == "refund_drift", kind == "chargeback_drift"
        reconciler.gateway.script_statuses(samples.transaction(refunded=refunded, charged_back=back))
        reconciler.run()
        assert reconciler.standing(payment) == payment
        assert reconciler.discrepancies() == [("list_disagrees", "none")]

    @pytest.mark.parametrize("silence", [NoAnswer("no answer"), UnknownToGateway("unknown")])
    def test_that_nobody_confirms_changes_nothing(self, kind: str, silence: Exception) -> None:
        reconciler, payment = self.drifting(kind)
        reconciler.gateway.script_statuses(silence)  # type: ignore[arg-type]
        reconciler.run()
        assert reconciler.standing(payment) == payment
        assert reconciler.discrepancies() == [("unconfirmed", "none")]

    def test_of_another_transaction_confirms_nothing(self, kind: str) -> None:
        reconciler, payment = self.drifting(kind)
        reconciler.gateway.script_statuses(samples.transaction(**{**DRIFTS[kind][1], "transaction_id": "PA9"}))
        reconciler.run()
        assert reconciler.standing(payment) == payment
        assert reconciler.discrepancies() == [("unconfirmed", "none")]

    def test_in_review_is_told_as_undecided_and_not_doubted_again(self, kind: str) -> None:
        reconciler, payment = self.drifting(kind)
        self.confirms(reconciler, kind)
        reconciler.run()
        before = reconciler.standing(payment)
        reconciler.run(anew=True)
        assert reconciler.discrepancies() == [("undecided", "none")]
        assert reconciler.standing(payment) == before

    def test_that_a_human_has_decided_on_is_a_line_and_nothing_more(self, kind: str) -> None:
        reconciler, payment = self.drifting(kind)
        self.confirms(reconciler, kind)
        reconciler.run()
        mine = decided(reconciler, payment, Status.SUCCEEDED)
        reconciler.run(anew=True)
        assert reconciler.standing(payment) == mine
        assert reconciler.discrepancies() == [(kind, "none")]
        assert len(reconciler.gateway.asked) == 1


class TestDriftInDetail:
    @pytest.mark.parametrize(
        ("kind", "unsaid"),
        [
            ("amount_drift", "amount"),
            ("currency_drift", "currency"),
            ("refund_drift", "refunded"),
            ("chargeback_drift", "charged_back"),
            ("status_drift", "verdict"),
        ],
    )
    def test_what_the_status_api_does_not_speak_of_is_not_confirmed(self, kind: str, unsaid: str) -> None:
        reconciler, payment = TestDrift().drifting(kind)
        silent: dict[str, Any] = {unsaid: None}
        reconciler.gateway.script_statuses(samples.transaction(**silent))
        reconciler.run()
        assert reconciler.standing(payment) == payment
        assert reconciler.discrepancies() == [("unconfirmed", "none")]

    def test_two_differences_call_for_one_human(self) -> None:
        reconciler = Reconciler(row("FAILED", amount="250"))
        payment = reconciler.paid()
        reconciler.gateway.script_statuses(samples.transaction("FAILED", amount=Decimal(250)))
        reconciler.run()
        assert reconciler.standing(payment).version == 3
        assert reconciler.discrepancies() == [("amount_drift", "needs_review"), ("status_drift", "needs_review")]
        mine = decided(reconciler, payment, Status.FAILED)
        reconciler.run(anew=True)
        assert reconciler.standing(payment) == mine
        assert reconciler.discrepancies() == [("amount_drift", "none")]

    @pytest.mark.parametrize("said", ["PENDING", "INIT", "REDIRECT", "ON_HOLD"])
    def test_an_unpaid_one_that_is_still_open_there_goes_to_a_human(self, said: str) -> None:
        reconciler = Reconciler(row(said))
        payment = reconciler.settled(Status.FAILED)
        reconciler.gateway.script_statuses(samples.transaction(said))
        reconciler.run()
        assert reconciler.standing(payment).status is Status.NEEDS_REVIEW
        assert reconciler.discrepancies() == [("status_drift", "needs_review")]

    def test_what_the_status_api_knows_meanwhile_is_settled(self) -> None:
        """The list still says pending; asked again, the gateway says that it was paid after all."""
        reconciler = Reconciler(row("PENDING"))
        payment = reconciler.settled(Status.FAILED)
        reconciler.gateway.script_statuses(samples.transaction("SUCCESS"))
        reconciler.run()
        assert reconciler.standing(payment).status is Status.SUCCEEDED
        assert reconciler.discrepancies() == [("list_disagrees", "none"), ("late_success", "recorded")]

    def test_the_alarms_for_messages_that_contradict_do_not_ring_every_day(self) -> None:
        reconciler = Reconciler(row("FAILED", amount="250"))
        reconciler.paid()
        reconciler.gateway.script_statuses(samples.transaction())
        reconciler.run()
        said = reconciler.console.read()
        assert [name for name in ("integrity_mismatch", "verdict_contradicted") if name in said] == []

    def test_a_status_api_that_is_down_is_soon_left_alone(self) -> None:
        reconciler = Reconciler(page_size=10)
        for nth in range(10):
            payment = reconciler.paid(f"key-{nth}", f"PA{nth}", order_id=None)
            reconciler.listing.rows.append(row(of=payment, amount="1"))
            reconciler.gateway.script_statuses(NoAnswer("no answer"))
        assert reconciler.run()["discrepancies"] == {"unconfirmed": 10}
        assert len(reconciler.gateway.asked) == 3


class TestSuspicious:
    def test_what_moved_money_goes_to_a_human(self) -> None:
        reconciler = Reconciler(row(**SUSPICIOUS))
        payment = reconciler.paid()
        reconciler.run()
        after = reconciler.standing(payment)
        assert (after.status, after.failure and after.failure.code) == (Status.NEEDS_REVIEW, "suspicious")
        assert reconciler.discrepancies() == [("suspicious", "needs_review")]
        assert reconciler.report()["discrepancies"][0]["suspicious_at"] == "2027-02-02T08:00:00.000Z"

    def test_of_what_is_open_the_verdict_is_still_heard(self) -> None:
        reconciler = Reconciler(row("PENDING", **SUSPICIOUS))
        payment = reconciler.settled(Status.PENDING)
        reconciler.run()
        assert reconciler.standing(payment) == payment
        assert reconciler.discrepancies() == [("suspicious", "none")]
        reconciler.listing.rows = [row("SUCCESS", **SUSPICIOUS)]
        reconciler.run(anew=True)
        assert reconciler.standing(payment).status is Status.NEEDS_REVIEW
        assert reconciler.discrepancies() == [("recorded", "recorded"), ("suspicious", "needs_review")]

    @pytest.mark.parametrize("status", sorted(FREES_THE_ORDER))
    def test_what_moved_none_is_told(self, status: Status) -> None:
        words = {here: said for said, here in WORDS.items()}
        reconciler = Reconciler(row(words[status], **SUSPICIOUS))
        payment = reconciler.settled(status)
        reconciler.run()
        assert reconciler.standing(payment) == payment
        assert reconciler.discrepancies() == [("suspicious", "none")]

    def test_once_a_human_has_decided_it_is_a_line(self) -> None:
        reconciler = Reconciler(row(**SUSPICIOUS))
        payment = reconciler.paid()
        reconciler.run()
        mine = decided(reconciler, payment, Status.SUCCEEDED)
        reconciler.run(anew=True)
        assert reconciler.standing(payment) == mine
        assert reconciler.discrepancies() == [("suspicious", "none")]

    def test_the_next_message_does_not_talk_it_away(self) -> None:
        reconciler = Reconciler(row(**SUSPICIOUS))
        payment = reconciler.paid()
        reconciler.run()
        reconciler.listing.rows = [row("FAILED", **SUSPICIOUS)]
        reconciler.run(anew=True)
        assert reconciler.standing(payment).status is Status.NEEDS_REVIEW


class TestAHumansWord:
    """The gateway still says what it said when the human decided: that is no news."""

    @pytest.mark.parametrize("orphaned", [True, False])
    def test_is_not_reopened_by_the_word_that_he_knew(self, *, orphaned: bool) -> None:
        told = {"transaction_id": "PA7", "order_id": "somebody-elses"} if orphaned else SUSPICIOUS
        reconciler = Reconciler(row(**told))
        if not orphaned:
            reconciler.paid()
        reconciler.run()
        (payment,) = reconciler.ledger.payments()
        mine = decided(reconciler, payment, Status.FAILED)
        reconciler.gateway.asked.clear()
        for _ in range(3):
            reconciler.run(anew=True)
            assert reconciler.standing(mine) == mine
            assert ("status_drift", "none") in reconciler.discrepancies()
            assert {action for _, action in reconciler.discrepancies()} == {"none"}
        assert reconciler.gateway.asked == []

    def test_is_reopened_by_another_word(self) -> None:
        reconciler = Reconciler(row(**SUSPICIOUS))
        payment = reconciler.paid()
        reconciler.run()
        decided(reconciler, payment, Status.SUCCEEDED)
        reconciler.listing.rows = [row("FAILED", **SUSPICIOUS)]
        reconciler.run(anew=True)
        assert reconciler.standing(payment).status is Status.NEEDS_REVIEW
        assert reconciler.discrepancies() == [("status_drift", "needs_review")]

    def test_on_a_mismatch_is_not_doubted_for_the_same_amount(self) -> None:
        reconciler = Reconciler(row(amount="10000"))
        payment = reconciler.claimed()
        reconciler.run()
        mine = decided(reconciler, payment, Status.SUCCEEDED)
        reconciler.run(anew=True)
        assert reconciler.standing(payment) == mine
        assert reconciler.discrepancies() == [("amount_drift", "none")]

    def test_does_not_keep_a_refund_from_being_heard(self) -> None:
        reconciler = Reconciler(row(**SUSPICIOUS))
        payment = reconciler.paid()
        reconciler.run()
        decided(reconciler, payment, Status.SUCCEEDED)
        reconciler.listing.rows = [row(**SUSPICIOUS, **REFUNDED)]
        reconciler.run(anew=True)
        assert reconciler.standing(payment).refund.status == "refunded"


def test_the_follow_up_tells_the_bus_what_the_reconciliation_has_found() -> None:
    reconciler = Reconciler(row(**REFUNDED), row(transaction_id="PA7", order_id="theirs"))
    reconciler.paid()
    reconciler.run()
    bus = RecordingBus()
    follow_ups = PaymentFinisher(
        reconciler.ledger, reconciler.gateway, bus, reconciler.clock, reconciler.console.telemetry
    )
    for due in list(reconciler.ledger.due(reconciler.clock.forward(minutes=1), 100)):
        follow_ups.lease(due)
    assert sorted(bus.types()) == [
        "payment.needs_review",
        "payment.processing",
        "payment.processing",
        "payment.refunded",
        "payment.succeeded",
    ]
    assert {event.detail["metadata"]["source"] for event in bus.events} == {"request", "answer", "reconciliation"}


class TestOrphans:
    def orphaned(self, said: str = "SUCCESS", **changes: Any) -> tuple[Reconciler, Payment]:
        reconciler = Reconciler(row(said, **{"transaction_id": "PA7", "order_id": "theirs-1", **changes}))
        reconciler.run()
        (payment,) = reconciler.ledger.payments()
        return reconciler, payment

    def test_one_becomes_a_payment_that_a_human_looks_at(self) -> None:
        reconciler, payment = self.orphaned()
        assert payment.id == orphan_id_of("PA7")
        assert (payment.status, payment.money, payment.transaction_id) == (
            Status.NEEDS_REVIEW,
            Money(100, "GBP"),
            "PA7",
        )
        assert (payment.card, payment.answered, payment.created_at) == (None, None, START)
        assert payment.failure is not None
        assert payment.failure.code == "orphan"
        assert [(entry.name, entry.source) for entry in payment.history] == [
            ("processing", "reconciliation"),
            ("needs_review", "reconciliation"),
        ]
        assert payment.history[-1].evidence == {
            "discrepancy": "orphan",
            "gateway_status": "SUCCESS",
            "transaction_id": "PA7",
            "order_id": "theirs-1",
        }
        assert payment.follow_up.due_at is not None, "the follow-up tells the bus"
        assert reconciler.discrepancies() == [("orphan", "needs_review")]
        assert '"payment_needs_review"' in reconciler.console.read()

    @pytest.mark.parametrize("said", ["FAILED", "BLOCKED", "ABANDONED"])
    def test_one_that_moved_no_money_is_settled(self, said: str) -> None:
        reconciler, payment = self.orphaned(said)
        assert payment.status == WORDS[said]
        assert reconciler.discrepancies() == [("orphan", "recorded")]

    @pytest.mark.parametrize("said", ["PENDING", "INIT", "REDIRECT", "ON_HOLD"])
    def test_one_that_is_not_over_is_a_line_and_looked_at_again(self, said: str) -> None:
        reconciler = Reconciler(row(said, transaction_id="PA7", order_id="theirs-1"))
        reconciler.run()
        assert reconciler.ledger.payments() == []
        assert reconciler.discrepancies() == [("orphan", "none")]
        reconciler.listing.rows = [row("ABANDONED", transaction_id="PA7", order_id="theirs-1")]
        reconciler.run(anew=True)
        assert reconciler.discrepancies() == [("orphan", "recorded")]

    @pytest.mark.parametrize("order_id", ["theirs-1", None, "", "pay_me", "a b c", "theirs~2", 17, {"a": 1}])
    def test_it_holds_no_order_for_its_shop_may_only_count_as_ours_does(self, order_id: object) -> None:
        reconciler, payment = self.orphaned(order_id=order_id)
        assert payment.order_id is None
        assert reconciler.ledger.order("theirs-1") is None
        assert reconciler.report()["discrepancies"][0]["order_id"] == (order_id if order_id == "theirs-1" else ANY)

    @pytest.mark.parametrize("day", ["2027-01-30", "2027-02-01"])
    def test_one_of_another_day_is_another_reconciliations(self, day: str) -> None:
        reconciler = Reconciler(row(transaction_id="PA7", created_at=f"{day}T12:00:00Z"))
        assert reconciler.run()["rows"] == 1
        assert reconciler.ledger.payments() == []
        assert reconciler.discrepancies() == []

    def test_a_second_charge_for_an_order_stands_beside_the_first(self) -> None:
        reconciler = Reconciler(row(), row(transaction_id="PA7"))
        payment = reconciler.paid()
        reconciler.run()
        (other,) = [each for each in reconciler.ledger.payments() if each.id != payment.id]
        assert reconciler.standing(payment) == payment
        assert (other.order_id, other.transaction_id, other.status) == (None, "PA7", Status.NEEDS_REVIEW)
        assert reconciler.discrepancies() == [("orphan", "needs_review")]

    def test_it_hears_of_its_refund_at_once_and_later(self) -> None:
        reconciler, payment = self.orphaned(**REFUNDED)
        assert payment.refund.status == "refunded"
        assert reconciler.discrepancies() == [("orphan", "needs_review"), ("refunded_elsewhere", "recorded")]
        reconciler.listing.rows = [row(transaction_id="PA7", order_id="theirs-1", **REFUNDED, **CHARGED_BACK)]
        reconciler.run(anew=True)
        assert reconciler.standing(payment).chargeback.status == "charged_back"
        assert reconciler.discrepancies() == [("charged_back", "recorded")]

    def test_the_next_day_it_is_one_of_ours(self) -> None:
        for order_id in ("theirs-1", None, "not ours"):
            reconciler, payment = self.orphaned(order_id=order_id)
            reconciler.run(anew=True)
            assert reconciler.ledger.payments() == [payment]
            assert reconciler.discrepancies() == [("undecided", "none")]

    def test_a_failed_one_that_turns_out_paid_is_a_late_success(self) -> None:
        reconciler, payment = self.orphaned("FAILED")
        reconciler.listing.rows = [row(transaction_id="PA7", order_id="theirs-1")]
        reconciler.run(anew=True)
        assert reconciler.standing(payment).status is Status.SUCCEEDED
        assert reconciler.discrepancies() == [("late_success", "recorded")]

    @pytest.mark.parametrize("wrong", [{"amount": "0"}, {"amount": "-5"}, {"amount": "1.5"}])
    def test_a_sum_that_nobody_can_have_charged_is_not_adopted(self, wrong: dict[str, Any]) -> None:
        reconciler = Reconciler(row(transaction_id="PA7", **wrong))
        reconciler.run()
        assert reconciler.ledger.payments() == []
        assert reconciler.discrepancies() == [("unreadable_row", "none")]

    def test_a_payment_of_the_other_mode_is_another(self) -> None:
        reconciler = Reconciler(row())
        payment = reconciler.paid(live=True)
        reconciler.run()
        assert reconciler.standing(payment) == payment
        (adopted,) = [each for each in reconciler.ledger.payments() if each.id != payment.id]
        assert (adopted.live, adopted.order_id) == (False, None)

    def test_it_is_asked_about_under_the_only_name_that_the_gateway_knows(self) -> None:
        reconciler, payment = self.orphaned(order_id=None)
        decided(reconciler, payment, Status.SUCCEEDED)
        reconciler.listing.rows = [row("FAILED", transaction_id="PA7", order_id=None)]
        reconciler.gateway.script_statuses(samples.transaction("FAILED", transaction_id="PA7", order_id="whatever"))
        reconciler.run(anew=True)
        assert reconciler.gateway.asked == ["PA7"]
        assert reconciler.discrepancies() == [("status_drift", "needs_review")]


class TestUnlisted:
    """Ours, and not on the gateway's list."""

    def test_one_that_the_status_api_knows_is_told_and_crossed_off(self) -> None:
        reconciler = Reconciler()
        payment = reconciler.paid()
        reconciler.gateway.script_statuses(samples.transaction())
        reconciler.run()
        assert reconciler.discrepancies() == [("not_listed", "none")]
        assert reconciler.standing(payment) == payment
        assert reconciler.on_unlisted() == set()
        reconciler.run(anew=True)
        assert reconciler.discrepancies() == []
        assert len(reconciler.gateway.asked) == 1

    def test_one_that_nobody_there_knows_on_two_days_goes_to_a_human(self) -> None:
        reconciler = Reconciler()
        payment = reconciler.paid()
        for _ in range(2):  # on one day once is enough to be wrong: other keys, a gateway that moves house
            reconciler.run(anew=True)
            assert reconciler.standing(payment).history == payment.history
            assert reconciler.discrepancies() == [("unknown_to_gateway", "none")]
            assert reconciler.on_unlisted() == {payment.id}
        reconciler.clock.forward(hours=24)
        reconciler.run(anew=True)
        after = reconciler.standing(payment)
        assert after.failure is not None
        assert (after.status, after.failure.code) == (Status.NEEDS_REVIEW, "unknown_to_gateway")
        assert reconciler.discrepancies() == [("unknown_to_gateway", "needs_review")]
        assert reconciler.on_unlisted() == set()

    def test_one_that_was_unknown_once_and_is_listed_is_forgotten(self) -> None:
        reconciler = Reconciler()
        payment = reconciler.paid()
        reconciler.run()
        reconciler.clock.forward(hours=24)
        reconciler.listing.rows.append(row())
        reconciler.run(anew=True)
        assert reconciler.discrepancies() == []
        assert reconciler.on_unlisted() == set()
        assert reconciler.standing(payment).status is Status.SUCCEEDED

    def test_an_open_one_is_left_to_the_follow_up(self) -> None:
        reconciler = Reconciler()
        payment = reconciler.claimed()
        reconciler.run()
        assert reconciler.standing(payment) == payment
        assert reconciler.discrepancies() == [("unknown_to_gateway", "none")]
        assert reconciler.on_unlisted() == {payment.id}

    def test_an_open_one_of_this_hour_is_on_its_way(self) -> None:
        reconciler = Reconciler()
        reconciler.clock.now = START
        payment = reconciler.claimed()
        reconciler.clock.forward(minutes=-30)
        reconciler.run()
        assert reconciler.discrepancies() == []
        assert reconciler.gateway.asked == []
        assert reconciler.on_unlisted() == {payment.id}

    def test_one_that_learns_its_verdict_is_settled(self) -> None:
        reconciler = Reconciler()
        payment = reconciler.claimed()
        reconciler.gateway.script_statuses(samples.transaction("FAILED"))
        reconciler.run()
        assert reconciler.standing(payment).status is Status.FAILED
        assert reconciler.discrepancies() == [("not_listed", "none"), ("recorded", "recorded")]

    def test_one_of_which_nothing_was_taken_is_none_to_look_for(self) -> None:
        reconciler = Reconciler()
        payment = reconciler.settled(Status.FAILED, transaction_id=None)
        reconciler.run()
        assert reconciler.discrepancies() == []
        assert reconciler.gateway.asked == []
        assert payment.id not in reconciler.on_unlisted()

    @pytest.mark.parametrize("status", [*sorted(FREES_THE_ORDER), Status.NEEDS_REVIEW])
    def test_one_that_was_not_paid_is_told_once(self, status: Status) -> None:
        reconciler = Reconciler()
        payment = reconciler.settled(status)
        reconciler.run()
        assert reconciler.standing(payment) == payment
        assert reconciler.discrepancies() == [("unknown_to_gateway", "none")]
        reconciler.run(anew=True)
        assert reconciler.discrepancies() == []

    def test_no_answer_is_no_evidence(self) -> None:
        reconciler = Reconciler()
        payment = reconciler.paid()
        reconciler.gateway.script_statuses(NoAnswer("no answer"))
        reconciler.run()
        assert reconciler.standing(payment) == payment
        assert reconciler.discrepancies() == [("unconfirmed", "none")]
        assert reconciler.on_unlisted() == {payment.id}

    def test_one_that_the_status_api_contradicts_goes_to_a_human(self) -> None:
        reconciler = Reconciler()
        payment = reconciler.paid()
        reconciler.gateway.script_statuses(samples.transaction("FAILED"))
        reconciler.run()
        assert reconciler.standing(payment).status is Status.NEEDS_REVIEW
        assert reconciler.discrepancies() == [("not_listed", "none"), ("status_drift", "needs_review")]

    def test_one_of_the_other_mode_is_in_other_books(self) -> None:
        reconciler = Reconciler()
        reconciler.paid(live=True)
        reconciler.run()
        assert reconciler.discrepancies() == []
        assert reconciler.gateway.asked == []

    def test_those_of_other_days_are_not_looked_for(self) -> None:
        reconciler = Reconciler()
        payment = reconciler.paid(at=moment("2027-01-30T23:59"))
        reconciler.run()
        assert reconciler.on_unlisted() == {payment.id}
        assert reconciler.gateway.asked == []

    def test_many_are_gone_through_page_by_page(self) -> None:
        reconciler = Reconciler()
        for nth in range(20):
            reconciler.paid(f"key-{nth}", f"PA{nth}", order_id=None)
            reconciler.gateway.script_statuses(samples.transaction(transaction_id=f"PA{nth}", order_id=None))
        assert reconciler.run()["discrepancies"] == {"not_listed": 20}
        assert len(reconciler.gateway.asked) == 20
        assert reconciler.on_unlisted() == set()


class TestBooks:
    def totals(self, reconciler: Reconciler) -> dict[str, Any]:
        reconciler.run()
        told: list[dict[str, Any]] = reconciler.report()["totals"]
        assert len(told) == 1
        return told[0]

    def test_both_sides_and_what_is_between_them(self) -> None:
        reconciler = Reconciler(row(**REFUNDED), row(transaction_id="PA7", order_id="theirs", amount="30"))
        reconciler.paid()
        assert self.totals(reconciler) == {
            "currency": "GBP",
            "gateway": {"payments": 2, "amount": 130, "refunded": 100, "charged_back": 0},
            "here": {"payments": 1, "amount": 100, "refunded": 100, "charged_back": 0},
            "difference": {"payments": 1, "amount": 30, "refunded": 0, "charged_back": 0},
        }

    def test_what_only_we_have_is_on_our_side(self) -> None:
        reconciler = Reconciler()
        reconciler.paid()
        reconciler.gateway.script_statuses(samples.transaction())
        assert self.totals(reconciler)["difference"] == {
            "payments": -1,
            "amount": -100,
            "refunded": 0,
            "charged_back": 0,
        }

    def test_each_currency_is_its_own(self) -> None:
        reconciler = Reconciler(row(), row(transaction_id="PA7", order_id="b", currency="JPY", amount="500"))
        reconciler.paid()
        reconciler.run()
        assert [book["currency"] for book in reconciler.report()["totals"]] == ["GBP", "JPY"]

    def test_the_day_at_each_end_that_is_walked_for_safety_is_not_counted(self) -> None:
        reconciler = Reconciler(
            row(created_at="2027-01-30T23:59:59.999Z"), row(transaction_id="PA7", created_at="2027-02-01T00:00:00.000Z")
        )
        reconciler.run()
        assert reconciler.report()["totals"] == []
        assert reconciler.report()["reconciliation"]["rows"] == 2

    def test_what_has_no_date_is_counted(self) -> None:
        reconciler = Reconciler(row(created_at=None))
        reconciler.paid()
        assert self.totals(reconciler)["gateway"]["amount"] == 100

    def test_what_did_not_succeed_is_not(self) -> None:
        reconciler = Reconciler(row("FAILED"))
        reconciler.settled(Status.FAILED)
        reconciler.run()
        assert reconciler.report()["totals"] == []


def test_the_days_asked_for_have_a_day_more_at_each_end() -> None:
    reconciler = Reconciler()
    reconciler.run()
    ((span, cursor),) = reconciler.listing.asked
    assert (span.first, span.last, cursor) == (DAY, DAY, None), "the list's own room adds them"
