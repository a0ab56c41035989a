"""What every file of the repository has to agree on."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = ("requirements.lock", "tests/requirements.lock")
FLOORS = ("insightsim", "streaming", "web", "tools")
LARGEST = 2_000_000
"""Bytes: models and pictures are small, and recordings do not belong here."""
IMPORT_NAMES = {"opencv-contrib-python-headless": "cv2", "scikit-learn": "sklearn"}
BROUGHT_ALONG = {"starlette"}
"""FastAPI's own foundation: it comes in the version FastAPI wants, never in another."""
USED_BY_NAME = {"setuptools", "websockets"}
"""Dependencies that no import shows: the build backend, and what uvicorn speaks WebSocket with."""


def tracked() -> list[Path]:
    """Every file under version control that is there."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout: there is no list of its files")
    return [path for name in done.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def third_party(paths: Iterable[Path]) -> set[str]:
    """Modules from elsewhere that some sources import, by their first name."""
    names = set()
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.add(node.module.split(".")[0])
    return names - sys.stdlib_module_names - set(FLOORS)


def pinned(lock: str) -> list[Requirement]:
    """The pins of a lock."""
    lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
    return [Requirement(line.rstrip(" \\")) for line in lines if line[0] not in " #"]


def unfit(text: str) -> list[str]:
    """Lines of a lock that are neither a pin nor a hash: index addresses, options, paths, comments."""
    pin = re.compile(r"[\w.-]+==[\w.]+( ; [\w\s.'<>=!()]+)? \\")
    digest = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")
    return [line for line in text.splitlines() if not pin.fullmatch(line) and not digest.fullmatch(line)]


@pytest.mark.parametrize(
    "name", ["streaming", "insightsim", "models", "web", "tests", "tools", "docs", ".ci/run"]
)
def test_the_top_level_is_there(name: str) -> None:
    assert (ROOT / name).exists()


@pytest.mark.parametrize(
    "name", ["README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "Makefile", *LOCKS]
)
def test_the_files_a_reader_looks_for_are_there(name: str) -> None:
    assert (ROOT / name).stat().st_size > 0


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_pins_and_hashes_alone(lock: str) -> None:
    assert unfit((ROOT / lock).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://index.example/simple",
        "numpy @ file:///tmp/numpy.whl",
        "    # via scipy",
        "numpy>=2 \\",
    ],
)
def test_a_planted_line_in_a_lock_is_found(line: str) -> None:
    assert unfit(f"numpy==2.4.6 \\\n{line}\n") == [line]


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_satisfies_every_bound(lock: str) -> None:
    versions: dict[str, list[str]] = {}
    for pin in pinned(lock):
        versions.setdefault(canonicalize_name(pin.name), []).append(next(iter(pin.specifier)).version)
    wanted = PROJECT["project"]["dependencies"]
    wanted = wanted + PROJECT["dependency-groups"]["test"] if lock.startswith("tests") else wanted
    for requirement in map(Requirement, wanted):
        there = versions[canonicalize_name(requirement.name)]
        assert all(requirement.specifier.contains(version) for version in there), requirement


def test_both_locks_pin_the_same_versions() -> None:
    assert {(pin.name, str(pin.specifier)) for pin in pinned(LOCKS[0])} <= {
        (pin.name, str(pin.specifier)) for pin in pinned(LOCKS[1])
    }


def test_the_lock_is_what_is_tested_with() -> None:
    for pin in pinned(LOCKS[1]):
        if pin.marker is None or pin.marker.evaluate():
            assert pin.specifier.contains(metadata.version(pin.name)), pin


def test_every_package_is_listed_for_installation() -> None:
    folders = {path.parent for floor in FLOORS for path in (ROOT / floor).rglob("*.py")}
    found = {folder.relative_to(ROOT).as_posix().replace("/", ".") for folder in folders}
    assert found | {"models"} == set(PROJECT["tool"]["setuptools"]["packages"])


def declared(*groups: str) -> set[str]:
    """The modules of the project's dependencies, and of some groups of more."""
    lines = PROJECT["project"]["dependencies"] + [
        line for group in groups for line in PROJECT["dependency-groups"][group]
    ]
    names = {Requirement(line).name for line in lines}
    return {IMPORT_NAMES.get(name, name.replace("-", "_")) for name in names}


def test_every_import_is_a_declared_dependency_and_every_dependency_is_used() -> None:
    sources = {path for floor in FLOORS for path in (ROOT / floor).rglob("*.py")}
    bench = {path for path in sources if "bench" in path.parts}
    assert third_party(sources - bench) - BROUGHT_ALONG == declared() - USED_BY_NAME
    assert third_party(bench) - BROUGHT_ALONG <= declared("test")


def test_the_installed_version_is_that_of_the_project() -> None:
    assert metadata.version("insightsim") == PROJECT["project"]["version"]


def test_the_changelog_begins_with_what_is_unreleased() -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[0] == "Unreleased"


def test_no_file_is_large() -> None:
    assert [path for path in tracked() if path.stat().st_size > LARGEST] == []


def test_no_file_names_a_folder_of_one_machine() -> None:
    private = re.compile(rb"(?<![\w.])/(root|home|work|Users)/\w")
    assert private.search(b"open /home/me/data") is not None
    assert [path for path in tracked() if path != Path(__file__) and private.search(path.read_bytes())] == []
