"""Card numbers in free text: found even where they are split or masked, so that none is stored or shown."""

import re
from collections.abc import Sequence
from typing import Final

from payments.model.card import brand_of, passes_luhn

_LONGEST = 19
_LONG_RUN = re.compile(r"[0-9](?:[\W_]{0,3}[0-9]){11,}")

MASKED: Final = re.compile(r"\d(?:[ _-]?\d){3,7}(?:[ _-]?[Xx*\u2022\u00b7#.]){4,}(?:[ _-]?\d){2,4}")
"""A number whose middle is hidden: what stands in front of it is still more than may be kept."""


def may_hold_number(text: str) -> bool:
    """Whether a run of digits in a text, whatever stands between them, may be a card's number, or is a masked one."""
    runs = (re.sub(r"\D", "", run) for run in _LONG_RUN.findall(text))
    return holds_masked_number(text) or any(map(_may_be_card, runs))


def holds_masked_number(text: str) -> bool:
    """Whether a card's number stands in a text with its middle hidden."""
    return MASKED.search(text) is not None


def _may_be_card(digits: str) -> bool:
    if len(digits) <= _LONGEST:
        return brand_of(digits) is not None and passes_luhn(digits)
    parts = (digits[at : at + length] for at in range(len(digits) - 11) for length in range(12, _LONGEST + 1))
    return any(_may_be_card(part) for part in parts)  # in a longer run it may hide anywhere


def holds_number(groups: Sequence[str]) -> bool:
    """Whether some groups of digits, one after the other, are a card's number; a part of a group is none."""
    ends = range(1, len(groups) + 1)
    spans = ("".join(groups[start:end]) for end in ends for start in range(end))
    return any(brand_of(text) and passes_luhn(text) for text in spans)
