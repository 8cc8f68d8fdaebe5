"""What mutmut found: each mutant under a name that survives moved lines, and whether something noticed it."""

import ast
import difflib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

Fate = Literal["killed", "type error", "survived", "not run"]

_FATES: Final[dict[int | None, Fate]] = {1: "killed", 3: "killed", 37: "type error", None: "not run"}
"""By mutmut's exit codes. All others are survivors: no failed test, no test at all, or a time limit.

A time limit is passed on a busy machine too, so a person decides whether the mutant hangs.
"""
_MANGLED = re.compile(r"x(?:_|ǁ(?P<owner>\w+?)ǁ)(?P<name>\w+)__mutmut_(?P<nth>orig|\d+)")


@dataclass(frozen=True, order=True)
class Mutant:
    """One change of one function: the file in its room, the function, and the text of the changed lines."""

    file: str
    function: str
    change: str


def read(workspace: Path) -> list[tuple[Mutant, Fate]]:
    """All mutants of the workspace. Two changes with the same effect on equal lines of a function have one name."""
    found: list[tuple[Mutant, Fate]] = []
    payments = workspace / "mutants" / "src" / "payments"
    for meta in sorted(payments.rglob("*.meta")):
        file = meta.relative_to(payments).as_posix().removesuffix(".meta")
        codes = json.loads(meta.read_text())["exit_code_by_key"]
        by_function = {key.rpartition(".")[2]: code for key, code in codes.items()}
        for mangled, mutant in mutants_in(meta.with_suffix("").read_text(), file):
            found.append((mutant, _FATES.get(by_function[mangled], "survived")))
    return found


def mutants_in(text: str, file: str) -> Iterator[tuple[str, Mutant]]:
    """The mutants in a file that mutmut has written, each with mutmut's own name of it."""
    lines = text.splitlines()
    originals: dict[str, list[str]] = {}
    for node in ast.walk(ast.parse(text)):
        match = _MANGLED.fullmatch(node.name) if isinstance(node, ast.FunctionDef) else None
        if match is None or not isinstance(node, ast.FunctionDef) or node.end_lineno is None:
            continue
        function = f"{match['owner']}.{match['name']}" if match["owner"] else match["name"]
        body = [line.replace(node.name, match["name"]).strip() for line in lines[node.lineno - 1 : node.end_lineno]]
        if match["nth"] == "orig":
            originals[function] = body
        else:
            yield node.name, Mutant(file, function, change(originals[function], body))


def change(before: list[str], after: list[str]) -> str:
    """The changed lines, before and after: `a + b → a - b`."""
    blocks = [
        f"{' '.join(before[one:two])} → {' '.join(after[three:four])}"
        for tag, one, two, three, four in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
        if tag != "equal"
    ]
    return " … ".join(blocks)
