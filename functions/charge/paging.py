"""Pages of an order's payments: the query parameters `limit` and `cursor`, and the cursor of the next page. Pure."""

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Final

from charge.problems import Problem, RequestRefused

PAGE: Final = 20
MAX_PAGE: Final = 100
"""One batch read of the table, DynamoDB's limit."""

_LIMIT: Final = re.compile(r"[1-9][0-9]{0,2}")


def page_of(attempts: Sequence[str], query: Mapping[str, str]) -> tuple[Sequence[str], str | None]:
    """The ids on one page, and the cursor of the next one; None when no page follows.

    A cursor names the last payment of its page. A payment that another one follows is never released, so the place
    stays. Raises RequestRefused 400.
    """
    limit = _limit(query.get("limit"))
    first = _place(attempts, query["cursor"]) if "cursor" in query else 0
    page = attempts[first : first + limit]
    return page, _cursor(page[-1]) if first + limit < len(attempts) else None


def _limit(text: str | None) -> int:
    if text is None:
        return PAGE
    if not _LIMIT.fullmatch(text) or int(text) > MAX_PAGE:
        title = f"The query parameter limit must be a whole number from 1 to {MAX_PAGE}."
        raise RequestRefused(Problem(400, "limit_invalid", title))
    return int(text)


def _cursor(payment_id: str) -> str:
    return base64.urlsafe_b64encode(payment_id.encode()).decode().rstrip("=")


def _place(attempts: Sequence[str], cursor: str) -> int:
    """The place after the payment that the cursor names."""
    for place, payment_id in enumerate(attempts, start=1):
        if cursor == _cursor(payment_id):
            return place
    title = "The query parameter cursor is not one of this order: begin with the first page."
    raise RequestRefused(Problem(400, "cursor_invalid", title))
