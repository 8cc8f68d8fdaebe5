"""The plays that have a name. `docs/simulator.md` lists each of them; a test keeps the two together."""

from __future__ import annotations

from typing import Final

from local.simulator.play import Play

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
