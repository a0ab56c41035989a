"""Another program's clock, mapped to ours by ping exchanges, as NTP does it.

We note when a ping leaves, the other side answers with what its clock shows, we note when the answer is
there. Its reading was taken somewhere between the two, wherever the delay was, so half the round trip bounds
the error. The narrowest exchange is kept, each growing wider with age by what two clocks may drift apart
(D. L. Mills, "Computer Network Time Synchronization", 2nd ed., 2010, ch. 3: clock filter and dispersion).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from insightsim.errors import SignalError

DRIFT = 200e-6
"""Seconds a second that two clocks drift apart at most: two quartzes of 100 ppm each."""
COARSE = 1e-3
"""Seconds: browsers round their clock down to as much as this (Firefox and Safari 1 ms, Chromium 0.1 ms)."""


@dataclass(frozen=True, slots=True)
class _Exchange:
    when: float
    """Its middle, s on our clock."""
    offset: float
    """Ours minus theirs, s."""
    half: float
    """How far the offset may be off, s."""


class ClockSync:
    """Maps readings of their clock to ours, and bounds the error of that."""

    def __init__(self, coarse: float = COARSE, drift: float = DRIFT) -> None:
        self.coarse = coarse
        self.drift = drift
        self._best: _Exchange | None = None

    def take(self, sent: float, theirs: float, received: float) -> None:
        """Take in an exchange: when the ping left and its answer came on our clock, theirs in between, all s.

        Raises SignalError for what is no exchange.
        """
        if not (math.isfinite(sent + theirs + received) and sent <= received):
            raise SignalError(
                f"a ping sent at {sent:g} s, answered with {theirs:g} s and back at {received:g} s is no "
                "exchange: expected three finite times, the last not before the first"
            )
        when = sent + (received - sent) / 2
        new = _Exchange(when, when - theirs, (received - sent) / 2 + self.coarse)
        best = self._best
        # An offset that neither error explains: their clock was set, or slept while ours did not.
        if (
            best is None
            or new.half <= self.error(when)
            or abs(new.offset - best.offset) > new.half + self.error(when)
        ):
            self._best = new

    def __call__(self, theirs: float) -> float:
        """A reading of their clock, s, on ours. Raises SignalError before the first exchange."""
        return theirs + self._known.offset

    def error(self, at: float) -> float:
        """How far a reading mapped to `at`, s on our clock, may be off; inf before the first exchange."""
        if self._best is None:
            return math.inf
        return self._best.half + self.drift * abs(at - self._best.when)

    @property
    def _known(self) -> _Exchange:
        if self._best is None:
            raise SignalError("no ping was answered yet, so the other clock is not known")
        return self._best
