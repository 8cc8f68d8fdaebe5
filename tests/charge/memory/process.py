"""The charge function's process seen from outside: sends it events, and counts what its memory contains.

The scan runs in the parent, so what it searches for is never itself in the memory that is searched.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from local.simulator import Credentials, Simulator, running
from tests.charge.aws_resources import GATEWAY_SECRET, TABLE, TOKEN_SECRET
from tests.house import deployed_template
from tests.house.checkout import ROOT

ENCODINGS: Final = ("ascii", "utf-16-le", "utf-32-le")
"""How CPython stores a text: one, two or four bytes a character."""

_WRITABLE: Final = re.compile(r"([0-9a-f]+)-([0-9a-f]+) rw")


class ChargeProcess:
    """One warm process of the charge function."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self.output = ""

    def send(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """The door's answer. Everything else that the process writes is added to `output`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(event).encode())
        self._process.stdin.flush()
        while True:
            line = self._process.stdout.readline()
            assert line, "the process has ended"
            document = json.loads(line)
            self.output += line.decode()
            if "statusCode" in document:
                answer: dict[str, Any] = document
                return answer

    def copies(self, texts: Sequence[str]) -> list[int]:
        """How often each text is in the process's writable memory, in any of Python's encodings of a text."""
        counts = [0] * len(texts)
        for region in self._regions():
            for nth, text in enumerate(texts):
                counts[nth] += sum(region.count(text.encode(encoding)) for encoding in ENCODINGS)
        return counts

    def _regions(self) -> Iterator[bytes]:
        folder = Path("/proc") / str(self._process.pid)
        with (folder / "mem").open("rb", buffering=0) as memory:
            for line in (folder / "maps").read_text().splitlines():
                if found := _WRITABLE.match(line):
                    start, end = (int(address, 16) for address in found.groups())
                    yield os.pread(memory.fileno(), end - start, start)


@contextmanager
def charge_process(door: str = "real", **variables: str) -> Iterator[ChargeProcess]:
    """A process of the charge function, with these variables in its environment, and its gateway."""
    with running(Credentials.invented("test")) as simulator:
        keys = simulator.credentials
        command = [sys.executable, "-m", "tests.charge.memory.runtime", door, keys.secret_key, keys.encryption_key]
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env={**_environment(simulator), **variables},
        )
        with process:
            yield ChargeProcess(process)
            assert process.stdin is not None
            process.stdin.close()


def _environment(simulator: Simulator) -> dict[str, str]:
    """The template's own settings, with the made-up cloud and gateway of this process."""
    return {
        **deployed_template.environment("ChargeFunction"),
        "PYTHONPATH": os.pathsep.join([str(ROOT / "functions"), str(ROOT)]),
        "PATH": os.environ["PATH"],
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "made-up",
        "AWS_SECRET_ACCESS_KEY": "made-up",
        "AWS_EC2_METADATA_DISABLED": "true",
        "TABLE_NAME": TABLE,
        "GATEWAY_SECRET_ID": GATEWAY_SECRET,
        "GATEWAY_MODE": "test",
        "GATEWAY_BASE_URL": simulator.url,
        "GATEWAY_AMOUNT_UNIT": "minor",
        "GATEWAY_COUNTRY_FORMAT": "alpha-3",
        "TOKEN_SECRET_ID": TOKEN_SECRET,
        "PUBLIC_BASE_URL": simulator.url + "/nowhere",
    }
