"""The artifact of `sam build`, and its compiled parts."""

import os
import re
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Final

from tests.house.checkout import ROOT

SAM: Final = ROOT / ".venv-sam" / "bin" / "python"
ELF_MACHINES: Final = {62: "x86_64", 183: "arm64"}


@dataclass(frozen=True)
class Compiled:
    """One shared library, with its architecture, its Python ABI and the C library version that it needs."""

    path: Path

    @property
    def architecture(self) -> str:
        head = self.path.read_bytes()[:20]
        assert head[:4] == b"\x7fELF", f"{self.path} is no ELF file"
        (machine,) = struct.unpack_from("<H", head, 18)
        return ELF_MACHINES.get(machine, f"ELF machine {machine}")

    @property
    def abi(self) -> str:
        """`cpython-314` or `abi3`, from the file's name."""
        return self.path.name.split(".")[1].removesuffix("-aarch64-linux-gnu").removesuffix("-x86_64-linux-gnu")

    @property
    def glibc(self) -> tuple[int, int]:
        """The newest C library version that one of its symbols needs, as (major, minor)."""
        needed = re.findall(rb"GLIBC_(\d+)\.(\d+)", self.path.read_bytes())
        return max((int(major), int(minor)) for major, minor in needed)


@dataclass(frozen=True)
class Artifact:
    """One function's files, as Lambda unpacks them."""

    root: Path

    def files(self) -> Iterator[Path]:
        return (path for path in self.root.rglob("*") if path.is_file())

    def size(self) -> int:
        return sum(path.stat().st_size for path in self.files())

    def compiled(self) -> list[Compiled]:
        return [Compiled(path) for path in self.files() if re.search(r"\.so(\.|$)", path.name)]

    def distributions(self) -> list[Distribution]:
        return list(distributions(path=[str(self.root)]))

    def with_compiled_parts(self) -> set[str]:
        """The top-level modules and packages that contain compiled code."""
        return {each.path.relative_to(self.root).parts[0] for each in self.compiled()}


def build(directory: Path) -> dict[str, Artifact]:
    """Runs `sam build` into the directory; returns the artifact of each function, by logical name."""
    built = subprocess.run(
        [SAM, "-m", "samcli", "build", "--no-cached", "--build-dir", directory / "build"],
        cwd=ROOT,
        env=os.environ
        | {"SAM_CLI_TELEMETRY": "0", "__SAM_CLI_APP_DIR": str(directory / "sam"), "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, f"sam build failed (functions/Makefile, template.yaml): {built.stderr}"
    return {path.name: Artifact(path) for path in (directory / "build").iterdir() if path.is_dir()}
