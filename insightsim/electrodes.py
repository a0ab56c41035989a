"""Which electrodes to do without: those that were bad for long, until they have been good for as long."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from insightsim.types import Quality

if TYPE_CHECKING:
    from insightsim.models import Model

LONG = 30.0
"""Seconds: bad for so long, a channel is left out; good for so long, it is taken back."""
PAUSE, FORGET = 2.0, 60.0
"""Seconds without a window that can be assessed: from when they do not count; and from when nothing does that
was counted before.
"""


class Electrodes:
    """Follows every channel through the windows: bad for `LONG` s it is left out, good as long it is back.

    A single window to the contrary starts the count anew, so that a channel that flickers stays where it is.
    Windows in which no channel can be told good or bad (after a gap, at the start) count for nothing.
    """

    def __init__(self, ch_names: Sequence[str]) -> None:
        self.ch_names = tuple(ch_names)
        self.left_out: tuple[str, ...] = ()
        """In the order of the channels."""
        self._since = dict.fromkeys(self.ch_names, 0.0)
        """When each channel last was as it is counted: good, or, left out, bad."""
        self._time: float | None = None

    def __call__(self, time: float, quality: Quality) -> bool:
        """Take in a window that ended at `time`; whether that changed what is left out.

        The window is one without a common reference: in an average, one bad channel taints all.
        """
        bad = {ch_name for ch_name, _ in quality.bad}
        if quality.reason is not None and not bad:
            return False
        self._pass_over(time)
        turned = set()
        for ch_name in self.ch_names:
            if (ch_name in bad) == (ch_name in self.left_out):
                self._since[ch_name] = time
            elif time - self._since[ch_name] >= LONG:
                turned.add(ch_name)
                self._since[ch_name] = time
        before = self.left_out
        self.left_out = tuple(ch for ch in self.ch_names if (ch in before) != (ch in turned))
        return bool(turned)

    def _pass_over(self, time: float) -> None:
        """Let time in which nothing could be assessed, as after a gap, not count; after much, begin anew."""
        passed = 0.0 if self._time is None else time - self._time
        if self._time is None or not 0 <= passed <= FORGET:
            self._since = dict.fromkeys(self.ch_names, time)
        elif passed > PAUSE:
            self._since = {ch_name: since + passed for ch_name, since in self._since.items()}
        self._time = time


def fitting(models: Sequence[Model], left_out: Collection[str]) -> Model | None:
    """The first of the models that can do without these channels."""
    for model in models:
        if not set(model.card.recipe.ch_names) & set(left_out):
            return model
    return None
