"""How much of a card is left in the charge function's memory after its answer: docs/card-data.md has the figures."""

import json
import sys
from dataclasses import dataclass
from typing import Any, Final

import pytest

from payments.model.card import passes_luhn
from tests.charge.memory.process import charge_process
from tests.charge.test_warm_path import charge_event
from tests.house.checkout import ROOT

MOST_AFTER_ITS_ANSWER: Final = 7
MOST_AFTER_ANOTHER_CHARGE: Final = 2
CHARGES: Final = 3

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(sys.platform != "linux", reason="the memory is read through Linux's /proc"),
]


@dataclass(frozen=True)
class Residue:
    """Copies after each charge: of the card just charged, and of each card before it."""

    newest: list[int]
    older: list[int]


def test_a_process_keeps_no_more_of_a_card_than_the_page_says() -> None:
    numbers, codes = residues("real")

    for residue in (numbers, codes):
        assert max(residue.newest) <= MOST_AFTER_ITS_ANSWER, residue
        assert max(residue.older) <= MOST_AFTER_ANOTHER_CHARGE, residue


def test_a_door_that_keeps_its_requests_is_noticed() -> None:
    numbers, codes = residues("careless")

    assert min(numbers.older) > MOST_AFTER_ANOTHER_CHARGE
    assert min(numbers.newest) > 0, "the measurement sees the number"
    assert min(codes.newest) > 0, "the measurement sees the security code"


def test_the_page_has_the_figures() -> None:
    page = (ROOT / "docs" / "card-data.md").read_text()

    assert f"at most {MOST_AFTER_ITS_ANSWER} copies" in page
    assert f"at most {MOST_AFTER_ANOTHER_CHARGE} copies" in page


def residues(door: str) -> tuple[Residue, Residue]:
    """What is left of the card numbers and of the security codes of a few charges in one warm process."""
    numbers, codes = Residue([], []), Residue([], [])
    cards = [(number(nth), f"{731 + nth}") for nth in range(CHARGES)]
    with charge_process(door) as process:
        for nth, card in enumerate(cards):
            assert process.send(event(f"charge-{nth}", *card))["statusCode"] == 201
            for residue, counts in zip((numbers, codes), counted(process, cards[: nth + 1]), strict=True):
                residue.newest.append(counts[-1])
                residue.older.extend(counts[:-1])
        assert not any(number in process.output for number, _ in cards), "a card number is in a log line or an answer"
    return numbers, codes


def counted(process: Any, cards: list[tuple[str, str]]) -> tuple[list[int], list[int]]:
    """The copies of each number, and of each code as the field that contains it, alone or inside an event."""
    fields = [f'"card_cvv": "{code}"' for _, code in cards]
    inside = [json.dumps(field)[1:-1] for field in fields]
    counts = process.copies([*(number for number, _ in cards), *fields, *inside])
    n = len(cards)
    return counts[:n], [alone + within for alone, within in zip(counts[n : 2 * n], counts[2 * n :], strict=True)]


def number(nth: int) -> str:
    """An invented card number that occurs nowhere else."""
    start = f"4{nth}7{(nth * 7_919_777 + 123_456_781) % 10**12:012d}"
    return next(start + digit for digit in "0123456789" if passes_luhn(start + digit))


def event(key: str, card_number: str, code: str) -> dict[str, Any]:
    """A charge of this card."""
    event = charge_event(key)
    event["body"] = json.dumps(json.loads(event["body"]) | {"card_number": card_number, "card_cvv": code})
    return event
