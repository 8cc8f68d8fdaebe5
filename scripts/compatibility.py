"""The rules for a schema change without a new version: only descriptions and new optional members.

An archive replays old events under the new schema, so nothing may become narrower. Consumers read new events with
an old schema, so nothing may become wider.
"""

from collections.abc import Iterator
from typing import Any, Final

Schema = dict[str, Any]

_ANNOTATIONS: Final = frozenset({"description", "title", "examples", "$id", "$schema"})
"""Keywords that do not restrict events."""
_BY_NAME: Final = frozenset({"properties", "$defs"})


def breaches(before: Schema, after: Schema, where: str = "") -> Iterator[str]:
    """Every change that needs a new schema version, with its JSON path."""
    for keyword in sorted((before.keys() | after.keys()) - _ANNOTATIONS - _BY_NAME):
        yield from _changed(before.get(keyword), after.get(keyword), f"{where}/{keyword}")
    for keyword in sorted(_BY_NAME):
        yield from _members(before.get(keyword, {}), after.get(keyword, {}), f"{where}/{keyword}")


def _members(before: Schema, after: Schema, where: str) -> Iterator[str]:
    """A new member is allowed here; a required one shows up as a change of `required`."""
    for name in sorted(before):
        if name in after:
            yield from _changed(before[name], after[name], f"{where}/{name}")
        else:
            yield f"{where}/{name}: removed"


def _changed(before: Any, after: Any, where: str) -> Iterator[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        yield from breaches(before, after, where)
    elif _nested(before) and _nested(after) and len(before) == len(after):
        for nth, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from breaches(one, other, f"{where}/{nth}")
    elif _unordered(before) != _unordered(after):
        yield f"{where}: was {before!r}, is {after!r}"


def _nested(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)


def _unordered(value: Any) -> Any:
    return sorted(map(repr, value)) if isinstance(value, list) else value
