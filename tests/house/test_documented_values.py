"""Values of the code that the docs quote: the gateway's status words, the back-off plan, the limits."""

import math
import re
from datetime import timedelta
from itertools import accumulate

import pytest

from payments.follow_up.schedule import BACK_OFF
from payments.gateway.circuit_breaker import FAILURES_TO_OPEN, OPEN_FOR
from payments.gateway.status_words import VERDICTS
from payments.gateway.transport import MAX_ANSWER_BYTES
from payments.model.follow_up import FIRST_ASK
from payments.model.history import MAX_HISTORY
from tests.house.checkout import ROOT
from tests.proof.liveness import BOUND, QUERIES

FAILURES = (ROOT / "docs" / "failures.md").read_text()
WORDS = dict(enumerate("no one two three four five six seven eight nine ten".split()))
CONSUMING = (ROOT / "docs" / "consuming-events.md").read_text()


def short(wait: timedelta) -> str:
    """`5 m` or `6 h`."""
    minutes = wait // timedelta(minutes=1)
    return f"{minutes} m" if minutes < 60 else f"{minutes // 60} h"


def enumerated(waits: tuple[timedelta, ...]) -> str:
    *first, last = map(short, waits)
    return f"{', '.join(first)} and {last}"


def test_each_status_word_of_the_gateway_has_a_row() -> None:
    section = FAILURES.split("\n## The gateway's status words\n")[1].split("\n## ")[0]
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| `([a-z_]+)` \|$", section, re.MULTILINE))

    expected = {word: status.value for word, status in VERDICTS.items()}
    assert rows == expected, (
        "docs/failures.md, The gateway's status words: VERDICTS of functions/payments/gateway/status_words.py"
    )


def test_the_plan_of_a_payment_is_the_codes() -> None:
    plan = f"An open payment is asked about after {enumerated((FIRST_ASK, *BACK_OFF))} ("

    assert plan in FAILURES, f"docs/failures.md, Asking: {plan!r}, as BACK_OFF of payments/follow_up/schedule.py"


def test_the_plan_of_a_refund_is_the_codes() -> None:
    plan = f"then after {enumerated(BACK_OFF)}, and then once a"

    assert plan in FAILURES, f"docs/failures.md, Asking: {plan!r}, as BACK_OFF of payments/follow_up/schedule.py"


def test_the_time_until_a_payment_is_at_rest_is_the_proofs() -> None:
    hours = f"within {math.ceil(BOUND / timedelta(hours=1))} hours"

    assert hours in FAILURES, f"docs/failures.md, How long a payment can stay undecided: {hours!r}"
    assert hours in (ROOT / "README.md").read_text(), f"README.md, Promise → proof: {hours!r}"
    assert f"at most {WORDS[QUERIES]} status queries" in FAILURES, "docs/failures.md, How long …: QUERIES"


def test_consumers_read_when_the_first_questions_are_asked() -> None:
    minutes = [wait // timedelta(minutes=1) for wait in accumulate((FIRST_ASK, *BACK_OFF[:3]))]
    plan = f"{', '.join(map(str, minutes))} minutes"

    assert plan in CONSUMING, f"docs/consuming-events.md, row Soon: {plan!r}, as BACK_OFF of follow_up/schedule.py"


@pytest.mark.parametrize(
    ("page", "sentence"),
    [
        ("failures.md", f"over {MAX_ANSWER_BYTES // 1024} KiB"),
        ("decisions/0001-one-item-a-payment.md", f"capped at {MAX_HISTORY} entries"),
        (
            "decisions/0005-breaker-per-environment.md",
            f"{WORDS[FAILURES_TO_OPEN]} in a row open the circuit for {OPEN_FOR // timedelta(seconds=1)} s",
        ),
    ],
)
def test_each_limit_is_the_codes(page: str, sentence: str) -> None:
    text = (ROOT / "docs" / page).read_text()

    assert sentence in text, f"docs/{page}: write {sentence!r}, the limit of the code"
