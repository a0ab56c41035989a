"""The rows of an OpenFace CSV as numbers, block by block, of the columns that are needed alone.

A row has 5,000 bytes of which a model needs 200. So each is cut down to the fields in question before
anything is made of them, and pandas, which is quick at it, reads what is left.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from insightsim.errors import DatasetError
from insightsim.openface_columns import HEAD
from insightsim.openface_header import Layout
from insightsim.openface_text import cut_rows

ROWS = 4096
"""Rows, at least, that are handed on together."""
TEXT = 1 << 23
"""Bytes of what they were cut down to, after which fewer will do."""
NO_NUMBER = ("-nan(ind)", "nan(ind)")
"""How Visual C++ writes that something is no number; pandas knows the rest."""

Table = NDArray[np.float64]


class Rows:
    """The rows of a file, of one face or of all, in the columns asked for and in those that say what they are
    worth.
    """

    def __init__(self, path: Path, layout: Layout, columns: Sequence[str], face: float | None = None) -> None:
        wanted = {*columns, *HEAD, "AU12_r"}  # one that every file has: a table is of two columns at least
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
    texts: list[bytes] = []
    size, done = 0, 0
    for fresh in cut_rows(path, layout, columns):
        texts += fresh
        size += sum(map(len, fresh))
        if len(texts) >= ROWS or size >= TEXT:
            yield _numbers(path, layout, columns, texts, done)
            done += len(texts)
            texts, size = [], 0
    if texts:
        yield _numbers(path, layout, columns, texts, done)


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
