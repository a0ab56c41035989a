"""A recorded or made-up source as an LSL stream: demonstration, replay and test fixture at once."""

from __future__ import annotations

from collections.abc import Generator

from streaming.named import Named
from streaming.outlet import Outlet
from streaming.recorded import Recorded
from streaming.synthetic import Synthetic

LISTEN_WITHIN = 0.2
"""Seconds between two looks whether somebody listens."""
LINGER = 1.0
"""Seconds an outlet stays after its last sample, for receivers to fetch it."""


def publish(
    source: Recorded | Synthetic,
    name: str,
    source_id: str,
    wait: bool = False,
    ch_names: tuple[str, ...] = (),
    unit: str = "",
) -> Generator[float]:
    """Publish the source until it ends; yields seconds of signal sent, first 0.0 when the outlet is there.

    With `wait`, nothing is sent before somebody listens. `ch_names` and `unit` replace the source's own.
    Closing the generator closes the outlet.
    """
    named = Named(source, ch_names, unit)
    info = named.open()
    outlet = Outlet(name, source_id, info, pace=(source.pace.origin, source.speed))
    yield 0.0
    while wait and not outlet.wait_for_listener(LISTEN_WITHIN):
        yield 0.0
    source.pace.catch_up()
    sent = 0
    while (chunk := named.pull()) is not None:
        for marker in source.markers:
            outlet.mark(marker.label, marker.time)
        source.markers.clear()
        if len(chunk):
            outlet.push(chunk.data, chunk.times)
            sent += len(chunk)
        yield sent / info.sfreq
    outlet.wait_until_sent(LINGER)
