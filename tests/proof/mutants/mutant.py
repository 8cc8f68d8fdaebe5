"""A mutant: the deployed code with one deliberate error."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """One breakage. `old`, which occurs once in `path` under functions/payments, becomes `new`."""

    name: str
    path: str
    old: str
    new: str
    caught_by: tuple[str, ...]
