"""What a path that somebody named leads to."""

from __future__ import annotations

import json
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from insightsim.errors import DatasetError

SMALL = 100_000
"""Bytes that are read of a file that is known to be small."""


def check(path: Path, folder: bool = False) -> None:
    """Raise DatasetError unless there is a file; of some formats, it may be a `folder` of files.

    A pipe or a device would keep whoever opens it waiting.
    """
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        raise DatasetError(f"{path}: no such file; check the path") from None
    except ValueError as error:
        raise DatasetError(f"{path}: no path of a file ({error}); check the path") from error
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    if stat.S_ISDIR(mode) and not folder:
        raise DatasetError(f"{path}: a folder, expected a file; check the path")
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise DatasetError(f"{path}: a pipe or a device, expected a file; save it as a file first")


def of_format(path: Path, kind: str, what: str) -> dict[str, Any]:
    """The JSON object in a small file, whose "format" is `kind`.

    Raises DatasetError; `what` says what was expected and what to do, "a neutral face; make one with …".
    """
    check(path)
    try:
        with path.open("rb") as file:
            content = json.loads(file.read(SMALL))
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    except (ValueError, RecursionError) as error:
        raise DatasetError(f"{path}: no JSON ({error}), expected {what}") from error
    if not isinstance(content, dict) or content.get("format") != kind:
        raise DatasetError(f'{path}: no "format": "{kind}" in it, expected {what}')
    return content


@contextmanager
def whole(path: Path, private: bool = False) -> Iterator[TextIO]:
    """A text file to write, which is there whole in the end, in place of an older one, or not at all.

    A `private` one only its owner may read. Raises DatasetError where it cannot be written.
    """
    try:
        handle, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise _unwritten(path, error) from error
    try:
        with open(handle, "w", encoding="utf-8", newline="") as file:
            yield file
        if not private:
            Path(part).chmod(0o644)
        os.replace(part, path)
    except OSError as error:
        raise _unwritten(path, error) from error
    finally:
        Path(part).unlink(missing_ok=True)


def _unwritten(path: Path, error: OSError) -> DatasetError:
    return DatasetError(f"{path}: cannot be written ({error.strerror}); name another place")
