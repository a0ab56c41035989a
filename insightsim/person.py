"""A made-up person: where their rhythms lie, how strong they are, and which feeling moves which.

The table RHYTHMS is an assumption, not a finding. Its lines point where the literature on EEG and affect
has pointed at some time: frontal alpha asymmetry for valence, less parietal alpha and more beta for
arousal, frontal and temporal theta for dominance, frontal gamma for liking. Real effects are weaker, less
tidy and disputed. The table exists so that there is a known truth to find, and nothing to find when the
effect is set to 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from insightsim.montage import forward, positions
from insightsim.noise import Spectra, pink, rhythm


class Rhythm(NamedTuple):
    """One oscillating source."""

    site: str
    """The electrode above it, in the 10-05 system."""
    band: str
    rms: float
    """µV at that electrode, in a person and a trial of average strength."""
    dimension: int | None = None
    """0–3 = valence, arousal, dominance, liking: which feeling moves it; None: none does."""
    sign: int = 0
    """+1: more power the higher the feeling; −1: less."""


V, A, D, L = range(4)
RHYTHMS = (
    Rhythm("F3", "alpha", 7.0, V, -1),
    Rhythm("F4", "alpha", 7.0, V, +1),
    Rhythm("FC5", "alpha", 6.0, V, -1),
    Rhythm("FC6", "alpha", 6.0, V, +1),
    Rhythm("Pz", "alpha", 10.0, A, -1),
    Rhythm("CPz", "beta", 6.0, A, +1),
    Rhythm("Fpz", "beta", 7.0, A, +1),
    Rhythm("F1", "beta", 7.0, A, +1),
    Rhythm("F2", "beta", 7.0, A, +1),
    Rhythm("Fz", "theta", 10.0, D, +1),
    Rhythm("F3", "theta", 8.0, D, +1),
    Rhythm("F4", "theta", 8.0, D, +1),
    Rhythm("T7", "theta", 7.0, D, -1),
    Rhythm("T8", "theta", 7.0, D, -1),
    Rhythm("Fp1", "gamma", 3.2, L, +1),
    Rhythm("Fp2", "gamma", 3.2, L, +1),
    Rhythm("F5", "gamma", 3.6, L, +1),
    Rhythm("F6", "gamma", 3.6, L, +1),
    Rhythm("PO7", "gamma", 4.0, L, -1),
    Rhythm("PO8", "gamma", 4.0, L, -1),
    Rhythm("Oz", "alpha", 11.0),
    Rhythm("C3", "beta", 3.5),
    Rhythm("C4", "beta", 3.5),
    Rhythm("Cz", "theta", 4.0),
)
BANDS = {"theta": (6.0, 0.7), "alpha": (10.0, 0.9), "beta": (20.0, 3.5), "gamma": (37.0, 2.5)}
"""Centre and width, Hz; a person's own centres differ a little."""

BACKGROUND = (
    *("Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8", "T7", "C3", "Cz", "C4", "T8"),
    *("P7", "P3", "Pz", "P4", "P8", "O1", "O2"),
)
"""Where the pink noise comes from: the 10-20 system."""
BACKGROUND_RMS = 5.5
"""µV at each of them, 1–45 Hz."""
MUSCLES = ("FT9", "FT10")
"""The temporal muscles."""

N_SOURCES = len(RHYTHMS) + len(BACKGROUND) + len(MUSCLES)
MUSCLE_ROWS = slice(N_SOURCES - len(MUSCLES), N_SOURCES)
"""Where the muscles stand among the sources."""
BLINK = 0.35
"""Seconds that a blink takes."""

TRIAL_SPREAD = 2.0
"""dB: standard deviation of a rhythm's power from trial to trial, in one person and at one feeling."""
PERSON_SPREAD = 0.5
"""dB: standard deviation of a rhythm's mean power from person to person."""
GAIN_SPREAD = 1.2
"""dB: the same of everything a person's brain emits (skull, scalp, age)."""
SENSOR_NOISE = 0.8
"""µV, pink, at every electrode."""
MEAN_STEP = 1.44
"""How far apart tanh(rating − 5) is, on average, for `simulate`'s high (≥ 5) and low ratings."""


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """What stays the same in one person; drawn by `draw_person`."""

    centres: dict[str, float]
    """Hz per band."""
    offsets: NDArray[np.float64]
    """dB per rhythm."""
    response: float
    """How strongly this person's rhythms follow their feelings; 1 on average."""
    exponent: float
    """Of the 1/f noise."""
    gain: float
    """Linear."""
    shift: NDArray[np.float64]
    """(3,): how this person's brain lies under the electrodes, as a small displacement."""
    muscle: float
    """µV."""
    blinks: float
    """Per second."""
    blink_size: float
    """µV below the eyes."""
    mains: float
    """µV of 50 Hz on unfiltered channels."""


def draw_person(rng: np.random.Generator) -> Person:
    """A person drawn at random."""
    return Person(
        centres={band: rng.normal(centre, 0.08 * centre) for band, (centre, _) in BANDS.items()},
        offsets=rng.normal(0, PERSON_SPREAD, len(RHYTHMS)),
        response=max(0.3, rng.normal(1, 0.25)),
        exponent=rng.normal(1.0, 0.12),
        gain=10 ** (rng.normal(0, GAIN_SPREAD) / 20),
        shift=rng.normal(0, 0.06, 3),
        muscle=rng.lognormal(0.3, 0.4),
        blinks=rng.uniform(0.1, 0.35),
        blink_size=rng.uniform(100, 220),
        mains=rng.uniform(0.5, 3),
    )


def levels(person: Person, effect: float, feeling: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean power of every rhythm, dB, at a feeling (…, 4) from −1 to 1: (…, n_rhythms).

    `effect` is the difference in a rhythm's log power between an average high and an average low trial, in
    units of its trial-to-trial standard deviation (TRIAL_SPREAD): Cohen's d of one rhythm in the average
    person. The answer saturates: a rhythm tells more about whether than about how much.
    """
    # A feeling of ±1 is a rating of 9 or 1: 4 points from the middle.
    answer = np.tanh(4 * feeling) / MEAN_STEP
    moved = np.zeros((*feeling.shape[:-1], len(RHYTHMS)))
    for index, source in enumerate(RHYTHMS):
        if source.dimension is not None:
            moved[..., index] = source.sign * answer[..., source.dimension]
    return person.offsets + effect * TRIAL_SPREAD * person.response * moved


def spectra(person: Person, n_sensors: int, freqs: NDArray[np.floating]) -> Spectra:
    """The density of every source, a row each: rhythms, background, muscles, the sensors' own noise."""
    rows = [rhythm(freqs, person.centres[band], BANDS[band][1], rms) for _, band, rms, *_ in RHYTHMS]
    rows += [pink(freqs, person.exponent, BACKGROUND_RMS)] * len(BACKGROUND)
    rows += [rhythm(freqs, 45.0, 14.0, person.muscle)] * len(MUSCLES)
    rows += [pink(freqs, 1.0, SENSOR_NOISE)] * n_sensors
    return np.array(rows)


def mixing(person: Person, ch_names: tuple[str, ...]) -> NDArray[np.float64]:
    """What every electrode sees of rhythms, background and muscles: (n_channels, n_sources)."""
    sites = positions([source.site for source in RHYTHMS] + list(BACKGROUND) + list(MUSCLES)) + person.shift
    sites /= np.linalg.norm(sites, axis=1, keepdims=True)
    return person.gain * forward(sites, positions(ch_names))


def eyes(ch_names: tuple[str, ...]) -> NDArray[np.float64]:
    """What every electrode sees of a blink, 1 being a skin electrode at the eye: (n_channels,)."""
    socket = positions(["Fpz"]) + np.array([0, 0, -0.5])
    return forward(socket / np.linalg.norm(socket), positions(ch_names))[:, 0]
