"""What must hold: at every moment for the money, and in the end for everything. DESIGN.md section 10, word by word."""

from collections import Counter, defaultdict

from payments.events.event import Event, event_of
from payments.gateway.envelope import VERDICTS
from payments.model.history import SUSPICIOUS, Entry
from payments.model.payment import Payment
from payments.model.status import Status
from tests.fakes import samples
from tests.proof.gateway_model import FINAL, NO_MONEY, Charge
from tests.proof.world import CVV, World

NO_MONEY_YET = {Status.SUCCEEDED, Status.NEEDS_REVIEW}
AFTER_THE_END = {
    Status.SUCCEEDED: {Status.SUCCEEDED},
    Status.FAILED: NO_MONEY_YET,
    Status.BLOCKED: NO_MONEY_YET,
    Status.ABANDONED: NO_MONEY_YET,
}
"""A final status stays, but for news that money moved. Not taken from the code's own table: that could be wrong."""


def money(world: World) -> None:
    """At every moment: at most one charge a key and an order; a wire order id is sent once."""
    _once(charge.payment_id for charge in world.bank.book)
    _once(sent.order_id for sent in world.bank.sent)
    _once(order_of(charge) for charge in world.bank.book if charge.word not in NO_MONEY)


def _once(names: object) -> None:
    counted = Counter(names)  # type: ignore[call-overload]
    assert {name: times for name, times in counted.items() if times > 1} == {}


def order_of(charge: Charge) -> str:
    """The shop's order behind a wire order id."""
    return charge.submission.order_id.split("~")[0]


def everything(world: World, before: dict[str, Payment]) -> None:
    """In the end. `before`: the payments as they stood when the trouble was over."""
    money(world)
    payments = {payment.id: payment for payment in world.ledger.payments()}
    charges = {charge.payment_id: charge for charge in world.bank.book}
    assert charges.keys() <= payments.keys(), "a charge at the gateway that is not in the table"
    for payment in payments.values():
        gapless(payment)
        _truth(payment, charges.get(payment.id), before.get(payment.id))
        assert payment.follow_up.due_at is None or world.waits_for_the_bank(payment)
    _answers(world)
    _orders(world, payments)
    told(world, payments)
    _secrets(world)


def gapless(payment: Payment) -> None:
    """Each entry follows from the one before."""
    assert [entry.sequence for entry in payment.history] == list(range(1, payment.version + 1))
    assert payment.history[0].status is Status.PROCESSING
    for earlier, later in zip(payment.history, payment.history[1:], strict=False):
        assert later.previous_status is earlier.status
        assert later.status in AFTER_THE_END.get(earlier.status, set(Status)) or _is_suspicious(later)
    assert payment.history[-1].status is payment.status


def _truth(payment: Payment, charge: Charge | None, before: Payment | None) -> None:
    code = payment.failure.code if payment.failure else None
    if _is_suspicious(payment):
        assert charge is not None
        assert charge.word == "SUCCESS", "only what is paid seems suspicious"
    elif charge is not None and charge.fate.factor != 1:
        assert (payment.status, code) in {
            (Status.NEEDS_REVIEW, "integrity_mismatch"),
            (Status.NEEDS_REVIEW, "unresolved"),
        }
    elif charge is None:
        # Failed on evidence, or given to a human; as long as it is not open and not paid.
        assert (payment.status, code) in {
            (Status.FAILED, "never_arrived"),
            (Status.FAILED, "invalid_request"),
            (Status.FAILED, "gateway_credentials"),
            (Status.NEEDS_REVIEW, "unresolved"),
        }
    elif payment.status is Status.NEEDS_REVIEW:
        given_up_before = before is not None and before.status is Status.NEEDS_REVIEW
        assert code == "unresolved"
        assert given_up_before or charge.word not in FINAL, f"{charge.word} was there to be asked for"
    else:
        assert payment.status is VERDICTS[charge.word]
        assert payment.transaction_id == charge.transaction_id


def _is_suspicious(what: Payment | Entry) -> bool:
    return what.status is Status.NEEDS_REVIEW and what.failure is not None and what.failure.code == SUSPICIOUS


def _answers(world: World) -> None:
    """Whoever got a payment for an answer had asked for this one, and nobody else had."""
    asked: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for shop, payment in world.answers:
        assert (payment.order_id, payment.money.amount) == (shop.order_id, shop.amount)
        asked[payment.id].add((shop.caller, shop.key))
    assert {payment_id: who for payment_id, who in asked.items() if len(who) > 1} == {}


def _orders(world: World, payments: dict[str, Payment]) -> None:
    by_order = defaultdict(list)
    for payment in sorted(payments.values(), key=lambda payment: payment.attempt):
        if payment.order_id is not None:
            by_order[payment.order_id].append(payment)
    for order_id, attempts in by_order.items():
        lock = world.ledger.order(order_id)
        assert lock is not None
        assert lock.attempts == tuple(payment.id for payment in attempts)
        assert [payment.attempt for payment in attempts] == list(range(1, len(attempts) + 1))


def told(world: World, payments: dict[str, Payment]) -> None:
    """Every entry, nothing else; in order at first hearing; the same id always with the same words."""
    heard: dict[str, list[Event]] = defaultdict(list)
    for event in world.bus.events:
        if event not in heard[event.payment_id]:
            heard[event.payment_id].append(event)
    expected = {payment.id: [event_of(payment, entry) for entry in payment.history] for payment in payments.values()}
    assert dict(heard) == expected


def _secrets(world: World) -> None:
    sinks = {
        "ledger": world.ledger.dump(),
        "bus": repr(world.bus.events),
        "telemetry": repr(world.telemetry.notes),
        "answers and errors": "\n".join(world.texts),
    }
    for sink, text in sinks.items():
        for secret in (samples.CARD_NUMBER, CVV):
            assert secret not in text, sink
