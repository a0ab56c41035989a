"""Handing out samples when they are due, by start time + n × period, so that nothing drifts."""

from __future__ import annotations

import math
import time
from functools import partial

from streaming import lsl
from streaming.sources import PULL_WITHIN, PULLS_PER_SECOND, SINGLY, lateness

FLAT_OUT = 0.0
"""The speed at which nothing waits for the clock, and so nothing is passed over."""
AT_ONCE = 0.25
"""Seconds of signal that are handed out together then, and that no recording is ahead of another."""
LOOK_AGAIN = 0.002
"""Seconds until one that is ahead looks again."""


class Start:
    """The moment at which recordings that belong together begin: when the first of them is opened.

    The others hand out at once what was due since. Flat out, none runs ahead of those that joined.
    """

    def __init__(self) -> None:
        self._said: dict[str, float] = {}
        self._reached: dict[object, float] = {}

    def join(self, who: object) -> None:
        """Let the others wait for this one, from before it is opened, until it leaves."""
        self._reached[who] = -math.inf

    def leave(self, who: object) -> None:
        """It is over; may be said twice."""
        self._reached.pop(who, None)

    def may(self, who: object, seconds: float) -> bool:
        """Whether one that joined may go on from so many seconds after the start."""
        if who in self._reached:
            self._reached[who] = seconds
        return seconds <= min(tuple(self._reached.values()), default=seconds) + AT_ONCE

    def __call__(self) -> float:
        """LSL time, s. May be asked on any thread: whoever is first decides."""
        return self._said.setdefault("origin", lsl.clock())


class Pace:
    """When samples of a recorded or made-up signal are due, and their stamps on the LSL clock.

    Stamps keep the recorded spacing; at a speed other than 1 they run ahead of the clock or fall behind it.
    """

    def __init__(
        self, sfreq: float, speed: float = 1.0, start: Start | None = None, who: object = None
    ) -> None:
        """At speed FLAT_OUT all is due at once, but for what else joined the `start` (this as `who`)."""
        self._may = partial((start or Start()).may, who)
        self.sfreq = sfreq
        self.speed = speed
        self.within = PULL_WITHIN
        """Seconds that a wait takes at most."""
        self.origin = (start or lsl.clock)()
        """LSL time of the first sample, s."""
        self.handed = 0.0
        """Periods handed out so far; pauses count."""

    def reach(self, seconds: float) -> float:
        """Wait until so many seconds of signal are due, but at most `within` s; how many are due by then."""
        if self.speed == FLAT_OUT:
            if self._may(seconds):
                return seconds + AT_ONCE
            time.sleep(LOOK_AGAIN)
            return -math.inf
        pause = self.origin + seconds / self.speed - lsl.clock()
        if self.sfreq * self.speed > SINGLY:  # several samples at a time, so that it stays cheap
            pause += 1 / PULLS_PER_SECOND
        time.sleep(max(0.0, min(self.within, pause)))
        return (lsl.clock() - self.origin) * self.speed

    def wait(self) -> int:
        """How many evenly spaced samples are due by now; waits for the first, but at most `within` s."""
        due = self.reach(self.handed / self.sfreq)
        return max(0, 1 + math.floor(due * self.sfreq - self.handed))

    def stamp(self, periods: float) -> float:
        """LSL time, s, so many periods after the first sample."""
        return self.origin + periods / self.sfreq

    def lag(self, time: float) -> float:
        """Seconds from the moment the sample with this stamp was due until now; NaN when flat out."""
        return math.nan if self.speed == FLAT_OUT else lateness(lsl.clock(), time, self.origin, self.speed)

    def catch_up(self, now: float | None = None) -> None:
        """Let what would have been due by `now` go by, as a pause: the next sample is due at once."""
        now = lsl.clock() if now is None else now
        self.handed = max(self.handed, (now - self.origin) * self.sfreq * self.speed)
