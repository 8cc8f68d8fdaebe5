"""Giving money back: at most once, whoever asks how often; silence is never failure; a refusal is looked into."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from payments.errors import GatewayUnreachable, IdempotencyKeyReused, PaymentsError, SecretUnusable
from payments.gateway.envelope import VERDICTS
from payments.model.follow_up import MIN_SEND_SECONDS
from payments.model.history import SUSPICIOUS, Failure
from payments.model.payment import Payment
from payments.model.refund import MOST_ENTRIES
from payments.model.status import Status
from payments.ports.gateway import AlreadyRefunded, CredentialsRefused, NoAnswer, NotSent, Refused
from payments.ports.ledger import LostRace
from payments.refunding.eligibility import NotRefundable
from payments.refunding.refund import Refunding
from tests.fakes import samples
from tests.fakes.clock import START
from tests.fakes.gateway import Answers, Refunds
from tests.payments.assembled import PaymentSystem


@pytest.fixture
def paid(system: PaymentSystem) -> Payment:
    return system.paid()


def names(payment: Payment) -> list[str]:
    return [entry.name for entry in payment.history]


def void(_: object) -> None:
    """Nobody waits for an answer."""


def suspected(payment: Payment) -> Payment:
    """The reconciliation has put it into review: the gateway's books call it suspicious."""
    failure = Failure(SUSPICIOUS, "said the gateway")
    return payment.transition_to(Status.NEEDS_REVIEW, at=START, source="reconciliation", evidence={}, failure=failure)


def not_refundable(system: PaymentSystem, payment: Payment, key: str = "refund-1") -> str:
    with pytest.raises(NotRefundable) as refused:
        system.refund(payment, samples.refund_request(idempotency_key=key))
    return refused.value.code


class TestARefund:
    def test_is_sent_once_and_told_in_order(self, system: PaymentSystem, paid: Payment) -> None:
        refunded = system.refund(paid).payment

        assert (refunded.refund.status, refunded.status) == ("refunded", Status.SUCCEEDED)
        assert system.gateway.refund_posts == [paid.transaction_id]
        system.follow_up()
        told = [event.type for event in system.bus.events if event.payment_id == paid.id]
        assert told[-2:] == ["payment.refund_requested", "payment.refunded"]
        assert system.nothing_is_due

    def test_is_recorded_before_it_is_sent(self, system: PaymentSystem, paid: Payment) -> None:
        seen: list[Payment] = []
        system.gateway.before_refund_answer = lambda booked: seen.append(system.reload(paid))

        system.refund(paid)

        (during,) = seen
        assert (during.refund.status, names(during)[-1]) == ("requested", "refund_requested")
        assert during.follow_up.ask_at == system.clock() + timedelta(seconds=60), "should nobody come back to it"

    @pytest.mark.parametrize("times", [1, 3])
    def test_repeated_is_the_payment_as_it_is_now(self, system: PaymentSystem, paid: Payment, times: int) -> None:
        first = system.refund(paid)
        for _ in range(times):
            again = system.refund(paid)
            assert (again.replayed, again.payment) == (True, system.reload(first.payment))
        assert len(system.gateway.refund_posts) == 1

    def test_under_another_reason_is_no_repeat(self, system: PaymentSystem, paid: Payment) -> None:
        system.refund(paid)
        with pytest.raises(IdempotencyKeyReused):
            system.refund(paid, samples.refund_request(reason="changed my mind"))

    def test_of_another_payment_is_another_refund_under_any_key(self, system: PaymentSystem, paid: Payment) -> None:
        other = system.paid(samples.charge_request(idempotency_key="key-2", order_id="other"))
        assert system.refund(paid).payment.refund.status == system.refund(other).payment.refund.status == "refunded"

    def test_under_a_new_key_finds_it_done(self, system: PaymentSystem, paid: Payment) -> None:
        system.refund(paid)
        assert not_refundable(system, paid, "refund-2") == "already_refunded"


class TestWhatCannotBeRefunded:
    @pytest.mark.parametrize("said", ["REDIRECT", "PENDING", "FAILED", "BLOCKED", "ABANDONED", "INIT"])
    def test_is_what_did_not_succeed(self, system: PaymentSystem, said: str) -> None:
        system.gateway.will(Answers(said))
        assert not_refundable(system, system.charge().payment) == "not_succeeded"
        assert system.gateway.refund_posts == []

    def test_is_what_was_charged_back(self, system: PaymentSystem, paid: Payment) -> None:
        system.gateway.book[0].charged_back = True
        system.refresh(paid)
        assert not_refundable(system, paid) == "already_charged_back"

    def test_is_what_is_being_refunded(self, system: PaymentSystem, paid: Payment) -> None:
        system.gateway.will_refund(Refunds(error=NoAnswer("reset")))
        system.refund(paid)
        assert not_refundable(system, paid, "refund-2") == "refund_in_progress"

    def test_is_a_payment_of_the_other_mode(self, system: PaymentSystem, paid: Payment) -> None:
        with pytest.raises(NotRefundable, match="other_mode"):
            system.refunding.refund(replace(paid, live=True), samples.refund_request(), 20.0)

    def test_is_one_whose_transaction_nobody_knows(self, system: PaymentSystem, paid: Payment) -> None:
        with pytest.raises(NotRefundable, match="transaction_unknown"):
            system.refunding.refund(replace(paid, transaction_id=None), samples.refund_request(), 20.0)

    def test_is_one_that_was_refused_time_and_again(self, system: PaymentSystem, paid: Payment) -> None:
        for nth in range(MOST_ENTRIES // 2 - 1):
            system.gateway.will_refund(Refunds(done=False, error=Refused("no")))
            system.refund(paid, samples.refund_request(idempotency_key=f"try-{nth}"))
        assert system.reload(paid).version == MOST_ENTRIES
        assert not_refundable(system, paid) == "too_many_attempts"

    def test_a_suspicious_payment_can(self, system: PaymentSystem, paid: Payment) -> None:
        marked = suspected(paid)
        system.ledger.save(paid, marked)
        assert system.refund(paid).payment.refund.status == "refunded"

    def test_a_suspicious_payment_that_was_never_paid_cannot(self, system: PaymentSystem) -> None:
        system.gateway.will(Answers("PENDING"))
        pending = system.charge().payment
        system.ledger.save(pending, suspected(pending))
        assert not_refundable(system, pending) == "not_succeeded"


class TestNothingIsRecordedOrSent:
    @pytest.mark.parametrize("unready", [SecretUnusable("no key"), NotSent("circuit open")], ids=["no key", "outage"])
    def test_when_the_gateway_cannot_be_asked(
        self, system: PaymentSystem, paid: Payment, unready: PaymentsError
    ) -> None:
        system.gateway.unready = unready
        with pytest.raises((SecretUnusable, GatewayUnreachable)):
            system.refund(paid)
        assert system.reload(paid) == paid
        assert system.gateway.refund_posts == []

    def test_but_a_repeat_is_told_all_the_same(self, system: PaymentSystem, paid: Payment) -> None:
        system.refund(paid)
        system.gateway.unready = NotSent("circuit open")
        assert system.refund(paid).replayed


class TestNotSent:
    def test_may_be_tried_again_with_the_same_key(self, system: PaymentSystem, paid: Payment) -> None:
        system.gateway.will_refund(Refunds(done=False, error=NotSent("no route")))
        with pytest.raises(GatewayUnreachable):
            system.refund(paid)
        assert system.reload(paid).refund.status == "failed"

        again = system.refund(paid)

        assert (again.replayed, again.payment.refund.status) == (False, "refunded")

    def test_when_no_time_is_left(self, system: PaymentSystem, paid: Payment) -> None:
        with pytest.raises(GatewayUnreachable):
            system.refunding.refund(paid, samples.refund_request(), MIN_SEND_SECONDS / 2)
        assert system.gateway.refund_posts == []

    def test_an_older_key_may_try_again_too(self, system: PaymentSystem, paid: Payment) -> None:
        system.gateway.will_refund(Refunds(done=False, error=NotSent("no route")))
        with pytest.raises(GatewayUnreachable):
            system.refund(paid)
        system.gateway.will_refund(Refunds(done=False, error=Refused("no")))
        system.refund(paid, samples.refund_request(idempotency_key="refund-2"))
        assert system.refund(paid).payment.refund.status == "refunded"


class TestARefusal:
    def test_fails_the_refund_and_leaves_the_payment(self, system: PaymentSystem, paid: Payment) -> None:
        system.gateway.will_refund(Refunds(done=False, error=Refused("not today")))

        refused = system.refund(paid).payment

        assert (refused.status, refused.refund.status) == (Status.SUCCEEDED, "failed")
        assert refused.refund_attempt is not None
        assert refused.refund_attempt.failure is not None
        assert refused.refund_attempt.failure.code == "refund_refused"
        assert system.refund(paid).replayed, "the same key is not sent again"
        assert system.refund(paid, samples.refund_request(idempotency_key="anew")).payment.refund.status == "refunded"

    def test_of_our_key_is_told_apart(self, system: PaymentSystem, paid: Payment) -> None:
        system.gateway.will_refund(Refunds(done=False, error=CredentialsRefused("Invalid Secret Key.")))
        request = system.refund(paid).payment.refund_attempt
        assert request is not None
        assert request.failure is not None
        assert request.failure.code == "gateway_credentials"

    def test_because_somebody_refunded_it_at_the_gateway_settles_it(self, system: PaymentSystem, paid: Payment) -> None:
        system.gateway.book[0].refunded = True

        refunded = system.refund(paid).payment

        assert refunded.refund.status == "refunded"
        assert refunded.history[-1].source == "status"

    def test_because_it_is_refunded_stays_in_doubt_while_the_status_does_not_show_it(
        self, system: PaymentSystem, paid: Payment
    ) -> None:
        system.gateway.book[0].refunded = True
        system.gateway.will_say(samples.transaction("SUCCESS"))
        assert system.refund(paid).payment.refund.status == "requested"
        system.follow_up(seconds=11)
        assert system.reload(paid).refund.status == "refunded"

    def test_because_it_was_charged_back_is_mapped(self, system: PaymentSystem, paid: Payment) -> None:
        system.gateway.book[0].charged_back = True

        taken = system.refund(paid).payment

        assert (taken.refund.status, taken.chargeback.status) == ("failed", "charged_back")
        assert taken.refund_attempt is not None
        assert taken.refund_attempt.failure is not None
        assert taken.refund_attempt.failure.code == "already_charged_back"

    def test_without_a_status_is_in_doubt(self, system: PaymentSystem, paid: Payment) -> None:
        system.gateway.will_refund(Refunds(done=True, error=Refused("a message that nobody knows")))
        system.gateway.will_say(NoAnswer("503"))
        assert system.refund(paid).payment.refund.status == "requested"
        system.follow_up(seconds=11)
        assert system.reload(paid).refund.status == "refunded"

    def test_of_an_older_key_is_repeated_and_not_sent_again(self, system: PaymentSystem, paid: Payment) -> None:
        for key in ("refund-1", "refund-2"):
            system.gateway.will_refund(Refunds(done=False, error=Refused("no")))
            system.refund(paid, samples.refund_request(idempotency_key=key))

        again = system.refund(paid)

        assert (again.replayed, again.failure) == (True, "refund_refused")
        assert len(system.gateway.refund_posts) == 2
        with pytest.raises(IdempotencyKeyReused):
            system.refund(paid, samples.refund_request(reason="another reason"))


class TestNoAnswer:
    def test_that_refunded_is_found_out(self, system: PaymentSystem, paid: Payment) -> None:
        system.gateway.will_refund(Refunds(error=NoAnswer("reset")))
        assert system.refund(paid).payment.refund.status == "requested"
        system.follow_up(seconds=11)
        assert system.reload(paid).refund.status == "refunded"
        assert system.nothing_is_due or system.follow_up() is not None

    def test_that_did_not_is_failed_only_after_an_hour_and_two_denials(
        self, system: PaymentSystem, paid: Payment
    ) -> None:
        system.gateway.will_refund(Refunds(done=False, error=NoAnswer("reset")))
        system.refund(paid)
        start = system.clock()
        system.follow_up_until(lambda: not system.reload(paid).awaits_refund)

        failed = system.reload(paid)
        assert failed.refund.status == "failed"
        assert system.clock() - start >= timedelta(hours=1)
        assert failed.history[-1].evidence["failure"] == "never_arrived"
        assert len(system.gateway.refund_posts) == 1, "asked, never sent again"

    @pytest.mark.parametrize(
        "odd",
        [{"amount": 0}, {"currency": None}, {"transaction_id": "PA-other"}, {"refunded": None}, {"verdict": None}],
        ids=lambda odd: next(iter(odd)),
    )
    @pytest.mark.parametrize("refused", [True, False], ids=["refused", "no answer"])
    def test_and_a_status_that_does_not_speak_of_this_payment_as_it_was_denies_nothing(
        self, system: PaymentSystem, paid: Payment, odd: dict[str, object], *, refused: bool
    ) -> None:
        """A refunded payment may be shown with what is left of its amount: that is no word against the refund."""
        system.gateway.will_refund(Refunds(error=Refused("hm") if refused else NoAnswer("reset")))
        system.gateway.will_say(*[samples.transaction("SUCCESS", **odd)] * 9)
        system.refund(paid)
        for _ in range(8):
            system.follow_up(hours=25)
        assert system.reload(paid).refund.status == "requested"
        assert not_refundable(system, paid, "another") == "refund_in_progress"

    def test_and_silence_for_days_is_never_failure(self, system: PaymentSystem, paid: Payment) -> None:
        system.gateway.will_refund(Refunds(error=NoAnswer("reset")))
        system.refund(paid)
        system.gateway.will_say(*[NoAnswer("down")] * 40)
        for _ in range(40):
            system.follow_up(hours=30)
        assert system.reload(paid).refund.status == "requested"
        assert "refund_unresolved" in system.telemetry.signals, "somebody is woken"
        system.follow_up(hours=30)
        assert system.reload(paid).refund.status == "refunded"

    @pytest.mark.parametrize(
        "changes",
        [{"refunded": False}, {"amount": 7}, {"transaction_id": "PA-another"}, {"currency": "USD"}],
        ids=lambda changes: next(iter(changes)),
    )
    def test_is_an_answer_that_does_not_show_this_refund(
        self, system: PaymentSystem, paid: Payment, changes: dict[str, object]
    ) -> None:
        system.gateway.will_refund(Refunds(changes=changes))
        assert system.refund(paid).payment.refund.status == "requested"
        system.follow_up(seconds=11)
        assert system.reload(paid).refund.status == "refunded"

    @pytest.mark.parametrize(
        "slow",
        [Refunds(done=False, changes={"refunded": False}), Refunds(done=False, error=AlreadyRefunded("already"))],
        ids=["taken", "refunded before, it says"],
    )
    def test_but_a_refund_that_arrived_may_be_made_in_the_night(
        self, system: PaymentSystem, paid: Payment, slow: Refunds
    ) -> None:
        """The gateway has it and is slow: that its status shows none is no word against it."""
        system.gateway.will_refund(slow)
        system.refund(paid)
        for _ in range(12):
            system.follow_up(hours=6)
        assert system.reload(paid).refund.status == "requested"
        assert not_refundable(system, paid, "another") == "refund_in_progress"
        system.gateway.book[0].refunded = True
        system.follow_up(hours=30)
        assert system.reload(paid).refund.status == "refunded"

    @pytest.mark.parametrize("said", ["FAILED", "SUCCESS", "PENDING", "REFUNDED"])
    def test_is_an_answer_whose_status_word_may_be_the_refund_s_own(
        self, system: PaymentSystem, paid: Payment, said: str
    ) -> None:
        """A suspicious payment that waits for its human is not decided by it, and its order is not freed."""
        marked = suspected(paid)
        marked = system.ledger.save(paid, marked)
        system.gateway.will_refund(Refunds(done=False, changes={"raw_status": said, "verdict": VERDICTS.get(said)}))
        asked = system.refund(marked).payment
        assert (asked.status, asked.refund.status) == (Status.NEEDS_REVIEW, "requested")

    def test_a_refund_that_failed_and_was_done_after_all_is_heard(self, system: PaymentSystem, paid: Payment) -> None:
        system.gateway.will_refund(Refunds(done=False, error=Refused("no")))
        system.refund(paid)
        system.gateway.book[0].refunded = True
        assert system.refresh(system.reload(paid)).refund.status == "refunded"


class TestRaces:
    """Somebody else acts right between two steps."""

    def test_two_requests_at_once_send_once(self, system: PaymentSystem, paid: Payment) -> None:
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

    @pytest.mark.parametrize("twin", [True, False], ids=["the same key", "another key"])
    def test_one_that_read_before_the_other_wrote_does_not_send(
        self, system: PaymentSystem, paid: Payment, *, twin: bool
    ) -> None:
        system.refund(paid)
        order = samples.refund_request(idempotency_key="refund-1" if twin else "refund-2")
        if twin:
            assert system.refunding.refund(paid, order, 20.0).replayed, "though it saw no refund when it read"
        else:
            with pytest.raises(NotRefundable):
                system.refunding.refund(paid, order, 20.0)
        assert len(system.gateway.refund_posts) == 1

    def test_a_claim_whose_answer_was_lost_is_still_ours(self, system: PaymentSystem, paid: Payment) -> None:
        """The table's client tries again by itself, and then finds its own writing in the way."""
        system.ledger = Forgetful(system.ledger)  # type: ignore[assignment]
        assert system.refund(paid).payment.refund.status == "refunded"
        assert len(system.gateway.refund_posts) == 1

    def test_a_refund_that_is_seen_at_the_gateway_before_ours_is_sent_is_not_sent(
        self, system: PaymentSystem, paid: Payment
    ) -> None:
        """Our claim's answer was lost, and meanwhile somebody has looked."""

        def looked(saved: Payment) -> Payment:
            system.gateway.book[0].refunded = True
            return system.refresh(saved)

        system.ledger = Forgetful(system.ledger, looked)  # type: ignore[assignment]
        assert system.refund(paid).payment.refund.status == "refunded"
        assert system.gateway.refund_posts == []

    def test_a_webhook_that_comes_first_settles_it(self, system: PaymentSystem, paid: Payment) -> None:
        system.gateway.will_refund(Refunds(error=NoAnswer("reset")))
        system.gateway.before_refund_answer = lambda booked: void(system.webhook(system.reload(paid)))
        refunded = system.refund(paid).payment
        assert refunded.refund.status == "refunded"
        assert names(refunded).count("refunded") == 1

    def test_a_chargeback_meanwhile_is_recorded_beside_it(self, system: PaymentSystem, paid: Payment) -> None:
        def taken(booked: object) -> None:
            system.gateway.book[0].charged_back = True
            system.refresh(system.reload(paid))

        system.gateway.before_refund_answer = taken
        both = system.refund(paid).payment
        assert (both.refund.status, both.chargeback.status) == ("refunded", "charged_back")

    def test_a_refusal_that_comes_after_the_refund_was_seen_changes_nothing(
        self, system: PaymentSystem, paid: Payment
    ) -> None:
        def seen(booked: object) -> None:
            system.refresh(system.reload(paid))

        system.gateway.will_refund(Refunds(error=Refused("no")))
        system.gateway.before_refund_answer = seen
        assert system.refund(paid).payment.refund.status == "refunded"


class Forgetful:
    """A ledger whose first write is done, and reported as lost to somebody who wrote before."""

    def __init__(self, ledger: object, meanwhile: Callable[[Payment], Payment] = lambda saved: saved) -> None:
        self._ledger = ledger
        self._meanwhile = meanwhile
        self._forgets = True

    def __getattr__(self, name: str) -> Callable[..., object]:
        found: Callable[..., object] = getattr(self._ledger, name)
        return found

    def save(self, before: Payment, after: Payment) -> Payment:
        saved: Payment = self._ledger.save(before, after)  # type: ignore[attr-defined]
        if self._forgets:
            self._forgets = False
            raise LostRace(self._meanwhile(saved))
        return saved


def test_a_refund_without_the_default_nonce_is_told_apart_by_its_own(system: PaymentSystem) -> None:
    """Every attempt has its own nonce, so a twin's claim is never taken for one's own."""
    assert Refunding(system.ledger, system.gateway, system.clock, system.telemetry).nonce() != system.refunding.nonce()
