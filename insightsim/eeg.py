"""The EEG chain: from any chunks to the recipe's windows, and from windows to predictions."""

from __future__ import annotations

from collections.abc import Iterator

from insightsim.cards import Recipe
from insightsim.conform import Conform
from insightsim.filters import Causal
from insightsim.gaps import Mend
from insightsim.types import Signal
from insightsim.windows import Slide


class Windows:
    """From any EEG chunks to the recipe's windows: the one way there, for training, files and live alike."""

    def __init__(self, recipe: Recipe, mains: float | None = None) -> None:
        self.conform = Conform(recipe)
        self.mend = Mend()
        self.filter = Causal(recipe, mains)
        self.slide = Slide(recipe.n_samples, recipe.step)

    def __call__(self, chunk: Signal) -> Iterator[Signal]:
        """Take in a chunk; yield every window it completes. Raises SignalError when it does not fit."""
        return self.slide(self.filter(self.mend(self.conform(chunk))))
