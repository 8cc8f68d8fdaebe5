"""JSON with exact amounts: a number with a fraction is a Decimal, never a float."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

Json = Any


def loads(text: bytes | str) -> Json:
    """Raises ValueError for anything but one JSON document in UTF-8."""
    if isinstance(text, bytes):
        text = text.decode("utf-8")
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def dumps(value: Json) -> str:
    match value:
        case Decimal():
            return str(value)
        case Mapping():
            return "{" + ",".join(f"{json.dumps(str(k))}:{dumps(v)}" for k, v in value.items()) + "}"
        case str() | None | bool() | int() | float():
            return json.dumps(value)
        case Sequence():
            return "[" + ",".join(dumps(item) for item in value) + "]"
    raise TypeError(f"{type(value).__name__} has no place in JSON")


def _refuse(constant: str) -> Json:
    raise ValueError(f"{constant} is not JSON")
