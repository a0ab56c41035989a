"""`insightsim doctor`: what works on this computer, and what to install or change where it does not."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import webbrowser
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib import import_module, metadata
from pathlib import Path
from typing import Annotated

import typer

from insightsim.errors import InsightSimError, ModelError, StreamError

IMPORT_NAMES = {"opencv-contrib-python-headless": "cv2", "scikit-learn": "sklearn"}
"""Distributions whose module has another name."""
BROWSERS = (
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
"""Programs that can run the browser test; `make test` and the test itself ask `chromium` here."""

ASK_FOR_TOO_MUCH = """
import mmap, runpy, sys
unpickle = runpy.run_path(sys.argv[1])
unpickle["limit_memory"]()
try:
    mmap.mmap(-1, 2 * unpickle["MEMORY_LIMIT"])
except (OSError, MemoryError):
    print("refused")
"""
"""Run on `unpickle.py`: sets the limit as the reader of data files does, and maps twice as much."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at."""

    name: str
    ok: bool
    found: str
    advice: str = ""
    """What to do; empty when there is nothing to do."""
    needed: bool = True
    """Whether InsightSim cannot do its work without it."""


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    port: Annotated[int, typer.Option(help="The page's port.")] = 8765,
) -> None:
    """Say what works on this computer and what to install; exit 1 when something necessary is missing."""
    checks = []
    for check in examine(port):
        checks.append(check)
        typer.echo(json.dumps(asdict(check)) if as_json else _line(check))
    if not all(check.ok for check in checks if check.needed):
        raise typer.Exit(1)


def _line(check: Check) -> str:
    mark = "✓" if check.ok else "✗" if check.needed else "–"
    advice = f"\n    → {check.advice}" if check.advice else ""
    return f"{mark} {check.name:<22} {check.found}{advice}"


def examine(port: int) -> Iterator[Check]:
    """Every check, one after another."""
    yield python()
    yield from packages()
    yield lsl_library()
    yield lsl_loopback()
    yield from shipped_models()
    yield landmark_model()
    yield free_port(port)
    yield memory_limit()
    yield stalled_pages()
    yield writable(Path.cwd())
    yield writable(Path(tempfile.gettempdir()))
    yield browser()
    yield chromium()


def python(least: tuple[int, int] = (3, 11)) -> Check:
    """The interpreter is new enough."""
    ok = sys.version_info >= least
    advice = "" if ok else f"install Python {least[0]}.{least[1]} or newer and make .venv anew with it"
    return Check("Python", ok, ".".join(map(str, sys.version_info[:3])), advice)


def packages(required: Sequence[str] | None = None) -> Iterator[Check]:
    """Every package that pyproject.toml names is there, new enough and can be imported."""
    try:
        lines = metadata.requires("insightsim") or () if required is None else required
    except metadata.PackageNotFoundError:
        advice = "from the checkout: .venv/bin/python -m pip install --no-deps --no-build-isolation -e ."
        yield Check("insightsim", False, "not installed", advice)
        return
    for line in lines:
        yield _package(line)


def _package(line: str) -> Check:
    from packaging.requirements import Requirement

    requirement = Requirement(line)
    name = requirement.name
    advice = f"install {line}: make demo does, or pip install --require-hashes --no-deps -r requirements.lock"
    try:
        version = metadata.version(name)
        import_module(IMPORT_NAMES.get(name, name.replace("-", "_")))
    except metadata.PackageNotFoundError:
        return Check(name, False, "not installed", advice)
    except (ImportError, OSError, RuntimeError) as error:  # pylsl without liblsl: RuntimeError
        if name.startswith("opencv"):
            from streaming.camera import LIBRARIES

            advice = LIBRARIES
        return Check(name, False, f"{version} cannot be imported: {_first_line(error)}", advice)
    if not requirement.specifier.contains(version, prereleases=True):
        return Check(name, False, f"{version}, expected {requirement.specifier}", advice)
    return Check(name, True, version)


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0]


def lsl_library() -> Check:
    """The C library beneath Lab Streaming Layer can be loaded."""
    try:
        from streaming import lsl
    except (ImportError, OSError, RuntimeError) as error:
        advice = "most systems get liblsl with pylsl; on others install it and set PYLSL_LIB to its path"
        return Check("liblsl", False, _first_line(error), advice)
    return Check("liblsl", True, lsl.library())


def lsl_loopback(timeout: float = 3.0) -> Check:
    """A stream published here is found and read here."""
    name = "LSL on this computer"
    try:
        from streaming import outlet

        seconds = outlet.loopback(timeout)
    except (ImportError, OSError, RuntimeError, StreamError) as error:
        advice = (
            "let this Python through the firewall (UDP multicast, port 16571; TCP and UDP 16572–16604), "
            "or name the hosts under KnownPeers in lsl_api.cfg; `demo` and `file:` sources work without LSL"
        )
        return Check(name, False, _first_line(error), advice)
    return Check(name, True, f"a sample made the round trip; found within {seconds:.1f} s")


def shipped_models(folder: Path | None = None) -> Iterator[Check]:
    """Every model in the folder (the shipped ones' unless given) fits its card, and onnxruntime runs it."""
    from insightsim import models

    folder = models.SHIPPED if folder is None else folder
    advice = "fetch the folder models/ anew, or train: make models"
    cards = sorted(folder.glob("*.toml"))
    if not cards:
        yield Check("models", False, f"none in {folder}", advice)
    for path in cards:
        try:
            card = models.verify(path).card
        except ModelError as error:
            yield Check(f"model {path.stem}", False, _first_line(error), advice)
        else:
            yield Check(f"model {path.stem}", True, f"fits its card and runs, version {card.version}")


def landmark_model() -> Check:
    """The landmark model is where cameras and videos look for it."""
    from streaming import bundle

    name = "landmark model"
    advice = "only cameras and videos need it, and fetch it; to have it beforehand: insightsim models fetch"
    try:
        found = bundle.locate()
    except ModelError as wrong:
        return Check(name, False, str(wrong), needed=False)
    if found is None:
        return Check(name, False, "not fetched yet", advice, False)
    return Check(name, True, str(found), needed=False)


def free_port(port: int) -> Check:
    """The page's port can be opened."""
    from web.server import HOST, bind

    try:
        bind(HOST, port).close()
    except InsightSimError as error:
        return Check(
            f"port {port}", False, str(error), "the monitor takes any free port with --port 0", False
        )
    return Check(f"port {port}", True, "free")


def memory_limit(reader: Path | None = None) -> Check:
    """A pickle from outside can be kept from eating the memory: tried out, for macOS sets a limit in vain."""
    from insightsim.datasets import unpickle

    found = "this system sets none for the reader of data files"
    if unpickle.memory_limit_available():
        command = [sys.executable, "-I", "-c", ASK_FOR_TOO_MUCH, str(reader or unpickle.__file__)]
        child = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if child.stdout.strip() == "refused":
            held = f"data files are read within {unpickle.MEMORY_LIMIT >> 20} MB"
            return Check("memory limit", True, held, needed=False)
        found = "this system does not enforce that of the reader of data files"
    advice = (
        "open .dat files from sources you trust only: a made-up one could fill the memory (never run code)"
    )
    return Check("memory limit", False, found, advice, False)


def stalled_pages(option: str = "TCP_USER_TIMEOUT") -> Check:
    """The system itself cuts off pages that stop reading."""
    if hasattr(socket, option):
        return Check("stalled pages", True, "are cut off after 10 s", needed=False)
    advice = "nothing to do for one user; a page that hangs keeps its connection until it is closed"
    return Check("stalled pages", False, f"this system has no {option}", advice, False)


def writable(folder: Path) -> Check:
    """Files can be made in the folder, as simulating, training and reading data files do."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return Check("write access", True, str(folder), needed=False)
    except OSError as error:
        advice = "simulate and train write into the current folder: change to one of yours"
        return Check("write access", False, f"{folder}: {error.strerror}", advice, False)


def browser() -> Check:
    """A browser can be opened on the page."""
    try:
        return Check("browser", True, webbrowser.get().name, needed=False)
    except webbrowser.Error:
        advice = "open the address that the monitor prints in a browser on this computer"
        return Check("browser", False, "none that Python could open", advice, False)


def chromium(path: str | None = None) -> Check:
    """Chromium or Chrome, for the browser test: $CHROMIUM, or the first along PATH (or the path given)."""
    for name in filter(None, (os.environ.get("CHROMIUM"), *BROWSERS)):
        if found := shutil.which(name, path=path):
            return Check("Chromium", True, found, needed=False)
    advice = "only `make test` needs one: install Chromium or Chrome, or set CHROMIUM to its path"
    return Check("Chromium", False, "not found", advice, False)
