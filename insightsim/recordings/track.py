"""One stretch of a recorded stream, whatever the file it came from."""

from __future__ import annotations

from dataclasses import dataclass

from insightsim.types import Marker, Signal


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """What one stream brought, and what happened meanwhile."""

    name: str
    """Of the stream, or of the file where the stream has no name."""
    signal: Signal
    """Channels and unit as the file states them ("" for a unit it does not state); `times` as recorded:
    on whatever clock that was, with their jumps, repetitions and gaps.
    """
    reference: str = ""
    """As the file states it; empty where it does not."""
    markers: tuple[Marker, ...] = ()
    """In the order they came, on the clock of the signal."""
    notes: tuple[str, ...] = ()
    """What somebody should know who uses it: what was damaged and left out, what was assumed."""
    places: tuple[int, ...] | None = None
    """The sample that each marker stands beside in the file; None where only its stamp tells, which leaves it
    open where the clock was set back.
    """
