"""What the code tells telemetry, found by reading it: every signal it notes and every metric it measures."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from payments.model.status import Status
from tests.house.checkout import FUNCTIONS

ENTRY_NAMES = (set(Status) - {Status.PROCESSING}) | {"refund_requested", "refunded", "refund_failed", "charged_back"}
"""Names of history entries that settling tells. A payment is claimed as processing, and never becomes it."""


@dataclass(frozen=True)
class Note:
    """One call of `note`."""

    signal: str
    facts: frozenset[str]
    where: str


def notes() -> Iterator[Note]:
    """Every signal that the code notes; where a name is put together, every one that it can become."""
    for call, where in _calls("note"):
        facts = frozenset(keyword.arg for keyword in call.keywords if keyword.arg)
        for signal in _strings(call.args[0]):
            yield Note(signal, facts, where)


def measured() -> set[str]:
    """Every metric that the code measures without a signal."""
    return {name for call, _ in _calls("measure") for name in _strings(call.args[0])}


def constants(room: str, function: str, position: int) -> set[str]:
    """The strings that are passed, in one room, to a function at a position."""
    passed = [call.args for call, where in _calls(function) if where.startswith(f"{room}/")]
    return {text for args in passed if len(args) > position for text in _strings(args[position])}


def _calls(method: str) -> list[tuple[ast.Call, str]]:
    return [(call, where) for name, call, where in _method_calls() if name == method]


@cache
def _method_calls() -> list[tuple[str, ast.Call, str]]:
    """The method's name, the call and its place, for every method call in `functions/`; the code is parsed once."""
    return [
        (node.func.attr, node, f"{path.relative_to(FUNCTIONS)}:{node.lineno}")
        for path in sorted(FUNCTIONS.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    ]


def _strings(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=one, orelse=other):
            yield from _strings(one)
            yield from _strings(other)
        case ast.JoinedStr(values=[ast.Constant(value="payment_"), ast.FormattedValue()]):
            yield from (f"payment_{name}" for name in ENTRY_NAMES)
        case _:
            raise AssertionError(f"a signal must be readable in the code: {ast.unparse(node)}")
