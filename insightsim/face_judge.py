"""What a face model says about windows of action units; nothing where there was hardly a face."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from insightsim.cards import FaceRecipe
from insightsim.face_features import feature_names, of_rows, read
from insightsim.face_windows import coverage
from insightsim.types import VADL, Prediction, Quality, Signal

if TYPE_CHECKING:
    from insightsim.models import Model

GONE = 1.0
"""Seconds without a face after which there is none: what was seen before says nothing about now."""
ENOUGH = 0.5
"""Share of a window in which there must have been a face."""


class FaceJudge:
    """One prediction for each window. The windows may have more columns than the model reads."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def __call__(self, windows: Sequence[Signal]) -> list[Prediction]:
        """In order; the model is asked once, about all good ones together."""
        card = self.model.card
        qualities, features = examine(card.face, windows)
        good = [i for i, quality in enumerate(qualities) if quality.reason is None]
        predictions = [
            Prediction(
                window.stream, float(window.times[-1]), None, None, quality, card.name, skill=card.skill
            )
            for window, quality in zip(windows, qualities, strict=True)
        ]
        if good:
            probability, spread = self.model(features[good])
            for i, p, s in zip(good, probability.tolist(), spread.tolist(), strict=True):
                predictions[i] = replace(predictions[i], vadl=VADL(*p), spread=VADL(*s))
        return predictions


def examine(recipe: FaceRecipe, windows: Iterable[Signal]) -> tuple[list[Quality], NDArray[np.float32]]:
    """The quality of windows, and their features (n_windows, n_features); NaN where it forbids judgement."""
    qualities, features = [], []
    absent = np.full(len(feature_names(recipe)), np.nan, np.float32)
    for window in windows:
        rows, valid = read(recipe, window)
        quality = assess(recipe, window.times, valid)
        judgeable = quality.reason is None
        features.append(of_rows(recipe, rows[valid], window.times[valid]) if judgeable else absent)
        qualities.append(quality)
    return qualities, np.array(features, np.float32).reshape(-1, len(absent))


def assess(recipe: FaceRecipe, times: NDArray[np.float64], valid: NDArray[np.bool_]) -> Quality:
    """Whether a window may be judged, from its rows' times and which have numbers in all columns it reads."""
    if not valid.any():
        return Quality(0.0, f"no face in the last {recipe.seconds:g} s")
    covered = coverage(times, valid, recipe.seconds)
    gone = float(times[-1] - times[valid][-1])
    if gone > GONE:
        return Quality(covered, f"no face for {gone:.0f} s")
    if covered < ENOUGH:
        return Quality(covered, f"a face in only {covered:.0%} of the last {recipe.seconds:g} s")
    return Quality(covered, None)
