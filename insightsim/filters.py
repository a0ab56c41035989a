"""The causal filter: one code path for training and live, chunk by chunk."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from insightsim.cards import Filter
from insightsim.errors import SignalError
from insightsim.gaps import SETTLE, breaks
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


def hold(
    data: NDArray[np.float32], last: NDArray[np.float32] | None
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The data with the channel's last number in place of every NaN or infinity, and its last row.

    `last` is the last row of what came before. Without it, a channel begins with its first number, or 0.
    """
    numbers = np.isfinite(data)
    if last is None:
        first = np.argmax(numbers, axis=0)
        last = np.where(numbers.any(axis=0), data[first, np.arange(data.shape[1])], np.float32(0))
    if not numbers.all():
        rows = np.where(numbers, np.arange(1, len(data) + 1)[:, None], 0)
        values = np.vstack([last, data])
        data = np.take_along_axis(values, np.maximum.accumulate(rows, axis=0), axis=0)
    return data, data[-1] if len(data) else last


class Causal:
    """Band-pass and notch, with the state kept from chunk to chunk.

    The filter starts anew, seeded from the mean of the first `SEED` seconds, at the start and at every break
    in the stamps (`gaps.breaks`); those first samples are held back until all have come, so that chunking
    makes no difference. A value that is no number is filtered as the last one that was; it stays visible in
    `raw`, and so does the second after it, in which that channel settles.
    """

    def __init__(self, settings: Filter, sfreq: float, mains: float | None = None) -> None:
        self._sos = sections(settings, sfreq, mains)
        self._n_seed = max(1, round(SEED * sfreq))
        self._zi: Floats | None = None
        """State of the filter, (n_sections, 2, n_channels); None until it is seeded."""
        self._held: Signal | None = None
        """Samples that wait for the seed to be complete."""
        self._last_time: float | None = None
        self._last_value: NDArray[np.float32] | None = None
        """The last number each channel had."""
        self._absent: Floats | None = None
        """When each channel last had none, s; None before that ever was."""

    def __call__(self, chunk: Signal) -> Signal:
        """The filtered chunk, float32, with `raw` as recorded; later by up to `SEED` after a (re)start."""
        chunk = replace(chunk, raw=self._unsettled(chunk))
        if not len(chunk):
            return chunk
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

    def _unsettled(self, chunk: Signal) -> NDArray[np.float32]:
        """What was recorded; no number where that is so, and in the channel's second after it."""
        raw = chunk.data if chunk.raw is None else chunk.raw
        absent = ~np.isfinite(raw)
        if not absent.any() and (self._absent is None or not len(chunk)):
            return raw
        before = np.full(raw.shape[1], -np.inf) if self._absent is None else self._absent
        since = np.where(absent, chunk.times[:, None], -np.inf)
        since = np.maximum.accumulate(np.vstack([before, since]), axis=0)
        # A stamp that lies ahead is of a clock that was set back since.
        recent = np.abs(chunk.times[:, None] - since[1:]) < SETTLE
        self._absent = since[-1] if recent[-1].any() else None
        return np.where(recent, np.float32(np.nan), raw)

    def _restart(self) -> None:
        self._zi = self._held = self._last_value = None

    def _stretch(self, chunk: Signal) -> Signal:
        """The same for samples without a break between them."""
        if self._zi is None:
            chunk = chunk if self._held is None else join([self._held, chunk])
            if len(chunk) < self._n_seed:
                self._held = chunk
                return chunk[:0]
            self._held = None
            self._zi = self._seeded(chunk.data[: self._n_seed])
        data, self._last_value = hold(chunk.data, self._last_value)
        filtered, self._zi = signal.sosfilt(self._sos, data.astype(np.float64), axis=0, zi=self._zi)
        return replace(chunk, data=filtered.astype(np.float32))

    def _seeded(self, data: NDArray[np.float32]) -> Floats:
        """The state of a filter that has seen the mean of `data` for ever."""
        numbers = np.isfinite(data)
        total = np.where(numbers, data, 0).sum(axis=0, dtype=np.float64)
        mean = total / np.maximum(numbers.sum(axis=0), 1)
        return np.asarray(signal.sosfilt_zi(self._sos)[:, :, None] * mean)
