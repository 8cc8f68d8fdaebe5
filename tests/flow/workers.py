"""The processes in which the emulator runs functions, and their sudden end, as in a crash."""

import os
import signal
from pathlib import Path
from urllib.parse import urlsplit

from local.stack import Stack


def workers(stack: Stack, function: str) -> list[int]:
    """The processes in which this stack's emulator runs a function; another stack's bear the same name."""
    name = f"AWS_LAMBDA_FUNCTION_NAME={stack.functions[function]}".encode()
    emulator = str(urlsplit(stack.admin.endpoint_url).port).encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environment = (process / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if name in environment and any(emulator in told for told in environment if told.startswith(b"AWS_ENDPOINT")):
            found.append(int(process.name))
    return found


def kill(processes: list[int]) -> None:
    """At once, and without a word."""
    assert processes, "the emulator runs no worker of this function"
    for process in processes:
        os.kill(process, signal.SIGKILL)
