"""What a monitor finds out about a person, as LSL streams. On request only: the whole network can read them.

Both have no nominal rate, so that whoever records them keeps the stamps as they are and evens nothing out: a
camera skips frames, and an estimate comes when a window is complete.
"""

from __future__ import annotations

import math
import platform
from dataclasses import replace

import numpy as np

from insightsim.errors import readable
from insightsim.types import Estimate, Signal
from insightsim.vadl import DIMENSIONS
from streaming.outlet import AU, Outlet
from streaming.sources import Source, SourceInfo

VADL_TYPE = "VADL"
"""Type of an LSL stream of estimates."""
LABELS = (*DIMENSIONS, *(f"{name}_spread" for name in DIMENSIONS), "quality")
"""Its channels: probabilities, what they may be off by, and how good the windows were; each from 0 to 1."""


def named(participant: str, stream_type: str) -> tuple[str, str]:
    """What a participant's stream is called, and its source_id: another computer may watch another "p1"."""
    name = f"insightsim-{participant}-{stream_type}"
    return name, readable(f"{name}-{platform.node()}")


class Published:
    """A source of action units that also sends them on, with their stamps, as an LSL stream of type AU.

    The outlet is there while the source is open. Rows without a face are sent too, as NaN.
    """

    def __init__(self, source: Source, participant: str) -> None:
        self.source = source
        self.query = source.query
        self._participant = participant
        self._outlet: Outlet | None = None

    def open(self, within: float = 1.0) -> SourceInfo:
        """Open the source; raises what it raises."""
        info = self.source.open(within)
        irregular = replace(info, sfreq=0.0)
        self._outlet = Outlet(*named(self._participant, AU), irregular, AU, markers=False)
        return info

    def pull(self) -> Signal | None:
        """What the source gives, sent on; raises what it raises."""
        chunk = self.source.pull()
        if chunk is not None and len(chunk) and self._outlet is not None:
            self._outlet.push(chunk.data, chunk.times)
        return chunk

    def lag(self, time: float) -> float:
        """Of the source."""
        return self.source.lag(time)

    def close(self) -> None:
        """Let go of the source and of the outlet."""
        self._outlet = None
        self.source.close()


class EstimateOutlet:
    """Every estimate about one participant as an LSL sample (type VADL), stamped with the estimate's time.

    Where there is no estimate, or it does not speak of a dimension, the value is NaN. The outlet is there
    from the first estimate until `close`.
    """

    def __init__(self, participant: str) -> None:
        self._participant = participant
        self._outlet: Outlet | None = None

    def push(self, estimate: Estimate) -> None:
        """Send one."""
        if self._outlet is None:
            name, source_id = named(self._participant, VADL_TYPE)
            info = SourceInfo(name, LABELS, "0-1", 0.0)
            self._outlet = Outlet(name, source_id, info, VADL_TYPE, markers=False)
        unknown = (math.nan,) * len(DIMENSIONS)
        row = [*(estimate.vadl or unknown), *(estimate.spread or unknown), estimate.quality]
        self._outlet.push(np.array([row], np.float32), [estimate.time])

    def close(self) -> None:
        """Let go of the outlet; may be called twice, and before the first estimate."""
        self._outlet = None
