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
from tests.payments.assembled import House


@pytest.fixture
def paid(house: House) -> Payment:
    return house.paid()


def names(payment: Payment) -> list[str]:
    return [entry.name for entry in payment.history]


def void(_: object) -> None:
    """Nobody waits for an answer."""


def suspected(payment: Payment) -> Payment:
    """The reconciliation has put it into review: the gateway's books call it suspicious."""
    failure = Failure(SUSPICIOUS, "said the gateway")
    return payment.transition_to(Status.NEEDS_REVIEW, at=START, source="reconciliation", evidence={}, failure=failure)


def not_refundable(house: House, payment: Payment, key: str = "refund-1") -> str:
    with pytest.raises(NotRefundable) as refused:
        house.refund(payment, samples.refund_request(idempotency_key=key))
    return refused.value.code


class TestARefund:
    def test_is_sent_once_and_told_in_order(self, house: House, paid: Payment) -> None:
        refunded = house.refund(paid).payment

        assert (refunded.refund.status, refunded.status) == ("refunded", Status.SUCCEEDED)
        assert house.gateway.refund_posts == [paid.transaction_id]
        house.follow_up()
        told = [event.type for event in house.bus.events if event.payment_id == paid.id]
        assert told[-2:] == ["payment.refund_requested", "payment.refunded"]
        assert house.settled

    def test_is_recorded_before_it_is_sent(self, house: House, paid: Payment) -> None:
        seen: list[Payment] = []
        house.gateway.before_refund_answer = lambda booked: seen.append(house.standing(paid))

        house.refund(paid)

        (during,) = seen
        assert (during.refund.status, names(during)[-1]) == ("requested", "refund_requested")
        assert during.follow_up.ask_at == house.clock() + timedelta(seconds=60), "should nobody come back to it"

    @pytest.mark.parametrize("times", [1, 3])
    def test_repeated_is_the_payment_as_it_is_now(self, house: House, paid: Payment, times: int) -> None:
        first = house.refund(paid)
        for _ in range(times):
            again = house.refund(paid)
            assert (again.replayed, again.payment) == (True, house.standing(first.payment))
        assert len(house.gateway.refund_posts) == 1

    def test_under_another_reason_is_no_repeat(self, house: House, paid: Payment) -> None:
        house.refund(paid)
        with pytest.raises(IdempotencyKeyReused):
            house.refund(paid, samples.refund_request(reason="changed my mind"))

    def test_of_another_payment_is_another_refund_under_any_key(self, house: House, paid: Payment) -> None:
        other = house.paid(samples.charge_request(idempotency_key="key-2", order_id="other"))
        assert house.refund(paid).payment.refund.status == house.refund(other).payment.refund.status == "refunded"

    def test_under_a_new_key_finds_it_done(self, house: House, paid: Payment) -> None:
        house.refund(paid)
        assert not_refundable(house, paid, "refund-2") == "already_refunded"


class TestWhatCannotBeRefunded:
    @pytest.mark.parametrize("said", ["REDIRECT", "PENDING", "FAILED", "BLOCKED", "ABANDONED", "INIT"])
    def test_is_what_did_not_succeed(self, house: House, said: str) -> None:
        house.gateway.will(Answers(said))
        assert not_refundable(house, house.charge().payment) == "not_succeeded"
        assert house.gateway.refund_posts == []

    def test_is_what_was_charged_back(self, house: House, paid: Payment) -> None:
        house.gateway.book[0].charged_back = True
        house.refresh(paid)
        assert not_refundable(house, paid) == "already_charged_back"

    def test_is_what_is_being_refunded(self, house: House, paid: Payment) -> None:
        house.gateway.will_refund(Refunds(error=NoAnswer("reset")))
        house.refund(paid)
        assert not_refundable(house, paid, "refund-2") == "refund_in_progress"

    def test_is_a_payment_of_the_other_mode(self, house: House, paid: Payment) -> None:
        with pytest.raises(NotRefundable, match="other_mode"):
            house.refunding.refund(replace(paid, live=True), samples.refund_request(), 20.0)

    def test_is_one_whose_transaction_nobody_knows(self, house: House, paid: Payment) -> None:
        with pytest.raises(NotRefundable, match="transaction_unknown"):
            house.refunding.refund(replace(paid, transaction_id=None), samples.refund_request(), 20.0)

    def test_is_one_that_was_refused_time_and_again(self, house: House, paid: Payment) -> None:
        for nth in range(MOST_ENTRIES // 2 - 1):
            house.gateway.will_refund(Refunds(done=False, error=Refused("no")))
            house.refund(paid, samples.refund_request(idempotency_key=f"try-{nth}"))
        assert house.standing(paid).version == MOST_ENTRIES
        assert not_refundable(house, paid) == "too_many_attempts"

    def test_a_suspicious_payment_can(self, house: House, paid: Payment) -> None:
        marked = suspected(paid)
        house.ledger.save(paid, marked)
        assert house.refund(paid).payment.refund.status == "refunded"

    def test_a_suspicious_payment_that_was_never_paid_cannot(self, house: House) -> None:
        house.gateway.will(Answers("PENDING"))
        pending = house.charge().payment
        house.ledger.save(pending, suspected(pending))
        assert not_refundable(house, pending) == "not_succeeded"


class TestNothingIsRecordedOrSent:
    @pytest.mark.parametrize("unready", [SecretUnusable("no key"), NotSent("circuit open")], ids=["no key", "outage"])
    def test_when_the_gateway_cannot_be_asked(self, house: House, paid: Payment, unready: PaymentsError) -> None:
        house.gateway.unready = unready
        with pytest.raises((SecretUnusable, GatewayUnreachable)):
            house.refund(paid)
        assert house.standing(paid) == paid
        assert house.gateway.refund_posts == []

    def test_but_a_repeat_is_told_all_the_same(self, house: House, paid: Payment) -> None:
        house.refund(paid)
        house.gateway.unready = NotSent("circuit open")
        assert house.refund(paid).replayed


class TestNotSent:
    def test_may_be_tried_again_with_the_same_key(self, house: House, paid: Payment) -> None:
        house.gateway.will_refund(Refunds(done=False, error=NotSent("no route")))
        with pytest.raises(GatewayUnreachable):
            house.refund(paid)
        assert house.standing(paid).refund.status == "failed"

        again = house.refund(paid)

        assert (again.replayed, again.payment.refund.status) == (False, "refunded")

    def test_when_no_time_is_left(self, house: House, paid: Payment) -> None:
        with pytest.raises(GatewayUnreachable):
            house.refunding.refund(paid, samples.refund_request(), MIN_SEND_SECONDS / 2)
        assert house.gateway.refund_posts == []

    def test_an_older_key_may_try_again_too(self, house: House, paid: Payment) -> None:
        house.gateway.will_refund(Refunds(done=False, error=NotSent("no route")))
        with pytest.raises(GatewayUnreachable):
            house.refund(paid)
        house.gateway.will_refund(Refunds(done=False, error=Refused("no")))
        house.refund(paid, samples.refund_request(idempotency_key="refund-2"))
        assert house.refund(paid).payment.refund.status == "refunded"


class TestARefusal:
    def test_fails_the_refund_and_leaves_the_payment(self, house: House, paid: Payment) -> None:
        house.gateway.will_refund(Refunds(done=False, error=Refused("not today")))

        refused = house.refund(paid).payment

        assert (refused.status, refused.refund.status) == (Status.SUCCEEDED, "failed")
        assert refused.refund_attempt is not None
        assert refused.refund_attempt.failure is not None
        assert refused.refund_attempt.failure.code == "refund_refused"
        assert house.refund(paid).replayed, "the same key is not sent again"
        assert house.refund(paid, samples.refund_request(idempotency_key="anew")).payment.refund.status == "refunded"

    def test_of_our_key_is_told_apart(self, house: House, paid: Payment) -> None:
        house.gateway.will_refund(Refunds(done=False, error=CredentialsRefused("Invalid Secret Key.")))
        request = house.refund(paid).payment.refund_attempt
        assert request is not None
        assert request.failure is not None
        assert request.failure.code == "gateway_credentials"

    def test_because_somebody_refunded_it_at_the_gateway_settles_it(self, house: House, paid: Payment) -> None:
        house.gateway.book[0].refunded = True

        refunded = house.refund(paid).payment

        assert refunded.refund.status == "refunded"
        assert refunded.history[-1].source == "status"

    def test_because_it_is_refunded_stays_in_doubt_while_the_status_does_not_show_it(
        self, house: House, paid: Payment
    ) -> None:
        house.gateway.book[0].refunded = True
        house.gateway.will_say(samples.transaction("SUCCESS"))
        assert house.refund(paid).payment.refund.status == "requested"
        house.follow_up(seconds=11)
        assert house.standing(paid).refund.status == "refunded"

    def test_because_it_was_charged_back_is_mapped(self, house: House, paid: Payment) -> None:
        house.gateway.book[0].charged_back = True

        taken = house.refund(paid).payment

        assert (taken.refund.status, taken.chargeback.status) == ("failed", "charged_back")
        assert taken.refund_attempt is not None
        assert taken.refund_attempt.failure is not None
        assert taken.refund_attempt.failure.code == "already_charged_back"

    def test_without_a_status_is_in_doubt(self, house: House, paid: Payment) -> None:
        house.gateway.will_refund(Refunds(done=True, error=Refused("a message that nobody knows")))
        house.gateway.will_say(NoAnswer("503"))
        assert house.refund(paid).payment.refund.status == "requested"
        house.follow_up(seconds=11)
        assert house.standing(paid).refund.status == "refunded"

    def test_of_an_older_key_is_repeated_and_not_sent_again(self, house: House, paid: Payment) -> None:
        for key in ("refund-1", "refund-2"):
            house.gateway.will_refund(Refunds(done=False, error=Refused("no")))
            house.refund(paid, samples.refund_request(idempotency_key=key))

        again = house.refund(paid)

        assert (again.replayed, again.failure) == (True, "refund_refused")
        assert len(house.gateway.refund_posts) == 2
        with pytest.raises(IdempotencyKeyReused):
            house.refund(paid, samples.refund_request(reason="another reason"))


class TestNoAnswer:
    def test_that_refunded_is_found_out(self, house: House, paid: Payment) -> None:
        house.gateway.will_refund(Refunds(error=NoAnswer("reset")))
        assert house.refund(paid).payment.refund.status == "requested"
        house.follow_up(seconds=11)
        assert house.standing(paid).refund.status == "refunded"
        assert house.settled or house.follow_up() is not None

    def test_that_did_not_is_failed_only_after_an_hour_and_two_denials(self, house: House, paid: Payment) -> None:
        house.gateway.will_refund(Refunds(done=False, error=NoAnswer("reset")))
        house.refund(paid)
        start = house.clock()
        house.follow_up_until(lambda: not house.standing(paid).awaits_refund)

        failed = house.standing(paid)
        assert failed.refund.status == "failed"
        assert house.clock() - start >= timedelta(hours=1)
        assert failed.history[-1].evidence["failure"] == "never_arrived"
        assert len(house.gateway.refund_posts) == 1, "asked, never sent again"

    @pytest.mark.parametrize(
        "odd",
        [{"amount": 0}, {"currency": None}, {"transaction_id": "PA-other"}, {"refunded": None}, {"verdict": None}],
        ids=lambda odd: next(iter(odd)),
    )
    @pytest.mark.parametrize("refused", [True, False], ids=["refused", "no answer"])
    def test_and_a_status_that_does_not_speak_of_this_payment_as_it_was_denies_nothing(
        self, house: House, paid: Payment, odd: dict[str, object], *, refused: bool
    ) -> None:
        """A refunded payment may be shown with what is left of its amount: that is no word against the refund."""
        house.gateway.will_refund(Refunds(error=Refused("hm") if refused else NoAnswer("reset")))
        house.gateway.will_say(*[samples.transaction("SUCCESS", **odd)] * 9)
        house.refund(paid)
        for _ in range(8):
            house.follow_up(hours=25)
        assert house.standing(paid).refund.status == "requested"
        assert not_refundable(house, paid, "another") == "refund_in_progress"

    def test_and_silence_for_days_is_never_failure(self, house: House, paid: Payment) -> None:
        house.gateway.will_refund(Refunds(error=NoAnswer("reset")))
        house.refund(paid)
        house.gateway.will_say(*[NoAnswer("down")] * 40)
        for _ in range(40):
            house.follow_up(hours=30)
        assert house.standing(paid).refund.status == "requested"
        assert "refund_unresolved" in house.telemetry.signals, "somebody is woken"
        house.follow_up(hours=30)
        assert house.standing(paid).refund.status == "refunded"

    @pytest.mark.parametrize(
        "changes",
        [{"refunded": False}, {"amount": 7}, {"transaction_id": "PA-another"}, {"currency": "USD"}],
        ids=lambda changes: next(iter(changes)),
    )
    def test_is_an_answer_that_does_not_show_this_refund(
        self, house: House, paid: Payment, changes: dict[str, object]
    ) -> None:
        house.gateway.will_refund(Refunds(changes=changes))
        assert house.refund(paid).payment.refund.status == "requested"
        house.follow_up(seconds=11)
        assert house.standing(paid).refund.status == "refunded"

    @pytest.mark.parametrize(
        "slow",
        [Refunds(done=False, changes={"refunded": False}), Refunds(done=False, error=AlreadyRefunded("already"))],
        ids=["taken", "refunded before, it says"],
    )
    def test_but_a_refund_that_arrived_may_be_made_in_the_night(
        self, house: House, paid: Payment, slow: Refunds
    ) -> None:
        """The gateway has it and is slow: that its status shows none is no word against it."""
        house.gateway.will_refund(slow)
        house.refund(paid)
        for _ in range(12):
            house.follow_up(hours=6)
        assert house.standing(paid).refund.status == "requested"
        assert not_refundable(house, paid, "another") == "refund_in_progress"
        house.gateway.book[0].refunded = True
        house.follow_up(hours=30)
        assert house.standing(paid).refund.status == "refunded"

    @pytest.mark.parametrize("said", ["FAILED", "SUCCESS", "PENDING", "REFUNDED"])
    def test_is_an_answer_whose_status_word_may_be_the_refund_s_own(
        self, house: House, paid: Payment, said: str
    ) -> None:
        """A suspicious payment that waits for its human is not decided by it, and its order is not freed."""
        marked = suspected(paid)
        marked = house.ledger.save(paid, marked)
        house.gateway.will_refund(Refunds(done=False, changes={"raw_status": said, "verdict": VERDICTS.get(said)}))
        asked = house.refund(marked).payment
        assert (asked.status, asked.refund.status) == (Status.NEEDS_REVIEW, "requested")

    def test_a_refund_that_failed_and_was_done_after_all_is_heard(self, house: House, paid: Payment) -> None:
        house.gateway.will_refund(Refunds(done=False, error=Refused("no")))
        house.refund(paid)
        house.gateway.book[0].refunded = True
        assert house.refresh(house.standing(paid)).refund.status == "refunded"


class TestRaces:
    """Somebody else acts right between two steps."""

    def test_two_requests_at_once_send_once(self, house: House, paid: Payment) -> None:
        seen: list[object] = []

        def meanwhile(booked: object) -> None:
            house.gateway.before_refund_answer = None
            seen.append(house.refund(paid))
            seen.append(not_refundable(house, paid, "refund-2"))

        house.gateway.before_refund_answer = meanwhile
        first = house.refund(paid)

        assert first.payment.refund.status == "refunded"
        assert seen[1] == "refund_in_progress"
        assert len(house.gateway.refund_posts) == 1

    @pytest.mark.parametrize("twin", [True, False], ids=["the same key", "another key"])
    def test_one_that_read_before_the_other_wrote_does_not_send(
        self, house: House, paid: Payment, *, twin: bool
    ) -> None:
        house.refund(paid)
        order = samples.refund_request(idempotency_key="refund-1" if twin else "refund-2")
        if twin:
            assert house.refunding.refund(paid, order, 20.0).replayed, "though it saw no refund when it read"
        else:
            with pytest.raises(NotRefundable):
                house.refunding.refund(paid, order, 20.0)
        assert len(house.gateway.refund_posts) == 1

    def test_a_claim_whose_answer_was_lost_is_still_ours(self, house: House, paid: Payment) -> None:
        """The table's client tries again by itself, and then finds its own writing in the way."""
        house.ledger = Forgetful(house.ledger)  # type: ignore[assignment]
        assert house.refund(paid).payment.refund.status == "refunded"
        assert len(house.gateway.refund_posts) == 1

    def test_a_refund_that_is_seen_at_the_gateway_before_ours_is_sent_is_not_sent(
        self, house: House, paid: Payment
    ) -> None:
        """Our claim's answer was lost, and meanwhile somebody has looked."""

        def looked(saved: Payment) -> Payment:
            house.gateway.book[0].refunded = True
            return house.refresh(saved)

        house.ledger = Forgetful(house.ledger, looked)  # type: ignore[assignment]
        assert house.refund(paid).payment.refund.status == "refunded"
        assert house.gateway.refund_posts == []

    def test_a_webhook_that_comes_first_settles_it(self, house: House, paid: Payment) -> None:
        house.gateway.will_refund(Refunds(error=NoAnswer("reset")))
        house.gateway.before_refund_answer = lambda booked: void(house.webhook(house.standing(paid)))
        refunded = house.refund(paid).payment
        assert refunded.refund.status == "refunded"
        assert names(refunded).count("refunded") == 1

    def test_a_chargeback_meanwhile_is_recorded_beside_it(self, house: House, paid: Payment) -> None:
        def taken(booked: object) -> None:
            house.gateway.book[0].charged_back = True
            house.refresh(house.standing(paid))

        house.gateway.before_refund_answer = taken
        both = house.refund(paid).payment
        assert (both.refund.status, both.chargeback.status) == ("refunded", "charged_back")

    def test_a_refusal_that_comes_after_the_refund_was_seen_changes_nothing(self, house: House, paid: Payment) -> None:
        def seen(booked: object) -> None:
            house.refresh(house.standing(paid))

        house.gateway.will_refund(Refunds(error=Refused("no")))
        house.gateway.before_refund_answer = seen
        assert house.refund(paid).payment.refund.status == "refunded"


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


def test_a_refund_without_the_default_nonce_is_told_apart_by_its_own(house: House) -> None:
    """Every attempt has its own nonce, so a twin's claim is never taken for one's own."""
    assert Refunding(house.ledger, house.gateway, house.clock, house.telemetry).nonce() != house.refunding.nonce()
