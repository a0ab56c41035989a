"""From recordings to a table of examples, through the same windows and quality checks as live."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from insightsim import eeg, face_judge
from insightsim.cards import FaceRecipe, Recipe
from insightsim.datasets.recording import Recording
from insightsim.errors import DatasetError
from insightsim.face_windows import FaceWindows
from insightsim.quality import Limits
from insightsim.types import VADL, Quality, Signal


@dataclass(slots=True)
class LeftOut:
    """What may not be judged, and so teaches nothing."""

    windows: int = 0
    trials: int = 0
    """Without a single good window."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Windows by what was wrong with them; one with several faults counts for each."""


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Windows of many trials: what a model sees, and what each trial was rated."""

    features: NDArray[np.float32]
    """(n_windows, n_features)."""
    trial: NDArray[np.intp]
    """(n_windows,): which of the trials below a window is from."""
    ratings: NDArray[np.float64]
    """(n_trials, 4), 1–9: valence, arousal, dominance, liking."""
    subject: NDArray[np.str_]
    """(n_trials,): whose trial it was."""
    left_out: LeftOut = field(default_factory=LeftOut)

    @property
    def subjects(self) -> list[str]:
        """Everyone in it, sorted."""
        return sorted(set(self.subject.tolist()))

    def told(self) -> str:
        """How much was kept and why the rest was not, in a line."""
        kept, left = len(self.features), self.left_out
        mostly = f" (mostly: {left.reasons.most_common(1)[0][0]})" if left.reasons else ""
        return f"Kept {kept} windows, left out {left.windows}{mostly} and {left.trials} whole trials"

    def of(self, subjects: Iterable[str]) -> Examples:
        """The examples of some subjects, all trials and windows of each."""
        trials = np.flatnonzero(np.isin(self.subject, list(subjects)))
        place = np.full(len(self.subject), -1)
        place[trials] = np.arange(len(trials))
        kept = place[self.trial] >= 0
        return Examples(
            self.features[kept], place[self.trial[kept]], self.ratings[trials], self.subject[trials]
        )


def gather(
    recordings: Iterable[Recording],
    recipe: Recipe | FaceRecipe,
    limits: Limits | None = None,
    step: float | None = None,
    progress: Callable[[Recording], None] | None = None,
) -> Examples:
    """The judgeable windows of all recordings that lie wholly after the baseline, as features.

    `step` is the time between windows in seconds, by default their length: a window is the same whatever
    the step, but overlapping ones add little that is new. `progress` is called after each recording.
    Raises DatasetError when not one window can be judged.
    """
    limits = limits or Limits()
    seconds = recipe.seconds if isinstance(recipe, FaceRecipe) else recipe.n_samples / recipe.sfreq
    recipe = replace(recipe, step=step or seconds)
    features, trial = [], []
    ratings: list[VADL] = []
    subject: list[str] = []
    left_out = LeftOut()
    for recording in recordings:
        rows = _features(recording, recipe, limits, left_out)
        left_out.trials += not len(rows)
        if len(rows):
            features.append(rows)
            trial.append(np.full(len(rows), len(ratings)))
            ratings.append(recording.ratings)
            subject.append(recording.subject)
        if progress:
            progress(recording)
    if not features:
        what = "are there faces in it" if isinstance(recipe, FaceRecipe) else f"is the data in {recipe.unit}"
        raise DatasetError(
            f"none of the windows may be judged: {what}, and longer after the baseline than a window, "
            f"{seconds:g} s?"
        )
    return Examples(
        np.concatenate(features),
        np.concatenate(trial),
        np.array(ratings, np.float64),
        np.array(subject, np.str_),
        left_out,
    )


def _features(
    recording: Recording, recipe: Recipe | FaceRecipe, limits: Limits, left_out: LeftOut
) -> NDArray[np.float32]:
    qualities, features = _examined(recording, recipe, limits)
    for quality in qualities:
        if quality.reason is not None:
            left_out.windows += 1
            left_out.reasons.update({fault for _, fault in quality.bad} or {quality.reason})
    return features[[quality.reason is None for quality in qualities]]


def _examined(
    recording: Recording, recipe: Recipe | FaceRecipe, limits: Limits
) -> tuple[list[Quality], NDArray[np.float32]]:
    """The quality and the features of the windows after the baseline, as live."""

    def after(windows: Iterable[Signal]) -> list[Signal]:
        return [window for window in windows if window.times[0] >= recording.baseline]

    if isinstance(recipe, FaceRecipe):
        cut = FaceWindows(recipe.seconds, recipe.step)
        return face_judge.examine(recipe, after(cut(recording.signal)))
    windows = after(eeg.Windows(recipe)(recording.signal))
    return eeg.examine(recipe, windows, limits, recipe.filter.notch)
