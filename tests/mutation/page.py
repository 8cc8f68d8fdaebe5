"""docs/mutants-all.md: how many mutants each room has, what notices them, and every review."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.house.checkout import ROOT
from tests.mutation import reviewed
from tests.mutation.found import Fate, Mutant
from tests.mutation.rooms import ROOMS

PAGE: Final = ROOT / "docs" / "mutants-all.md"
COUNTS: Final = Path(__file__).parent / "counts.json"

_HEAD = """# Mass mutation

`make mutants-all` lets mutmut break every function of the money path in every way it knows, one at a time. A mutant is
noticed by the type check or by a test. Each of the others was reviewed, with the reason; the run fails on a
survivor without a review, and on a review without a survivor. `make mutants-changed` does the same for changed
files only, within a time limit. This page is generated from `tests/mutation/reviewed/` and the last run of each room.

Mutmut changes neither a property nor a table at the top of a module; [mutants by hand](mutants.md) are for these.

| room | mutants | noticed by the type check | noticed by a test | reviewed |
|---|---:|---:|---:|---:|
"""


def page() -> str:
    """The text of the page."""
    counts = json.loads(COUNTS.read_text())
    rows = "".join(_row(room.name, counts.get(room.name)) for room in ROOMS)
    return _HEAD + rows + "\n" + "".join(_reviews(room.name) for room in ROOMS)


def count(room: str, found: Sequence[tuple[Mutant, Fate]]) -> None:
    """Writes the counts of a whole run of the room, and the page."""
    fates = Counter[str](fate for _, fate in found)
    counts: dict[str, dict[str, int]] = json.loads(COUNTS.read_text())
    counts[room] = {"mutants": len(found), **fates}
    COUNTS.write_text(json.dumps(counts, indent=2, sort_keys=True) + "\n")
    PAGE.write_text(page())


def _row(room: str, counts: dict[str, int] | None) -> str:
    if counts is None:
        return f"| `{room}` | not reached yet | | | |\n"
    numbers = (counts["mutants"], counts.get("type error", 0), counts.get("killed", 0), counts.get("survived", 0))
    return f"| `{room}` | {' | '.join(map(str, numbers))} |\n"


def _reviews(room: str) -> str:
    reviews = reviewed.of(room)
    if not reviews:
        return ""
    lines = [f"## {room}\n"]
    reasons = dict.fromkeys((one.mutant.file, one.mutant.function, one.verdict, one.because) for one in reviews)
    for file, function, verdict, because in reasons:
        lines.append(f"`{file}`, `{function}`, {verdict}: {because}\n")
        same = [one.mutant for one in reviews if one.because == because and one.mutant.function == function]
        lines += [f"    {mutant.change}" for mutant in same if mutant.file == file] + [""]
    return "\n".join(lines) + "\n"
