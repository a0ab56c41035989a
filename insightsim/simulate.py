"""Made-up trials with a known truth: people watch videos and rate them, under electrodes of any montage.

An electrode's voltage is what it sees of all sources (`person.mixing`) plus its own noise. The sources are
pink noise, rhythms whose power follows the feeling (`person.RHYTHMS`), muscles and blinks. Each electrode is
computed from the sources at its own place, none from other electrodes. Everything is drawn from the seed:
the same seed gives the same samples.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import scipy.fft
import scipy.special
from numpy.typing import NDArray

from insightsim import person as persons
from insightsim.datasets import deap
from insightsim.datasets.recording import Recording
from insightsim.noise import draw, linear
from insightsim.person import BLINK, MUSCLE_ROWS, MUSCLES, N_SOURCES, RHYTHMS, TRIAL_SPREAD, Person
from insightsim.types import VADL, Signal

N_SAMPLES = 8064
"""Per trial, as in DEAP: 63 s."""
VIDEO_MEAN, VIDEO_SPREAD, OWN_SPREAD = 5.2, 1.1, 1.4
"""Rating points: the average, what a video does to everybody, and what it does to one person alone."""
RESIDUE = 0.05
"""Share of a blink that is left in DEAP's EEG, whose eye artefacts were removed."""

Floats = NDArray[np.float64]


def subject(number: int, effect: float, seed: int, n_trials: int = deap.N_TRIALS) -> tuple[Floats, Floats]:
    """One simulated subject as DEAP's preprocessed files have it.

    Returns data (n_trials, 40 channels, 8064 samples), µV for EEG, and labels (n_trials, 4), ratings 1–9,
    for up to 40 trials. They depend on `number`, `effect` and `seed` alone, not on which other subjects are
    made. For `effect` see `person.levels`; 0 leaves no trace of the ratings in the data.
    """
    data, labels = np.empty((n_trials, 40, N_SAMPLES)), np.empty((n_trials, 4))
    for trial, (eeg, others, ratings) in enumerate(_trials(number, effect, seed, deap.CH_NAMES, n_trials)):
        data[trial, :32], data[trial, 32:], labels[trial] = eeg, others, ratings
    return data, labels


def recordings(
    number: int, effect: float, seed: int, ch_names: tuple[str, ...], n_trials: int = deap.N_TRIALS
) -> Iterator[Recording]:
    """The trials of one simulated subject, measured by the electrodes `ch_names` and by none else.

    EEG is made like DEAP's: 128 Hz, 4–45 Hz, average reference over these electrodes, a baseline of 3 s.
    Whatever the montage, it is the person of `subject` with the same ratings; what else goes on in the brain
    is drawn anew. Raises SignalError for an electrode without a standard position.
    """
    times = np.arange(N_SAMPLES) / deap.SFREQ
    for trial, (eeg, _, ratings) in enumerate(_trials(number, effect, seed, ch_names, n_trials), start=1):
        samples = np.ascontiguousarray(eeg.T, np.float32)
        signal = Signal("eeg", ch_names, "uV", deap.SFREQ, samples, times)
        rated = VADL(*map(float, ratings))
        yield Recording(signal, rated, f"s{number:02}", trial, video=trial, baseline=deap.BASELINE)


def _trials(
    number: int, effect: float, seed: int, ch_names: tuple[str, ...], n_trials: int
) -> Iterator[tuple[Floats, Floats, Floats]]:
    """EEG (n_channels, 8064), DEAP's eight other channels (8, 8064) and ratings (4,), trial by trial."""
    rng = np.random.default_rng([seed, number])
    someone = persons.draw_person(rng)
    labels = _ratings(n_trials, seed, rng)
    freqs = np.fft.rfftfreq(N_SAMPLES, 1 / deap.SFREQ)
    spectra = persons.spectra(someone, len(ch_names), freqs)
    mixing = persons.mixing(someone, ch_names).astype(np.float32)
    eyes = persons.eyes(ch_names)[:, None]
    # Nothing is felt in the baseline; what the video brings comes up within its first second.
    watching = np.clip(np.arange(N_SAMPLES) / deap.SFREQ - deap.BASELINE, 0, 1)
    for ratings in labels:
        noise = draw(spectra, deap.SFREQ, rng)
        rest, video = persons.levels(someone, effect, np.array([np.zeros(4), (ratings - 5) / 4]))
        today = rng.normal(0, TRIAL_SPREAD, len(RHYTHMS))
        noise[: len(RHYTHMS)] *= linear((rest + today)[:, None] + (video - rest)[:, None] * watching)
        noise[MUSCLE_ROWS] *= linear(_bursts(rng))
        blinks = someone.blink_size * _blinks(someone.blinks, rng)
        eeg = mixing @ noise[:N_SOURCES] + noise[N_SOURCES:] + RESIDUE * eyes * blinks
        yield _preprocessed(eeg, freqs), _peripheral(blinks, someone, rng), ratings


def ratings_of(number: int, seed: int, n_trials: int = deap.N_TRIALS) -> Floats:
    """(n_trials, 4), 1–9: how a simulated subject rates the videos, whatever is measured meanwhile."""
    rng = np.random.default_rng([seed, number])
    persons.draw_person(rng)  # as for the EEG, so that what follows is the same
    return _ratings(n_trials, seed, rng)


def _ratings(n_trials: int, seed: int, rng: np.random.Generator) -> Floats:
    everybody = np.random.default_rng([seed, 2**32 - 1])  # the same for all subjects of a seed
    # Even quantiles in random order, so that no seed gives a dimension of mostly high ratings.
    quantiles = scipy.special.ndtri((np.arange(deap.N_TRIALS) + 0.5) / deap.N_TRIALS)
    videos = VIDEO_MEAN + VIDEO_SPREAD * everybody.permuted(np.tile(quantiles, (4, 1)), axis=1).T
    own = rng.normal(0, 0.3, 4) + rng.normal(0, OWN_SPREAD, (n_trials, 4))
    return np.asarray(np.round(np.clip(videos[:n_trials] + own, 1, 9), 2), float)


def _bursts(rng: np.random.Generator) -> Floats:
    """How tense the muscles are through a trial, dB: second by second, and now and then a burst."""
    seconds = rng.normal(0, 3, (len(MUSCLES), N_SAMPLES // 128 + 1)) + rng.normal(0, 2)
    seconds[rng.random(seconds.shape) < 0.02] += 12
    at = np.arange(N_SAMPLES) / 128
    return np.array([np.interp(at, np.arange(row.size), row) for row in seconds])


def _blinks(rate: float, rng: np.random.Generator) -> Floats:
    """A trial's blinks, each 1 at its peak: (8064,)."""
    shape = np.hanning(round(BLINK * deap.SFREQ))
    train = np.zeros(N_SAMPLES)
    train[rng.integers(0, N_SAMPLES, rng.poisson(rate * N_SAMPLES / deap.SFREQ))] = 1
    return np.convolve(train, shape)[:N_SAMPLES]


def _preprocessed(eeg: NDArray[np.floating], freqs: NDArray[np.floating]) -> Floats:
    """Band-pass 4–45 Hz (edges 1 Hz wide) and common average reference, as DEAP's authors did."""
    passed = np.clip(freqs - 3.5, 0, 1) * np.clip(45.5 - freqs, 0, 1)
    referenced = eeg - eeg.mean(axis=0)
    return np.asarray(scipy.fft.irfft(scipy.fft.rfft(referenced) * passed, N_SAMPLES))


def _peripheral(blinks: Floats, someone: Person, rng: np.random.Generator) -> Floats:
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
