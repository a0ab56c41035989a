"""Features of many windows of one stretch of rows at once: what they share is computed once.

Windows overlap: at four a second, each row is in some thirty. Sums over all of them by way of numpy's
`reduceat` take a fifth of the time that they take one by one, and give the same to seven digits.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from insightsim.face_windows import GAP

Rows = NDArray[np.float32]
Times = NDArray[np.float64]
Spans = NDArray[np.intp]
"""(n_windows, 2): the first row of each window, and the one after its last; none is empty."""

NOTHING = 1e-12
"""A variance that is but rounding."""


def means(rows: Rows, spans: Spans) -> NDArray[np.float64]:
    """(n_windows, n_columns), from rows (n_rows, n_columns)."""
    return _over(spans, np.add, np.ascontiguousarray(rows.T, np.float64)).T / np.diff(spans)


def dynamics(rows: Rows, times: Times, spans: Spans, on: float, off: float) -> NDArray[np.float64]:
    """`face_features.STATISTICS` of each window, (n_windows, 6 × n_columns), as they are of one alone.

    Of rows (n_rows, n_columns) with increasing times (n_rows,), s.
    """
    courses = np.ascontiguousarray(rows.T, np.float64)
    first, last = spans.T
    weights = np.minimum(np.diff(times, prepend=times[0]), GAP)  # seconds that each row stands for
    second = np.minimum(first + 1, len(times) - 1)
    more = np.where(last - first > 1, weights[second], GAP) - weights[first]  # the first as the second

    def total(values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of every window, each row by what it stands for."""
        return np.asarray(_over(spans, np.add, values * weights) + values[..., first] * more)

    offset = times - times[-1]
    present = courses >= on
    seconds = total(np.ones(len(times)))
    mean, middle = total(courses) / seconds, total(offset) / seconds
    variance = total(offset**2) / seconds - middle**2
    together = total(courses * offset) / seconds - mean * middle
    slope = together / np.where(variance > NOTHING, variance, np.inf)
    squares = total(courses**2) / seconds - mean**2
    spread = np.sqrt(np.where(squares > NOTHING, squares, 0.0))
    peak = _over(spans, np.maximum, courses)
    often = _onsets(present, courses <= off, spans) / seconds
    parts = [mean, spread, peak, slope, total(present.astype(float)) / seconds, often]
    return np.concatenate(parts).T


def _over(spans: Spans, take: np.ufunc, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(…, n_windows): the sum, or the largest, of values (…, n_rows) in each window."""
    beyond = np.concatenate([values, values[..., -1:]], axis=-1)  # a window may end with the last row
    return np.asarray(take.reduceat(beyond, spans.ravel(), axis=-1)[..., ::2])


def _onsets(on: NDArray[np.bool_], off: NDArray[np.bool_], spans: Spans) -> NDArray[np.intp]:
    """(n_columns, n_windows): how often each rose within the window, from (n_columns, n_rows)."""
    n_columns, n_rows = on.shape
    told = np.flatnonzero(on | off)  # a column after the other
    up = on.ravel()[told]
    risen = 1 + np.flatnonzero(up[1:] & ~up[:-1] & (told[1:] // n_rows == told[:-1] // n_rows))
    n_before = np.zeros((2, n_columns * n_rows + 1), np.intp)
    n_before[0, told[risen] + 1] = n_before[1, told[risen - 1] + 1] = 1
    ended, begun = np.cumsum(n_before, axis=1)  # rises that ended, and those that began, before each row
    at = n_rows * np.arange(n_columns)[:, None]
    return np.asarray(np.maximum(0, ended[at + spans[:, 1]] - begun[at + spans[:, 0]]))
