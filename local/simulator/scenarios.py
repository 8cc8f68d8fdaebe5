"""The named behaviours. `docs/simulator.md` lists each of them, and a test compares the two."""

from __future__ import annotations

from typing import Final

from local.simulator.behaviour import Behaviour

# For charges. For refunds only those with the outcome approve or nothing.
SCENARIOS: Final[dict[str, Behaviour]] = {
    # Every status, with a plain answer.
    "approve": Behaviour(),
    "decline": Behaviour("decline"),
    "blocked": Behaviour("block"),
    "redirect": Behaviour("redirect"),
    "pending": Behaviour("pending"),
    "init": Behaviour("init"),
    "abandoned": Behaviour("abandon"),
    "unknown-status": Behaviour("unknown"),
    # Charged, but the answer does not show it.
    "charged-then-timeout": Behaviour(answer="timeout"),
    "charged-then-500": Behaviour(answer="server-error"),
    "charged-then-reset": Behaviour(answer="reset"),
    "charged-then-cut-off": Behaviour(answer="cut-off"),
    "garbage": Behaviour(answer="garbage"),
    "truncated": Behaviour(answer="truncated"),
    "slow": Behaviour(answer="slow"),
    "slow-drip": Behaviour(answer="slow-drip"),
    "too-large": Behaviour(answer="too-large"),
    "elsewhere": Behaviour(answer="elsewhere"),
    "held": Behaviour(answer="held"),
    "stalled": Behaviour(answer="stalled"),
    "envelope-with-500": Behaviour(answer_code=500),
    # The same answers, but nothing was charged.
    "uncharged-timeout": Behaviour("nothing", answer="timeout"),
    "uncharged-reset": Behaviour("nothing", answer="reset"),
    "uncharged-500": Behaviour("nothing", answer="server-error"),
    # Refused: nothing is recorded.
    "refused-422": Behaviour("nothing", answer="refused-422"),
    "refused-400": Behaviour("nothing", answer="refused-400"),
    "bad-credentials": Behaviour("nothing", answer="bad-credentials"),
    "forbidden": Behaviour("nothing", answer="forbidden"),
    "unavailable": Behaviour("nothing", answer="unavailable"),
    # Charged, but the answer does not match the request.
    "wrong-amount": Behaviour(answer_lie="amount"),
    "wrong-currency": Behaviour(answer_lie="currency"),
    "wrong-order-id": Behaviour(answer_lie="order_id"),
    "wrong-transaction-id": Behaviour(answer_lie="transaction_id"),
    # Charged, but the status endpoint does not show it at first.
    "status-404-then-found": Behaviour(status="missing", status_times=2),
    "status-unavailable": Behaviour(status="unavailable", status_times=2),
    # Charged, but the webhook is lost, late, repeated, reordered or badly signed.
    "webhook-unsigned": Behaviour(webhook="unsigned"),
    "webhook-wrongly-signed": Behaviour(webhook="wrongly-signed"),
    "webhook-duplicate": Behaviour(webhook="duplicate"),
    "webhook-late": Behaviour(webhook="late"),
    "webhook-reordered": Behaviour(webhook="reordered"),
    "webhook-lost": Behaviour(webhook="lost"),
    "webhook-first": Behaviour(webhook="first"),
}

_ALREADY_REFUNDED: Final = "Transaction has already been refunded."
_ALREADY_CHARGED_BACK: Final = "Transaction has already been charged back."

# For `call="refund"` alone. "approve" refunds, "nothing" does not; no card has them.
REFUND_SCENARIOS: Final[dict[str, Behaviour]] = {
    "refunded": Behaviour(),
    # Refunded, but the answer does not show it.
    "refunded-then-timeout": Behaviour(answer="timeout"),
    "refunded-then-500": Behaviour(answer="server-error"),
    "refunded-then-503": Behaviour(answer="unavailable"),
    "refunded-then-reset": Behaviour(answer="reset"),
    "refunded-then-cut-off": Behaviour(answer="cut-off"),
    "refunded-then-garbage": Behaviour(answer="garbage"),
    "refunded-then-truncated": Behaviour(answer="truncated"),
    "refunded-then-elsewhere": Behaviour(answer="elsewhere"),
    "refunded-slowly": Behaviour(answer="slow"),
    "refunded-then-held": Behaviour(answer="held"),
    "refund-stalled": Behaviour(answer="stalled"),
    "refunded-with-500": Behaviour(answer_code=500),
    # Refunded, but the answer is wrong.
    "refunded-unflagged": Behaviour(answer_lie="refund"),
    "refunded-but-refused": Behaviour(answer="refused-400"),
    "refunded-wrong-amount": Behaviour(answer_lie="amount"),
    "refunded-wrong-currency": Behaviour(answer_lie="currency"),
    "refunded-wrong-order-id": Behaviour(answer_lie="order_id"),
    "refunded-wrong-transaction-id": Behaviour(answer_lie="transaction_id"),
    # Refunded, but the status endpoint shows it late.
    "refunded-status-lags": Behaviour(status="lagging", status_times=2),
    "refunded-then-timeout-status-lags": Behaviour(answer="timeout", status="lagging", status_times=2),
    # Not refunded, but the answer does not show it.
    "not-refunded-timeout": Behaviour("nothing", answer="timeout"),
    "not-refunded-reset": Behaviour("nothing", answer="reset"),
    "not-refunded-500": Behaviour("nothing", answer="server-error"),
    "not-refunded-garbage": Behaviour("nothing", answer="garbage"),
    "not-refunded-unflagged": Behaviour("nothing"),
    "not-refunded-but-flagged": Behaviour("nothing", answer_lie="refund"),
    # Refused. The last two are messages alone; `refund` or `charge_back` of the control API makes them true.
    "refund-refused-422": Behaviour(
        "nothing", answer="refused-422", errors=({"field": "reason", "message": "reason is invalid"},)
    ),
    "refund-refused-400": Behaviour("nothing", answer="refused-400"),
    "refund-bad-credentials": Behaviour("nothing", answer="bad-credentials"),
    "refund-forbidden": Behaviour("nothing", answer="forbidden"),
    "refund-unavailable": Behaviour("nothing", answer="unavailable"),
    "already-refunded": Behaviour("nothing", answer="refused-400", message=_ALREADY_REFUNDED),
    "already-charged-back": Behaviour("nothing", answer="refused-400", message=_ALREADY_CHARGED_BACK),
}

# For the transaction list: `call="list"` is any page of it, `call="page"` one that is asked for with a cursor.
LIST_SCENARIOS: Final[dict[str, Behaviour]] = {
    "list-unavailable": Behaviour(answer="unavailable"),
    "list-500": Behaviour(answer="server-error"),
    "list-bad-credentials": Behaviour(answer="bad-credentials"),
    "list-timeout": Behaviour(answer="timeout"),
    "list-reset": Behaviour(answer="reset"),
    "list-cut-off": Behaviour(answer="cut-off"),
    "list-garbage": Behaviour(answer="garbage"),
    "list-truncated": Behaviour(answer="truncated"),
    "list-slow": Behaviour(answer="slow"),
    "list-held": Behaviour(answer="held"),
    "list-stalled": Behaviour(answer="stalled"),
}
# These two need a cursor: `call="page"` alone.
PAGE_SCENARIOS: Final[dict[str, Behaviour]] = {
    "cursor-refused": Behaviour(answer="stale-cursor"),
    "cursor-repeated": Behaviour(answer_lie="cursor"),
}

SCENARIOS_BY_CALL: Final[dict[str, dict[str, Behaviour]]] = {
    "card": SCENARIOS,
    "hosted": SCENARIOS,
    "refund": SCENARIOS | REFUND_SCENARIOS,
    "list": LIST_SCENARIOS,
    "page": LIST_SCENARIOS | PAGE_SCENARIOS,
}
