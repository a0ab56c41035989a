"""What a face model says about windows of action units; nothing where there was hardly a face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from insightsim.cards import FaceRecipe
from insightsim.face_features import features
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
        recipe, name = self.model.card.face, self.model.card.name
        qualities = [assess(recipe, window) for window in windows]
        good = [i for i, quality in enumerate(qualities) if quality.reason is None]
        predictions = [
            Prediction(window.stream, float(window.times[-1]), None, None, quality, name)
            for window, quality in zip(windows, qualities, strict=True)
        ]
        if good:
            probability, spread = self.model(np.stack([features(recipe, windows[i]) for i in good]))
            for i, p, s in zip(good, probability.tolist(), spread.tolist(), strict=True):
                predictions[i] = replace(predictions[i], vadl=VADL(*p), spread=VADL(*s))
        return predictions


def assess(recipe: FaceRecipe, window: Signal) -> Quality:
    """Whether a window may be judged. Rows without a number in a column that the model reads do not count."""
    picks = [window.ch_names.index(name) for name in recipe.ch_names]
    valid = np.asarray(~np.isnan(window.data[:, picks]).any(axis=1))
    covered = coverage(window, valid, recipe.seconds)
    if not valid.any():
        return Quality(0.0, f"no face in the last {recipe.seconds:g} s")
    gone = float(window.times[-1] - window.times[valid][-1])
    if gone > GONE:
        return Quality(covered, f"no face for {gone:.0f} s")
    if covered < ENOUGH:
        return Quality(covered, f"a face in only {covered:.0%} of the last {recipe.seconds:g} s")
    return Quality(covered, None)
