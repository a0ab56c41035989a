"""What a path that somebody named leads to."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from insightsim.errors import DatasetError


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
