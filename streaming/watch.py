"""Watching the electrodes, to hand over to another model when one has died or recovered."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from insightsim.eeg import Judge
from insightsim.electrodes import Electrodes, fitting
from insightsim.models import Model
from insightsim.quality import assess
from insightsim.types import Signal

EVERY = 1.0
"""Seconds between two looks at every channel of the stream."""


class Watch:
    """Follows all channels that the models read; knows the best model that can do without the bad ones."""

    def __init__(self, models: Sequence[Model]) -> None:
        """`models` that share their windows, the best first."""
        self.models = models
        self.ch_names = tuple(dict.fromkeys(ch for model in models for ch in model.card.recipe.ch_names))
        self.electrodes = Electrodes(self.ch_names)
        self._looked = -math.inf
        """When the last window that is looked at ended, s."""
        self._turns = 0
        self._aside: Signal | None = None
        """The window to look at next."""

    def groups(self, windows: Iterable[Signal]) -> Iterator[list[Signal]]:
        """The windows in order, those to look at each in a group of its own; it is looked at after that."""
        for turn, group in groupby(windows, key=self._turn):
            found = list(group)
            yield found
            if turn % 2 == 0:
                (self._aside,) = found

    def _turn(self, window: Signal) -> int:
        """Even, and another each time, for a window that ends `EVERY` s or more after the last of these."""
        time = float(window.times[-1])
        if 0 <= time - self._looked < EVERY:
            return 2 * self._turns + 1
        self._looked = time
        self._turns += 1
        return 2 * self._turns

    def better(self, judge: Judge) -> Model | None:
        """The model that should take over from `judge`'s, if that is another one.

        Looks at a window that was put aside when it was judged, so that no estimate has to wait for it.
        """
        if (window := self._aside) is None:
            return None
        self._aside = None
        (quality,) = assess([window], judge.limits, judge.mains)
        if not self.electrodes(float(window.times[-1]), quality):
            return None
        best = fitting(self.models, self.electrodes.left_out)
        return None if best is judge.model else best

    def note(self, judge: Judge) -> str:
        """What became of channels that were bad for long; empty where there are none."""
        if not self.electrodes.left_out:
            return ""
        gone = ", ".join(self.electrodes.left_out)
        if fitting([judge.model], self.electrodes.left_out) is None:
            return f"{gone} bad for long, and no model in question can do without"
        return f"{gone} bad for long and left out"
