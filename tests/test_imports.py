"""Who may import whom: the floors and the single places of docs/architecture.md."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLOORS = ("insightsim", "streaming", "web", "tools")
"""Lowest first; an import may only point down."""
NOT_IN_THE_CORE = {"asyncio", "socket", "threading", "time", "concurrent"}
ONLY_IN = {
    "pylsl": ("streaming/lsl.py", "streaming/outlet.py", "tools/bench/floor.py"),
    "cv2": ("streaming/camera.py", "tools/bench/bare_face.py"),
    "mediapipe": ("streaming/landmarks.py", "tools/bench/bare_face.py"),
    "sklearn": ("insightsim/training/",),
    "skl2onnx": ("insightsim/training/",),
    "onnx": ("insightsim/training/",),
    "onnxruntime": ("insightsim/models.py", "insightsim/training/"),
    "fastapi": ("web/",),
    "starlette": ("web/",),
    "uvicorn": ("web/",),
    "threading": (
        *("streaming/pump.py", "streaming/camera.py", "streaming/webcam.py"),
        "streaming/landmarks.py",  # a lock
    ),
    "concurrent": ("streaming/pump.py", "streaming/video.py"),
    "to_thread": ("streaming/pump.py",),
    "run_in_executor": ("streaming/pump.py",),
}
"""Module (or the call that makes a thread) → the only files or folders that may name it."""
HEAVY = {
    "cv2",
    "mediapipe",
    "mne",
    "sklearn",
    "skl2onnx",
    "onnx",
    "onnxruntime",
    "pandas",
    "matplotlib",
    "scipy.io",
    "fastapi",
    "pylsl",
}


def named(source: str) -> Iterator[str]:
    """Every module that a source imports, by its first name, and every thread-making call."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]
        elif isinstance(node, ast.Attribute) and node.attr in ("to_thread", "run_in_executor"):
            yield node.attr


def faults(path: str, source: str) -> list[str]:
    """What a file, by its path from the root, imports against the rules."""
    floor, names = path.split("/")[0], set(named(source))
    above = set(FLOORS[FLOORS.index(floor) + 1 :])
    found = [f"{path}: {name} is a floor above {floor}" for name in names & above]
    if floor == "insightsim":
        found += [f"{path}: the core does not touch {name}" for name in names & NOT_IN_THE_CORE]
    found += [
        f"{path}: {name} belongs only in {', '.join(ONLY_IN[name])}"
        for name in names & set(ONLY_IN)
        if not path.startswith(ONLY_IN[name])
    ]
    return found


@pytest.mark.parametrize("package", FLOORS)
def test_every_import_points_down_and_stays_in_its_place(package: str) -> None:
    for path in (ROOT / package).rglob("*.py"):
        assert not faults(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("insightsim/filters.py", "from streaming.lsl import clock"),
        ("streaming/feed.py", "def later():\n    import web.app"),
        ("web/app.py", "from tools import cli"),
        ("insightsim/fusion.py", "import asyncio"),
        ("insightsim/fusion.py", "from time import monotonic"),
        ("streaming/pipeline.py", "import pylsl"),
        ("insightsim/models.py", "from sklearn.linear_model import LogisticRegression"),
        ("insightsim/models.py", "import onnx.helper"),
        ("streaming/pipeline.py", "import onnxruntime"),
        ("tools/monitor.py", "from fastapi import FastAPI"),
        ("streaming/feed.py", "from threading import Lock"),
        ("web/app.py", "asyncio.to_thread(work)"),
    ],
)
def test_a_planted_fault_is_found(path: str, source: str) -> None:
    assert len(faults(path, source)) >= 1


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("streaming/lsl.py", "import time, pylsl\nfrom insightsim.types import Signal"),
        ("web/app.py", "import fastapi\nfrom streaming.feed import Feed"),
        ("insightsim/training/fit.py", "from sklearn.svm import SVC"),
    ],
)
def test_what_is_allowed_is_not_reported(path: str, source: str) -> None:
    assert faults(path, source) == []


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("tools.cli", HEAVY),
        ("streaming.pipeline", {"mne", "sklearn", "skl2onnx", "onnx", "pandas", "matplotlib", "fastapi"}),
        ("web.app", {"mne", "sklearn", "skl2onnx", "onnx", "pandas", "matplotlib"}),
    ],
)
def test_importing_a_module_stays_light(module: str, unwanted: set[str]) -> None:
    """`insightsim --help` answers at once, and a monitor carries no training library along."""
    script = f"import sys, {module}; print(*(sys.modules.keys() & {unwanted!r}))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []
