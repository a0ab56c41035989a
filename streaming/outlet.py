"""Lab Streaming Layer, outwards: signals and markers for whoever listens on the network."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import pylsl
from numpy.typing import NDArray

from insightsim import aus
from insightsim.errors import StreamError
from streaming.lsl import SETTLE, Inlet, clock
from streaming.sources import SourceInfo

AU = "AU"
"""Type of an LSL stream of facial action units."""


class Outlet:
    """An LSL outlet for one signal, and one for `markers`, of the same name with "-markers" behind it.

    One of type AU says, in place of the unit that action units do not have, whose they are; and of each that
    was estimated here, how reliable it was found to be.
    """

    def __init__(
        self,
        name: str,
        source_id: str,
        info: SourceInfo,
        stream_type: str = "EEG",
        pace: tuple[float, float] = (0.0, 1.0),
        markers: bool = True,
    ) -> None:
        """`pace` is (origin, speed): stamp t is sent at origin + (t − origin) / speed on the LSL clock."""
        stream = pylsl.StreamInfo(
            name, stream_type, len(info.ch_names), info.sfreq, pylsl.cf_float32, source_id
        )
        stream.set_channel_labels(list(info.ch_names))
        stream.set_channel_types([stream_type] * len(info.ch_names))
        if stream_type == AU:
            _describe_aus(stream, info)
        else:
            stream.set_channel_units(info.unit)
        if info.reference:
            stream.desc().append_child("reference").append_child_value("label", info.reference)
        if pace[1] != 1.0:
            replay = stream.desc().append_child("replay")
            replay.append_child_value("origin", repr(pace[0])).append_child_value("speed", repr(pace[1]))
        self._signal = pylsl.StreamOutlet(stream)
        self._markers = _markers(name, source_id) if markers else None

    def push(self, data: NDArray[np.float32], times: Sequence[float] | NDArray[np.float64]) -> None:
        """Send samples (n_samples, n_channels) with their stamps."""
        self._signal.push_chunk(np.ascontiguousarray(data), list(times))

    def mark(self, text: str, time: float) -> None:
        """Send a marker with its stamp."""
        assert self._markers is not None, "it was made without markers"
        self._markers.push_sample([text], time)

    def wait_for_listener(self, within: float) -> bool:
        """Whether somebody has subscribed to the signal; waits for it so many seconds."""
        return bool(self._signal.wait_for_consumers(within))

    def wait_until_sent(self, within: float) -> None:
        """Give receivers a moment to fetch what was pushed: a closing outlet takes its buffer along."""
        deadline = clock() + within
        while clock() < deadline and self._signal.have_consumers():
            time.sleep(0.02)


def _describe_aus(stream: pylsl.StreamInfo, info: SourceInfo) -> None:
    """`info.unit` says whose the action units are."""
    stream.set_channel_units([aus.unit(name, info.unit) for name in info.ch_names])
    channel = stream.desc().child("channels").child("channel")
    for name in info.ch_names:
        if info.unit == aus.LANDMARKS and (tier := aus.tier(name)):
            channel.append_child_value("reliability", tier)
        channel = channel.next_sibling("channel")


def _markers(name: str, source_id: str) -> pylsl.StreamOutlet:
    return pylsl.StreamOutlet(
        pylsl.StreamInfo(f"{name}-markers", "Markers", 1, 0.0, pylsl.cf_string, f"{source_id}-markers")
    )


def loopback(timeout: float = 3.0) -> float:
    """Seconds for one sample from an outlet to an inlet, both of this process; raises StreamError."""
    start = clock()
    name = f"insightsim-loopback-{time.monotonic_ns()}"
    outlet = Outlet(name, name, SourceInfo(name, ("a",), "uV", 100.0), stream_type="test")
    inlet = Inlet(f"lsl:source_id={name}", "test")
    try:
        inlet.open(timeout)
        while clock() - start < timeout + SETTLE:
            outlet.push(np.zeros((1, 1), np.float32), [clock()])
            chunk = inlet.pull()
            if chunk is not None and len(chunk):
                return clock() - start
    finally:
        inlet.close()
    raise StreamError(f"a stream of this machine was found, but no sample came through in {timeout:g} s")
