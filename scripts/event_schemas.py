"""The events' JSON Schemas, one a detail-type, derived from the types in payments.events."""

import dataclasses
from typing import Any, Final, get_args, get_type_hints

from pydantic import ConfigDict, TypeAdapter

from payments.events.event import FACTS, SCHEMA_VERSION, SOURCE, EventDetail, Form
from payments.model.status import Status
from scripts.event_samples import samples

Schema = dict[str, Any]

TYPES: Final = tuple(f"payment.{name}" for name in (*Status, *FACTS))
_STRICT: Final = ConfigDict(extra="forbid", use_attribute_docstrings=True)
_ENVELOPE: Final = {
    "version": {"type": "string"},
    "id": {"type": "string", "description": "EventBridge's own: differs each time the same event is put on the bus."},
    "account": {"type": "string"},
    "time": {"type": "string", "format": "date-time"},
    "region": {"type": "string"},
    "replay-name": {"type": "string", "description": "There when the event comes from an archive's replay."},
}


def schemas() -> dict[str, Schema]:
    """The schema of each detail-type, by detail-type."""
    return {detail_type: _schema(detail_type) for detail_type in TYPES}


def _schema(detail_type: str) -> Schema:
    """EventBridge's envelope allows additional members; our `detail` does not."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:payagency:payments:{SCHEMA_VERSION}:{detail_type}",
        "title": detail_type,
        "type": "object",
        "required": ["version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"],
        "properties": {
            **_ENVELOPE,
            "detail-type": {"const": detail_type},
            "source": {"const": SOURCE},
            "resources": {"type": "array", "items": {"type": "string"}, "description": "The payment's id."},
            "detail": {"allOf": [{"$ref": "#/$defs/EventDetail"}, {"properties": {"data": _constants(detail_type)}}]},
        },
        "$defs": _shapes(),
        "examples": [each for each in samples().values() if each["detail-type"] == detail_type],
    }


def _constants(detail_type: str) -> Schema:
    """The values that are constant in every event of this type."""
    name = detail_type.removeprefix("payment.")
    if name.startswith("refund_"):
        return {"properties": {"refund": {"properties": {"status": {"const": name.removeprefix("refund_")}}}}}
    if name == "refunded":
        return {"properties": {"refund": _happened("refunded", "refunded_at")}}
    if name == "charged_back":
        return {"properties": {"chargeback": _happened("charged_back", "charged_back_at")}}
    if name == "superseded":
        return {"properties": {"status": {"const": "requires_action"}}}
    return {"properties": {"status": {"const": name}}}


def _happened(status: str, at: str) -> Schema:
    return {"properties": {"status": {"const": status}, at: {"type": "string"}}}


def _shapes() -> dict[str, Schema]:
    whole = TypeAdapter(list[EventDetail], config=_STRICT).json_schema()
    shapes: dict[str, Schema] = whole["$defs"]
    _put_forms(EventDetail, shapes)
    for shape in shapes.values():
        for member in shape.get("properties", {}).values():
            member.pop("title", None)  # pydantic repeats the name as a title
    return shapes


def _put_forms(kind: type, shapes: dict[str, Schema]) -> None:
    for name, hint in get_type_hints(kind, include_extras=True).items():
        for part in _parts(hint):
            if isinstance(part, Form):
                _put_form(part, shapes[kind.__name__]["properties"][name])
            elif isinstance(part, type) and part.__name__ in shapes and part is not Status:
                _put_forms(part, shapes)


def _put_form(form: Form, member: Schema) -> None:
    (valued,) = (each for each in member.get("anyOf", [member]) if each["type"] != "null")
    keywords = {name: value for name, value in dataclasses.asdict(form).items() if value}
    valued |= {name: list(value) if isinstance(value, tuple) else value for name, value in keywords.items()}


def _parts(hint: Any) -> list[Any]:
    """A type, its arguments and its annotations, recursively."""
    inner = [*get_args(hint), *getattr(hint, "__metadata__", ())]
    return [hint, *(part for each in inner for part in _parts(each))]
