"""The promises about charges: at every moment about money, and in the end about everything."""

from collections import Counter, defaultdict

from payments.events.event import Event, event_of
from payments.gateway.status_words import VERDICTS
from payments.model.history import SUSPICIOUS, Entry
from payments.model.payment import Payment
from payments.model.status import Status
from tests.fakes import samples
from tests.proof.gateway_model import FINAL, NO_MONEY, Charge
from tests.proof.shop_requests import CVV
from tests.proof.system_under_test import SystemUnderTest

MONEY_MAY_HAVE_MOVED = {Status.SUCCEEDED, Status.NEEDS_REVIEW}
AFTER_A_FINAL_STATUS = {
    Status.SUCCEEDED: {Status.SUCCEEDED},
    Status.FAILED: MONEY_MAY_HAVE_MOVED,
    Status.BLOCKED: MONEY_MAY_HAVE_MOVED,
    Status.ABANDONED: MONEY_MAY_HAVE_MOVED,
}
"""A final status changes only with evidence that money moved. Not derived from the code's table, which may be wrong."""


def at_every_moment(system: SystemUnderTest) -> None:
    """At most one charge for each key; each wire order id is sent at most once; an order keeps at most one charge.

    A superseded payment is not kept, and neither is one that a person took for unpaid before the shopper paid. Without
    a time after which a redirect counts as left, none is superseded that was not cancelled.
    """
    superseded = {payment.id for payment in system.ledger.payments() if payment.superseded_at is not None}
    taken_over = {payment.id for payment in system.ledger.payments() if "superseded_by" in repr(payment.history)}
    assert taken_over <= superseded
    assert not taken_over or system.left_after is not None
    _assert_unique(charge.payment_id for charge in system.gateway.charges)
    _assert_unique((live, submission.order_id) for live, submission in system.gateway.sent)
    given_away = superseded | _decided_early(system)
    kept = [charge for charge in system.gateway.charges if charge.payment_id not in given_away]
    _assert_unique(_order_of(charge) for charge in kept if charge.raw_status not in NO_MONEY)


def _decided_early(system: SystemUnderTest) -> set[str]:
    """The payments that a person decided on while the gateway had no final status."""
    early = filter(None, map(system.ledger.get, system.decided_early))
    return {payment.id for payment in early if decisions(payment)}


def decisions(payment: Payment) -> list[Entry]:
    """The entries of people about the status of a payment."""
    return [entry for entry in payment.transitions if entry.source == "operator"]


def _assert_unique(names: object) -> None:
    counts = Counter(names)  # type: ignore[call-overload]
    assert {name: count for name, count in counts.items() if count > 1} == {}


def _order_of(charge: Charge) -> tuple[bool, str]:
    """The mode and the shop's order id, without the number of the attempt in the wire order id."""
    return charge.live, charge.submission.order_id.split("~")[0]


def in_the_end(system: SystemUnderTest, before: dict[str, Payment]) -> None:
    """Once all outages are over and nothing is due. `before`: the payments at the end of the outages."""
    at_every_moment(system)
    payments = {payment.id: payment for payment in system.ledger.payments()}
    charges = {charge.payment_id: charge for charge in system.gateway.charges}
    assert charges.keys() <= payments.keys(), "the gateway has a charge that the table does not have"
    for payment in payments.values():
        history_is_gapless(payment)
        _supersession_is_in_the_history(system, payment)
        if decisions(payment):
            _decisions_stand(system, payment, charges.get(payment.id))
        else:
            _status_is_the_gateway_s(system, payment, charges.get(payment.id), before.get(payment.id))
        _not_sent_is_true(system, payment)
        assert payment.follow_up.due_at is None or system.is_owed_a_refund(payment)
    _answers_belong_to_their_request(system)
    _order_locks_list_all_attempts(system, payments)
    events_match_history(system, payments)
    _no_card_data_anywhere(system)


def history_is_gapless(payment: Payment) -> None:
    """Entries are numbered without a gap, and each starts from the status of the one before."""
    assert [entry.sequence for entry in payment.history] == list(range(1, payment.version + 1))
    assert payment.history[0].status is Status.PROCESSING
    for earlier, later in zip(payment.history, payment.history[1:], strict=False):
        assert later.previous_status is earlier.status
        allowed = AFTER_A_FINAL_STATUS.get(earlier.status, set(Status))
        assert later.status in allowed or _is_suspicious(later) or _is_doubted(later)
    assert payment.history[-1].status is payment.status


def _supersession_is_in_the_history(system: SystemUnderTest, payment: Payment) -> None:
    """At most once, of a redirect: cancelled, or old enough and by the next attempt at the same order.

    The redirect may be in review, after the status queries have ended on it.
    """
    entries = [entry for entry in payment.history if entry.name == "superseded"]
    assert [entry.at for entry in entries] == ([payment.superseded_at] if payment.superseded_at else [])
    for entry in entries:
        assert entry.status is entry.previous_status
        if entry.status is not Status.REQUIRES_ACTION:
            before = [earlier for earlier in payment.transitions if earlier.sequence < entry.sequence][-1]
            assert (before.status, before.previous_status) == (Status.NEEDS_REVIEW, Status.REQUIRES_ACTION)
            assert before.failure is not None
            assert before.failure.code == "unresolved"
            assert "gateway_status" not in before.evidence
        assert entry.evidence.get("if_paid") == ("refund" if system.refunds_superseded else None)
        if "cancelled" in entry.evidence:
            assert entry.principal is not None
            continue
        assert system.left_after is not None
        assert entry.at - payment.history[entry.sequence - 2].at > system.left_after
        successor = system.ledger.get(str(entry.evidence["superseded_by"]))
        assert successor is None or (successor.order_id, successor.attempt) == (payment.order_id, payment.attempt + 1)


def _status_is_the_gateway_s(
    system: SystemUnderTest, payment: Payment, charge: Charge | None, before: Payment | None
) -> None:
    code = payment.failure.code if payment.failure else None
    if _is_suspicious(payment):
        assert charge is not None
        assert charge.raw_status == "SUCCESS", "only a paid charge can be suspicious"
    elif _is_doubted(payment.transitions[-1]):
        assert charge is not None
        assert charge.reversals.refunds, "only a refund may be shown as another amount"
    elif charge is not None and charge.plan.amount_factor != 1:
        assert (payment.status, code) in {
            (Status.NEEDS_REVIEW, "integrity_mismatch"),
            (Status.NEEDS_REVIEW, "unresolved"),
        }
    elif charge is None:
        # Failed with evidence, or in review; but neither open nor paid.
        assert (payment.status, code) in {
            (Status.FAILED, "never_arrived"),
            # Nothing left, and a repeat had been answered with the payment: it stays, and says so.
            (Status.FAILED, "not_sent"),
            (Status.FAILED, "invalid_request"),
            (Status.FAILED, "gateway_credentials"),
            (Status.NEEDS_REVIEW, "unresolved"),
        }
    elif payment.status is Status.NEEDS_REVIEW:
        was_in_review = before is not None and before.status is Status.NEEDS_REVIEW
        assert code == "unresolved"
        was_asked = payment.live == system.live
        assert was_in_review or not was_asked or charge.raw_status not in FINAL, (
            f"a query would have found {charge.raw_status}"
        )
    else:
        assert payment.status is VERDICTS[charge.raw_status]
        assert payment.transaction_id == charge.transaction_id


def _decisions_stand(system: SystemUnderTest, payment: Payment, charge: Charge | None) -> None:
    """A decision is what the back office showed. Only another status of the gateway changes it, or another review."""
    for entry in decisions(payment):
        later = [each for each in payment.transitions if each.sequence > entry.sequence]
        seen = [each.evidence.get("gateway_status") for each in payment.transitions if each.sequence < entry.sequence]
        for each in later[:1]:
            assert each.status in MONEY_MAY_HAVE_MOVED
            raw_status = each.evidence.get("gateway_status")
            assert raw_status is None or raw_status != seen[-1], "a decision is overruled"
    if payment.id not in system.decided_early:
        truth = VERDICTS[charge.raw_status] if charge is not None else Status.FAILED
        assert payment.status in (truth, Status.NEEDS_REVIEW)


def _not_sent_is_true(system: SystemUnderTest, payment: Payment) -> None:
    """A claim that answered a retry, or has an event on the bus, fails as not sent. Then it never was."""
    if payment.failure is not None and payment.failure.code == "not_sent":
        sent = {(live, submission.order_id) for live, submission in system.gateway.sent}
        assert (payment.live, payment.wire_order_id) not in sent


def _is_doubted(entry: Entry) -> bool:
    """Whether the reconciliation put a paid payment into review: list and status API both have the amount that is left.

    Some gateways show a refund so, and say no more. The refund may still be in doubt, so a person decides.
    """
    is_review = entry.name == Status.NEEDS_REVIEW.value and entry.source == "reconciliation"
    is_left = (entry.evidence.get("discrepancy"), entry.evidence.get("amount")) == ("amount_drift", 0)
    return is_review and entry.previous_status is Status.SUCCEEDED and is_left


def _is_suspicious(of: Payment | Entry) -> bool:
    return of.status is Status.NEEDS_REVIEW and of.failure is not None and of.failure.code == SUSPICIOUS


def _answers_belong_to_their_request(system: SystemUnderTest) -> None:
    """Each answer has the order and the amount of its request. A key has one payment in a mode, whoever sends it."""
    keys_of: dict[str, set[str]] = defaultdict(set)
    payments_of: dict[tuple[bool, str], set[str]] = defaultdict(set)
    for charge, payment in system.answers:
        assert (payment.order_id, payment.money.amount) == (charge.order_id, charge.amount)
        keys_of[payment.id].add(charge.key)
        payments_of[payment.live, charge.key].add(payment.id)
    assert {payment_id: keys for payment_id, keys in keys_of.items() if len(keys) > 1} == {}
    assert {key: payments for key, payments in payments_of.items() if len(payments) > 1} == {}


def _order_locks_list_all_attempts(system: SystemUnderTest, payments: dict[str, Payment]) -> None:
    by_order = defaultdict(list)
    for payment in sorted(payments.values(), key=lambda payment: payment.attempt):
        if payment.order_id is not None:
            by_order[payment.live, payment.order_id].append(payment)
    for (live, order_id), attempts in by_order.items():
        lock = system.ledger.order(order_id, live=live)
        assert lock is not None
        assert lock.attempts == tuple(payment.id for payment in attempts)
        assert [payment.attempt for payment in attempts] == list(range(1, len(attempts) + 1))


def events_match_history(system: SystemUnderTest, payments: dict[str, Payment]) -> None:
    """One event for each entry and no other; first copies in order; copies with the same id are equal."""
    published: dict[str, list[Event]] = defaultdict(list)
    for event in system.bus.events:
        if event not in published[event.payment_id]:
            published[event.payment_id].append(event)
    expected = {payment.id: [event_of(payment, entry) for entry in payment.history] for payment in payments.values()}
    assert dict(published) == expected


def _no_card_data_anywhere(system: SystemUnderTest) -> None:
    sinks = {
        "ledger": system.ledger.dump(),
        "bus": repr(system.bus.events),
        "telemetry": repr(system.telemetry.notes),
        "answers and errors": "\n".join(system.texts),
    }
    for sink, text in sinks.items():
        for secret in (samples.CARD_NUMBER, CVV):
            assert secret not in text, sink
