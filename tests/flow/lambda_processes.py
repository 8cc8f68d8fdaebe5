"""The operating system's processes in which the emulator runs functions, and killing them as a crash would."""

import os
import signal
from pathlib import Path
from urllib.parse import urlsplit

from local.stack import Stack


def processes_of(stack: Stack, function: str) -> list[int]:
    """The ids of the processes of this stack's function; another stack's processes carry the same function name."""
    name = f"AWS_LAMBDA_FUNCTION_NAME={stack.functions[function]}".encode()
    emulator = str(urlsplit(stack.admin.endpoint_url).port).encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            variables = (process / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        endpoints = [variable for variable in variables if variable.startswith(b"AWS_ENDPOINT")]
        if name in variables and any(emulator in endpoint for endpoint in endpoints):
            found.append(int(process.name))
    return found


def kill(processes: list[int]) -> None:
    """SIGKILL: the process has no chance to clean up."""
    assert processes, "the emulator runs no process of this function"
    for process in processes:
        os.kill(process, signal.SIGKILL)
