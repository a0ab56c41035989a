"""Valence, arousal, dominance and liking in words: sixteen groups, by which of the four are high.

Keys and words are exactly those of the original InsightSim; two do not fit their key and carry a note.
"""

from __future__ import annotations

import math

from insightsim.types import VADL

DIMENSIONS = ("valence", "arousal", "dominance", "liking")

UNKNOWN = "Unknown Group Name"
"""The words for a key that is none of the sixteen, as when a model does not speak of one dimension."""

WORDS = {
    "HvHaHdHl": "Joyful, Enthusiastic, Empowered",
    "HvHaHdLl": "Passionate, Assertive",
    "HvHaLdHl": "Energetic and Loving",
    "HvHaLdLl": "Excited but Unconnected",
    "HvLaHdHl": "Content, Grateful",
    "HvLaHdLl": "Confident but Reserved",
    "HvLaLdHl": "Relaxed and Affectionate",
    "HvLaLdLl": "Calm but Detached",
    "LvHaHdHl": "Determined but Critical",
    "LvHaHdLl": "Angry, Overwhelmed",
    "LvHaLdHl": "Frustrated but Favorable",
    "LvHaLdLl": "Agitated, Stressed",
    "LvLaHdHl": "Sympathetic, Mildly Caring",
    "LvLaHdLl": "Submissive, Defeated",
    "LvLaLdHl": "Indifferent but Favorable",
    "LvLaLdLl": "Apathetic, Disconnected",
}

NOTES = {
    "LvLaHdLl": "The key says high dominance, but “Submissive, Defeated” describe low dominance.",
    "LvHaHdLl": "The key says high dominance, but “Overwhelmed” describes low dominance.",
}


def group(vadl: VADL) -> str:
    """The key of a group, such as "HvLaHdLl": H where the probability is at least 0.5, "?" where NaN."""
    return "".join(
        ("?" if math.isnan(p) else "H" if p >= 0.5 else "L") + name[0]
        for name, p in zip(DIMENSIONS, vadl, strict=True)
    )


def words(key: str) -> str:
    """The words of a group; `UNKNOWN` for any other key."""
    return WORDS.get(key, UNKNOWN)


def note(key: str) -> str | None:
    """What to say beside the words where they do not fit their key; None for the other groups."""
    return NOTES.get(key)
