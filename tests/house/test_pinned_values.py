"""Values that money or time depends on, each with its reason. Elsewhere tests use the constant's name.

A test that compares a constant with itself passes for any value. Who changes one of these changes it here as well, and
reads why it has its value.
"""

import re
from datetime import timedelta
from importlib import import_module
from typing import Any, Final

import pytest

from tests.house.checkout import FUNCTIONS

S, M, H, D = (timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours", "days"))

PINNED: Final[dict[str, dict[str, tuple[Any, str]]]] = {
    "charge.app": {
        "VERDICT_SECONDS": (7.0, "a hanging table takes 5.5 s and a hanging secret 1 s"),
    },
    "charge.paging": {
        "PAGE": (20, "the README says so"),
        "MAX_PAGE": (100, "DynamoDB's limit for one batch read"),
    },
    "payments.charging.claim": {
        "LOCK_TRIES": (5, "each failed try means that another request has won"),
        "MAX_ATTEMPTS": (100, "the lock lists them all, in 3 KB"),
    },
    "payments.model.follow_up": {
        "FIRST_ASK": (60 * S, "later than the end of any request: a charge is not queried while it is being sent"),
        "IN_DOUBT_ASK": (10 * S, "the shopper waits"),
        "LEFT_TO_RELAY": (2 * M, "the relay publishes within seconds; template.yaml has the same number"),
        "MIN_SEND_SECONDS": (1.0, "with less time an answer comes too late, and the charge is in doubt for nothing"),
    },
    "payments.model.history": {"MAX_HISTORY": (50, "the item stays far below 400 KB")},
    "payments.model.refund": {"MAX_REFUND_HISTORY": (200, "about a hundred attempts in an outage")},
    "payments.events.relay": {
        "ONE_PAYMENT_SECONDS": (25.0, "a hanging table and a hanging bus take 21.5 s"),
        "MAX_LEFT_IN_A_ROW": (2, "one may be the payment's own fault, two are the bus's or the table's"),
    },
    "payments.follow_up.schedule": {
        "BACK_OFF": ((1 * M, 5 * M, 15 * M, 1 * H, 6 * H, 1 * D), "docs/failures.md says so"),
        "UNANSWERED_WAIT": (30 * S, "a query begun 24 s into a run is due again before the next one"),
        "LONGEST_JITTER": (0.2, "spreads queries, and docs/failures.md says so"),
        "PLAN_ENDS_AFTER": (1.2 * (31 * H + 21 * M), "less than the two days of the alarm unresolved-payment"),
        "CONFIRMED_ASKS": (3, "a webhook may be ahead of the status API, but not for long"),
        "NEVER_ARRIVED_AFTER": (1 * H, "the status API may lag; sooner, a charge may be declared failed and be paid"),
        "NEVER_ARRIVED_ASKS": (2, "one 404 may be an accident"),
    },
    "payments.follow_up.finish": {"LEASE": (90 * S, "a run takes 55 s at most")},
    "payments.follow_up.run": {
        "ONE_PAYMENT_SECONDS": (20.0, "a slow query, write and publication take 18.5 s"),
        "PUBLICATION_SECONDS": (11.0, "a slow publication and its cursor take 10.5 s"),
    },
    "payments.follow_up.due_payments": {
        "PAGE": (25, "memory stays bounded"),
        "OLDER_FOR_EACH_NEW": (3, "a backlog drains, and a shopper who waits is not behind all of it"),
    },
    "payments.follow_up.lanes": {
        "PUBLISHERS": (8, "decision 22: three times what 100 charges a second need"),
        "ROOM": (100, "two seconds of work, and little memory"),
        "MAX_WAITING": (1000, "5 MB"),
    },
    "payments.follow_up.bus_budget": {
        "BUS_BUDGET": (8 * S, "the queries of a run need the rest"),
        "SLOW": (1 * S, "a call takes milliseconds"),
    },
    "payments.follow_up.refresh": {
        "AT_MOST_EVERY": (5 * S, "the README says so"),
        "REFRESH_SECONDS": (8.0, "the caller waits"),
    },
    "payments.follow_up.backlog": {"IN_DOUBT_AFTER": (30 * S, "a charge takes 27 s at most")},
    "payments.outcome.status_query": {
        "ASK_SECONDS": (8.0, "three of them fit into a run"),
        "MAX_UNANSWERED": (3, "more show nothing new, and cost the run its time"),
    },
    "payments.charging.cancel": {"ASK_TRIES": (2, "two queries of 8 s and the table fit into the 29 s of API Gateway")},
    "payments.webhooks.handle": {"CONFIRM_SECONDS": (10.0, "the gateway waits for our answer meanwhile")},
    "payments.ledger.table": {
        "CONFLICT_TRIES": (6, "0.62 s of waits in all"),
        "PATIENCE_SECONDS": (2.5, "a call that hangs for 2 s is made twice"),
        "FIRST_WAIT": (0.02, "a transaction takes some milliseconds"),
        "BATCH_TRIES": (9, "five seconds of waits; only the reconciliation has them"),
        "MAX_BATCH_KEYS": (100, "DynamoDB's limit"),
    },
    "payments.ledger.payment_items": {
        "SHARDS": (32, "decision 22: for 1,000 charges a second; fewer would hide payments"),
        "UNLISTED_SHARDS": (8, "the stored marks: fewer would hide payments"),
    },
    "payments.ledger.reconciliation": {"PAGE": (25, "each may cost a query between two checkpoints")},
    "payments.runtime.secret_cache": {
        "FRESH_FOR": (5 * M, "a rotation takes effect within it, and a revoked key is used no longer"),
        "RETRY_AFTER": (30 * S, "an outage of Secrets Manager must not cost each request a call"),
        "REPEAT_AFTER": (2 * S, "a webhook may be waiting"),
        "REFRESH_EVERY": (1 * M, "forged webhooks must not cause cost"),
    },
    "payments.runtime.bootstrap": {"CONNECTIONS": (128, "100 questions at once, 8 publications and the reader")},
    "payments.runtime.secret_reading": {"HELD_UP_SECONDS": (1.0, "a part of the verdict's reserve")},
    "payments.runtime.emf": {"MAX_VALUES": (99, "Powertools writes a line of 100 by itself, in two parts")},
    "payments.runtime.api_gateway": {"MAX_BODY_BYTES": (65_536, "docs/problems.md says so")},
    "payments.gateway.client": {"_MIN_RESEND_SECONDS": (2.0, "with less, the second answer comes too late")},
    "payments.gateway.send_tracking": {"MAX_IDLE_SECONDS": (4.0, "a connection may die while the function is frozen")},
    "payments.gateway.transport": {
        "CONNECT_SECONDS": (3.0, "giving up costs nothing yet"),
        "MAX_ANSWER_BYTES": (65_536, "docs/failures.md says so"),
        "MAX_RETRY_AFTER": (60.0, "a wrong header must not stop charges for hours"),
    },
    "payments.gateway.circuit_breaker": {
        "FAILURES_TO_OPEN": (5, "decision 5"),
        "OPEN_FOR": (15 * S, "decision 5"),
    },
    "payments.gateway.cipher": {"IV_BYTES": (16, "the gateway's document"), "BLOCK_BYTES": (16, "AES")},
    "payments.gateway.credentials": {"ENCRYPTION_KEY_BYTES": (32, "AES-256")},
    "payments.gateway.transaction_list": {"AMOUNT_LIMIT": (10**11, "more is no amount, and would spoil the totals")},
    "payments.bus.eventbridge": {"MAX_ENTRIES": (10, "the limit of PutEvents")},
    "payments.reconciliation.run": {
        "LEASE": (5 * M, "a killed call must not block the next one for long"),
    },
    "payments.reconciliation.choice": {
        "TOO_OLD": (6 * D, "the rest of an old comparison by hand is of no use"),
        "DAILY_TOO_OLD": (28 * D, "the parts of a report are kept for thirty days"),
    },
    "payments.reconciliation.listed_page": {
        "EDGE": (1 * H, "two clocks, and the time until a charge is sent"),
        "LISTED_WITHIN": (3 * D, "today and the last two days: the gateway's times may be wrong by hours"),
    },
    "payments.reconciliation.report": {
        "MIN_PART_BYTES": (5 * 1024 * 1024, "S3's limit"),
        "PARTS_A_STEP": (200, "seconds of reads; the lease is five minutes"),
    },
    "payments.reconciliation.plan": {"WEEK": (7, "docs/reconciliation.md says so")},
    "payments.reconciliation.comparison": {"LAG": (1 * H, "the list may lag: a young payment is not missing yet")},
    "payments.reconciliation.resolution": {"IN_FLIGHT": (1 * H, "a young charge may still be answered")},
    "payments.reconciliation.confirmation": {
        "CONTRADICTION_BUDGET": (100, "more contradictions mean that the list is wrong, not the payments"),
        "MIN_PAYMENT_SECONDS": (12.0, "a query and a write"),
    },
    "payments.reconciliation.pagination": {
        "PAGE_SECONDS": (20.0, "a page of the list is large"),
        "WAITS": ((1.0, 3.0), "three tries a page"),
        "MIN_PAGE_SECONDS": (5.0, "with less time a page is not begun"),
        "RESTARTS": (3, "a list that moves under us must not keep a call busy for ever"),
        "MAX_ROWS": (100_000_000, "a list that never ends must end; a busy account has ten million"),
        "SLACK": (1000, "a list moves while it is read"),
        "FEW_UNREADABLE": (10, "more unreadable rows mean that the format has changed"),
    },
    "reconciliation.invocation": {
        "RESERVED_SECONDS": (60.0, "the end of a call must be saved"),
        "PROGRESS_SECONDS": (10.0, "docs/observability.md says so"),
    },
    "reconciliation.request": {"MAX_DAYS": (366, "a year at once")},
}
"""Module → constant → value and reason."""

EXEMPT: Final = {
    "_LONGEST": "the digits of a card number: tests/payments/model",
    "_MAX_CURSOR": "text limits: a longer one is cut or ignored",
    "_MAX_FIELD_ERRORS": "text limits",
    "_MAX_TEXT": "text limits",
    "_MAX_URL": "text limits",
    "_MIN_CARD_NUMBER": "the digits of a card number: tests/payments/gateway",
    "_ONE_DAY": "a unit",
    "_SANE": "digits before any limit of an amount is checked",
    "FIRST_YEAR": "before the gateway existed",
    "MARK_LENGTH": "memory of the list's rows",
    "REMEMBERED": "memory of the list's rows",
    "MAX_PAGE_BYTES": "memory of one page",
    "MAX_PER_SHARD": "a number for a graph",
}
"""Numbers that neither money nor time depends on."""

_CONSTANT: Final = re.compile(
    r"^(_?[A-Z][A-Z_0-9]+): Final(?:\[[^=]*\])? = (?:\(?[0-9]|timedelta\(|tuple\(timedelta|sum\(|[0-9])",
    re.MULTILINE,
)


@pytest.mark.parametrize(
    ("module", "name"), [(module, name) for module, values in PINNED.items() for name in values], ids=str
)
def test_the_value_is_the_one_with_the_reason(module: str, name: str) -> None:
    value, reason = PINNED[module][name]
    found = getattr(import_module(module), name)
    assert found == value, f"{module}.{name} is {value} because: {reason}"
    assert type(found) is type(value)


def test_each_number_of_the_code_is_pinned_or_exempt() -> None:
    found = {
        (".".join(path.relative_to(FUNCTIONS).with_suffix("").parts), name)
        for path in FUNCTIONS.rglob("*.py")
        for name in _CONSTANT.findall(path.read_text())
    }
    assert len(found) > 60
    missing = [pair for pair in sorted(found) if pair[1] not in PINNED.get(pair[0], {}) and pair[1] not in EXEMPT]
    assert missing == [], "tests/house/test_pinned_values.py: add these with their reason"
