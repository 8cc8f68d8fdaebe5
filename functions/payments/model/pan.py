"""Finds card numbers (PANs) in free text, also split or masked ones, so that none is stored or shown.

Only detection: masking a text and refusing a request are the callers' work.
"""

import re
from collections.abc import Sequence
from typing import Final

from payments.model.card import brand_of, passes_luhn

_LONGEST = 19
_LONG_RUN = re.compile(r"[0-9](?:[\W_]{0,3}[0-9]){11,}")

MASKED: Final = re.compile(r"\d(?:[ _-]?\d){3,7}(?:[ _-]?[Xx*\u2022\u00b7#.]){4,}(?:[ _-]?\d){2,4}")
"""A card number with its middle masked. Its visible digits are still more than may be stored."""


def may_hold_number(text: str) -> bool:
    """Whether a text may contain a card number: whole, with separators between the digits, or masked."""
    runs = (re.sub(r"\D", "", run) for run in _LONG_RUN.findall(text))
    return holds_masked_number(text) or any(map(_may_be_card, runs))


def holds_masked_number(text: str) -> bool:
    """Whether a text contains a card number with its middle masked."""
    return MASKED.search(text) is not None


def _may_be_card(digits: str) -> bool:
    if len(digits) <= _LONGEST:
        return brand_of(digits) is not None and passes_luhn(digits)
    parts = (digits[at : at + length] for at in range(len(digits) - 11) for length in range(12, _LONGEST + 1))
    return any(_may_be_card(part) for part in parts)  # a longer run may contain a card number at any place


def holds_number(groups: Sequence[str]) -> bool:
    """Whether adjacent groups of digits, joined, are a card number. A part of a group is never tested alone."""
    ends = range(1, len(groups) + 1)
    spans = ("".join(groups[start:end]) for end in ends for start in range(end))
    return any(brand_of(text) and passes_luhn(text) for text in spans)
