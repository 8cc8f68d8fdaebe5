"""The plays that have a name. `docs/simulator.md` lists each of them; a test keeps the two together."""

from __future__ import annotations

from typing import Final

from local.simulator.behaviour import Play

# For a charge; for a refund too, where the outcome is approve or nothing.
SCENARIOS: Final[dict[str, Play]] = {
    # Verdicts, told plainly.
    "approve": Play(),
    "decline": Play("decline"),
    "blocked": Play("block"),
    "redirect": Play("redirect"),
    "pending": Play("pending"),
    "init": Play("init"),
    "abandoned": Play("abandon"),
    "unknown-status": Play("unknown"),
    # Charged, but the merchant cannot tell from the answer.
    "charged-then-timeout": Play(answer="timeout"),
    "charged-then-500": Play(answer="server-error"),
    "charged-then-reset": Play(answer="reset"),
    "charged-then-cut-off": Play(answer="cut-off"),
    "garbage": Play(answer="garbage"),
    "truncated": Play(answer="truncated"),
    "slow": Play(answer="slow"),
    "slow-drip": Play(answer="slow-drip"),
    "too-large": Play(answer="too-large"),
    "elsewhere": Play(answer="elsewhere"),
    "held": Play(answer="held"),
    "stalled": Play(answer="stalled"),
    "envelope-with-500": Play(answer_code=500),
    # The same answers, but nothing was charged.
    "uncharged-timeout": Play("nothing", answer="timeout"),
    "uncharged-reset": Play("nothing", answer="reset"),
    "uncharged-500": Play("nothing", answer="server-error"),
    # Refused: nothing is recorded.
    "refused-422": Play("nothing", answer="refused-422"),
    "refused-400": Play("nothing", answer="refused-400"),
    "bad-credentials": Play("nothing", answer="bad-credentials"),
    "forbidden": Play("nothing", answer="forbidden"),
    "unavailable": Play("nothing", answer="unavailable"),
    # Charged, but the answer speaks of something else.
    "wrong-amount": Play(answer_lie="amount"),
    "wrong-currency": Play(answer_lie="currency"),
    "wrong-order-id": Play(answer_lie="order_id"),
    "wrong-transaction-id": Play(answer_lie="transaction_id"),
    # Charged, but the status endpoint does not say so at once.
    "status-404-then-found": Play(status="missing", status_times=2),
    "status-unavailable": Play(status="unavailable", status_times=2),
    # Charged, but the webhook does not arrive once, on time and signed.
    "webhook-unsigned": Play(webhook="unsigned"),
    "webhook-wrongly-signed": Play(webhook="wrongly-signed"),
    "webhook-duplicate": Play(webhook="duplicate"),
    "webhook-late": Play(webhook="late"),
    "webhook-reordered": Play(webhook="reordered"),
    "webhook-lost": Play(webhook="lost"),
    "webhook-first": Play(webhook="first"),
}

_ALREADY_REFUNDED: Final = "Transaction has already been refunded."
_ALREADY_CHARGED_BACK: Final = "Transaction has already been charged back."

# For `call="refund"` alone. "approve" refunds, "nothing" does not; no card plays them.
REFUNDS: Final[dict[str, Play]] = {
    "refunded": Play(),
    # Refunded, but the merchant cannot tell from the answer.
    "refunded-then-timeout": Play(answer="timeout"),
    "refunded-then-500": Play(answer="server-error"),
    "refunded-then-503": Play(answer="unavailable"),
    "refunded-then-reset": Play(answer="reset"),
    "refunded-then-cut-off": Play(answer="cut-off"),
    "refunded-then-garbage": Play(answer="garbage"),
    "refunded-then-truncated": Play(answer="truncated"),
    "refunded-then-elsewhere": Play(answer="elsewhere"),
    "refunded-slowly": Play(answer="slow"),
    "refunded-then-held": Play(answer="held"),
    "refund-stalled": Play(answer="stalled"),
    "refunded-with-500": Play(answer_code=500),
    # Refunded, and the answer lies about it.
    "refunded-unflagged": Play(answer_lie="refund"),
    "refunded-but-refused": Play(answer="refused-400"),
    "refunded-wrong-amount": Play(answer_lie="amount"),
    "refunded-wrong-currency": Play(answer_lie="currency"),
    "refunded-wrong-order-id": Play(answer_lie="order_id"),
    "refunded-wrong-transaction-id": Play(answer_lie="transaction_id"),
    # Refunded, but the status endpoint shows it late.
    "refunded-status-lags": Play(status="lagging", status_times=2),
    "refunded-then-timeout-status-lags": Play(answer="timeout", status="lagging", status_times=2),
    # Not refunded, and the merchant cannot tell from the answer.
    "not-refunded-timeout": Play("nothing", answer="timeout"),
    "not-refunded-reset": Play("nothing", answer="reset"),
    "not-refunded-500": Play("nothing", answer="server-error"),
    "not-refunded-garbage": Play("nothing", answer="garbage"),
    "not-refunded-unflagged": Play("nothing"),
    "not-refunded-but-flagged": Play("nothing", answer_lie="refund"),
    # Refused. The last two are words alone; a refund or a chargeback in the dashboard makes them true.
    "refund-refused-422": Play(
        "nothing", answer="refused-422", errors=({"field": "reason", "message": "reason is invalid"},)
    ),
    "refund-refused-400": Play("nothing", answer="refused-400"),
    "refund-bad-credentials": Play("nothing", answer="bad-credentials"),
    "refund-forbidden": Play("nothing", answer="forbidden"),
    "refund-unavailable": Play("nothing", answer="unavailable"),
    "already-refunded": Play("nothing", answer="refused-400", message=_ALREADY_REFUNDED),
    "already-charged-back": Play("nothing", answer="refused-400", message=_ALREADY_CHARGED_BACK),
}

# For the transaction list: `call="list"` is any page of it, `call="page"` one that is asked for with a cursor.
LISTS: Final[dict[str, Play]] = {
    "list-unavailable": Play(answer="unavailable"),
    "list-500": Play(answer="server-error"),
    "list-bad-credentials": Play(answer="bad-credentials"),
    "list-timeout": Play(answer="timeout"),
    "list-reset": Play(answer="reset"),
    "list-cut-off": Play(answer="cut-off"),
    "list-garbage": Play(answer="garbage"),
    "list-truncated": Play(answer="truncated"),
    "list-slow": Play(answer="slow"),
    "list-held": Play(answer="held"),
    "list-stalled": Play(answer="stalled"),
}
# These two need a cursor: `call="page"` alone.
PAGES: Final[dict[str, Play]] = {
    "cursor-refused": Play(answer="stale-cursor"),
    "cursor-repeated": Play(answer_lie="cursor"),
}

PLAYS_OF: Final[dict[str, dict[str, Play]]] = {
    "card": SCENARIOS,
    "hosted": SCENARIOS,
    "refund": SCENARIOS | REFUNDS,
    "list": LISTS,
    "page": LISTS | PAGES,
}
