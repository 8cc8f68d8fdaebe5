"""The telemetry of the code, found by parsing it: every signal that it notes, every metric that it measures."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from payments.model.status import Status
from tests.house.checkout import FUNCTIONS

ENTRY_NAMES = (set(Status) - {Status.PROCESSING}) | {
    "refund_requested",
    "refunded",
    "refund_failed",
    "charged_back",
    "superseded",
}
"""Names of the history entries that are noted. A payment begins as processing and never returns to it."""


@dataclass(frozen=True)
class Note:
    """One call of `note`; `where` is the file in functions/ and the line."""

    signal: str
    facts: frozenset[str]
    where: str


def notes() -> Iterator[Note]:
    """Every signal that the code notes. A signal with a computed name yields every name it can have."""
    for call, where in _calls("note"):
        facts = frozenset(keyword.arg for keyword in call.keywords if keyword.arg)
        for signal in _strings(call.args[0], where):
            yield Note(signal, facts, where)


def measured() -> set[str]:
    """Every metric that the code measures without a signal."""
    return {name for call, where in _calls("measure") for name in _strings(call.args[0], where)}


def constants(room: str, function: str, position: int) -> set[str]:
    """The strings passed to a function of one room as its positional argument number `position`, from 0."""
    passed = [(call.args, where) for call, where in _calls(function) if where.startswith(f"{room}/")]
    return {text for args, where in passed if len(args) > position for text in _strings(args[position], where)}


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


def _strings(node: ast.expr, where: str) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=one, orelse=other):
            yield from _strings(one, where)
            yield from _strings(other, where)
        case ast.JoinedStr(values=[ast.Constant(value="payment_"), ast.FormattedValue()]):
            yield from (f"payment_{name}" for name in ENTRY_NAMES)
        case _:
            raise AssertionError(
                f"functions/{where}: pass the name of a signal or metric as a string literal, not {ast.unparse(node)}"
            )
