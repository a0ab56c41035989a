"""The causal filter: one code path for training and live, chunk by chunk."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from insightsim.cards import Filter, Recipe
from insightsim.errors import SignalError
from insightsim.gaps import breaks
from insightsim.types import Signal, join

SEED = 1 / 8
"""Seconds at a (re)start whose mean seeds the filter, so that an offset of many µV makes no transient."""

Floats = NDArray[np.float64]


def sections(settings: Filter, sfreq: float, mains: float | None = None) -> Floats:
    """Second-order sections (n_sections, 6): a Butterworth band-pass, then a notch at the mains frequency.

    `mains` (Hz) overrides the settings' notch; 0, or a frequency that `sfreq` cannot hold, leaves it out.
    Raises SignalError when `sfreq` cannot hold the pass band.
    """
    if settings.high >= sfreq / 2:
        raise SignalError(
            f"the filter passes {settings.low:g}–{settings.high:g} Hz, which needs a rate above "
            f"{2 * settings.high:g} Hz; found {sfreq:g} Hz"
        )
    sos = signal.butter(settings.order, (settings.low, settings.high), "bandpass", fs=sfreq, output="sos")
    notch = settings.notch if mains is None else mains
    if 0 < notch < sfreq / 2:
        sos = np.vstack([sos, signal.tf2sos(*signal.iirnotch(notch, settings.notch_q, fs=sfreq))])
    return np.ascontiguousarray(sos)


class Causal:
    """Band-pass, notch and reference, with the state kept from chunk to chunk.

    The filter starts anew, seeded from the mean of the first `SEED` seconds, at the start and at every break
    in the stamps (`gaps.breaks`); those first samples are held back until all have come, so that chunking
    makes no difference. A value that is no number is filtered as the last one that was, and stays visible in
    `raw`.
    """

    def __init__(self, recipe: Recipe, mains: float | None = None) -> None:
        self.average = recipe.reference == "average"
        self._sos = sections(recipe.filter, recipe.sfreq, mains)
        self._n_seed = max(1, round(SEED * recipe.sfreq))
        self._zi: Floats | None = None
        """State of the filter, (n_sections, 2, n_channels); None until it is seeded."""
        self._held: Signal | None = None
        """Samples that wait for the seed to be complete."""
        self._last_time: float | None = None
        self._last_value = np.zeros(len(recipe.ch_names))
        """The last number each channel had."""

    def __call__(self, chunk: Signal) -> Signal:
        """The filtered chunk, float32, with `raw` as it came in; later by up to `SEED` after a (re)start."""
        if not len(chunk):
            return replace(chunk, raw=chunk.data)
        times = chunk.times if self._last_time is None else np.concatenate([[self._last_time], chunk.times])
        starts = breaks(times, chunk.sfreq) - (len(times) - len(chunk))
        self._last_time = float(times[-1])
        if len(starts) and starts[0] == 0:
            self._restart()
            starts = starts[1:]
        parts = []
        for first, stop in pairwise([0, *starts.tolist(), len(chunk)]):
            if first:
                self._restart()
            parts.append(self._stretch(chunk[first:stop]))
        return join(parts)

    def _restart(self) -> None:
        self._zi = None
        self._held = None

    def _stretch(self, chunk: Signal) -> Signal:
        """The same for samples without a break between them."""
        if self._zi is None:
            chunk = chunk if self._held is None else join([self._held, chunk])
            if len(chunk) < self._n_seed:
                self._held = chunk
                return replace(chunk[:0], raw=chunk.data[:0])
            self._held = None
            self._zi = self._seeded(chunk.data[: self._n_seed])
        filtered, self._zi = signal.sosfilt(self._sos, self._numbers(chunk.data), axis=0, zi=self._zi)
        if self.average:
            filtered -= filtered.mean(axis=1, keepdims=True)
        return replace(chunk, data=filtered.astype(np.float32), raw=chunk.data)

    def _seeded(self, data: NDArray[np.float32]) -> Floats:
        """The state of a filter that has seen the mean of `data` for ever."""
        numbers = np.isfinite(data)
        total = np.where(numbers, data, 0).sum(axis=0, dtype=np.float64)
        mean = total / np.maximum(numbers.sum(axis=0), 1)
        self._last_value = mean
        return np.asarray(signal.sosfilt_zi(self._sos)[:, :, None] * mean)

    def _numbers(self, data: NDArray[np.float32]) -> Floats:
        """The data in float64, with the channel's last number in place of every NaN or infinity."""
        values = np.vstack([self._last_value, data])
        absent = ~np.isfinite(values)
        if absent.any():
            rows = np.where(absent, 0, np.arange(len(values))[:, None])
            values = np.take_along_axis(values, np.maximum.accumulate(rows, axis=0), axis=0)
        self._last_value = values[-1]
        return values[1:]
