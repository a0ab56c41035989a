"""A made-up person's face: what it does now and then, how often, and which feeling makes it do so more.

The combinations are published, the links to valence, arousal, dominance and liking only in part:

- Which action units make up a smile (6 + 12), sadness (1 + 4 + 15), anger (4 + 5 + 7 + 23), fear
  (1 + 2 + 4 + 5 + 20), surprise (1 + 2 + 5 + 26) and disgust (9, 10): Ekman & Friesen, "Facial Action Coding
  System", 1978, and their EMFACS, 1983.
- Valence: smiles with the eyes go with pleasant films (Ekman, Davidson & Friesen, J. Pers. Soc. Psychol. 58,
  1990); the brow is lowered the more, the less pleasant (Larsen, Norris & Cacioppo, Psychophysiology 40,
  2003); pleasant films bring more, longer and stronger positive displays, unpleasant ones negative (Kring &
  Sloan's FACES, Psychol. Assess. 19, 2007).
- Arousal: surprise and fear lie high on it (Russell, J. Pers. Soc. Psychol. 39, 1980); lids that droop for
  long tell of the lowest (Wierwille & Ellsworth, Accid. Anal. Prev. 26, 1994).
- Dominance: anger lies high, fear and sadness low (Russell & Mehrabian, J. Res. Pers. 11, 1977). That people
  who watch videos therefore show more of them is an assumption, and so is the firm mouth.
- Liking: disgust shows in AU 9 and 10 (Vrana, Psychophysiology 30, 1993), interest in parted lips (Reeve,
  Motiv. Emot. 17, 1993). That a disliked or liked video brings these is an assumption.

How far any of it holds outside the laboratory is disputed (Barrett et al., Psychol. Sci. Public Interest 20,
2019). All rates and strengths are made up. The table exists so that there is a known truth to find, and
nothing to find when the effect is set to 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from insightsim.aus import AUS, PRESENT
from insightsim.person import MEAN_STEP, A, D, L, V

Floats = NDArray[np.float64]


class Display(NamedTuple):
    """Something that a face does now and then."""

    name: str
    peaks: dict[str, float]
    """Action unit → intensity at the apex, 0–5, in the average person."""
    rate: float
    """Per minute, in the average person who feels nothing."""
    apex: float
    """Seconds it is held, on average; coming and going take longer the longer it is held."""
    moved: dict[int, int] = {}  # noqa: RUF012  (a NamedTuple's default, never mutated)
    """Dimension → +1, more often the higher; or −1, the lower."""


DISPLAYS = (
    Display("smile", {"06": 1.9, "12": 2.7, "25": 0.8}, 3.0, 1.8, {V: +1}),
    Display("lowered brow", {"04": 2.2, "07": 1.0}, 2.5, 1.5, {V: -1}),
    Display("sadness", {"01": 1.6, "04": 1.2, "15": 1.8, "17": 1.2}, 1.2, 2.0, {V: -1, D: -1}),
    Display("anger", {"04": 1.6, "05": 1.2, "07": 2.2, "23": 1.8}, 1.2, 1.5, {V: -1, D: +1}),
    Display("fear", {"01": 1.8, "02": 1.2, "04": 0.8, "05": 1.6, "20": 1.6}, 1.0, 1.0, {A: +1, D: -1}),
    Display("surprise", {"01": 1.8, "02": 2.0, "05": 1.8, "25": 1.0, "26": 1.8}, 2.0, 0.8, {A: +1}),
    Display("drooping lids", {"45": 1.8, "07": 0.8}, 2.0, 1.2, {A: -1}),
    Display("firm mouth", {"17": 2.0, "23": 2.0, "14": 1.4}, 2.0, 1.5, {D: +1}),
    Display("disgust", {"09": 2.0, "10": 2.0, "17": 0.8}, 2.0, 1.2, {L: -1}),
    Display("interest", {"02": 1.2, "12": 0.8, "25": 2.0}, 3.0, 2.0, {L: +1}),
    Display("dimple", {"14": 1.8, "12": 0.5}, 1.5, 1.0),
    Display("lips sucked in", {"28": 2.5, "17": 0.8}, 0.8, 0.8),
    Display("lips stretched", {"20": 1.5, "15": 0.8}, 0.8, 0.6),
)
PEAKS = np.array([[display.peaks.get(au, 0.0) for au in PRESENT] for display in DISPLAYS])
"""(n_displays, 18): intensities at the apex, in the order of the presences; AU 28 among them."""
RATES = np.array([display.rate for display in DISPLAYS]) / 60
"""(n_displays,): per second."""
_MOVED = np.array([[display.moved.get(dimension, 0) for dimension in range(4)] for display in DISPLAYS])

STEP = np.log(3.0)
"""At effect 1 a display is three times as frequent in the average high trial as in the average low one."""
TRIAL_SPREAD = 0.4
"""Standard deviation of a display's log rate from trial to trial, in one person and at one feeling."""
PERSON_SPREAD = 0.3
"""The same from person to person."""


@dataclass(frozen=True, slots=True, eq=False)
class Traits:
    """What stays the same in one person's face; drawn by `draw_traits`."""

    rates: Floats
    """(n_displays,): log rate, against the average."""
    response: float
    """How strongly the rates follow this person's feelings; 1 on average."""
    strength: float
    """Factor on all intensities."""
    rest: Floats
    """(17,): intensities read off the face at rest: OpenFace's zero is not everybody's."""
    noise: Floats
    """(17,): standard deviation of what the reading adds."""
    bias: Floats
    """(18,): by how much a presence is read off too easily."""
    blinks: float
    """Per second."""
    speech: float
    """Bursts per second."""
    seat: Floats
    """(6,): where the head is on average, mm, and how it is turned, radians."""
    gaze: Floats
    """(2,): where the eyes look on average, radians."""
    shape: Floats
    """(6,): this head's width, height, depth, brow, nose and mouth, against the average."""
    gains: Floats
    """(17,): log of how strongly our own estimates answer to this person's action units."""
    mixed: Floats
    """(17, 17): how strongly each of them answers to all others by mistake, each row of length 1."""


def draw_traits(rng: np.random.Generator) -> Traits:
    """The face of a person drawn at random."""
    mixed = rng.normal(size=(len(AUS), len(AUS)))
    np.fill_diagonal(mixed, 0)
    return Traits(
        rates=rng.normal(0, PERSON_SPREAD, len(DISPLAYS)),
        response=max(0.3, rng.normal(1, 0.25)),
        strength=float(np.exp(rng.normal(0, 0.2))),
        rest=rng.gamma(0.5, 0.4, len(AUS)),
        noise=0.12 * np.exp(rng.normal(0, 0.3, len(AUS))),
        bias=rng.normal(0, 0.2, len(PRESENT)),
        # 17 a minute at rest, and more in talk: Bentivoglio et al., Mov. Disord. 12, 1997.
        blinks=rng.uniform(8, 28) / 60,
        speech=rng.uniform(0.3, 1.5) / 60,
        seat=rng.normal([0, 0, 600, 0.05, 0, 0], [60, 40, 60, 0.08, 0.08, 0.05]),
        gaze=rng.normal([0, 0.1], [0.06, 0.06]),
        shape=rng.normal(0, 0.05, 6),
        gains=rng.normal(0, 0.25, len(AUS)),
        mixed=mixed / np.linalg.norm(mixed, axis=1, keepdims=True),
    )


def rates(traits: Traits, effect: float, feeling: NDArray[np.float64]) -> Floats:
    """How often each display comes, per second, at a feeling (…, 4) from −1 to 1: (…, n_displays).

    `effect` is the difference in a display's log rate between an average high and an average low trial, in
    units of STEP. At 0 nothing follows any feeling. The answer saturates, as that of the EEG does.
    """
    answer = np.tanh(4 * np.asarray(feeling)) / MEAN_STEP
    moved: Floats = effect * STEP * traits.response * (answer @ _MOVED.T)
    return np.asarray(RATES * np.exp(traits.rates + moved))
