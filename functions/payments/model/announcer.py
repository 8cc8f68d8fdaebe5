"""Who puts the events of a payment on the bus: the relay, or the process that writes their entries. Pure."""

from dataclasses import replace

from payments.model.payment import Payment


def with_announcer(before: Payment | None, after: Payment, *, leaves_to_relay: bool) -> Payment:
    """`after` with its announcer, as the write that turns `before` into it records it; None: the payment is new.

    `leaves_to_relay`: the writer publishes nothing itself. Whoever adds an entry decides; a write without an entry
    leaves the announcer as it is, unless it ends a mere claim.
    """
    if not after.has_unpublished or is_mere_claim(after):
        return _announced(after, by_relay=False)
    if before is None or after.version > before.version or is_mere_claim(before):
        return _announced(after, by_relay=leaves_to_relay)
    return _announced(after, by_relay=before.follow_up.announcer == "relay")


def is_mere_claim(payment: Payment) -> bool:
    """Whether nothing is known yet but the intent, and the claim may still be deleted: nothing to announce."""
    is_first = payment.version == 1 and payment.published == 0
    return is_first and payment.answered is None and not payment.replayed_while_sending


def _announced(payment: Payment, *, by_relay: bool) -> Payment:
    return replace(payment, follow_up=replace(payment.follow_up, announcer="relay" if by_relay else None))
