"""Writes docs/statuses.md from the table of moves. `make fix` runs it, with functions/ on the path."""

from pathlib import Path
from typing import Final

from payments.model.status import FREES_THE_ORDER, OPEN, TRANSITIONS, Status

PAGE: Final = Path(__file__).parents[1] / "docs" / "statuses.md"

MEANING: Final[dict[Status, str]] = {
    Status.PROCESSING: "recorded; sent or not, there is no verdict yet",
    Status.REQUIRES_ACTION: "the shopper is at the gateway's page",
    Status.PENDING: "the gateway is waiting",
    Status.SUCCEEDED: "money moved",
    Status.FAILED: "no money moved: declined, refused, or proved never to have arrived",
    Status.BLOCKED: "no money moved: security or compliance",
    Status.ABANDONED: "no money moved: the shopper never completed",
    Status.NEEDS_REVIEW: "neither paid nor unpaid: a human must look",
}

WAY_BACK: Final = """## The way back

| `refund.status` | meaning | may become |
|---|---|---|
| `none` | nobody has asked for the money back | `requested`; `refunded`, made at the gateway |
| `requested` | asked for here, and not known yet whether it was done: the gateway is asked | `refunded`, `failed` |
| `failed` | the money was not sent back; it may be asked for again | `requested`; `refunded`, if it was after all |
| `refunded` | the money is on its way back | none |

`chargeback.status` goes from `none` to `charged_back`, whatever the refund is: the cardholder's bank asks nobody.
What was charged back takes no refund, but one that was under way may be made all the same, and then both are true.
"""


def page() -> str:
    """The whole page."""
    return f"""# The statuses of a payment

<!-- Written by scripts/draw_statuses.py from functions/payments/model/status.py; `make fix` writes it anew. -->

{_table()}

Solid: while there is no verdict. Dashed: after one, on evidence alone that money moved after all or that witnesses
contradict each other; and out of a review. Only the daily reconciliation puts what succeeded into review. Refund and chargeback
are facts beside the status: they move nothing here.
A move that is not drawn raises `IllegalMove`; a repeat of what is already so is no move.

```mermaid
{_diagram()}
```

{WAY_BACK}"""


def _table() -> str:
    rows = [f"| `{status}` | {MEANING[status]} | {_kind(status)} | {_moves(status)} |" for status in Status]
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
        return "open: the gateway is asked"
    if status in FREES_THE_ORDER:
        return "final; the order may be tried again"
    return "waits for a human" if status is Status.NEEDS_REVIEW else "final"


def _moves(status: Status) -> str:
    return ", ".join(f"`{to}`" for to in Status if to in TRANSITIONS[status]) or "none"


if __name__ == "__main__":
    PAGE.write_text(page())
