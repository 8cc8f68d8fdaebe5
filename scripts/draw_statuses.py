"""Writes docs/statuses.md from the table of transitions. `make fix` runs it, with functions/ on the path."""

from pathlib import Path
from typing import Final

from payments.model.status import FREES_THE_ORDER, OPEN, TRANSITIONS, Status

PAGE: Final = Path(__file__).parents[1] / "docs" / "statuses.md"

MEANING: Final[dict[Status, str]] = {
    Status.PROCESSING: "recorded; there is no verdict yet, and it may not have been sent",
    Status.REQUIRES_ACTION: "the shopper is on the gateway's page",
    Status.PENDING: "the gateway has no verdict yet",
    Status.SUCCEEDED: "money moved",
    Status.FAILED: "no money moved: declined, refused, or the request provably never arrived",
    Status.BLOCKED: "no money moved: security or compliance",
    Status.ABANDONED: "no money moved: the shopper never completed",
    Status.NEEDS_REVIEW: "unclear whether money moved: an operator decides",
}

WAY_BACK: Final = """## Refunds and chargebacks

| `refund.status` | meaning | may become |
|---|---|---|
| `none` | no refund was requested | `requested`; `refunded`, if made at the gateway |
| `requested` | requested here, outcome unknown: the follow-up asks the gateway | `refunded`, `failed` |
| `failed` | not refunded; a refund may be requested again | `requested`; `refunded`, if the gateway made it after all |
| `refunded` | the gateway has made the refund | none |

`chargeback.status` changes from `none` to `charged_back`, whatever the refund's status is.
A charged-back payment accepts no new refund. A refund that was already requested may still be made;
then both are true.

## A payment that was left or cancelled

`superseded_at` is a fact beside the status, too. A payment that is `requires_action` without news for longer than the
parameter `LeftRedirectMinutes` loses its order to the next charge with a new key. `POST /charges/{id}/cancel` frees the
order of a `requires_action` payment at once. Both ask the gateway first: only its word that the payment waits for its
shopper frees the order. The payment keeps its status, is asked about as before, and may still become any status above;
the gateway cannot void it. A payment in review because its shopper never came back can be superseded, too; then the
queries begin anew. A superseded payment that becomes `pending`, or goes into another review, locks its order again:
money may be about to move. A superseded payment that succeeds is a late success, with an alarm. If
`SupersededPaymentPolicy` was `refund` when it was superseded, the follow-up refunds it: `refund.status` as above.
"""


def page() -> str:
    """The page as Markdown."""
    return f"""# The statuses of a payment

<!-- Written by scripts/draw_statuses.py from functions/payments/model/status.py; `make fix` updates it. -->

{_table()}

Solid arrows: transitions while there is no verdict. Dashed arrows: transitions after a verdict, when there is evidence
that money moved after all or that two sources contradict each other; and transitions out of a review. Only the daily
reconciliation puts a succeeded payment into review. Refunds and chargebacks do not change the status.
A transition that is not drawn raises `IllegalTransition`; the same status again is no transition.

```mermaid
{_diagram()}
```

{WAY_BACK}"""


def _table() -> str:
    rows = [f"| `{status}` | {MEANING[status]} | {_kind(status)} | {_transitions(status)} |" for status in Status]
    return "\n".join(["| status | meaning | | may become |", "|---|---|---|---|", *rows])


def _diagram() -> str:
    # A state diagram of mermaid has no dashed arrows; a flowchart has.
    lines = ["flowchart LR", "    start(( )) --> processing"]
    lines += [f"    {status}({status})" for status in Status]
    for status in Status:
        arrow = "-->" if status in OPEN else "-.->"
        lines += [f"    {status} {arrow} {to}" for to in Status if to in TRANSITIONS[status]]
    lines += ["    classDef open stroke-dasharray: 4 3", f"    class {','.join(s for s in Status if s in OPEN)} open"]
    return "\n".join(lines)


def _kind(status: Status) -> str:
    if status in OPEN:
        return "open: the follow-up asks the gateway"
    if status in FREES_THE_ORDER:
        return "final; the order may be charged again"
    return "waits for an operator" if status is Status.NEEDS_REVIEW else "final"


def _transitions(status: Status) -> str:
    return ", ".join(f"`{to}`" for to in Status if to in TRANSITIONS[status]) or "none"


if __name__ == "__main__":
    PAGE.write_text(page())
