"""Why no model can read the channels of a stream, and what to do about it, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from insightsim.cards import Card
from insightsim.conform import canonical, missing

MOST_FOUND, MOST_MISSING = 8, 6
"""Channels named before the rest is counted."""


def unread(ch_names: Sequence[str], cards: Sequence[Card]) -> str:
    """A sentence on channels that none of the models with these cards can read, the remedy first."""
    found = f"no EEG model can read the channels {listed(ch_names, MOST_FOUND) or '(none)'}"
    if not cards:
        return f"{found}: there is no model"
    electrodes = {canonical(name) for card in cards for name in card.recipe.ch_names}
    if electrodes.isdisjoint(map(canonical, ch_names)):
        found = f"no EEG model can read the channels {listed(ch_names, 3) or '(none)'}"
        return (
            f"{found}: none is named as an electrode of a model; name them in their order with --ch-names "
            f"Fp1,Fp2,… (models: {', '.join(card.name for card in cards)})"
        )
    twice = [name for name, times in Counter(map(canonical, ch_names)).items() if times > 1]
    if twice:
        found += f" ({listed(twice, MOST_FOUND)} is there twice)"
    nearest, *others = sorted(cards, key=lambda card: len(missing(card.recipe.ch_names, ch_names)))
    lacks = listed(missing(nearest.recipe.ch_names, ch_names), MOST_MISSING)
    counts = ", ".join(_counted(card, ch_names) for card in others)
    return (
        f"{found}; nearest: {nearest.name} lacks {lacks}. Where a name is not the electrode's, "
        "name all in their order with --ch-names; or train a model on these: insightsim train eeg"
        + (f". Others: {counts}" if counts else "")
    )


def _counted(card: Card, ch_names: Sequence[str]) -> str:
    n_missing, n_channels = len(missing(card.recipe.ch_names, ch_names)), len(card.recipe.ch_names)
    return f"{card.name} lacks {n_missing} of {n_channels}"


def listed(names: Sequence[str], most: int) -> str:
    """The names, or the first ones and how many more there are."""
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most} more"
