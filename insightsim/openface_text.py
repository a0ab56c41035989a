"""The text of an OpenFace CSV: whole rows, what is cut out of them, and whose they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
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


def cut_rows(path: Path, layout: Layout, columns: Sequence[int]) -> Iterator[list[bytes]]:
    """The fields in some columns (ascending) of all rows but blank ones, as text, some rows at a time.

    Raises DatasetError for a row with another number of fields than there are columns.
    """
    commas, done, runs = len(layout.names) - 1, 0, _runs(columns)
    for block in _blocks(path, layout):
        bounds = _bounds(block, commas)
        if bounds is None:
            block = b"\n".join(_checked(path, block.split(b"\n"), commas, done))
            bounds = _bounds(block, commas)
        if bounds is None:  # nothing but blank lines
            continue
        done += len(bounds)
        if done > MAX_ROWS:
            raise DatasetError(f"{path}: over {MAX_ROWS:,} rows; not read")
        # All but the first take along the comma before them.
        first = [bounds[:, runs[0][0]] + 1, *(bounds[:, start] for start, _ in runs[1:])]
        last = [bounds[:, stop] for _, stop in runs]
        pieces = [
            [block[start:stop] for start, stop in zip(begin.tolist(), end.tolist(), strict=True)]
            for begin, end in zip(first, last, strict=True)
        ]
        yield pieces[0] if len(pieces) == 1 else list(map(b"".join, zip(*pieces, strict=True)))


def _runs(columns: Sequence[int]) -> list[tuple[int, int]]:
    """Columns that stand side by side, as the first and the one after the last."""
    ends = np.flatnonzero(np.diff([-2, *columns, columns[-1] + 2]) > 1)
    return [(columns[first], columns[after - 1] + 1) for first, after in pairwise(ends.tolist())]


def _bounds(block: bytes, commas: int) -> NDArray[np.intp] | None:
    """(n_lines, commas + 2): the line's end before each line, its commas, and its own end.

    None where a line has another number of commas. All are found by one look at the block, not line by line.
    """
    text = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero(text == ord("\n"))
    if not block.endswith(b"\n"):
        ends = np.append(ends, len(block))
    at = np.flatnonzero(text == ord(","))
    if len(at) != len(ends) * commas or not commas:
        return None
    bounds = np.column_stack([np.append(-1, ends[:-1]), at.reshape(len(ends), commas), ends])
    return bounds if (np.diff(bounds[:, [0, 1, -2, -1]]) >= 0).all() else None


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
