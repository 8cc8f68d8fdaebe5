"""Another process acts between two steps of a refund."""

from collections.abc import Callable

import pytest

from payments.model.payment import Payment
from payments.ports.gateway import NoAnswer, Refused
from payments.ports.ledger import LostRace
from payments.refunding.eligibility import NotRefundable
from tests.fakes import samples
from tests.fakes.gateway import Refunds
from tests.payments.assembled import PaymentSystem
from tests.payments.refunding.refund_cases import entry_names, not_refundable


class LosesTheFirstAnswer:
    """A ledger that makes its first write and then reports a lost race, as a client does after its own retry."""

    def __init__(self, ledger: object, meanwhile: Callable[[Payment], Payment] = lambda saved: saved) -> None:
        self._ledger = ledger
        self._meanwhile = meanwhile
        self._is_first = True

    def __getattr__(self, name: str) -> Callable[..., object]:
        found: Callable[..., object] = getattr(self._ledger, name)
        return found

    def save(self, before: Payment, after: Payment) -> Payment:
        saved: Payment = self._ledger.save(before, after)  # type: ignore[attr-defined]
        if self._is_first:
            self._is_first = False
            raise LostRace(self._meanwhile(saved))
        return saved


def test_two_requests_at_once_send_one_refund(system: PaymentSystem, paid: Payment) -> None:
    seen: list[object] = []

    def meanwhile(booked: object) -> None:
        system.gateway.before_refund_answer = None
        seen.append(system.refund(paid))
        seen.append(not_refundable(system, paid, "refund-2"))

    system.gateway.before_refund_answer = meanwhile
    first = system.refund(paid)

    assert first.payment.refund.status == "refunded"
    assert seen[1] == "refund_in_progress"
    assert len(system.gateway.refund_posts) == 1


@pytest.mark.parametrize("same_key", [True, False], ids=["the same key", "another key"])
def test_a_request_that_read_the_payment_before_the_other_wrote_does_not_send(
    system: PaymentSystem, paid: Payment, *, same_key: bool
) -> None:
    system.refund(paid)
    request = samples.refund_request(idempotency_key="refund-1" if same_key else "refund-2")
    if same_key:
        assert system.refunding.refund(paid, request, 20.0).replayed, "though its copy of the payment has no refund"
    else:
        with pytest.raises(NotRefundable):
            system.refunding.refund(paid, request, 20.0)
    assert len(system.gateway.refund_posts) == 1


def test_an_attempt_recognizes_its_own_record_after_a_lost_answer(system: PaymentSystem, paid: Payment) -> None:
    """The table's client retries a write by itself, and then finds its own record in the way."""
    system.ledger = LosesTheFirstAnswer(system.ledger)  # type: ignore[assignment]
    assert system.refund(paid).payment.refund.status == "refunded"
    assert len(system.gateway.refund_posts) == 1


def test_a_refund_seen_at_the_gateway_before_ours_is_sent_stops_ours(system: PaymentSystem, paid: Payment) -> None:
    """The answer to our record was lost, and meanwhile another process refreshed the payment."""

    def refreshed(saved: Payment) -> Payment:
        system.gateway.charges[0].refunded = True
        return system.refresh(saved)

    system.ledger = LosesTheFirstAnswer(system.ledger, refreshed)  # type: ignore[assignment]
    assert system.refund(paid).payment.refund.status == "refunded"
    assert system.gateway.refund_posts == []


def test_a_webhook_before_the_answer_records_the_refund_once(system: PaymentSystem, paid: Payment) -> None:
    def webhook(booked: object) -> None:
        system.webhook(system.reload(paid))

    system.gateway.script_refunds(Refunds(error=NoAnswer("reset")))
    system.gateway.before_refund_answer = webhook
    refunded = system.refund(paid).payment
    assert refunded.refund.status == "refunded"
    assert entry_names(refunded).count("refunded") == 1


def test_a_chargeback_during_a_refund_is_recorded_beside_it(system: PaymentSystem, paid: Payment) -> None:
    def charge_back(booked: object) -> None:
        system.gateway.charges[0].charged_back = True
        system.refresh(system.reload(paid))

    system.gateway.before_refund_answer = charge_back
    both = system.refund(paid).payment
    assert (both.refund.status, both.chargeback.status) == ("refunded", "charged_back")


def test_a_refusal_after_the_refund_was_recorded_changes_nothing(system: PaymentSystem, paid: Payment) -> None:
    def refresh(booked: object) -> None:
        system.refresh(system.reload(paid))

    system.gateway.script_refunds(Refunds(error=Refused("no")))
    system.gateway.before_refund_answer = refresh
    assert system.refund(paid).payment.refund.status == "refunded"
