"""A refund without a clear answer is in doubt: the gateway is queried, nothing is sent again, silence is no failure."""

from datetime import timedelta

import pytest

from payments.gateway.status_words import VERDICTS
from payments.model.payment import Payment
from payments.model.status import Status
from payments.ports.gateway import AlreadyRefunded, NoAnswer, Refused
from tests.fakes import samples
from tests.fakes.gateway import Refunds
from tests.payments.assembled import PaymentSystem
from tests.payments.refunding.refund_cases import in_review_as_suspicious, not_refundable


def test_a_refund_without_an_answer_is_found_by_the_follow_up(system: PaymentSystem, paid: Payment) -> None:
    system.gateway.script_refunds(Refunds(error=NoAnswer("reset")))
    assert system.refund(paid).payment.refund.status == "requested"
    system.follow_up(seconds=11)
    assert system.reload(paid).refund.status == "refunded"
    assert system.nothing_is_due or system.follow_up() is not None


def test_a_refund_that_never_arrived_fails_after_an_hour_and_two_denials(system: PaymentSystem, paid: Payment) -> None:
    system.gateway.script_refunds(Refunds(done=False, error=NoAnswer("reset")))
    system.refund(paid)
    start = system.clock()
    system.follow_up_until(lambda: not system.reload(paid).awaits_refund)

    failed = system.reload(paid)
    assert failed.refund.status == "failed"
    assert system.clock() - start >= timedelta(hours=1)
    assert failed.history[-1].evidence["failure"] == "never_arrived"
    assert len(system.gateway.refund_posts) == 1, "queried, never sent again"


@pytest.mark.parametrize(
    "odd",
    [{"amount": 0}, {"currency": None}, {"transaction_id": "PA-other"}, {"refunded": None}, {"verdict": None}],
    ids=lambda odd: next(iter(odd)),
)
@pytest.mark.parametrize("refused", [True, False], ids=["refused", "no answer"])
def test_a_status_that_contradicts_the_payment_denies_no_refund(
    system: PaymentSystem, paid: Payment, odd: dict[str, object], *, refused: bool
) -> None:
    """The gateway may show a refunded payment with its remaining amount: that does not deny the refund."""
    system.gateway.script_refunds(Refunds(error=Refused("hm") if refused else NoAnswer("reset")))
    system.gateway.script_statuses(*[samples.transaction("SUCCESS", **odd)] * 9)
    system.refund(paid)
    for _ in range(8):
        system.follow_up(hours=25)
    assert system.reload(paid).refund.status == "requested"
    assert not_refundable(system, paid, "another") == "refund_in_progress"


def test_days_without_an_answer_never_fail_a_refund(system: PaymentSystem, paid: Payment) -> None:
    system.gateway.script_refunds(Refunds(error=NoAnswer("reset")))
    system.refund(paid)
    system.gateway.script_statuses(*[NoAnswer("down")] * 40)
    for _ in range(40):
        system.follow_up(hours=30)
    assert system.reload(paid).refund.status == "requested"
    assert "refund_unresolved" in system.telemetry.signals, "a person is called"
    system.follow_up(hours=30)
    assert system.reload(paid).refund.status == "refunded"


@pytest.mark.parametrize(
    "changes",
    [{"refunded": False}, {"amount": 7}, {"transaction_id": "PA-another"}, {"currency": "USD"}],
    ids=lambda changes: next(iter(changes)),
)
def test_an_answer_that_does_not_show_this_refund_leaves_it_in_doubt(
    system: PaymentSystem, paid: Payment, changes: dict[str, object]
) -> None:
    system.gateway.script_refunds(Refunds(changes=changes))
    assert system.refund(paid).payment.refund.status == "requested"
    system.follow_up(seconds=11)
    assert system.reload(paid).refund.status == "refunded"


@pytest.mark.parametrize(
    "slow",
    [Refunds(done=False, changes={"refunded": False}), Refunds(done=False, error=AlreadyRefunded("already"))],
    ids=["accepted", "already refunded"],
)
def test_a_refund_that_arrived_may_be_made_days_later(system: PaymentSystem, paid: Payment, slow: Refunds) -> None:
    """The gateway has the request and is slow: a status without a refund does not deny it."""
    system.gateway.script_refunds(slow)
    system.refund(paid)
    for _ in range(12):
        system.follow_up(hours=6)
    assert system.reload(paid).refund.status == "requested"
    assert not_refundable(system, paid, "another") == "refund_in_progress"
    system.gateway.charges[0].refunded = True
    system.follow_up(hours=30)
    assert system.reload(paid).refund.status == "refunded"


@pytest.mark.parametrize("raw_status", ["FAILED", "SUCCESS", "PENDING", "REFUNDED"])
def test_the_status_in_the_answer_to_a_refund_does_not_change_the_payment_s_status(
    system: PaymentSystem, paid: Payment, raw_status: str
) -> None:
    """It may be the refund's own status. A suspicious payment stays in review, and its order stays taken."""
    suspicious = system.ledger.save(paid, in_review_as_suspicious(paid))
    changes = {"raw_status": raw_status, "verdict": VERDICTS.get(raw_status)}
    system.gateway.script_refunds(Refunds(done=False, changes=changes))
    after = system.refund(suspicious).payment
    assert (after.status, after.refund.status) == (Status.NEEDS_REVIEW, "requested")
