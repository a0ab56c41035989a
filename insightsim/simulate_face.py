"""Made-up face videos with a known truth, as OpenFace or our own landmarks would read them.

The faces are those of the simulated subjects (`simulate`): number and seed are the same person, who gives the
same videos the same ratings. A trial is the video alone, 60 s, without the EEG's baseline.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from insightsim import made_face, simulate
from insightsim.aus import AUS, COLUMNS, INTENSITIES, LANDMARKS, OPENFACE, VALIDITY
from insightsim.datasets import deap
from insightsim.datasets.recording import Recording
from insightsim.displays import Traits, draw_traits
from insightsim.expression import SFREQ, Drift, Expression
from insightsim.openface_columns import ORIGINAL
from insightsim.types import VADL, Signal

SECONDS = 60.0
"""Length of a video."""
AGREEMENT = np.array(
    [0.88, 0.65, 0.5, 0.7, 0.6, 0.3, 0.5, 0.5, 0.75, 0.3, 0.2, 0.3, 0.1, 0.2, 0.55, 0.5, 0.85]
)
"""(17,): correlation of our own estimates with OpenFace's, about as measured on two people who talk
(docs/face.md).
"""
MISTAKEN = 0.3
"""Share of the errors' variance: an assumption."""
_SPREADS = np.array(
    [0.7, 0.6, 0.8, 0.55, 0.65, 0.6, 0.45, 0.45, 0.9, 0.55, 0.5, 0.75, 0.35, 0.7, 0.7, 0.4, 0.8]
)
"""(17,): standard deviation of the simulated intensities within a trial."""
_ERRORS = _SPREADS * np.sqrt(1 / AGREEMENT**2 - 1)
SEEN = {
    OPENFACE: "action units as OpenFace would write them",
    LANDMARKS: "action units with errors as those of our own estimates from landmarks",
}
"""What the recordings hold, in words, by their unit."""
_R = [COLUMNS.index(name) for name in INTENSITIES]
_C = [COLUMNS.index(f"AU{au}_c") for au in AUS]
_FACE = 2**32 - 4
"""Keeps a subject's face apart from what else is drawn from the same number and seed."""


def recordings(
    number: int,
    effect: float,
    seed: int,
    unit: str = OPENFACE,
    columns: tuple[str, ...] = COLUMNS,
    n_trials: int = deap.N_TRIALS,
    sfreq: float = SFREQ,
) -> Iterator[Recording]:
    """The trials of one simulated subject, with the channels of every face Signal unless others are named:
    any of aus.VALIDITY and openface_columns.ORIGINAL.

    `unit` says whose action units: OpenFace's, or LANDMARKS for what our own estimates might make of the same
    face. For `effect` see `displays.rates`; at 0 there is no trace of the ratings.
    """
    for trial, (someone, rows, rated) in enumerate(trials(number, effect, seed, n_trials, sfreq), start=1):
        if unit == LANDMARKS:
            rows = as_estimated(someone, rows, sfreq, [seed, number, trial, _FACE])
        data = picked(someone, rows, columns)
        signal = Signal("face", columns, unit, sfreq, data, np.arange(len(rows)) / sfreq)
        yield Recording(signal, rated, f"s{number:02}", trial, video=trial, baseline=0.0)


def trials(
    number: int, effect: float, seed: int, n_trials: int, sfreq: float
) -> Iterator[tuple[Traits, NDArray[np.float32], VADL]]:
    """Trial by trial: whose face it is, rows (n_rows, len(COLUMNS)) as OpenFace has them, and the ratings."""
    someone = draw_traits(np.random.default_rng([seed, number, _FACE]))
    for trial, rated in enumerate(simulate.ratings_of(number, seed, n_trials), start=1):
        face = Expression([seed, number, trial], effect, sfreq, someone)
        feeling = VADL(*((rated - 5) / 4).tolist())
        yield someone, face.rows(round(SECONDS * sfreq), feeling), VADL(*rated.tolist())


def picked(someone: Traits, rows: NDArray[np.float32], columns: tuple[str, ...]) -> NDArray[np.float32]:
    """(n_rows, n_columns), any of what OpenFace writes per face, from rows (n_rows, len(COLUMNS))."""
    there = COLUMNS
    if not {*columns} <= {*COLUMNS}:
        rows, there = np.hstack([rows[:, :2], made_face.columns(someone, rows)]), (*VALIDITY, *ORIGINAL)
    return rows[:, [there.index(name) for name in columns]]


def as_estimated(
    someone: Traits, rows: NDArray[np.float32], sfreq: float, seed: Sequence[int]
) -> NDArray[np.float32]:
    """What our own estimates might make of a face: (n_rows, len(COLUMNS)), from rows as OpenFace has them.

    Measured against the person's neutral face, at gains of this person's own, with errors by which the
    correlation with OpenFace is about AGREEMENT. A share of them, MISTAKEN, are other units taken for one, in
    each person others; the rest are drawn. All grow with movement: a face at rest is read at rest.
    """
    rng = np.random.default_rng([*seed, _FACE])
    moved = rows[:, _R] - someone.rest
    relative = moved / _SPREADS
    moving = np.sqrt(np.mean(relative**2, axis=1, keepdims=True))
    drawn = Drift(len(AUS), 1.0, sfreq, rng)(len(rows))
    errors = np.sqrt(MISTAKEN) * relative @ someone.mixed.T + np.sqrt(1 - MISTAKEN) * moving * drawn
    seen = rows.copy()
    seen[:, _R] = np.clip(np.exp(someone.gains) * (moved + _ERRORS * errors), 0, 5)
    seen[:, _C] = np.where(np.isnan(seen[:, _R]), np.nan, seen[:, _R] >= 1)
    return seen
