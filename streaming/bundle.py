"""Files that are not ours to ship: looked for on this computer, fetched once, and taken only if intact."""

from __future__ import annotations

import hashlib
import math
import os
import shutil
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import IO

from insightsim.errors import ModelError, StreamAwaited, readable
from insightsim.folders import FOLDER, cache, fetched

PIECE = 1 << 16
"""Bytes read at once."""
MOST = 1 << 28
"""Bytes of a file whose size is not known."""
WITHIN = 10.0
"""Seconds a server may be silent."""
SLOWEST, GRACE = 4000, 10.0
"""Bytes a second that a server must have sent on the whole, once so many seconds have passed."""
AT_ONCE = 0.5
"""Seconds of a download between two looks at whether it is still wanted."""

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


class Obtaining:
    """`obtain` for somebody who must not be held up: while it is fetched, each call soon says so and ends.

    What came so far is gone with whoever asks no more.
    """

    def __init__(self, path: str = "", remote: Remote = BUNDLE) -> None:
        self.path = path
        self.remote = remote
        self._target = cache() / remote.name
        self._coming: Iterator[tuple[int, int]] | None = None

    def __call__(self) -> Path:
        """Where the file is. Raises ModelError, and StreamAwaited while it is being fetched."""
        if self._coming is None:
            if (found := locate(self.path, self.remote)) is not None:
                return found
            self._coming = fetching(self.remote, self._target)
            raise self._awaited(0.0)  # before it is asked whether there is a connection
        coming, self._coming = self._coming, None
        until = time.monotonic() + AT_ONCE
        for received, size in coming:
            if time.monotonic() > until:
                self._coming = coming
                raise self._awaited(received / size)
        return self._target

    def _awaited(self, share: float) -> StreamAwaited:
        what = "the landmark model" if self.remote is BUNDLE else self.remote.name
        return StreamAwaited(f"fetching {what}, once for all: {10 * math.floor(10 * share)} %")


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
    for received, size in fetching(remote, target):
        if progress is not None:
            progress(received, size)


def fetching(remote: Remote, target: Path) -> Iterator[tuple[int, int]]:
    """`fetch` as it goes: after each piece, how many bytes of how many are there. Raises ModelError.

    It may be left at any piece; nothing of it stays then.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        so_far = tempfile.TemporaryFile(dir=target.parent)  # noqa: SIM115 (goes with us, however we end)
    except OSError as error:
        raise ModelError(f"{target.parent}: nothing can be kept there ({error.strerror})") from error
    with so_far:
        try:
            yield from _transfer(remote, so_far.write)
            so_far.seek(0)
            _keep(so_far, target)
        except (OSError, HTTPException, ValueError) as error:
            why = f"{remote.name} could not be fetched from {remote.address} ({_reason(error)})"
            raise ModelError(f"{why}; {_by_hand(remote)}") from error


def _keep(content: IO[bytes], target: Path) -> None:
    """Write the target as a whole. Raises OSError."""
    handle, part = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            shutil.copyfileobj(content, file)
        Path(part).chmod(0o644)
        os.replace(part, target)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(part)


def _transfer(remote: Remote, write: Callable[[bytes], object]) -> Iterator[tuple[int, int]]:
    """Hand on what the server sends. Raises ValueError where that is not what was expected; OSError."""
    digest, received, began = hashlib.sha256(), 0, time.monotonic()
    with urllib.request.urlopen(remote.address, timeout=WITHIN) as answer:
        size = remote.size or answer.length or MOST
        while piece := answer.read1(PIECE):  # what is there: a slow server must not keep us from a look
            received += len(piece)
            if received > size:
                break
            passed = time.monotonic() - began
            if received < min(size, SLOWEST * (passed - GRACE)):
                raise ValueError(f"too slow: {received:,} of {size:,} bytes came in {passed:.0f} s")
            digest.update(piece)
            write(piece)
            yield received, size
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
