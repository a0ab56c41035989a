"""Recorded or made-up sources as LSL streams: demonstration, replay and test fixture at once."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from insightsim.aus import LANDMARKS, OPENFACE
from insightsim.types import Marker
from streaming.lsl import clock
from streaming.named import Named
from streaming.outlet import AU, Outlet
from streaming.pace import Pace
from streaming.sources import Source

LISTEN_WITHIN = 0.2
"""Seconds between two looks whether somebody listens."""
LINGER = 1.0
"""Seconds an outlet stays after its last sample, for receivers to fetch it."""
IN_TURN = 0.005
"""Seconds, at most, that one of several sources keeps the others waiting."""


class Paced(Source, Protocol):
    """A source that hands out what is due, at a pace of its own."""

    speed: float
    pace: Pace
    """Once it is open."""
    markers: list[Marker]
    """Markers of the samples pulled so far."""
    notes: tuple[str, ...]
    """What was damaged or assumed."""


@dataclass(frozen=True, slots=True)
class Sending:
    """A source, and the LSL stream that it becomes."""

    source: Paced
    name: str
    source_id: str
    ch_names: tuple[str, ...] = ()
    """In place of the source's own."""
    unit: str = ""
    """In place of the source's own."""


class _Sent:
    """A source with its outlet."""

    def __init__(self, sending: Sending) -> None:
        self.paced = sending.source
        self.source = Named(sending.source, sending.ch_names, sending.unit)
        self.info = self.source.open()
        face = self.info.unit in (OPENFACE, LANDMARKS)
        # Rows of a face come as frames did: a recorder must not spread them evenly, as it would with a rate.
        info = replace(self.info, sfreq=0.0) if face else self.info
        pace = (self.paced.pace.origin, self.paced.speed)
        self.outlet = Outlet(sending.name, sending.source_id, info, AU if face else "EEG", pace)
        self.n_samples = 0

    @property
    def seconds(self) -> float:
        """Of signal sent."""
        return self.n_samples / self.info.sfreq

    def go_on(self) -> bool:
        """Send what is due; False after the end."""
        if (chunk := self.source.pull()) is None:
            return False
        for marker in self.paced.markers:
            self.outlet.mark(marker.label, marker.time)
        self.paced.markers.clear()
        if len(chunk):
            self.outlet.push(chunk.data, chunk.times)
            self.n_samples += len(chunk)
        return True


def publish(sendings: Sequence[Sending], wait: bool = False) -> Generator[float]:
    """Publish sources until all end; yields seconds of signal sent, first 0.0 when the outlets are there.

    With `wait`, nothing is sent before somebody listens to each. Sources with one `Start` stay together.
    Closing the generator closes the outlets.
    """
    sent = [_Sent(sending) for sending in sendings]
    yield 0.0
    while wait and not all(one.outlet.wait_for_listener(LISTEN_WITHIN) for one in sent):
        yield 0.0
    now = clock()
    for one in sent:
        one.paced.pace.catch_up(now)
        if len(sent) > 1:
            one.paced.pace.within = IN_TURN
    going = sent
    while going := [one for one in going if one.go_on()]:
        yield max(one.seconds for one in sent)
    for one in sent:
        one.outlet.wait_until_sent(LINGER)
