"""A made-up brain that never stops: unfiltered EEG of any montage and rate that follows a given feeling.

Made of the same sources as the simulated trials (`simulate`), and, as nothing has been filtered, with drift
and mains hum.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from insightsim import person as persons
from insightsim.noise import draw, linear
from insightsim.person import BLINK, MUSCLE_ROWS, MUSCLES, N_SOURCES, RHYTHMS, TRIAL_SPREAD
from insightsim.types import VADL

DRIFT = 15.0
"""µV: spread of the slow wandering of an unfiltered electrode."""
WANDER = 30.0
"""Seconds over which a rhythm's power wanders by itself."""
BURSTS = 1 / 60
"""Muscle bursts per second."""
MAINS = 50.0
"""Hz."""


class Brain:
    """EEG without end, for any standard montage and rate: unfiltered, µV, as a headset would give it.

    It is made in blocks of one second from the seed, so the samples do not depend on how many are asked for
    at a time, as long as the feeling stays the same; a new feeling is taken up with the next block and
    reached at its end. Raises SignalError for a channel without a standard position.
    """

    def __init__(self, seed: int, effect: float, ch_names: tuple[str, ...], sfreq: float) -> None:
        self.effect = effect
        self.sfreq = sfreq
        self._rng = np.random.default_rng([seed, 2**32 - 2])
        self._person = persons.draw_person(self._rng)
        self._mixing = persons.mixing(self._person, ch_names)
        self._eyes = persons.eyes(ch_names)
        self._hop = round(sfreq)
        freqs = np.fft.rfftfreq(2 * self._hop, 1 / sfreq)
        self._spectra = persons.spectra(self._person, len(ch_names), freqs)
        self._fade = np.sin(np.pi * (np.arange(2 * self._hop) + 0.5) / (2 * self._hop))
        self._hum = self._person.mains * self._rng.uniform(0.5, 1.5, len(ch_names))
        self._tail = self._frame()[:, self._hop :]
        self._wander = self._rng.normal(size=len(RHYTHMS))
        self._drift = self._rng.normal(0, DRIFT, len(ch_names))
        self._ends: NDArray[np.float64] | None = None
        self._blink = np.zeros(2 * self._hop)
        self._made = 0
        self._ready = np.zeros((0, len(ch_names)), np.float32)

    def samples(self, n_samples: int, feeling: VADL) -> NDArray[np.float32]:
        """The next samples (n_samples, n_channels), µV; `feeling` runs from −1 (low) to 1 (high)."""
        blocks = [self._ready]
        missing = n_samples - len(self._ready)
        while missing > 0:
            blocks.append(self._block(np.array(feeling, float)))
            missing -= self._hop
        ready = np.concatenate(blocks)
        self._ready = ready[n_samples:]
        return ready[:n_samples]

    def _frame(self) -> NDArray[np.float64]:
        """Two seconds of all sources, faded in and out such that overlapping halves keep the power."""
        return np.asarray(draw(self._spectra, self.sfreq, self._rng) * self._fade, float)

    def _block(self, feeling: NDArray[np.float64]) -> NDArray[np.float32]:
        frame = self._frame()
        noise = self._tail + frame[:, : self._hop]
        self._tail = frame[:, self._hop :]
        noise[:N_SOURCES] *= self._gains(feeling)
        data = (self._mixing @ noise[:N_SOURCES] + noise[N_SOURCES:]).T
        data += self._blinks()[:, None] * self._eyes + self._drifts()
        at = (self._made + np.arange(self._hop)) / self.sfreq
        data += np.sin(2 * np.pi * MAINS * at)[:, None] * self._hum
        self._made += self._hop
        return data.astype(np.float32)

    def _gains(self, feeling: NDArray[np.float64]) -> NDArray[np.float64]:
        """Linear gain of every source through the block, straight in dB from where the last one ended."""
        rng = self._rng
        keep = np.exp(-1 / WANDER)
        self._wander = keep * self._wander + np.sqrt(1 - keep**2) * rng.normal(size=len(RHYTHMS))
        decibels = np.zeros(N_SOURCES)
        decibels[: len(RHYTHMS)] = (
            persons.levels(self._person, self.effect, feeling) + TRIAL_SPREAD * self._wander
        )
        decibels[MUSCLE_ROWS] = rng.normal(0, 3, len(MUSCLES)) + 14 * (rng.random() < BURSTS)
        start = decibels if self._ends is None else self._ends
        self._ends = decibels
        return linear(np.linspace(start, decibels, self._hop, endpoint=False).T)

    def _blinks(self) -> NDArray[np.float64]:
        if self._rng.random() < self._person.blinks:
            start = self._rng.integers(self._hop)
            shape = np.hanning(round(BLINK * self.sfreq))
            self._blink[start : start + len(shape)] += 0.5 * self._person.blink_size * shape
        block = self._blink[: self._hop].copy()
        self._blink = np.concatenate([self._blink[self._hop :], np.zeros(self._hop)])
        return block

    def _drifts(self) -> NDArray[np.float64]:
        start = self._drift
        self._drift = 0.9 * start + self._rng.normal(0, DRIFT * np.sqrt(1 - 0.9**2), len(start))
        return np.linspace(start, self._drift, self._hop, endpoint=False)
