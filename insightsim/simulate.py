"""Made-up EEG with a known truth: subjects in DEAP's shape (`subject`), a brain that never stops (`Brain`).

An electrode's voltage is what it sees of all sources (`person.mixing`) plus its own noise. The sources are
pink noise, rhythms whose power follows the feeling (`person.RHYTHMS`), muscles and blinks; unfiltered EEG
also drifts and hums. Everything is drawn from the seed: the same seed gives the same samples.
"""

from __future__ import annotations

import numpy as np
import scipy.fft
import scipy.special
from numpy.typing import NDArray

from insightsim import person as persons
from insightsim.datasets import deap
from insightsim.noise import draw
from insightsim.person import MUSCLES, N_SOURCES, RHYTHMS, TRIAL_SPREAD, Person
from insightsim.types import VADL

N_SAMPLES = 8064
"""Per DEAP trial: 63 s."""
VIDEO_MEAN, VIDEO_SPREAD, OWN_SPREAD = 5.2, 1.1, 1.4
"""Rating points: the average, what a video does to everybody, and what it does to one person alone."""
RESIDUE = 0.05
"""Share of a blink that is left in DEAP's EEG, whose eye artefacts were removed."""
BLINK = 0.35
"""Seconds."""
DRIFT = 15.0
"""µV: spread of the slow wandering of an unfiltered electrode."""
WANDER = 30.0
"""Seconds over which a rhythm's power wanders by itself."""
BURSTS = 1 / 60
"""Muscle bursts per second of a Brain."""
MAINS = 50.0
"""Hz."""
MUSCLE_RHYTHMS = slice(N_SOURCES - len(MUSCLES), N_SOURCES)


def subject(
    number: int, effect: float, seed: int, n_trials: int = deap.N_TRIALS
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """One simulated subject as DEAP's preprocessed files have it.

    Returns data (n_trials, 40 channels, 8064 samples), µV for EEG, and labels (n_trials, 4), ratings 1–9,
    for up to 40 trials. They depend on `number`, `effect` and `seed` alone, not on which other subjects are
    made. For `effect` see `person.levels`; 0 leaves no trace of the ratings in the data.
    """
    rng = np.random.default_rng([seed, number])
    someone = persons.draw_person(rng)
    labels = _ratings(n_trials, seed, rng)
    data = np.empty((n_trials, 40, N_SAMPLES))
    freqs = np.fft.rfftfreq(N_SAMPLES, 1 / deap.SFREQ)
    spectra = persons.spectra(someone, len(deap.CH_NAMES), freqs)
    mixing = persons.mixing(someone, deap.CH_NAMES).astype(np.float32)
    eyes = persons.eyes(deap.CH_NAMES)[:, None]
    # Nothing is felt in the baseline; what the video brings comes up within its first second.
    watching = np.clip(np.arange(N_SAMPLES) / deap.SFREQ - deap.BASELINE, 0, 1)
    for trial, ratings in zip(data, labels, strict=True):
        noise = draw(spectra, deap.SFREQ, rng)
        rest, video = persons.levels(someone, effect, np.array([np.zeros(4), (ratings - 5) / 4]))
        today = rng.normal(0, TRIAL_SPREAD, len(RHYTHMS))
        noise[: len(RHYTHMS)] *= _linear((rest + today)[:, None] + (video - rest)[:, None] * watching)
        noise[MUSCLE_RHYTHMS] *= _linear(_bursts(rng))
        blinks = someone.blink_size * _blinks(someone.blinks, rng)
        eeg = mixing @ noise[:N_SOURCES] + noise[N_SOURCES:] + RESIDUE * eyes * blinks
        trial[:32] = _preprocessed(eeg, freqs)
        trial[32:] = _peripheral(blinks, someone, rng)
    return data, labels


def _linear(decibels: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(10 ** (decibels / 20))


def _ratings(n_trials: int, seed: int, rng: np.random.Generator) -> NDArray[np.float64]:
    everybody = np.random.default_rng([seed, 2**32 - 1])  # the same for all subjects of a seed
    # Even quantiles in random order, so that no seed gives a dimension of mostly high ratings.
    quantiles = scipy.special.ndtri((np.arange(deap.N_TRIALS) + 0.5) / deap.N_TRIALS)
    videos = VIDEO_MEAN + VIDEO_SPREAD * everybody.permuted(np.tile(quantiles, (4, 1)), axis=1).T
    own = rng.normal(0, 0.3, 4) + rng.normal(0, OWN_SPREAD, (n_trials, 4))
    return np.asarray(np.round(np.clip(videos[:n_trials] + own, 1, 9), 2), float)


def _bursts(rng: np.random.Generator) -> NDArray[np.float64]:
    """How tense the muscles are through a trial, dB: second by second, and now and then a burst."""
    seconds = rng.normal(0, 3, (len(MUSCLES), N_SAMPLES // 128 + 1)) + rng.normal(0, 2)
    seconds[rng.random(seconds.shape) < 0.02] += 12
    at = np.arange(N_SAMPLES) / 128
    return np.array([np.interp(at, np.arange(row.size), row) for row in seconds])


def _blinks(rate: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """A trial's blinks, each 1 at its peak: (8064,)."""
    shape = np.hanning(round(BLINK * deap.SFREQ))
    train = np.zeros(N_SAMPLES)
    train[rng.integers(0, N_SAMPLES, rng.poisson(rate * N_SAMPLES / deap.SFREQ))] = 1
    return np.convolve(train, shape)[:N_SAMPLES]


def _preprocessed(eeg: NDArray[np.floating], freqs: NDArray[np.floating]) -> NDArray[np.float64]:
    """Band-pass 4–45 Hz (edges 1 Hz wide) and common average reference, as DEAP's authors did."""
    passed = np.clip(freqs - 3.5, 0, 1) * np.clip(45.5 - freqs, 0, 1)
    referenced = eeg - eeg.mean(axis=0)
    return np.asarray(scipy.fft.irfft(scipy.fft.rfft(referenced) * passed, N_SAMPLES))


def _peripheral(
    blinks: NDArray[np.float64], someone: Person, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Channels 33–40: plausible to look at, and free of any feeling."""
    at = np.arange(N_SAMPLES) / deap.SFREQ
    fast = rng.normal(size=(4, N_SAMPLES))
    slow = np.cumsum(rng.normal(size=(4, N_SAMPLES)), axis=1)
    breath, pulse, phase = rng.uniform(0.2, 0.3), rng.uniform(0.9, 1.4), rng.uniform(0, 2 * np.pi)
    return np.array(
        [
            0.1 * blinks + 0.2 * slow[0] + 4 * fast[0],  # hEOG, µV
            blinks + 0.2 * slow[1] + 4 * fast[1],  # vEOG, µV
            5 * someone.muscle * fast[2],  # zEMG, µV
            5 * someone.muscle * fast[3],  # tEMG, µV
            3e5 * np.exp(slow[2] / 2000),  # GSR, Ohm
            2000 * np.sin(2 * np.pi * breath * at + phase),  # Resp
            1500 * np.sin(2 * np.pi * pulse * at) + 500 * np.sin(4 * np.pi * pulse * at + 1),  # Plet
            33 + slow[3] / 2000,  # Temp, °C
        ]
    )


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
        decibels[MUSCLE_RHYTHMS] = rng.normal(0, 3, len(MUSCLES)) + 14 * (rng.random() < BURSTS)
        start = decibels if self._ends is None else self._ends
        self._ends = decibels
        return _linear(np.linspace(start, decibels, self._hop, endpoint=False).T)

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
