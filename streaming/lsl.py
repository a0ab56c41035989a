"""Lab Streaming Layer, inwards: which streams there are, and one of them as a source.

LSL itself neither encrypts nor authenticates: everyone on the network can read and fake streams.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pylsl
import pylsl.util
from numpy.typing import NDArray

from insightsim.aus import LANDMARKS, OPENFACE
from insightsim.conform import eeg_channels
from insightsim.errors import StreamAmbiguous, StreamError, StreamLost, StreamNotFound
from insightsim.types import Signal
from streaming.sources import LOST_AFTER, PULL_WITHIN, PULLS_PER_SECOND, SINGLY, SourceInfo, lateness

CONFIGS = ("lsl_api.cfg", "~/lsl_api/lsl_api.cfg", "/etc/lsl_api/lsl_api.cfg")
"""Where liblsl looks for its settings, after $LSLAPICFG."""
if not os.environ.get("LSLAPICFG") and not any(Path(path).expanduser().exists() for path in CONFIGS):
    # What concerns the user is said by us, in words. Not where settings of their own would be replaced.
    pylsl.set_config_content("[log]\nlevel = -3\n")

SETTLE = 0.5
"""Seconds to go on looking after the first answer, so that a second match is not missed."""
EVERY = 1024
"""Answers to wait for, more than there can be: a search ends with the last one asked for."""
CONNECT_WITHIN = 3.0
"""Seconds for each step of connecting to a stream that was found."""
MAX_BACKLOG = 30
"""Seconds of samples an inlet keeps for a pipeline that stalls."""


@dataclass(frozen=True, slots=True)
class StreamFound:
    """One stream on the network."""

    name: str
    type: str
    n_channels: int
    sfreq: float
    host: str
    source_id: str

    def __str__(self) -> str:
        return (
            f"{self.name} (type {self.type}, {self.n_channels} channels at {self.sfreq:g} Hz, "
            f"host {self.host}, source_id {self.source_id or 'none'})"
        )


def clock() -> float:
    """The LSL clock of this machine, s."""
    return float(pylsl.local_clock())


def library() -> str:
    """Version of the loaded liblsl, e.g. "1.18"."""
    version = pylsl.library_version()
    return f"{version // 100}.{version % 100}"


def streams(within: float = 1.0) -> list[StreamFound]:
    """Every stream that answers on this network within so many seconds (under 0.5 s some are missed)."""
    found = [_found(info) for info in pylsl.resolve_streams(within)]
    return sorted(found, key=lambda stream: (stream.type, stream.name, stream.source_id))


def _found(info: pylsl.StreamInfo) -> StreamFound:
    return StreamFound(
        info.name(),
        info.type(),
        info.channel_count(),
        info.nominal_srate(),
        info.hostname(),
        info.source_id(),
    )


def parse(query: str) -> tuple[str, str]:
    """Split "lsl:NAME", "lsl:type=EEG" or "lsl:source_id=…" into property and value; raises StreamError."""
    text = query.removeprefix("lsl:")
    prop, equals, value = text.partition("=")
    if not equals:
        prop, value = "name", text
    if prop not in {"name", "type", "source_id"} or not value:
        raise StreamError(
            f"{query!r} names no stream; expected lsl:NAME, lsl:type=EEG or lsl:source_id=… "
            "(`insightsim streams` lists what is there)"
        )
    return prop, value


def resolve(query: str, within: float) -> pylsl.StreamInfo:
    """The one stream that answers the query. Raises StreamNotFound, StreamAmbiguous."""
    prop, value = parse(query)
    infos = pylsl.resolve_byprop(prop, value, 1, within)
    if infos:
        infos = pylsl.resolve_byprop(prop, value, EVERY, SETTLE) or infos
    if len(infos) == 1:
        return infos[0]
    if infos:
        raise _ambiguous(query, [_found(info) for info in infos])
    raise StreamNotFound(f"no stream answers {query}{_instead(within)}")


def _ambiguous(query: str, found: list[StreamFound]) -> StreamAmbiguous:
    matches = "\n  ".join(sorted(map(str, found)))
    advice = "name one by lsl:source_id=… or its name"
    if len({(stream.name, stream.source_id) for stream in found}) < len(found):
        advice = "same name and source_id cannot be told apart: rename one in the program that sends it"
    return StreamAmbiguous(f"{len(found)} streams answer {query}; {advice}:\n  {matches}")


def _instead(within: float) -> str:
    if within < SETTLE * 2:  # a quick look for a lost stream has no time to list the others
        return ""
    there = "\n  ".join(map(str, streams()))
    return (
        f"; there are:\n  {there}"
        if there
        else "; there is none at all: is the device on, the network open to LSL?"
    )


class Inlet:
    """A live LSL stream as a source; clock synchronisation on, stamps otherwise as sent."""

    def __init__(self, query: str, stream: str = "eeg") -> None:
        """`stream` is "eeg", or "face" for a stream of action units."""
        parse(query)
        self.query = query
        self.stream = stream
        self._inlet: pylsl.StreamInlet | None = None

    def open(self, within: float = 1.0) -> SourceInfo:
        """Resolve the query, read the description, throw away what is old."""
        found = resolve(self.query, within)
        # recover=False: a loss must be said at once, and LSL's own recovery never finds a new source_id.
        inlet = pylsl.StreamInlet(
            found, max_buflen=MAX_BACKLOG, recover=False, processing_flags=pylsl.proc_clocksync, as_numpy=True
        )
        if found.channel_format() == pylsl.cf_string:
            raise StreamError(f"{found.name()} carries texts, not numbers: it is not a signal")
        with _lost_is_lost(self.query):
            info = inlet.info(CONNECT_WITHIN)
            inlet.open_stream(CONNECT_WITHIN)
            self._pace = _read_pace(info, inlet)
            _flush(inlet)
        self._picks, self._info = (_read_units if self.stream == "face" else _read_description)(info)
        # Half a period where the stream itself is no faster: one late sample must not delay all that follow.
        self._spacing = 0.5 / SINGLY if self._info.sfreq <= SINGLY else 1 / PULLS_PER_SECOND
        self._inlet = inlet
        self._last_arrival = self._last_pull = clock()
        return self._info

    def pull(self) -> Signal | None:
        """What arrived; a live stream has no end, so never None. Raises StreamLost after silence."""
        if self._inlet is None:
            raise StreamLost(f"{self.query} is not open")
        time.sleep(max(0.0, self._last_pull + self._spacing - clock()))
        with _lost_is_lost(self.query):
            # min_samples=1: waits for the first sample alone; plain pull_chunk waits for a full buffer.
            data, times = self._inlet.pull_chunk(PULL_WITHIN, 4096, min_samples=1)
        self._last_pull = clock()
        if len(times):
            self._last_arrival = self._last_pull
        elif self._last_pull - self._last_arrival > LOST_AFTER:
            raise StreamLost(f"{self._info.name}: no samples for {LOST_AFTER:g} s")
        return self._signal(data, times)

    def _signal(self, data: NDArray[np.generic], times: NDArray[np.float64]) -> Signal:
        info = self._info
        picked = (
            np.asarray(data).reshape(len(times), -1)[:, self._picks]
            if len(times)
            else np.zeros((0, len(info.ch_names)))
        )
        return Signal(
            self.stream,
            info.ch_names,
            info.unit,
            info.sfreq,
            picked.astype(np.float32),
            np.asarray(times, float),
        )

    def lag(self, time: float) -> float:
        """Seconds from the moment a sample with this stamp was due until now, whatever the replay's speed."""
        return lateness(clock(), time, *self._pace)

    def close(self) -> None:
        """Disconnect; LSL frees the inlet when the last reference goes."""
        self._inlet = None


@contextmanager
def _lost_is_lost(query: str) -> Iterator[None]:
    try:
        yield
    except pylsl.util.LostError as error:
        raise StreamLost(f"nothing sends {query} any more") from error
    except pylsl.util.TimeoutError as error:
        raise StreamLost(f"{query} does not answer in time") from error


def _flush(inlet: pylsl.StreamInlet) -> None:
    """An inlet hands out its oldest sample first; start with the newest."""
    while len(inlet.pull_chunk(0.0, 1024)[1]) == 1024:
        pass


def _read_description(info: pylsl.StreamInfo) -> tuple[list[int], SourceInfo]:
    """The indices of the EEG channels (see `eeg_channels`), and what is said about them."""
    labels = [label or f"ch{i + 1}" for i, label in enumerate(_padded(info, info.get_channel_labels()))]
    types, units = info.get_channel_types(), info.get_channel_units()
    picks, found = eeg_channels(_padded(info, types), _padded(info, units))
    if len(found) > 1:
        raise StreamError(
            f"{info.name()}: its EEG channels are in different units ({', '.join(found)}), expected one; "
            "correct the stream's description where it is made"
        )
    reference = info.desc().child("reference").child_value("label")
    ch_names = tuple(labels[i] for i in picks)
    return picks, SourceInfo(info.name(), ch_names, found[0], info.nominal_srate(), reference, info.uid())


def _read_units(info: pylsl.StreamInfo) -> tuple[list[int], SourceInfo]:
    """The indices of the channels of a stream of action units, and whose these are."""
    labels, units = (_padded(info, said) for said in (info.get_channel_labels(), info.get_channel_units()))
    found = sorted({unit for label, unit in zip(labels, units, strict=True) if label.startswith("AU")})
    if len(found) != 1 or found[0] not in (OPENFACE, LANDMARKS):
        said = f"those of {', '.join(unit or 'nobody' for unit in found)}" if found else "none"
        raise StreamError(
            f"{info.name()}: expected action units, with labels such as AU12_r and the unit {OPENFACE} or "
            f"{LANDMARKS} to tell whose they are; found {said}"
        )
    picks = [i for i, label in enumerate(labels) if label]
    ch_names = tuple(labels[i] for i in picks)
    return picks, SourceInfo(info.name(), ch_names, found[0], info.nominal_srate(), ident=info.uid())


def _padded(info: pylsl.StreamInfo, said: list[str | None] | None) -> list[str]:
    """One text for each channel, whatever the description says: it may list fewer, more or none."""
    n_channels = info.channel_count()
    texts = [text or "" for text in said or []]
    return (texts + [""] * n_channels)[:n_channels]


def _read_pace(info: pylsl.StreamInfo, inlet: pylsl.StreamInlet) -> tuple[float, float]:
    """(origin, speed) of a replay faster or slower than it was recorded; (0, 1) for everything else."""
    replay = info.desc().child("replay")
    if replay.empty():
        return 0.0, 1.0
    said = replay.child_value("origin"), replay.child_value("speed")
    try:
        origin, speed = float(said[0]), float(said[1])
    except ValueError:
        origin, speed = math.nan, math.nan
    if not (math.isfinite(origin) and 0 < speed < math.inf):
        raise StreamError(
            f"{info.name()} says it is a replay from {said[0]!r} at speed {said[1]!r}: not numbers"
        )
    # Its first answer takes more than half a second.
    return origin + inlet.time_correction(CONNECT_WITHIN), speed
