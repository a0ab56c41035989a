"""What a source is: pulled at the edge, from one thread, for chunks that a branch pushes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from insightsim.errors import InsightSimError
from insightsim.types import Signal

PULL_WITHIN = 0.05
"""Seconds a pull may wait for a first sample."""
SINGLY = 128.0
"""Samples a second, up to which each is handed on as it comes."""
PULLS_PER_SECOND = 64
"""At higher rates, where a pull returns several samples, so that the cost per second stays bounded."""
LOST_AFTER = 1.5
"""Seconds of silence after which a live stream counts as lost; leaves 0.5 s of the promised 2 to say so."""


def lateness(now: float, time: float, origin: float = 0.0, speed: float = 1.0) -> float:
    """Seconds from the moment the sample stamped `time` was due until `now`.

    A replay that began at `origin` and runs at `speed` sends it at origin + (time − origin) / speed.
    """
    return now - (origin + (time - origin) / speed)


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What was found when a source was opened."""

    name: str
    ch_names: tuple[str, ...]
    unit: str
    sfreq: float
    """Nominal rate, Hz."""
    reference: str = ""
    """As the stream states it; empty where it does not."""
    ident: str = ""
    """What no other stream shares; empty where nothing tells."""
    notes: tuple[str, ...] = ()
    """What was damaged in a file and left out, and what was assumed of it."""


class Source(Protocol):
    """Where a stream comes from. All calls are made from one thread."""

    query: str
    """What the user asked for, e.g. "lsl:type=EEG"."""

    def open(self, within: float = ...) -> SourceInfo:
        """Find and open it within so many seconds; raises StreamNotFound, StreamLost."""

    def pull(self) -> Signal | None:
        """Return what arrived, within PULL_WITHIN s even if empty; None at the end; raises StreamLost."""

    def lag(self, time: float) -> float:
        """Seconds between the moment a sample with this stamp was due and now; NaN when flat out."""

    def close(self) -> None:
        """Let go of it; may be called twice, and before open."""


class Unfit:
    """In place of a source that cannot be made: what is wrong is said when it is opened, of it alone."""

    def __init__(self, query: str, error: InsightSimError) -> None:
        self.query = query
        self.error = error

    def open(self, within: float = 0.0) -> SourceInfo:
        """Raise what is wrong."""
        raise self.error

    def pull(self) -> None:
        """There is nothing."""

    def lag(self, time: float) -> float:
        """There is nothing to be late."""
        return 0.0

    def close(self) -> None:
        """Nothing to let go of."""
