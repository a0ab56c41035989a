"""Files that are not ours to ship: looked for on this computer, fetched once, and taken only if intact."""

from __future__ import annotations

import hashlib
import os
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

from insightsim.errors import ModelError, readable
from insightsim.folders import FOLDER, cache, fetched

PIECE = 1 << 16
"""Bytes read at once."""
MOST = 1 << 28
"""Bytes of a file whose size is not known."""
WITHIN = 10.0
"""Seconds a server may be silent."""

Progress = Callable[[int, int], None]
"""Told how many bytes of how many are there."""


@dataclass(frozen=True, slots=True)
class Remote:
    """A file that is fetched from elsewhere."""

    name: str
    """Of the file, here and there."""
    address: str
    sha256: str
    size: int | None
    """Bytes; None where nobody told."""
    licence: str


BUNDLE = Remote(
    "face_landmarker.task",
    "https://storage.googleapis.com/mediapipe-models/face_landmarker/face_landmarker/float16/1/face_landmarker.task",
    "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff",
    3_758_596,
    "Apache-2.0, Google (MediaPipe FaceMesh-V2 and Blendshape-V2)",
)
"""The landmark model."""


def locate(path: str = "", remote: Remote = BUNDLE) -> Path | None:
    """The file at `path` if one is named, else in $INSIGHTSIM_MODEL_DIR, else in the cache; None if nowhere.

    Raises ModelError where one is there, or named, that is not the right one.
    """
    if path:
        named = Path(path).expanduser()
        check(named, remote)
        return named
    for folder in fetched():
        if (found := folder / remote.name).exists():
            check(found, remote)
            return found
    return None


def obtain(path: str = "", remote: Remote = BUNDLE) -> Path:
    """Where the file is; fetched into the cache when it is nowhere. Raises ModelError."""
    if (found := locate(path, remote)) is not None:
        return found
    target = cache() / remote.name
    with bar(remote.name) as progress:
        fetch(remote, target, progress)
    return target


@contextmanager
def bar(title: str) -> Iterator[Progress]:
    """A progress bar on stderr, moved on by what it gives."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn
    from rich.progress import Progress as Bar

    text = TextColumn("{task.description}", markup=False)
    with Bar(text, BarColumn(), DownloadColumn(), console=Console(stderr=True)) as shown:
        task = shown.add_task(title, total=None)
        yield lambda received, size: shown.update(task, completed=received, total=size)


def check(path: Path, remote: Remote) -> None:
    """Raise ModelError unless the file is the one that is meant."""
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}); {_by_hand(remote)}") from error
    if found != remote.sha256:
        raise ModelError(
            f"{path}: not the {remote.name} expected: its sha256 is {found}, expected {remote.sha256}. "
            f"Remove it; {_by_hand(remote)}"
        )


def fetch(remote: Remote, target: Path, progress: Progress | None = None) -> None:
    """Fetch the file to `target`, which is there whole and checked, or not at all. Raises ModelError."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except OSError as error:
        raise ModelError(f"{target.parent}: nothing can be kept there ({error.strerror})") from error
    try:
        with os.fdopen(handle, "wb") as file:
            _transfer(remote, file.write, progress)
        Path(part).chmod(0o644)
        os.replace(part, target)
    except (OSError, HTTPException, ValueError) as error:
        raise ModelError(
            f"{remote.name} could not be fetched from {remote.address} ({_reason(error)}); {_by_hand(remote)}"
        ) from error
    finally:
        with suppress(FileNotFoundError):
            os.unlink(part)


def _transfer(remote: Remote, write: Callable[[bytes], object], progress: Progress | None) -> None:
    """Hand on what the server sends. Raises ModelError where that is not what was expected."""
    digest, received = hashlib.sha256(), 0
    with urllib.request.urlopen(remote.address, timeout=WITHIN) as answer:
        size = remote.size or answer.length or MOST
        while piece := answer.read(PIECE):
            received += len(piece)
            if received > size:
                break
            digest.update(piece)
            write(piece)
            if progress is not None:
                progress(received, size)
    if received != size and (received > size or size != MOST):
        more = "more than " if received > size else ""
        raise ValueError(f"{more}{min(received, size):,} bytes came, expected {size:,}")
    if digest.hexdigest() != remote.sha256:
        raise ValueError(f"its sha256 is {digest.hexdigest()}")


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        error.close()  # it is the answer, too
        return f"the server says {error.code} {error.reason}"
    if isinstance(error, urllib.error.URLError):
        return f"no connection: {readable(str(error.reason))}"
    return readable(str(error)) or type(error).__name__


def _by_hand(remote: Remote) -> str:
    """What to do without a connection."""
    return (
        f"to put it there yourself: get {remote.address} (sha256 {remote.sha256}) and save it as "
        f"{cache() / remote.name}, or set {FOLDER} to the folder that holds it"
    )
