"""From a window of action units to the features a face model reads.

"au35" and "openface709" are means over the window, as the original InsightSim took them over whole files.
"au_dynamics" is what averaging loses: how far, how fast, how long and how often each unit moves. It weighs
each row by the time that it stands for, so that the camera's rate and its stutter show but mildly: what a
slow one misses of a peak or an onset nothing brings back (docs/models.md).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from insightsim import affect, face_sliding
from insightsim.cards import FaceNetwork, FaceRecipe
from insightsim.errors import ModelError
from insightsim.face_windows import GAP
from insightsim.types import Signal

MEANS = ("au35", "openface709")
STATISTICS = ("mean", "spread", "peak", "slope", "present", "onsets")
"""Of "au_dynamics", each over all columns: mean; standard deviation; largest; change per second (least
squares); share of the time at ON or above; how often per second it rises there from OFF or below.
"""
KNOWN = (*MEANS, "au_dynamics")
ON, OFF = 1.0, 0.5
"""Intensities, 0–5: 1 is a trace in FACS's A to E. Between the two nothing is told, or noise would count."""


def feature_names(recipe: FaceRecipe) -> list[str]:
    """A name for each feature, in order. Raises ModelError for a kind that there is not."""
    if isinstance(recipe.features, FaceNetwork):
        return [f"{name} {statistic}" for statistic in affect.STATISTICS for name in recipe.ch_names]
    if recipe.features.name not in KNOWN:
        raise ModelError(
            f'there are no face features "{recipe.features.name}"; there are: {", ".join(KNOWN)}'
        )
    statistics: tuple[str, ...] = ("mean",) if recipe.features.name in MEANS else STATISTICS
    return [f"{name} {statistic}" for statistic in statistics for name in recipe.ch_names]


def features(recipe: FaceRecipe, window: Signal) -> NDArray[np.float32]:
    """(n_features,) of a window's valid rows, those that have a number in every column of the recipe.

    There must be one at least. Sums are float64: pixel columns run into thousands.
    """
    rows, valid = read(recipe, window)
    return of_rows(recipe, rows[valid], window.times[valid])


def read(recipe: FaceRecipe, window: Signal) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """The columns that a model reads, (n_rows, n_columns), and which rows are valid, (n_rows,)."""
    picks = _picks(recipe.ch_names, window.ch_names)
    rows = window.data if picks is None else window.data[:, picks]
    return rows, np.asarray(np.isfinite(rows).all(axis=1))


def of_rows(recipe: FaceRecipe, rows: NDArray[np.float32], times: NDArray[np.float64]) -> NDArray[np.float32]:
    """(n_features,) of valid rows (n_rows, n_columns) with increasing times (n_rows,), s."""
    if isinstance(recipe.features, FaceNetwork):
        return affect.statistics(rows)
    if recipe.features.name in MEANS:
        return np.asarray(rows.mean(axis=0, dtype=np.float64), np.float32)
    return _dynamics(rows, times).astype(np.float32)


def of_spans(
    recipe: FaceRecipe, rows: NDArray[np.float32], times: NDArray[np.float64], spans: NDArray[np.intp]
) -> NDArray[np.float32]:
    """`of_rows` of many windows of the same rows, by first row and the one after the last: (n_windows, 2)."""
    if isinstance(recipe.features, FaceNetwork):
        return np.stack([of_rows(recipe, rows[first:last], times[first:last]) for first, last in spans])
    if recipe.features.name in MEANS:
        return face_sliding.means(rows, spans).astype(np.float32)
    return face_sliding.dynamics(rows, times, spans, ON, OFF).astype(np.float32)


@lru_cache(maxsize=16)
def _picks(wanted: tuple[str, ...], there: tuple[str, ...]) -> NDArray[np.intp] | None:
    """Where the wanted columns are; None where they are all there is. Remembered: there may be 709."""
    return None if wanted == there else np.array([there.index(name) for name in wanted])


def _dynamics(rows: NDArray[np.float32], times: NDArray[np.float64]) -> NDArray[np.float64]:
    courses = np.array(rows.T, np.float64, order="C")  # a column after the other: twice as fast
    weights = _stands_for(times)
    seconds = weights.sum()
    weights /= seconds
    mean = courses @ weights
    offset = times - times[-1]
    offset -= offset @ weights
    variance = weights @ offset**2
    slope = courses @ (weights * offset) / variance if variance else np.zeros_like(mean)
    spread = np.sqrt((courses - mean[:, None]) ** 2 @ weights)
    on = courses >= ON
    often = _onsets(on, courses <= OFF) / seconds
    parts = [mean, spread, courses.max(axis=1), slope, on @ weights, often]
    return np.asarray(np.concatenate(parts))


def _stands_for(times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Seconds that each row stands for: those since the last, at most GAP; the first as the second."""
    if len(times) < 2:
        return np.full(len(times), GAP)
    steps = np.diff(times)
    return np.asarray(np.minimum(np.concatenate([steps[:1], steps]), GAP))


def _onsets(on: NDArray[np.bool_], off: NDArray[np.bool_]) -> NDArray[np.intp]:
    """(n_columns,): how often each rose, from (n_columns, n_rows) of which most are either."""
    at = np.flatnonzero(on | off)  # a column after the other
    told = on.ravel()[at]
    risen = np.flatnonzero(told[1:] & ~told[:-1])
    column, before = at[risen + 1] // on.shape[1], at[risen] // on.shape[1]
    return np.bincount(column[column == before], minlength=len(on))
