"""Each thing that the two books can disagree about: what becomes of the payment, and the line that a person reads."""

from decimal import Decimal
from typing import Any
from unittest.mock import ANY

import pytest

from payments.follow_up.finish import FollowUps
from payments.model import refund as refunds
from payments.model.follow_up import RefundRequest
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
from tests.payments.reconciliation.reconciler import DAY, Sweeper, moment

WORDS = {"SUCCESS": "succeeded", "FAILED": "failed", "BLOCKED": "blocked", "ABANDONED": "abandoned"}
REFUNDED: dict[str, Any] = {"refund_date": "2027-02-01T08:00:00.000Z"}
CHARGED_BACK: dict[str, Any] = {"chargeback_date": "2027-03-01T08:00:00.000Z"}
SUSPICIOUS: dict[str, Any] = {"suspicious_date": "2027-02-02T08:00:00.000Z"}


def last(payment: Payment) -> tuple[str, str]:
    """The last thing that happened to a payment, and on whose word."""
    entry = payment.history[-1]
    return entry.name, entry.source


def decided(sweeper: Sweeper, payment: Payment, to: Status) -> Payment:
    """The payment after a human has looked."""
    now = sweeper.standing(payment)
    evidence = {"who": "jane", "why": "asked the bank"}
    return sweeper.ledger.save(now, now.moved(to, at=sweeper.clock(), source="operator", evidence=evidence))


def test_books_that_agree_have_nothing_to_tell() -> None:
    sweeper = Sweeper(row())
    payment = sweeper.paid()
    result = sweeper.sweep()
    assert result["state"] == "finished"
    assert (result["rows"], result["listed_total"], result["findings"]) == (1, 1, {})
    assert sweeper.findings() == []
    assert sweeper.standing(payment) == payment
    assert sweeper.on_unlisted() == set()
    assert sweeper.gateway.asked == []


class TestMoneyOnItsWayBack:
    def test_a_refund_made_in_the_gateways_dashboard_is_recorded(self) -> None:
        sweeper = Sweeper(row(**REFUNDED))
        payment = sweeper.paid()
        sweeper.sweep()
        after = sweeper.standing(payment)
        assert (after.status, after.refund.status) == (Status.SUCCEEDED, "refunded")
        assert after.refund.refunded_at == moment("2027-02-01T08:00")
        assert last(after) == ("refunded", "sweep")
        assert sweeper.findings() == [("refunded_elsewhere", "settled")]

    def test_so_is_a_chargeback(self) -> None:
        sweeper = Sweeper(row(**CHARGED_BACK))
        payment = sweeper.paid()
        sweeper.sweep()
        after = sweeper.standing(payment)
        assert (after.status, after.chargeback.status) == (Status.SUCCEEDED, "charged_back")
        assert after.chargeback.charged_back_at == moment("2027-03-01T08:00")
        assert sweeper.findings() == [("charged_back", "settled")]

    def test_and_both_at_once(self) -> None:
        sweeper = Sweeper(row(**REFUNDED, **CHARGED_BACK))
        sweeper.paid()
        sweeper.sweep()
        assert sweeper.findings() == [("refunded_elsewhere", "settled"), ("charged_back", "settled")]

    def test_what_was_recorded_yesterday_is_no_finding_today(self) -> None:
        sweeper = Sweeper(row(**REFUNDED, **CHARGED_BACK))
        payment = sweeper.paid()
        sweeper.sweep()
        before = sweeper.standing(payment)
        sweeper.sweep(anew=True)
        assert sweeper.findings() == []
        assert sweeper.standing(payment) == before

    def test_a_payment_in_review_hears_of_it_too(self) -> None:
        sweeper = Sweeper(row(**REFUNDED))
        payment = sweeper.settled(Status.NEEDS_REVIEW)
        sweeper.sweep()
        assert sweeper.standing(payment).refund.status == "refunded"
        assert ("refunded_elsewhere", "settled") in sweeper.findings()

    def test_a_refund_of_ours_that_was_in_doubt_is_confirmed(self) -> None:
        sweeper = Sweeper(row(**REFUNDED))
        payment = sweeper.paid()
        request = RefundRequest("key", "nonce", START)
        sweeper.ledger.save(payment, refunds.requested(payment, request, "f" * 64))
        sweeper.sweep()
        assert sweeper.standing(payment).refund.status == "refunded"
        assert sweeper.findings() == [("refund_confirmed", "settled")]

    def test_a_refund_of_ours_that_is_on_its_way_is_no_difference(self) -> None:
        sweeper = Sweeper(row())
        payment = sweeper.paid()
        request = RefundRequest("key", "nonce", START)
        asked = sweeper.ledger.save(payment, refunds.requested(payment, request, "f" * 64))
        sweeper.sweep()
        assert sweeper.standing(payment) == asked
        assert sweeper.findings() == []

    @pytest.mark.parametrize("back", [REFUNDED, CHARGED_BACK])
    def test_a_word_of_its_own_for_money_sent_back_is_no_other_status(self, back: dict[str, Any]) -> None:
        sweeper = Sweeper(row("REVERSED", **back))
        payment = sweeper.paid()
        sweeper.sweep()
        after = sweeper.standing(payment)
        assert (after.status, after.version) == (Status.SUCCEEDED, 3)
        sweeper.gateway.asked.clear()
        sweeper.sweep(anew=True)
        assert sweeper.standing(payment) == after
        assert sweeper.findings() == [("unknown_status", "none")], "it counts on our side alone"
        assert sweeper.gateway.asked == []

    def test_the_line_has_what_a_finance_person_needs(self) -> None:
        sweeper = Sweeper(row(**REFUNDED))
        payment = sweeper.paid()
        sweeper.sweep()
        assert sweeper.report()["findings"] == [
            {
                "finding": "refunded_elsewhere",
                "action": "settled",
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
        sweeper = Sweeper(row(said))
        payment = sweeper.claimed() if status is Status.PROCESSING else sweeper.settled(status)
        sweeper.sweep()
        after = sweeper.standing(payment)
        assert (after.status, after.transaction_id) == (WORDS[said], samples.TRANSACTION_ID)
        assert last(after) == (WORDS[said], "sweep")
        assert sweeper.findings() == [("settled", "settled")]
        assert sweeper.on_unlisted() == set()

    @pytest.mark.parametrize("said", ["INIT", "PENDING", "REDIRECT"])
    def test_one_that_both_call_open_is_no_finding(self, said: str) -> None:
        sweeper = Sweeper(row(said))
        sweeper.settled(Status.PENDING)
        sweeper.sweep()
        assert sweeper.findings() == []

    @pytest.mark.parametrize("status", sorted(FREES_THE_ORDER))
    def test_one_that_counted_as_unpaid_turns_out_paid(self, status: Status) -> None:
        sweeper = Sweeper(row())
        payment = sweeper.settled(status)
        sweeper.sweep()
        assert sweeper.standing(payment).status is Status.SUCCEEDED
        assert sweeper.findings() == [("late_success", "settled")]
        assert "late_success" in sweeper.console.read()

    @pytest.mark.parametrize("wrong", [{"amount": "10000"}, {"currency": "EUR"}])
    def test_one_that_is_not_as_it_was_sent_needs_a_human(self, wrong: dict[str, Any]) -> None:
        sweeper = Sweeper(row(**wrong))
        payment = sweeper.claimed()
        sweeper.sweep()
        assert sweeper.standing(payment).status is Status.NEEDS_REVIEW
        assert sweeper.findings() == [("mismatch", "needs_review")]
        assert len(sweeper.gateway.asked) == 1

    @pytest.mark.parametrize(("here", "said"), [(Status.FAILED, "BLOCKED"), (Status.ABANDONED, "FAILED")])
    def test_two_words_for_no_money_are_told_and_left(self, here: Status, said: str) -> None:
        sweeper = Sweeper(row(said))
        payment = sweeper.settled(here)
        sweeper.sweep()
        assert sweeper.standing(payment) == payment
        assert sweeper.findings() == [("status_differs", "none")]
        assert sweeper.gateway.asked == []


def refunded_here(payment: Payment) -> Payment:
    return refunds.refunded(payment, START, at=START, source="status", evidence={})


def charged_back_here(payment: Payment) -> Payment:
    return payment.charged_back(START, at=START, source="status", evidence={})


DRIFTS: dict[str, tuple[dict[str, Any], dict[str, Any], Any]] = {
    "amount_drift": ({"amount": "250"}, {"amount": Decimal(250)}, None),
    "currency_drift": ({"currency": "EUR"}, {"currency": "EUR"}, None),
    "status_drift": ({"status": "FAILED"}, {"said": "FAILED", "verdict": Status.FAILED}, None),
    "refund_drift": ({}, {}, refunded_here),
    "chargeback_drift": ({}, {"charged_back": False}, charged_back_here),
}
"""Finding → what the list says differently, what the status API says when it confirms it, and what differs here."""


@pytest.mark.parametrize("kind", DRIFTS)
class TestDrift:
    def drifting(self, kind: str) -> tuple[Sweeper, Payment]:
        """A payment that succeeded, and the list says otherwise."""
        listed, _, here = DRIFTS[kind]
        sweeper = Sweeper(row(**listed))
        payment = sweeper.paid()
        return sweeper, sweeper.ledger.save(payment, here(payment)) if here else payment

    def confirms(self, sweeper: Sweeper, kind: str) -> None:
        sweeper.gateway.will_say(samples.report(**DRIFTS[kind][1]))

    def test_that_the_status_api_confirms_goes_to_a_human(self, kind: str) -> None:
        sweeper, payment = self.drifting(kind)
        self.confirms(sweeper, kind)
        sweeper.sweep()
        after = sweeper.standing(payment)
        assert (after.status, last(after)) == (Status.NEEDS_REVIEW, ("needs_review", "sweep"))
        assert after.failure is not None
        assert (after.failure.code, after.history[-1].evidence["finding"]) == (kind, kind)
        assert sweeper.findings() == [(kind, "needs_review")]
        assert sweeper.gateway.asked == [samples.ORDER_ID]
        assert '"payment_needs_review"' in sweeper.console.read()

    def test_that_it_denies_is_the_lists_own(self, kind: str) -> None:
        sweeper, payment = self.drifting(kind)
        refunded, back = kind == "refund_drift", kind == "chargeback_drift"
        sweeper.gateway.will_say(samples.report(refunded=refunded, charged_back=back))
        sweeper.sweep()
        assert sweeper.standing(payment) == payment
        assert sweeper.findings() == [("list_disagrees", "none")]

    @pytest.mark.parametrize("silence", [NoAnswer("no answer"), UnknownToGateway("unknown")])
    def test_that_nobody_confirms_changes_nothing(self, kind: str, silence: Exception) -> None:
        sweeper, payment = self.drifting(kind)
        sweeper.gateway.will_say(silence)  # type: ignore[arg-type]
        sweeper.sweep()
        assert sweeper.standing(payment) == payment
        assert sweeper.findings() == [("unconfirmed", "none")]

    def test_of_another_transaction_confirms_nothing(self, kind: str) -> None:
        sweeper, payment = self.drifting(kind)
        sweeper.gateway.will_say(samples.report(**{**DRIFTS[kind][1], "transaction_id": "PA9"}))
        sweeper.sweep()
        assert sweeper.standing(payment) == payment
        assert sweeper.findings() == [("unconfirmed", "none")]

    def test_in_review_is_told_as_undecided_and_not_doubted_again(self, kind: str) -> None:
        sweeper, payment = self.drifting(kind)
        self.confirms(sweeper, kind)
        sweeper.sweep()
        before = sweeper.standing(payment)
        sweeper.sweep(anew=True)
        assert sweeper.findings() == [("undecided", "none")]
        assert sweeper.standing(payment) == before

    def test_that_a_human_has_decided_on_is_a_line_and_nothing_more(self, kind: str) -> None:
        sweeper, payment = self.drifting(kind)
        self.confirms(sweeper, kind)
        sweeper.sweep()
        mine = decided(sweeper, payment, Status.SUCCEEDED)
        sweeper.sweep(anew=True)
        assert sweeper.standing(payment) == mine
        assert sweeper.findings() == [(kind, "none")]
        assert len(sweeper.gateway.asked) == 1


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
        sweeper, payment = TestDrift().drifting(kind)
        silent: dict[str, Any] = {unsaid: None}
        sweeper.gateway.will_say(samples.report(**silent))
        sweeper.sweep()
        assert sweeper.standing(payment) == payment
        assert sweeper.findings() == [("unconfirmed", "none")]

    def test_two_differences_call_for_one_human(self) -> None:
        sweeper = Sweeper(row("FAILED", amount="250"))
        payment = sweeper.paid()
        sweeper.gateway.will_say(samples.report("FAILED", amount=Decimal(250)))
        sweeper.sweep()
        assert sweeper.standing(payment).version == 3
        assert sweeper.findings() == [("amount_drift", "needs_review"), ("status_drift", "needs_review")]
        mine = decided(sweeper, payment, Status.FAILED)
        sweeper.sweep(anew=True)
        assert sweeper.standing(payment) == mine
        assert sweeper.findings() == [("amount_drift", "none")]

    @pytest.mark.parametrize("said", ["PENDING", "INIT", "REDIRECT", "ON_HOLD"])
    def test_an_unpaid_one_that_is_still_open_there_goes_to_a_human(self, said: str) -> None:
        sweeper = Sweeper(row(said))
        payment = sweeper.settled(Status.FAILED)
        sweeper.gateway.will_say(samples.report(said))
        sweeper.sweep()
        assert sweeper.standing(payment).status is Status.NEEDS_REVIEW
        assert sweeper.findings() == [("status_drift", "needs_review")]

    def test_what_the_status_api_knows_meanwhile_is_settled(self) -> None:
        """The list still says pending; asked again, the gateway says that it was paid after all."""
        sweeper = Sweeper(row("PENDING"))
        payment = sweeper.settled(Status.FAILED)
        sweeper.gateway.will_say(samples.report("SUCCESS"))
        sweeper.sweep()
        assert sweeper.standing(payment).status is Status.SUCCEEDED
        assert sweeper.findings() == [("list_disagrees", "none"), ("late_success", "settled")]

    def test_the_alarms_for_messages_that_contradict_do_not_ring_every_day(self) -> None:
        sweeper = Sweeper(row("FAILED", amount="250"))
        sweeper.paid()
        sweeper.gateway.will_say(samples.report())
        sweeper.sweep()
        said = sweeper.console.read()
        assert [name for name in ("integrity_mismatch", "verdict_contradicted") if name in said] == []

    def test_a_status_api_that_is_down_is_soon_left_alone(self) -> None:
        sweeper = Sweeper(page_size=10)
        for nth in range(10):
            payment = sweeper.paid(f"key-{nth}", f"PA{nth}", order_id=None)
            sweeper.listing.told.append(row(of=payment, amount="1"))
            sweeper.gateway.will_say(NoAnswer("no answer"))
        assert sweeper.sweep()["findings"] == {"unconfirmed": 10}
        assert len(sweeper.gateway.asked) == 3


class TestSuspicious:
    def test_what_moved_money_goes_to_a_human(self) -> None:
        sweeper = Sweeper(row(**SUSPICIOUS))
        payment = sweeper.paid()
        sweeper.sweep()
        after = sweeper.standing(payment)
        assert (after.status, after.failure and after.failure.code) == (Status.NEEDS_REVIEW, "suspicious")
        assert sweeper.findings() == [("suspicious", "needs_review")]
        assert sweeper.report()["findings"][0]["suspicious_at"] == "2027-02-02T08:00:00.000Z"

    def test_of_what_is_open_the_verdict_is_still_heard(self) -> None:
        sweeper = Sweeper(row("PENDING", **SUSPICIOUS))
        payment = sweeper.settled(Status.PENDING)
        sweeper.sweep()
        assert sweeper.standing(payment) == payment
        assert sweeper.findings() == [("suspicious", "none")]
        sweeper.listing.told = [row("SUCCESS", **SUSPICIOUS)]
        sweeper.sweep(anew=True)
        assert sweeper.standing(payment).status is Status.NEEDS_REVIEW
        assert sweeper.findings() == [("settled", "settled"), ("suspicious", "needs_review")]

    @pytest.mark.parametrize("status", sorted(FREES_THE_ORDER))
    def test_what_moved_none_is_told(self, status: Status) -> None:
        words = {here: said for said, here in WORDS.items()}
        sweeper = Sweeper(row(words[status], **SUSPICIOUS))
        payment = sweeper.settled(status)
        sweeper.sweep()
        assert sweeper.standing(payment) == payment
        assert sweeper.findings() == [("suspicious", "none")]

    def test_once_a_human_has_decided_it_is_a_line(self) -> None:
        sweeper = Sweeper(row(**SUSPICIOUS))
        payment = sweeper.paid()
        sweeper.sweep()
        mine = decided(sweeper, payment, Status.SUCCEEDED)
        sweeper.sweep(anew=True)
        assert sweeper.standing(payment) == mine
        assert sweeper.findings() == [("suspicious", "none")]

    def test_the_next_message_does_not_talk_it_away(self) -> None:
        sweeper = Sweeper(row(**SUSPICIOUS))
        payment = sweeper.paid()
        sweeper.sweep()
        sweeper.listing.told = [row("FAILED", **SUSPICIOUS)]
        sweeper.sweep(anew=True)
        assert sweeper.standing(payment).status is Status.NEEDS_REVIEW


class TestAHumansWord:
    """The gateway still says what it said when the human decided: that is no news."""

    @pytest.mark.parametrize("orphaned", [True, False])
    def test_is_not_reopened_by_the_word_that_he_knew(self, *, orphaned: bool) -> None:
        told = {"transaction_id": "PA7", "order_id": "somebody-elses"} if orphaned else SUSPICIOUS
        sweeper = Sweeper(row(**told))
        if not orphaned:
            sweeper.paid()
        sweeper.sweep()
        (payment,) = sweeper.ledger.payments()
        mine = decided(sweeper, payment, Status.FAILED)
        sweeper.gateway.asked.clear()
        for _ in range(3):
            sweeper.sweep(anew=True)
            assert sweeper.standing(mine) == mine
            assert ("status_drift", "none") in sweeper.findings()
            assert {action for _, action in sweeper.findings()} == {"none"}
        assert sweeper.gateway.asked == []

    def test_is_reopened_by_another_word(self) -> None:
        sweeper = Sweeper(row(**SUSPICIOUS))
        payment = sweeper.paid()
        sweeper.sweep()
        decided(sweeper, payment, Status.SUCCEEDED)
        sweeper.listing.told = [row("FAILED", **SUSPICIOUS)]
        sweeper.sweep(anew=True)
        assert sweeper.standing(payment).status is Status.NEEDS_REVIEW
        assert sweeper.findings() == [("status_drift", "needs_review")]

    def test_on_a_mismatch_is_not_doubted_for_the_same_amount(self) -> None:
        sweeper = Sweeper(row(amount="10000"))
        payment = sweeper.claimed()
        sweeper.sweep()
        mine = decided(sweeper, payment, Status.SUCCEEDED)
        sweeper.sweep(anew=True)
        assert sweeper.standing(payment) == mine
        assert sweeper.findings() == [("amount_drift", "none")]

    def test_does_not_keep_a_refund_from_being_heard(self) -> None:
        sweeper = Sweeper(row(**SUSPICIOUS))
        payment = sweeper.paid()
        sweeper.sweep()
        decided(sweeper, payment, Status.SUCCEEDED)
        sweeper.listing.told = [row(**SUSPICIOUS, **REFUNDED)]
        sweeper.sweep(anew=True)
        assert sweeper.standing(payment).refund.status == "refunded"


def test_reconcile_tells_the_bus_what_the_sweep_has_found() -> None:
    sweeper = Sweeper(row(**REFUNDED), row(transaction_id="PA7", order_id="theirs"))
    sweeper.paid()
    sweeper.sweep()
    bus = RecordingBus()
    follow_ups = FollowUps(sweeper.ledger, sweeper.gateway, bus, sweeper.clock, sweeper.console.telemetry)
    for due in list(sweeper.ledger.due(sweeper.clock.forward(minutes=1), 100)):
        follow_ups.take(due)
    assert sorted(bus.types()) == [
        "payment.needs_review",
        "payment.processing",
        "payment.processing",
        "payment.refunded",
        "payment.succeeded",
    ]
    assert {event.detail["metadata"]["source"] for event in bus.events} == {"request", "answer", "sweep"}


class TestOrphans:
    def orphaned(self, said: str = "SUCCESS", **changes: Any) -> tuple[Sweeper, Payment]:
        sweeper = Sweeper(row(said, **{"transaction_id": "PA7", "order_id": "theirs-1", **changes}))
        sweeper.sweep()
        (payment,) = sweeper.ledger.payments()
        return sweeper, payment

    def test_one_becomes_a_payment_that_a_human_looks_at(self) -> None:
        sweeper, payment = self.orphaned()
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
            ("processing", "sweep"),
            ("needs_review", "sweep"),
        ]
        assert payment.history[-1].evidence == {
            "finding": "orphan",
            "gateway_status": "SUCCESS",
            "transaction_id": "PA7",
            "order_id": "theirs-1",
        }
        assert payment.follow_up.due_at is not None, "reconcile tells the bus"
        assert sweeper.findings() == [("orphan", "needs_review")]
        assert '"payment_needs_review"' in sweeper.console.read()

    @pytest.mark.parametrize("said", ["FAILED", "BLOCKED", "ABANDONED"])
    def test_one_that_moved_no_money_is_settled(self, said: str) -> None:
        sweeper, payment = self.orphaned(said)
        assert payment.status == WORDS[said]
        assert sweeper.findings() == [("orphan", "settled")]

    @pytest.mark.parametrize("said", ["PENDING", "INIT", "REDIRECT", "ON_HOLD"])
    def test_one_that_is_not_over_is_a_line_and_looked_at_again(self, said: str) -> None:
        sweeper = Sweeper(row(said, transaction_id="PA7", order_id="theirs-1"))
        sweeper.sweep()
        assert sweeper.ledger.payments() == []
        assert sweeper.findings() == [("orphan", "none")]
        sweeper.listing.told = [row("ABANDONED", transaction_id="PA7", order_id="theirs-1")]
        sweeper.sweep(anew=True)
        assert sweeper.findings() == [("orphan", "settled")]

    @pytest.mark.parametrize("order_id", ["theirs-1", None, "", "pay_me", "a b c", "theirs~2", 17, {"a": 1}])
    def test_it_holds_no_order_for_its_shop_may_only_count_as_ours_does(self, order_id: object) -> None:
        sweeper, payment = self.orphaned(order_id=order_id)
        assert payment.order_id is None
        assert sweeper.ledger.order("theirs-1") is None
        assert sweeper.report()["findings"][0]["order_id"] == (order_id if order_id == "theirs-1" else ANY)

    @pytest.mark.parametrize("day", ["2027-01-30", "2027-02-01"])
    def test_one_of_another_day_is_another_sweeps(self, day: str) -> None:
        sweeper = Sweeper(row(transaction_id="PA7", created_at=f"{day}T12:00:00Z"))
        assert sweeper.sweep()["rows"] == 1
        assert sweeper.ledger.payments() == []
        assert sweeper.findings() == []

    def test_a_second_charge_for_an_order_stands_beside_the_first(self) -> None:
        sweeper = Sweeper(row(), row(transaction_id="PA7"))
        payment = sweeper.paid()
        sweeper.sweep()
        (other,) = [each for each in sweeper.ledger.payments() if each.id != payment.id]
        assert sweeper.standing(payment) == payment
        assert (other.order_id, other.transaction_id, other.status) == (None, "PA7", Status.NEEDS_REVIEW)
        assert sweeper.findings() == [("orphan", "needs_review")]

    def test_it_hears_of_its_refund_at_once_and_later(self) -> None:
        sweeper, payment = self.orphaned(**REFUNDED)
        assert payment.refund.status == "refunded"
        assert sweeper.findings() == [("orphan", "needs_review"), ("refunded_elsewhere", "settled")]
        sweeper.listing.told = [row(transaction_id="PA7", order_id="theirs-1", **REFUNDED, **CHARGED_BACK)]
        sweeper.sweep(anew=True)
        assert sweeper.standing(payment).chargeback.status == "charged_back"
        assert sweeper.findings() == [("charged_back", "settled")]

    def test_the_next_day_it_is_one_of_ours(self) -> None:
        for order_id in ("theirs-1", None, "not ours"):
            sweeper, payment = self.orphaned(order_id=order_id)
            sweeper.sweep(anew=True)
            assert sweeper.ledger.payments() == [payment]
            assert sweeper.findings() == [("undecided", "none")]

    def test_a_failed_one_that_turns_out_paid_is_a_late_success(self) -> None:
        sweeper, payment = self.orphaned("FAILED")
        sweeper.listing.told = [row(transaction_id="PA7", order_id="theirs-1")]
        sweeper.sweep(anew=True)
        assert sweeper.standing(payment).status is Status.SUCCEEDED
        assert sweeper.findings() == [("late_success", "settled")]

    @pytest.mark.parametrize("wrong", [{"amount": "0"}, {"amount": "-5"}, {"amount": "1.5"}])
    def test_a_sum_that_nobody_can_have_charged_is_not_adopted(self, wrong: dict[str, Any]) -> None:
        sweeper = Sweeper(row(transaction_id="PA7", **wrong))
        sweeper.sweep()
        assert sweeper.ledger.payments() == []
        assert sweeper.findings() == [("unreadable_row", "none")]

    def test_a_payment_of_the_other_mode_is_another(self) -> None:
        sweeper = Sweeper(row())
        payment = sweeper.paid(live=True)
        sweeper.sweep()
        assert sweeper.standing(payment) == payment
        (adopted,) = [each for each in sweeper.ledger.payments() if each.id != payment.id]
        assert (adopted.live, adopted.order_id) == (False, None)

    def test_it_is_asked_about_under_the_only_name_that_the_gateway_knows(self) -> None:
        sweeper, payment = self.orphaned(order_id=None)
        decided(sweeper, payment, Status.SUCCEEDED)
        sweeper.listing.told = [row("FAILED", transaction_id="PA7", order_id=None)]
        sweeper.gateway.will_say(samples.report("FAILED", transaction_id="PA7", order_id="whatever"))
        sweeper.sweep(anew=True)
        assert sweeper.gateway.asked == ["PA7"]
        assert sweeper.findings() == [("status_drift", "needs_review")]


class TestUnlisted:
    """Ours, and not on the gateway's list."""

    def test_one_that_the_status_api_knows_is_told_and_crossed_off(self) -> None:
        sweeper = Sweeper()
        payment = sweeper.paid()
        sweeper.gateway.will_say(samples.report())
        sweeper.sweep()
        assert sweeper.findings() == [("not_listed", "none")]
        assert sweeper.standing(payment) == payment
        assert sweeper.on_unlisted() == set()
        sweeper.sweep(anew=True)
        assert sweeper.findings() == []
        assert len(sweeper.gateway.asked) == 1

    def test_one_that_nobody_there_knows_on_two_days_goes_to_a_human(self) -> None:
        sweeper = Sweeper()
        payment = sweeper.paid()
        for _ in range(2):  # on one day once is enough to be wrong: other keys, a gateway that moves house
            sweeper.sweep(anew=True)
            assert sweeper.standing(payment).history == payment.history
            assert sweeper.findings() == [("unknown_to_gateway", "none")]
            assert sweeper.on_unlisted() == {payment.id}
        sweeper.clock.forward(hours=24)
        sweeper.sweep(anew=True)
        after = sweeper.standing(payment)
        assert after.failure is not None
        assert (after.status, after.failure.code) == (Status.NEEDS_REVIEW, "unknown_to_gateway")
        assert sweeper.findings() == [("unknown_to_gateway", "needs_review")]
        assert sweeper.on_unlisted() == set()

    def test_one_that_was_unknown_once_and_is_listed_is_forgotten(self) -> None:
        sweeper = Sweeper()
        payment = sweeper.paid()
        sweeper.sweep()
        sweeper.clock.forward(hours=24)
        sweeper.listing.told.append(row())
        sweeper.sweep(anew=True)
        assert sweeper.findings() == []
        assert sweeper.on_unlisted() == set()
        assert sweeper.standing(payment).status is Status.SUCCEEDED

    def test_an_open_one_is_left_to_reconcile(self) -> None:
        sweeper = Sweeper()
        payment = sweeper.claimed()
        sweeper.sweep()
        assert sweeper.standing(payment) == payment
        assert sweeper.findings() == [("unknown_to_gateway", "none")]
        assert sweeper.on_unlisted() == {payment.id}

    def test_an_open_one_of_this_hour_is_on_its_way(self) -> None:
        sweeper = Sweeper()
        sweeper.clock.now = START
        payment = sweeper.claimed()
        sweeper.clock.forward(minutes=-30)
        sweeper.sweep()
        assert sweeper.findings() == []
        assert sweeper.gateway.asked == []
        assert sweeper.on_unlisted() == {payment.id}

    def test_one_that_learns_its_verdict_is_settled(self) -> None:
        sweeper = Sweeper()
        payment = sweeper.claimed()
        sweeper.gateway.will_say(samples.report("FAILED"))
        sweeper.sweep()
        assert sweeper.standing(payment).status is Status.FAILED
        assert sweeper.findings() == [("not_listed", "none"), ("settled", "settled")]

    def test_one_of_which_nothing_was_taken_is_none_to_look_for(self) -> None:
        sweeper = Sweeper()
        payment = sweeper.settled(Status.FAILED, transaction_id=None)
        sweeper.sweep()
        assert sweeper.findings() == []
        assert sweeper.gateway.asked == []
        assert payment.id not in sweeper.on_unlisted()

    @pytest.mark.parametrize("status", [*sorted(FREES_THE_ORDER), Status.NEEDS_REVIEW])
    def test_one_that_was_not_paid_is_told_once(self, status: Status) -> None:
        sweeper = Sweeper()
        payment = sweeper.settled(status)
        sweeper.sweep()
        assert sweeper.standing(payment) == payment
        assert sweeper.findings() == [("unknown_to_gateway", "none")]
        sweeper.sweep(anew=True)
        assert sweeper.findings() == []

    def test_no_answer_is_no_evidence(self) -> None:
        sweeper = Sweeper()
        payment = sweeper.paid()
        sweeper.gateway.will_say(NoAnswer("no answer"))
        sweeper.sweep()
        assert sweeper.standing(payment) == payment
        assert sweeper.findings() == [("unconfirmed", "none")]
        assert sweeper.on_unlisted() == {payment.id}

    def test_one_that_the_status_api_contradicts_goes_to_a_human(self) -> None:
        sweeper = Sweeper()
        payment = sweeper.paid()
        sweeper.gateway.will_say(samples.report("FAILED"))
        sweeper.sweep()
        assert sweeper.standing(payment).status is Status.NEEDS_REVIEW
        assert sweeper.findings() == [("not_listed", "none"), ("status_drift", "needs_review")]

    def test_one_of_the_other_mode_is_in_other_books(self) -> None:
        sweeper = Sweeper()
        sweeper.paid(live=True)
        sweeper.sweep()
        assert sweeper.findings() == []
        assert sweeper.gateway.asked == []

    def test_those_of_other_days_are_not_looked_for(self) -> None:
        sweeper = Sweeper()
        payment = sweeper.paid(at=moment("2027-01-30T23:59"))
        sweeper.sweep()
        assert sweeper.on_unlisted() == {payment.id}
        assert sweeper.gateway.asked == []

    def test_many_are_gone_through_page_by_page(self) -> None:
        sweeper = Sweeper()
        for nth in range(20):
            sweeper.paid(f"key-{nth}", f"PA{nth}", order_id=None)
            sweeper.gateway.will_say(samples.report(transaction_id=f"PA{nth}", order_id=None))
        assert sweeper.sweep()["findings"] == {"not_listed": 20}
        assert len(sweeper.gateway.asked) == 20
        assert sweeper.on_unlisted() == set()


class TestBooks:
    def books(self, sweeper: Sweeper) -> dict[str, Any]:
        sweeper.sweep()
        told: list[dict[str, Any]] = sweeper.report()["books"]
        assert len(told) == 1
        return told[0]

    def test_both_sides_and_what_is_between_them(self) -> None:
        sweeper = Sweeper(row(**REFUNDED), row(transaction_id="PA7", order_id="theirs", amount="30"))
        sweeper.paid()
        assert self.books(sweeper) == {
            "currency": "GBP",
            "gateway": {"payments": 2, "amount": 130, "refunded": 100, "charged_back": 0},
            "here": {"payments": 1, "amount": 100, "refunded": 100, "charged_back": 0},
            "difference": {"payments": 1, "amount": 30, "refunded": 0, "charged_back": 0},
        }

    def test_what_only_we_have_is_on_our_side(self) -> None:
        sweeper = Sweeper()
        sweeper.paid()
        sweeper.gateway.will_say(samples.report())
        assert self.books(sweeper)["difference"] == {
            "payments": -1,
            "amount": -100,
            "refunded": 0,
            "charged_back": 0,
        }

    def test_each_currency_is_its_own(self) -> None:
        sweeper = Sweeper(row(), row(transaction_id="PA7", order_id="b", currency="JPY", amount="500"))
        sweeper.paid()
        sweeper.sweep()
        assert [book["currency"] for book in sweeper.report()["books"]] == ["GBP", "JPY"]

    def test_the_day_at_each_end_that_is_walked_for_safety_is_not_counted(self) -> None:
        sweeper = Sweeper(
            row(created_at="2027-01-30T23:59:59.999Z"), row(transaction_id="PA7", created_at="2027-02-01T00:00:00.000Z")
        )
        sweeper.sweep()
        assert sweeper.report()["books"] == []
        assert sweeper.report()["sweep"]["rows"] == 2

    def test_what_has_no_date_is_counted(self) -> None:
        sweeper = Sweeper(row(created_at=None))
        sweeper.paid()
        assert self.books(sweeper)["gateway"]["amount"] == 100

    def test_what_did_not_succeed_is_not(self) -> None:
        sweeper = Sweeper(row("FAILED"))
        sweeper.settled(Status.FAILED)
        sweeper.sweep()
        assert sweeper.report()["books"] == []


def test_the_days_asked_for_have_a_day_more_at_each_end() -> None:
    sweeper = Sweeper()
    sweeper.sweep()
    ((span, cursor),) = sweeper.listing.asked
    assert (span.first, span.last, cursor) == (DAY, DAY, None), "the list's own room adds them"
