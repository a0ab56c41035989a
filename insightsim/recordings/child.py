"""Reads one file in a process of its own, run by `open_tracks` as ``python -I child.py PATH PART STAMPS``.

Parsers of many formats meet files of any kind here: what a damaged one makes them do (claim all memory, never
end, crash) ends with this process, and the parent says one sentence.

The answer goes to stdout: a line of JSON, filled up with blanks to a multiple of eight bytes, then the stamps
as float64 and the samples as float32, sample by sample. A refusal is one sentence on stderr and exit code 1.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

if __name__ == "__main__":  # it is isolated, and has to find the parts of the very project that started it
    sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from insightsim.datasets.unpickle import Refused, limit_memory
from insightsim.errors import DatasetError
from insightsim.recordings.content import Content
from insightsim.recordings.formats import format_of

MEMORY_LIMIT = 2**31
"""Bytes of address space; mne alone takes 0.3 GB, an hour of 32 channels at 512 Hz in XDF 0.5 GB."""
MAX_ANSWER = 2**32
"""Bytes of stamps and samples; four hours of 64 channels at 1000 Hz."""


def main(path: Path, part: str, raw_stamps: bool, out: BinaryIO) -> None:
    """Read a file and write what it holds to `out`."""
    known = format_of(path)
    if known.needs and importlib.util.find_spec(known.needs) is None:
        raise DatasetError(
            f"{known.name} is read by the package {known.needs}, which is not installed; install it "
            f"(pip install {known.needs}), or export the recording as EDF"
        )
    module = importlib.import_module(f"insightsim.recordings.{known.module}")
    content: Content = module.read(path, part, raw_stamps)
    size = len(content.times) * (8 + 4 * len(content.ch_names))
    if size > MAX_ANSWER:
        raise DatasetError(
            f"it holds {size / 2**30:.1f} GB of samples; at most {MAX_ANSWER >> 30} GB are read"
        )
    _store(out, _header(content))
    _store(out, content.times.astype("<f8").data)
    for block in content.blocks:
        _store(out, np.ascontiguousarray(block, "<f4").data)


def _store(out: BinaryIO, piece: bytes | memoryview) -> None:
    try:
        out.write(piece)
        out.flush()
    except OSError as error:
        raise DatasetError(
            f"its samples could not be stored ({error.strerror}); make room in {tempfile.gettempdir()}"
        ) from error


def _header(content: Content) -> bytes:
    said = {
        "name": content.name,
        "ch_names": content.ch_names,
        "unit": content.unit,
        "sfreq": content.sfreq,
        "n_samples": len(content.times),
        "reference": content.reference,
        "markers": [(marker.time, marker.label, marker.source) for marker in content.markers],
        "notes": content.notes,
        "places": content.places,
    }
    line = json.dumps(said).encode()
    return line + b" " * (-(len(line) + 1) % 8) + b"\n"


def refuse(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Say on stderr in one sentence what was wrong, whatever a parser raised; stands in for a traceback."""
    if isinstance(error, DatasetError | Refused):
        said = str(error)
    elif isinstance(error, MemoryError):
        said = f"reading it takes more than {MEMORY_LIMIT >> 20} MB of memory; not read"
    else:
        why = ": ".join(filter(None, (kind.__name__, f"{error!s:.300}")))
        said = f"not {format_of(Path(sys.argv[1])).name}, or a broken one ({why})"
    sys.stderr.write(" ".join(said.split()) + "\n")


if __name__ == "__main__":
    sys.excepthook = refuse
    limit_memory(MEMORY_LIMIT)
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # some parsers print, which must not end up in the answer
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "recorded", answer)
