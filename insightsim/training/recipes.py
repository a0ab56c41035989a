"""What a model is trained to read: channels, filter, windows and features; its card carries them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from insightsim.aus import INTENSITIES, LANDMARKS, OPENFACE, PRESENCES, tier
from insightsim.cards import FaceFeatures, FaceRecipe, Features, Filter, Recipe
from insightsim.conform import canonical
from insightsim.datasets import deap
from insightsim.errors import SettingsError
from insightsim.openface_columns import ORIGINAL

CHANNELS = {
    "deap32": deap.CH_NAMES,
    "epoc14": ("AF3", "F7", "F3", "FC5", "T7", "P7", "O1", "O2", "P8", "T8", "FC6", "F4", "F8", "AF4"),
    "openbci8": ("Fp1", "Fp2", "C3", "C4", "P7", "P8", "O1", "O2"),
    "muse4": ("TP9", "AF7", "AF8", "TP10"),
    "original4": ("Fp1", "F3", "Fp2", "F4"),
}
"""Lists of channels that go by a name: all of DEAP's, an Emotiv EPOC's, the eight that an OpenBCI board has
by default, a Muse's, and the four of the original InsightSim.
"""

BANDS = {
    "theta": (4.0, 8.0),
    "alpha": (8.0, 13.0),
    "low beta": (13.0, 20.0),
    "high beta": (20.0, 30.0),
    "gamma": (30.0, 45.0),
}
"""Hz, half-open: no frequency counts twice and none is left out."""

WINDOW = 4.0
"""Seconds."""
STEP = 0.25
"""Seconds between windows, live."""
FACE_WINDOW = 8.0
"""Seconds of a face. Spontaneous expressions mostly last half a second to four (Ekman & Friesen, J. Nonverbal
Behav. 6, 1982), so that twice that holds a whole one with its onset; and they are rare, so that windows as
short as those of EEG would mostly hold none.
"""
FACES = {
    "face-openface-au35": ("au35", OPENFACE, (*INTENSITIES, *PRESENCES)),
    "face-openface-dynamics": ("au_dynamics", OPENFACE, INTENSITIES),
    "face-openface-709": ("openface709", OPENFACE, ORIGINAL),
    "face-landmarks-dynamics": (
        "au_dynamics",
        LANDMARKS,
        tuple(name for name in INTENSITIES if tier(name) != "low"),
    ),
}
"""Face models by name: features, whose action units, columns. Of our own estimates those of low reliability
are left out.
"""
KEPT = {"au35": 0.999, "openface709": 0.999}
"""Features → share of the variance that principal components keep, as the original InsightSim meant it."""


def channels(text: str) -> tuple[str, ...]:
    """The channels that a user means: the name of a list in CHANNELS, or channels with commas between."""
    return CHANNELS.get(text) or tuple(canonical(name) for name in text.split(",") if name.strip())


def recipe(features: str, ch_names: Sequence[str]) -> Recipe:
    """The recipe for DEAP's rate and these channels. Raises SettingsError for features there are none of."""
    if features == "psd16":
        chosen = Features("psd16")
    elif features == "log_bandpower":
        chosen = Features("log_bandpower", dict(BANDS), mirrored(ch_names))
    else:
        raise SettingsError(f'there are no features "{features}"; expected "log_bandpower" or "psd16"')
    return Recipe(
        stream="eeg",
        ch_names=tuple(ch_names),
        reference="average",
        unit="uV",
        sfreq=deap.SFREQ,
        n_samples=round(WINDOW * deap.SFREQ),
        step=STEP,
        filter=Filter(),
        features=chosen,
    )


def face_recipe(name: str) -> FaceRecipe:
    """The recipe of one of FACES."""
    features, unit, columns = FACES[name]
    return FaceRecipe("face", columns, unit, FACE_WINDOW, STEP, FaceFeatures(features))


def mirrored(ch_names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """(left, right) for every pair of electrodes that mirror each other: F3 and F4, CP5 and CP6."""
    pairs = []
    for left in ch_names:
        if (place := re.fullmatch(r"(\D+)(\d*[13579])", left)) is not None:
            right = f"{place[1]}{int(place[2]) + 1}"
            if right in ch_names:
                pairs.append((left, right))
    return tuple(pairs)
