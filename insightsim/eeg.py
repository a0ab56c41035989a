"""The EEG chain: from any chunks to the recipe's windows, and from windows to predictions."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from insightsim.bandpower import BATCH, Floats, feature_names, features_of, spectrum
from insightsim.cards import Recipe
from insightsim.conform import Conform
from insightsim.filters import Causal
from insightsim.gaps import Mend
from insightsim.quality import Limits, assess
from insightsim.resample import Resample, lowest
from insightsim.steady import Steady
from insightsim.types import VADL, Prediction, Quality, Signal
from insightsim.windows import Slide

if TYPE_CHECKING:
    from insightsim.models import Model


class Windows:
    """From any EEG chunks to windows at the recipe's rate: the one way there, for training, files and live.

    They have the recipe's channels, or `ch_names`, in µV, filtered, against the reference they were recorded
    with: `referred` takes them to the recipe's. `mains` (Hz) overrides the recipe's notch; 0 leaves it out.
    """

    def __init__(
        self, recipe: Recipe, mains: float | None = None, ch_names: Sequence[str] | None = None
    ) -> None:
        slowest = min(recipe.sfreq, lowest(recipe.filter.high))
        self.conform = Conform(recipe.ch_names if ch_names is None else ch_names)
        self.steady = Steady(slowest)
        self.mend = Mend()
        self.resample = Resample(recipe.sfreq, recipe.filter.high)
        self.filter = Causal(recipe.filter, recipe.sfreq, mains)
        self.slide = Slide(recipe.n_samples, recipe.step)

    @property
    def due(self) -> float:
        """Stamp, s, that a sample of the stream must reach to complete a window; inf while none can."""
        rate = self.steady.rate
        return self.slide.due + self.resample.delay(rate) - 0.5 / rate if rate > 0 else math.inf

    def __call__(self, chunk: Signal) -> Iterator[Signal]:
        """Take in a chunk; yield every window it completes. Raises SignalError when it does not fit."""
        for part in self.steady(self.conform(chunk)):
            yield from self.slide(self.filter(self.resample(self.mend(part))))


def referred(recipe: Recipe, window: Signal) -> Signal:
    """The recipe's channels of a window, against the recipe's reference.

    The filter is linear and the same for all channels, so the average may as well be taken after it.
    """
    if window.ch_names != recipe.ch_names:
        picks = [window.ch_names.index(name) for name in recipe.ch_names]
        raw = None if window.raw is None else window.raw[:, picks]
        window = replace(window, ch_names=recipe.ch_names, data=window.data[:, picks], raw=raw)
    if recipe.reference == "average":
        window = replace(window, data=window.data - window.data.mean(axis=1, keepdims=True))
    return window


class Judge:
    """What a model says about windows; nothing about those whose quality forbids it.

    The windows may have more channels than the model reads. `mains` (Hz) overrides the recipe's notch
    frequency in the quality check; 0 leaves that check out.
    """

    def __init__(self, model: Model, limits: Limits, mains: float | None = None) -> None:
        self.model = model
        self.limits = limits
        self.mains = model.card.eeg.filter.notch if mains is None else mains

    def __call__(self, windows: Sequence[Signal]) -> list[Prediction]:
        """One prediction for each window, in order. The model is asked once, about all good ones together."""
        qualities, features = examine(self.model.card.eeg, windows, self.limits, self.mains)
        good = [i for i, quality in enumerate(qualities) if quality.reason is None]
        name, skill = self.model.card.name, self.model.card.skill
        predictions = [
            Prediction(window.stream, float(window.times[-1]), None, None, quality, name, skill=skill)
            for window, quality in zip(windows, qualities, strict=True)
        ]
        if good:
            probability, spread = self.model(features[good])
            for i, p, s in zip(good, probability.tolist(), spread.tolist(), strict=True):
                predictions[i] = replace(predictions[i], vadl=VADL(*p), spread=VADL(*s))
        return predictions


@np.errstate(over="ignore", invalid="ignore")  # what is absurdly large is refused, not warned of
def examine(
    recipe: Recipe, windows: Sequence[Signal], limits: Limits, mains: float
) -> tuple[list[Quality], Floats]:
    """The quality of windows, and their features (n_windows, n_features), from one spectrum for both.

    Both are of the recipe's channels and reference. A window whose features are not finite is refused too:
    no model has an answer to that.
    """
    qualities: list[Quality] = []
    parts = []
    for i in range(0, len(windows), BATCH):
        batch = [referred(recipe, window) for window in windows[i : i + BATCH]]
        filtered = spectrum(recipe, np.stack([window.data for window in batch]))
        qualities += assess(batch, limits, mains, filtered)
        parts.append(features_of(recipe, filtered))
    features = np.concatenate(parts) if parts else np.zeros((0, len(feature_names(recipe))), np.float32)
    for i in np.flatnonzero(~np.isfinite(features).all(axis=1)).tolist():
        if qualities[i].reason is None:
            qualities[i] = replace(qualities[i], reason="features are not finite: a band without any power")
    return qualities, features
