"""The text of an OpenFace CSV: whole rows, what is cut out of them, and whose they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from insightsim.errors import DatasetError
from insightsim.openface_header import MAX_LINE, Layout

BLOCK = 1 << 17
"""Bytes read at a time: it stays in the processor's cache."""
BEGINNING = 256
"""Bytes in which the first columns are to be."""
MAX_ROWS = 100_000_000
MAX_FACES = 10_000


def faces(path: Path, layout: Layout) -> Counter[bytes]:
    """How many rows each face has, by what stands in column face_id; nothing else is looked at."""
    column = layout.names.index("face_id")
    found = Counter[bytes]()
    for block in _blocks(path, layout):
        at, ids = 0, []
        while at < len(block):
            fields = block[at : at + BEGINNING].split(b",", column + 1)
            ids.append(fields[column] if len(fields) > column + 1 else b"")
            at = block.find(b"\n", at) + 1 or len(block)
        found.update(ids)
        if len(found) > MAX_FACES:
            raise DatasetError(f"{path}: over {MAX_FACES:,} faces; is face_id what it should be?")
    stripped = Counter[bytes]()
    for face, n_rows in found.items():
        stripped[face.strip()] += n_rows
    return stripped


def rows(path: Path, layout: Layout) -> Iterator[list[bytes]]:
    """Lines that all have as many fields as there are columns; blank ones are left out."""
    commas, done = len(layout.names) - 1, 0
    for block in _blocks(path, layout):
        lines = block.removesuffix(b"\n").split(b"\n")
        if (_commas(block, lines) != commas).any():
            lines = _checked(path, lines, commas, done)
        done += len(lines)
        if done > MAX_ROWS:
            raise DatasetError(f"{path}: over {MAX_ROWS:,} rows; not read")
        yield lines


def _checked(path: Path, lines: Sequence[bytes], commas: int, done: int) -> list[bytes]:
    """Those that are not blank; raises DatasetError for the first that has another number of commas."""
    rows = [line for line in lines if line.strip()]
    for number, row in enumerate(rows, done + 1):
        if (found := row.count(b",")) != commas:
            raise DatasetError(
                f"{path}: row {number:,} has {found + 1} fields, expected {commas + 1} as in the first line; "
                "the file is damaged there"
            )
    return rows


def _blocks(path: Path, layout: Layout) -> Iterator[bytes]:
    """The rows as text, some whole lines at a time."""
    rest = b""
    try:
        with path.open("rb", buffering=0) as file:
            at = file.seek(layout.start)
            while at < layout.stop:
                block = rest + file.read(min(BLOCK, layout.stop - at))
                if len(block) == len(rest):
                    raise DatasetError(f"{path}: became shorter while it was read; read it again")
                at += len(block) - len(rest)
                whole = len(block) if at == layout.stop else block.rfind(b"\n") + 1
                rest = block[whole:]
                if len(rest) > MAX_LINE:
                    raise DatasetError(f"{path}: a row is longer than {MAX_LINE:,} bytes: no OpenFace CSV")
                if whole:
                    yield block[:whole]
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read any further ({error.strerror})") from error


def _commas(block: bytes, lines: Sequence[bytes]) -> NDArray[np.uint32]:
    """How many are in each of a block's lines, (n_lines,): quicker by one look at all than line by line."""
    starts = np.cumsum([0, *(len(line) + 1 for line in lines[:-1])])
    return np.add.reduceat(np.frombuffer(block, np.uint8) == ord(","), starts, dtype=np.uint32)


def cutter(columns: Sequence[int], n_columns: int) -> Callable[[bytes], bytes]:
    """What leaves of a line the fields in some columns: all between is passed over in one piece."""
    if len(columns) == n_columns:
        return lambda line: line
    bounds = np.array([-1, *columns, n_columns])
    widest = int(np.argmax(np.diff(bounds)))
    first, last = int(bounds[widest]) + 1, n_columns - int(bounds[widest + 1])
    # Each end is split off with what is left of the line in one piece more.
    pick = itemgetter(*(c if c < first else c - n_columns + last + first + 2 for c in columns))
    return lambda line: b",".join(pick(line.split(b",", first) + line.rsplit(b",", last)))
