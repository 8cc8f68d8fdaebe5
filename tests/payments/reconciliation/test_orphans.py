"""Orphans: transactions that we have no record of."""

from typing import Any
from unittest.mock import ANY

import pytest

from payments.model.history import Failure
from payments.model.identifiers import orphan_id_of
from payments.model.money import Money
from payments.model.payment import Payment
from payments.model.status import Status
from tests.fakes import samples
from tests.fakes.clock import START
from tests.fakes.transaction_list import row
from tests.payments.reconciliation.eventful_day import ASKED
from tests.payments.reconciliation.listed_facts import CHARGED_BACK, REFUNDED, WORDS, decided
from tests.payments.reconciliation.reconciler import PLENTY, Reconciler


class TestOrphans:
    def orphan(self, raw_status: str = "SUCCESS", **changes: Any) -> tuple[Reconciler, Payment]:
        reconciler = Reconciler(row(raw_status, **{"transaction_id": "PA7", "order_id": "theirs-1", **changes}))
        reconciler.run()
        (payment,) = reconciler.ledger.payments()
        return reconciler, payment

    def test_a_paid_orphan_becomes_a_payment_in_review(self) -> None:
        reconciler, payment = self.orphan()
        assert payment.id == orphan_id_of("PA7", live=False)
        assert (payment.status, payment.money, payment.transaction_id) == (
            Status.NEEDS_REVIEW,
            Money(100, "GBP"),
            "PA7",
        )
        assert (payment.card, payment.answered, payment.created_at) == (None, None, START)
        assert payment.fingerprint == "", "nobody requested it"
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
        assert payment.follow_up.due_at is not None, "the follow-up publishes it"
        assert reconciler.discrepancies() == [("orphan", "needs_review")]
        assert '"payment_needs_review"' in reconciler.console.read()

    @pytest.mark.parametrize("raw_status", ["FAILED", "BLOCKED", "ABANDONED"])
    def test_an_unpaid_orphan_is_recorded_without_a_review(self, raw_status: str) -> None:
        reconciler, payment = self.orphan(raw_status)
        assert payment.status == WORDS[raw_status]
        assert reconciler.discrepancies() == [("orphan", "recorded")]

    @pytest.mark.parametrize(
        ("raw_status", "code"), [("FAILED", "declined"), ("BLOCKED", "blocked"), ("ABANDONED", "abandoned")]
    )
    def test_an_unpaid_orphan_failed_for_the_gateways_reason(self, raw_status: str, code: str) -> None:
        _, payment = self.orphan(raw_status)
        assert payment.failure == Failure(code, f"the gateway says {raw_status}")

    @pytest.mark.parametrize("raw_status", ["PENDING", "INIT", "REDIRECT", "ON_HOLD"])
    def test_an_open_orphan_is_only_reported_until_it_is_over(self, raw_status: str) -> None:
        reconciler = Reconciler(row(raw_status, transaction_id="PA7", order_id="theirs-1"))
        reconciler.run()
        assert reconciler.ledger.payments() == []
        assert reconciler.discrepancies() == [("orphan", "none")]
        assert reconciler.report()["discrepancies"][0]["transaction_id"] == "PA7"
        reconciler.listing.rows = [row("ABANDONED", transaction_id="PA7", order_id="theirs-1")]
        reconciler.run(anew=True)
        assert reconciler.discrepancies() == [("orphan", "recorded")]

    @pytest.mark.parametrize("order_id", ["theirs-1", None, "", "pay_me", "a b c", "theirs~2", 17, {"a": 1}])
    def test_an_orphan_never_takes_an_order_lock(self, order_id: object) -> None:
        reconciler, payment = self.orphan(order_id=order_id)
        assert payment.order_id is None
        assert reconciler.ledger.order("theirs-1", live=False) is None
        assert reconciler.report()["discrepancies"][0]["order_id"] == (order_id if order_id == "theirs-1" else ANY)

    @pytest.mark.parametrize("day", ["2027-01-30", "2027-02-01"])
    def test_an_orphan_of_another_day_is_ignored(self, day: str) -> None:
        reconciler = Reconciler(row(transaction_id="PA7", created_at=f"{day}T12:00:00Z"))
        assert reconciler.run()["rows"] == 1
        assert reconciler.ledger.payments() == []
        assert reconciler.discrepancies() == []

    def test_a_payment_of_ours_that_the_list_has_on_another_day_is_reconciled_and_not_counted(self) -> None:
        reconciler = Reconciler(row(created_at="2027-01-30T23:59:59Z", **REFUNDED))
        payment = reconciler.paid()
        reconciler.run()
        assert reconciler.standing(payment).refund.status == "refunded"
        assert reconciler.unlisted_ids() == set()
        assert reconciler.report()["totals"] == []

    def test_a_charge_behind_a_claim_that_was_released_meanwhile_is_an_orphan(self) -> None:
        reconciler = Reconciler(row())
        payment = reconciler.claimed()
        ledger = reconciler.ledger

        class Released:
            def __getattr__(self, name: str) -> Any:
                return getattr(ledger, name)

            def save(self, before: Payment, after: Payment) -> Payment:
                ledger.release(payment)
                return ledger.save(before, after)

        reconciler.clock.forward(hours=1)
        reconciler.wired(lambda target: Released() if target is ledger else target).take(ASKED, lambda: PLENTY)
        (adopted,) = ledger.payments()
        assert (adopted.id, adopted.status) == (orphan_id_of(samples.TRANSACTION_ID, live=False), Status.NEEDS_REVIEW)
        assert reconciler.discrepancies() == [("orphan", "needs_review")]

    def test_a_second_charge_for_a_paid_order_is_an_orphan(self) -> None:
        reconciler = Reconciler(row(), row(transaction_id="PA7"))
        payment = reconciler.paid()
        reconciler.run()
        (other,) = [each for each in reconciler.ledger.payments() if each.id != payment.id]
        assert reconciler.standing(payment) == payment
        assert (other.order_id, other.transaction_id, other.status) == (None, "PA7", Status.NEEDS_REVIEW)
        assert reconciler.discrepancies() == [("orphan", "needs_review")]

    def test_an_orphans_refund_and_later_chargeback_are_recorded(self) -> None:
        reconciler, payment = self.orphan(**REFUNDED)
        assert payment.refund.status == "refunded"
        assert reconciler.discrepancies() == [("orphan", "needs_review"), ("refunded_elsewhere", "recorded")]
        reconciler.listing.rows = [row(transaction_id="PA7", order_id="theirs-1", **REFUNDED, **CHARGED_BACK)]
        reconciler.run(anew=True)
        assert reconciler.standing(payment).chargeback.status == "charged_back"
        assert reconciler.discrepancies() == [("charged_back", "recorded")]

    def test_an_adopted_orphan_is_matched_the_next_day(self) -> None:
        for order_id in ("theirs-1", None, "not ours"):
            reconciler, payment = self.orphan(order_id=order_id)
            reconciler.run(anew=True)
            assert reconciler.ledger.payments() == [payment]
            assert reconciler.discrepancies() == [("undecided", "none")]

    def test_a_failed_orphan_that_is_paid_later_is_a_late_success(self) -> None:
        reconciler, payment = self.orphan("FAILED")
        reconciler.listing.rows = [row(transaction_id="PA7", order_id="theirs-1")]
        reconciler.run(anew=True)
        assert reconciler.standing(payment).status is Status.SUCCEEDED
        assert reconciler.discrepancies() == [("late_success", "recorded")]

    @pytest.mark.parametrize("wrong", [{"amount": "0"}, {"amount": "-5"}, {"amount": "1.5"}])
    def test_an_amount_that_cannot_have_been_charged_is_not_adopted(self, wrong: dict[str, Any]) -> None:
        reconciler = Reconciler(row(transaction_id="PA7", **wrong))
        reconciler.run()
        assert reconciler.ledger.payments() == []
        assert reconciler.discrepancies() == [("unreadable_row", "none")]
        assert reconciler.report()["discrepancies"][0]["transaction_id"] == "PA7"

    def test_the_smallest_amount_is_adopted(self) -> None:
        _, payment = self.orphan(amount="1")
        assert payment.money == Money(1, "GBP")

    def test_the_evidence_of_an_orphan_without_an_order_id_names_none(self) -> None:
        _, payment = self.orphan(order_id=None)
        assert payment.history[-1].evidence["order_id"] == ""

    def test_a_payment_of_the_other_mode_does_not_match(self) -> None:
        reconciler = Reconciler(row())
        payment = reconciler.paid(live=True)
        reconciler.run()
        assert reconciler.standing(payment) == payment
        (adopted,) = [each for each in reconciler.ledger.payments() if each.id != payment.id]
        assert (adopted.live, adopted.order_id) == (False, None)

    def test_an_orphan_is_asked_about_by_its_transaction_id(self) -> None:
        reconciler, payment = self.orphan(order_id=None)
        decided(reconciler, payment, Status.SUCCEEDED)
        reconciler.listing.rows = [row("FAILED", transaction_id="PA7", order_id=None)]
        reconciler.gateway.script_statuses(samples.transaction("FAILED", transaction_id="PA7", order_id="whatever"))
        reconciler.run(anew=True)
        assert reconciler.gateway.asked == ["PA7"]
        assert reconciler.discrepancies() == [("status_drift", "needs_review")]
