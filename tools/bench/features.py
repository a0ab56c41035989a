"""One window's features beside mne's spectrum of the same array.

Run as python -m tools.bench.features MODEL.

The window is 4 s × 32 channels of noise in float32. Ours are all the features of the model's recipe. Beside
them stands mne's Welch spectrum alone, of the array laid out as mne likes it (channels first, contiguous),
in float32 or float64, whichever is faster.
"""

from __future__ import annotations

import json
import sys
import timeit
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from mne.time_frequency import psd_array_welch
from numpy.typing import NDArray

from insightsim import bandpower, models
from insightsim.cards import Recipe
from insightsim.datasets import deap

RUNS, REPEATS = 10, 300
"""Few calls a run, so that some runs fall between two interruptions by other programs."""
SEED = 1


def window(recipe: Recipe) -> NDArray[np.float32]:
    """Noise of 10 µV, (n_samples, n_channels)."""
    shape = (recipe.n_samples, len(recipe.ch_names))
    return (10 * np.random.default_rng(SEED).standard_normal(shape)).astype(np.float32)


def mne_psd(data: NDArray[Any], **options: object) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The spectrum mne computes of (n_channels, n_samples) with segments of two seconds: power, freqs."""
    power, freqs = psd_array_welch(data, deap.SFREQ, n_fft=256, verbose="ERROR", **options)
    return power, freqs


def deviation(recipe: Recipe) -> float:
    """Largest relative difference between our band means and those of mne's spectrum, in float64.

    mne is told to use the same taper and to keep the mean, as the original InsightSim did.
    """
    data = window(recipe)
    power, freqs = mne_psd(data.T.astype(np.float64), window=np.hanning(256), remove_dc=False)
    theirs = np.stack(
        [
            power[:, (freqs >= low) & (freqs < high)].mean(axis=1)
            for low, high in recipe.features.bands.values()
        ],
        axis=1,
    )
    n_means = theirs.size  # before the asymmetries
    ours = 10 ** bandpower.features(recipe, data)[:n_means].astype(np.float64)
    return float(np.abs(ours / theirs.ravel() - 1).max())


def best(task: Callable[[], object]) -> float:
    """Seconds a call takes at its fastest."""
    task()
    return min(timeit.repeat(task, number=RUNS, repeat=REPEATS)) / RUNS


def main(model: str) -> None:
    """Print seconds for ours and mne's, and how far the values differ."""
    card = models.load(models.choose(deap.CH_NAMES)[0] if model == "auto" else models.named(model)).card
    data = window(card.eeg)
    layouts: list[NDArray[Any]] = [np.ascontiguousarray(data.T), np.ascontiguousarray(data.T, np.float64)]
    found = {
        "ours": best(partial(bandpower.features, card.eeg, data)),
        "mne": min(best(partial(mne_psd, layout)) for layout in layouts),
        "deviation": deviation(card.eeg),
    }
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
