"""A made-up face that never stops: action units, head and gaze that follow a given feeling.

What it does and why: `displays`. Displays come at random moments, rise, are held and fade; blinks, speech, a
wandering head and lost tracking come on top and follow no feeling.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.signal
from numpy.typing import NDArray

from insightsim.aus import AUS, COLUMNS, POSE, PRESENT
from insightsim.displays import DISPLAYS, PEAKS, TRIAL_SPREAD, Traits, draw_traits, rates
from insightsim.types import VADL

SFREQ = 30.0
"""Frames per second."""
WANDER = 30.0
"""Seconds over which the displays' rates wander by themselves."""
LONGEST = 12.0
"""Seconds; whatever takes longer is cut short."""
LOST = 1 / 90
"""How often the face is lost, per second; mostly for less than a second."""
SYLLABLES = 4.5
"""Hz, of the mouth in speech: Chandrasekaran et al., PLoS Comput. Biol. 5, 2009."""
SPOKEN = {"25": 1.6, "26": 1.2, "10": 0.3, "17": 0.5, "20": 0.3, "23": 0.4}
"""Action unit → how far speech moves it."""
BLINK = (0.09, 0.05, 0.18)
"""Seconds in which the lids close, stay closed and open: a blink takes about a third of a second."""

_INTENSE = [PRESENT.index(au) for au in AUS]
_HEAD_SPREAD = np.array([18.0, 12.0, 20.0, 0.06, 0.08, 0.04])
"""How far the head wanders: mm, radians."""

Floats = NDArray[np.float64]


class Expression:
    """One person's face without end, frame by frame, as OpenFace would write it.

    It is made in blocks of one second from the seed, so the rows do not depend on how many are asked for at
    a time, as long as the feeling stays the same; a new feeling is taken up with the next block. For `effect`
    see `displays.rates`. The person is drawn from the seed too unless `traits` are given.
    """

    def __init__(
        self,
        seed: int | Sequence[int],
        effect: float = 1.0,
        sfreq: float = SFREQ,
        traits: Traits | None = None,
    ) -> None:
        self.effect = effect
        self.sfreq = sfreq
        rng = self._rng = np.random.default_rng([*np.atleast_1d(seed).tolist(), 2**32 - 3])
        self.traits = draw_traits(rng) if traits is None else traits
        self._hop = max(1, round(sfreq))
        self._wander = rng.normal(size=len(DISPLAYS))
        self._ahead = np.zeros((round(LONGEST * sfreq) + self._hop, len(PRESENT)))
        """Intensities of what has begun, from the next block on."""
        self._lost = np.zeros(len(self._ahead), bool)
        self._times = np.arange(len(self._ahead)) / sfreq
        self._reading = Drift(len(AUS) + len(PRESENT), 0.3, sfreq, rng)
        self._head = Drift(len(POSE), 5.0, sfreq, rng)
        self._eyes = Drift(2, 0.6, sfreq, rng)
        self._ready = np.zeros((0, len(COLUMNS)), np.float32)

    def rows(self, n_rows: int, feeling: VADL) -> NDArray[np.float32]:
        """The next rows (n_rows, len(COLUMNS)); `feeling` runs from −1 (low) to 1 (high).

        Where the face is lost, `success` is 0 and all but it and `confidence` is NaN.
        """
        blocks = [self._ready]
        missing = n_rows - len(self._ready)
        while missing > 0:
            blocks.append(self._block(np.array(feeling, float)))
            missing -= self._hop
        ready = np.concatenate(blocks)
        self._ready = ready[n_rows:]
        return ready[:n_rows]

    def _block(self, feeling: Floats) -> NDArray[np.float32]:
        hop, traits = self._hop, self.traits
        self._begin(feeling)
        courses, lost = self._ahead[:hop], self._lost[:hop]
        self._ahead = np.concatenate([self._ahead[hop:], np.zeros_like(courses)])
        self._lost = np.concatenate([self._lost[hop:], np.zeros_like(lost)])
        read_r, read_c = np.split(self._reading(hop), [len(AUS)], axis=1)
        intensities = np.clip(traits.rest + courses[:, _INTENSE] + traits.noise * read_r, 0, 5)
        presences = courses + traits.bias + 0.3 * read_c > 1
        gaze = traits.gaze + 0.08 * self._eyes(hop)
        head = traits.seat + _HEAD_SPREAD * self._head(hop)
        seen = np.column_stack([gaze, head, intensities, presences])
        seen[lost] = np.nan
        return np.column_stack([self._confidence(lost), ~lost, seen]).astype(np.float32)

    def _begin(self, feeling: Floats) -> None:
        """Draw what begins within the next block, and add it to what is ahead."""
        rng, seconds, traits = self._rng, self._hop / self.sfreq, self.traits
        keep = np.exp(-seconds / WANDER)
        self._wander = keep * self._wander + np.sqrt(1 - keep**2) * rng.normal(size=len(DISPLAYS))
        often = rates(traits, self.effect, feeling) * np.exp(TRIAL_SPREAD * self._wander)
        for which in np.repeat(np.arange(len(DISPLAYS)), rng.poisson(often * seconds)):
            apex = DISPLAYS[which].apex * rng.lognormal(-0.125, 0.5)
            strength = traits.strength * rng.lognormal(-0.045, 0.3)
            self._add(strength * PEAKS[which], 0.3 + 0.15 * apex, apex, 0.5 + 0.3 * apex)
        for _ in range(rng.poisson(traits.blinks * seconds)):
            self._add(_BLINK_PEAK * rng.uniform(0.7, 1.1), *BLINK)
        for _ in range(rng.poisson(traits.speech * seconds)):
            self._add(_SPOKEN_PEAK * traits.strength, 0.15, rng.uniform(0.8, 4), 0.2, SYLLABLES)
        for _ in range(rng.poisson(LOST * seconds)):
            start, length = rng.uniform(0, seconds), rng.lognormal(-0.7, 0.8)
            first, last = np.searchsorted(self._times, [start, start + length])
            self._lost[first:last] = True

    def _add(self, peaks: Floats, onset: float, apex: float, offset: float, beat: float = 0.0) -> None:
        """Something that rises, is held and fades, from a random moment of the next block on."""
        since = self._times - self._rng.uniform(0, self._hop / self.sfreq)
        course = _smooth(since / onset) * (1 - _smooth((since - onset - apex) / offset))
        if beat:
            course *= 0.5 - 0.5 * np.cos(2 * np.pi * beat * since)
        self._ahead += np.outer(course, peaks)

    def _confidence(self, lost: NDArray[np.bool_]) -> Floats:
        sure = self._rng.choice([0.98, 0.93, 0.88], len(lost), p=[0.9, 0.08, 0.02])
        return np.where(lost, self._rng.uniform(0, 0.3, len(lost)), sure)


class Drift:
    """Values that wander around 0 with a standard deviation of 1 and a memory of `tau` seconds."""

    def __init__(self, width: int, tau: float, sfreq: float, rng: np.random.Generator) -> None:
        self._keep = np.exp(-1 / (tau * sfreq))
        self._rng = rng
        self._state = self._keep * rng.normal(size=(1, width))

    def __call__(self, n_rows: int) -> Floats:
        """The next values, (n_rows, width)."""
        white = np.sqrt(1 - self._keep**2) * self._rng.normal(size=(n_rows, self._state.shape[1]))
        values, self._state = scipy.signal.lfilter([1], [1, -self._keep], white, axis=0, zi=self._state)
        return np.asarray(values)


def _smooth(share: Floats) -> Floats:
    """From 0 at 0 and before to 1 at 1 and after."""
    return np.asarray(np.sin(np.pi / 2 * np.clip(share, 0, 1)) ** 2)


def _peaks(of: dict[str, float]) -> Floats:
    return np.array([of.get(au, 0.0) for au in PRESENT])


_SPOKEN_PEAK, _BLINK_PEAK = _peaks(SPOKEN), _peaks({"45": 3.2, "07": 0.3})
