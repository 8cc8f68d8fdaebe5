"""The judgements about survivors, one file a room. A person has written each of them, with the reason.

`equivalent`: no input makes a difference that the callers can see. `cosmetic`: the difference is a text for people.
`hangs`: the mutant never ends, so only a time limit notices it.
"""

import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.mutation.found import Fate, Mutant

FOLDER: Final = Path(__file__).parent / "judged"
VERDICTS: Final = ("equivalent", "cosmetic", "hangs")


@dataclass(frozen=True)
class Judgement:
    """What a person has decided about a mutant that no test kills."""

    mutant: Mutant
    verdict: str
    because: str


def path_of(room: str) -> Path:
    """The file with the judgements of a room. A room without it was not reached yet."""
    return FOLDER / f"{room}.toml"


def read(text: str) -> list[Judgement]:
    """The judgements in a file. Raises ValueError for one without reason or verdict, or a mutant judged twice."""
    found = [
        Judgement(Mutant(entry["file"], entry["function"], mutant), entry["verdict"], entry["because"].strip())
        for entry in tomllib.loads(text).get("judged", [])
        for mutant in entry["mutants"]
    ]
    twice = [mutant for mutant, times in Counter(judgement.mutant for judgement in found).items() if times > 1]
    wrong = [judgement.mutant for judgement in found if judgement.verdict not in VERDICTS or not judgement.because]
    if twice or wrong:
        raise ValueError(f"judged twice: {twice}; without a reason or with an unknown verdict: {wrong}")
    return found


def unjudged(found: Sequence[tuple[Mutant, Fate]], judgements: Sequence[Judgement]) -> list[Mutant]:
    """The survivors that nobody has judged."""
    judged = {judgement.mutant for judgement in judgements}
    return sorted({mutant for mutant, fate in found if fate == "survived"} - judged)


def stale(found: Sequence[tuple[Mutant, Fate]], judgements: Sequence[Judgement]) -> list[Mutant]:
    """The judgements that are about no survivor any more: the code has changed, or a test kills the mutant now.

    A mutant that hangs may be killed by a test as well, whichever comes first. Only judgements of mutated files count.
    """
    files = {mutant.file for mutant, _ in found}
    alive = {mutant for mutant, fate in found if fate in {"survived", "not run"}}
    exists = {mutant for mutant, _ in found}
    return sorted(
        judgement.mutant
        for judgement in judgements
        if judgement.mutant.file in files
        and judgement.mutant not in (exists if judgement.verdict == "hangs" else alive)
    )


def proposal(mutants: Sequence[Mutant]) -> str:
    """Entries for unjudged survivors, to be judged by a person. Without a verdict and a reason they are refused."""
    lines: list[str] = []
    for mutant in mutants:
        lines += ["[[judged]]", f'file = "{mutant.file}"', f'function = "{mutant.function}"', 'verdict = ""']
        lines += ['because = ""', f"mutants = ['''{mutant.change}''']", ""]
    return "\n".join(lines)
