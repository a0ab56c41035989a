"""The rows of an OpenFace CSV as numbers, block by block, of the columns that are needed alone.

A row has 5,000 bytes of which a model needs 200. So each is cut down to the fields in question before
anything is made of them, and pandas, which is quick at it, reads what is left.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from insightsim.errors import DatasetError
from insightsim.openface_columns import HEAD
from insightsim.openface_header import MAX_LINE, Layout

BLOCK = 1 << 17
"""Bytes read at a time: it stays in the processor's cache."""
BEGINNING = 256
"""Bytes in which the first columns are to be."""
ROWS = 4096
"""Rows, at least, that are handed on together."""
TEXT = 1 << 23
"""Bytes of what they were cut down to, after which fewer will do."""
MAX_ROWS = 100_000_000
MAX_FACES = 10_000
NO_NUMBER = ("-nan(ind)", "nan(ind)")
"""How Visual C++ writes that something is no number; pandas knows the rest."""

Table = NDArray[np.float64]


class Rows:
    """The rows of a file, of one face or of all, in the columns asked for and in those that say what they are
    worth.
    """

    def __init__(self, path: Path, layout: Layout, columns: Sequence[str], face: float | None = None) -> None:
        wanted = {*columns, *HEAD, "AU12_r"}
        self.path = path
        self.layout = layout
        self.face = face
        self.at = {name: i for i, name in enumerate(name for name in layout.names if name in wanted)}
        """Where each column is in a table."""

    def tables(self) -> Iterator[Table]:
        """All rows, some thousand at a time: (n_rows, len(at)). Raises DatasetError."""
        places = [self.layout.names.index(name) for name in self.at]
        for table in tables(self.path, self.layout, places):
            yield table if self.face is None else table[table[:, self.at["face_id"]] == self.face]

    def head(self, n_rows: int) -> Table:
        """The first rows."""
        found: list[Table] = []
        for table in self.tables():
            found.append(table)
            if sum(map(len, found)) >= n_rows:
                break
        return np.concatenate(found)[:n_rows]

    def column(self, name: str | None, table: Table) -> NDArray[np.float64] | None:
        """(n_rows,) of a table; None if the file has no such column."""
        return table[:, self.at[name]] if name in self.at else None

    def lost(self, table: Table) -> NDArray[np.bool_]:
        """(n_rows,): where tracking failed."""
        success = self.column("success", table)
        return np.zeros(len(table), bool) if success is None else ~(success > 0.5)

    def unsure(self, table: Table, limit: float) -> NDArray[np.bool_]:
        """(n_rows,): where the confidence is below the limit."""
        confidence = self.column("confidence", table)
        return np.zeros(len(table), bool) if confidence is None else ~(confidence >= limit)


def tables(path: Path, layout: Layout, columns: Sequence[int]) -> Iterator[Table]:
    """The fields in some columns (two at least, ascending) of all rows: (n_rows, n_columns), NaN where empty.

    Raises DatasetError for a row with another number of fields, or a field that is no number.
    """
    cut = _cutter(columns, len(layout.names))
    texts: list[bytes] = []
    size, done = 0, 0
    for lines in _rows(path, layout):
        fresh = [cut(line) for line in lines]
        texts += fresh
        size += sum(map(len, fresh))
        if len(texts) >= ROWS or size >= TEXT:
            yield _numbers(path, layout, columns, texts, done)
            done += len(texts)
            texts, size = [], 0
    if texts:
        yield _numbers(path, layout, columns, texts, done)


def faces(path: Path, layout: Layout) -> Counter[bytes]:
    """How many rows each face has, by what stands in column face_id; nothing else is looked at."""
    column = layout.names.index("face_id")
    found = Counter[bytes]()
    for block in _blocks(path, layout):
        at = 0
        while (end := block.find(b"\n", at) + 1 or len(block)) > at:
            fields = block[at : min(end, at + BEGINNING)].split(b",", column + 1)
            found[fields[column].strip() if len(fields) > column + 1 else b""] += 1
            at = end
        if len(found) > MAX_FACES:
            raise DatasetError(f"{path}: over {MAX_FACES:,} faces; is face_id what it should be?")
    return found


def _rows(path: Path, layout: Layout) -> Iterator[list[bytes]]:
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


def _cutter(columns: Sequence[int], n_columns: int) -> Callable[[bytes], bytes]:
    """What leaves of a line the fields in some columns: all between is passed over in one piece."""
    if len(columns) == n_columns:
        return lambda line: line
    bounds = np.array([-1, *columns, n_columns])
    widest = int(np.argmax(np.diff(bounds)))
    first, last = int(bounds[widest]) + 1, n_columns - int(bounds[widest + 1])
    # Each end is split off with what is left of the line in one piece more.
    pick = itemgetter(*(c if c < first else c - n_columns + last + first + 2 for c in columns))
    return lambda line: b",".join(pick(line.split(b",", first) + line.rsplit(b",", last)))


def _numbers(path: Path, layout: Layout, columns: Sequence[int], texts: Sequence[bytes], done: int) -> Table:
    """(n_rows, n_columns) of rows that were cut down; `done` rows came before."""
    import pandas as pd

    text = b"\n".join(texts)
    try:
        frame = pd.read_csv(
            io.BytesIO(text),
            header=None,
            names=range(len(columns)),
            index_col=False,
            dtype=np.float64,
            skipinitialspace=True,
            skip_blank_lines=False,
            na_values=NO_NUMBER,
            quoting=csv.QUOTE_NONE,
            encoding="latin-1",
            low_memory=False,
        )
    except ValueError as error:
        raise _blame(path, layout, columns, texts, done, str(error)) from error
    if frame.shape != (len(texts), len(columns)) or b"\0" in text:
        raise _blame(path, layout, columns, texts, done, "a line end or NUL in the middle of a row")
    return np.asarray(frame.to_numpy())


def _blame(
    path: Path, layout: Layout, columns: Sequence[int], texts: Sequence[bytes], done: int, why: str
) -> DatasetError:
    """Which field of a block is no number."""
    for number, text in enumerate(texts, done + 1):
        for column, field in zip(columns, text.split(b","), strict=True):
            if not _is_number(field.strip()):
                shown = field.strip().decode(errors="replace")
                return DatasetError(
                    f"{path}: row {number:,} has {shown!r:.40} in column {layout.names[column]}, "
                    "expected a number"
                )
    return DatasetError(f"{path}: rows {done + 1:,} to {done + len(texts):,} are damaged ({why})")


def _is_number(field: bytes) -> bool:
    try:
        float(field or b"nan")
    except ValueError:
        return False
    return True
