"""The errors of the stack and of the programs around it.

StackError
├── SettingError         a setting of the caller cannot be used
├── ProcessEndedError    a child process ended too early, or with an error
├── TookTooLongError     a child process is not ready in time
├── NotReadyError        everything is deployed, but the API does not answer as expected
├── ManifestTakenError   another running stack uses the file
└── MissingStepError     a step of the demo did not happen (local.demo.timeline)
"""

from __future__ import annotations

from pathlib import Path

_TAIL_LINES = 40


class StackError(Exception):
    """The message is for the person at the terminal."""


class SettingError(StackError):
    pass


def tail(written: str, lines: int = _TAIL_LINES) -> str:
    return "\n".join(f"  | {line}" for line in written.splitlines()[-lines:])


class ProcessEndedError(StackError):
    def __init__(self, name: str, code: int, written: str) -> None:
        self.name, self.code, self.written = name, code, written
        super().__init__(f"{name} ended with code {code}. The end of what it wrote:\n{tail(written)}")


class TookTooLongError(StackError):
    def __init__(self, name: str, seconds: float, written: str) -> None:
        self.name, self.seconds, self.written = name, seconds, written
        super().__init__(f"{name} was not done after {seconds:g} s. The end of what it wrote:\n{tail(written)}")


class NotReadyError(StackError):
    def __init__(self, what: str, written: str) -> None:
        self.written = written
        super().__init__(f"{what}. The end of what MiniStack wrote:\n{tail(written)}")


class ManifestTakenError(StackError):
    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(f"{path} belongs to a stack that is running. Name another file: STACK_FILE=… or --file …")
