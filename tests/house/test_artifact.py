"""The artifact fits the template's runtime and architecture, is complete, and contains nothing else."""

import json
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.house import deployed_template
from tests.house.artifact import Artifact, build
from tests.house.checkout import FUNCTIONS, deployed_packages

pytestmark = pytest.mark.slow

NO_WHEELS = "the wrong wheels were built: change WHEELS in functions/Makefile with Runtime and Architectures"
NAMES = sorted(deployed_template.functions())
AMAZON_LINUX_2023_GLIBC = (2, 34)
UNZIPPED_LIMIT = 250 * 1024 * 1024
"""Lambda's limit in bytes, layers included. Our artifact is far smaller; a jump in size makes cold starts slow."""

LOADED = ("payments", "aws_lambda_powertools", "boto3", "pydantic", "urllib3")
"""Imported in addition to the handler, even if the handler does not need them."""

IMPORT = """
import importlib, json, sys
sys.path[:0] = sys.argv[4:]
module = importlib.import_module(sys.argv[1])
assert callable(getattr(module, sys.argv[2]))
for other in sys.argv[3].split():
    importlib.import_module(other)
print(json.dumps({name: file for name, each in sys.modules.items() if (file := getattr(each, "__file__", None))}))
"""


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Artifact]:
    return build(tmp_path_factory.mktemp("artifact"))


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def artifact(artifacts: dict[str, Artifact], name: str) -> Artifact:
    return artifacts[name]


def test_compiled_parts_are_for_the_templates_machine_and_python(artifact: Artifact, name: str) -> None:
    function = deployed_template.functions()[name]
    python = function["Runtime"].removeprefix("python").replace(".", "")
    compiled = artifact.compiled()

    assert compiled, NO_WHEELS
    assert {each.architecture for each in compiled} == set(function["Architectures"]), NO_WHEELS
    assert {each.abi for each in compiled} <= {f"cpython-{python}", "abi3"}, NO_WHEELS


def test_compiled_parts_ask_for_no_newer_c_library_than_lambda_has(artifact: Artifact) -> None:
    assert max(each.glibc for each in artifact.compiled()) <= AMAZON_LINUX_2023_GLIBC, NO_WHEELS


def test_wheels_say_the_same_as_their_binaries(artifact: Artifact) -> None:
    for distribution in artifact.distributions():
        wheel = distribution.read_text("WHEEL") or ""
        platforms = {tag.rpartition("-")[2] for tag in re.findall(r"^Tag: (.+)$", wheel, re.MULTILINE)}
        assert platforms == {"any"} or all(
            re.fullmatch(r"manylinux(2014|_2_\d+)_aarch64", platform) for platform in platforms
        ), f"{distribution.name}: {NO_WHEELS}"


def test_every_dependency_of_every_dependency_is_there(artifact: Artifact) -> None:
    """They are installed with --no-deps, so requirements.txt must list every dependency itself."""
    lambdas = {"python_version": "3.14", "python_full_version": "3.14.0", "platform_machine": "aarch64", "extra": ""}
    there = {_canonical(each.name): each.version for each in artifact.distributions()}
    needed = [Requirement(line) for each in artifact.distributions() for line in each.requires or []]
    unmet = [
        str(requirement)
        for requirement in needed
        if requirement.marker is None or requirement.marker.evaluate(lambdas)
        if not requirement.specifier.contains(there.get(_canonical(requirement.name), "0"), prereleases=True)
    ]
    assert unmet == [], "requirements.txt: pin these, too"


def test_our_own_code_is_there_as_it_stands(artifact: Artifact) -> None:
    for source in (source for package in deployed_packages() for source in package.rglob("*.py")):
        shipped = artifact.root / source.relative_to(FUNCTIONS)
        assert shipped.read_bytes() == source.read_bytes(), f"functions/Makefile ships another {shipped.name}"


def test_nothing_else_is_there(artifact: Artifact) -> None:
    installed = {file.parts[0] for each in artifact.distributions() for file in each.files or []}
    ours = {package.name for package in deployed_packages()}
    parts = {part for path in artifact.files() for part in path.relative_to(artifact.root).parts}

    assert {path.name for path in artifact.root.iterdir()} <= installed | ours, "functions/Makefile ships too much"
    assert parts.isdisjoint({"__pycache__", "tests", "conftest.py", "Makefile"}), "functions/Makefile ships too much"


def test_it_is_far_from_the_size_limit(artifact: Artifact) -> None:
    assert artifact.size() < UNZIPPED_LIMIT / 2, "requirements.txt: a dependency is very large"


def test_the_handler_imports_from_it(artifact: Artifact, name: str, tmp_path: Path) -> None:
    """The interpreter sees only the artifact, with its compiled parts replaced by this machine's builds of them."""
    module, _, attribute = deployed_template.functions()[name]["Handler"].rpartition(".")
    _compiled_here(artifact, tmp_path)
    imported = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", IMPORT, module, attribute, " ".join(LOADED), tmp_path, artifact.root],
        env=deployed_template.environment(name),
        capture_output=True,
        text=True,
        check=False,
    )
    assert imported.returncode == 0, f"{module} does not import, see requirements.txt: {imported.stderr}"

    standard = Path(sysconfig.get_path("stdlib"))
    files = {each: Path(file) for each, file in json.loads(imported.stdout).items()}
    strangers = {each for each, file in files.items() if not _within(file, artifact.root, tmp_path, standard)}
    assert strangers == set(), "imported from outside the artifact: pin their packages in requirements.txt"
    missing = [each for each in (module, *LOADED) if not _within(files[each], artifact.root)]
    assert missing == [], "functions/Makefile, requirements.txt: not in the artifact"


def _compiled_here(artifact: Artifact, overlay: Path) -> None:
    """Links this machine's build of each compiled package of the artifact into the overlay, and nothing else."""
    installed = Path(sysconfig.get_path("platlib"))
    for part in artifact.with_compiled_parts():
        stem = part.split(".")[0]
        for ours in [installed / stem, *installed.glob(f"{stem}.*.so")]:
            if ours.exists():
                (overlay / ours.name).symlink_to(ours)


def _within(file: Path, *roots: Path) -> bool:
    return any(file.is_relative_to(root) for root in roots)


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
