"""XDF, as LabRecorder writes it: one stream of the file, with the text streams beside it as markers.

Format: https://github.com/sccn/xdf/wiki/Specifications
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyxdf

from insightsim.conform import eeg_channels
from insightsim.errors import DatasetError
from insightsim.recordings.content import Content, rate_of, single
from insightsim.types import Marker

Stream = dict[str, Any]
"""As pyxdf gives it."""


def read(path: Path, part: str, raw_stamps: bool) -> Content:
    """The stream that `part` names, on the common clock of all streams unless `raw_stamps`."""
    damage = _Damage()
    with np.errstate(all="ignore"):  # a damaged stamp may be any number
        streams, _ = pyxdf.load_xdf(path, synchronize_clocks=not raw_stamps, dejitter_timestamps=False)
    stream = _named(streams, part) if part else _only(streams)
    if not len(stream["time_stamps"]):
        raise DatasetError(f"the stream {_line(stream)} is empty; name another by #NAME:{_list(streams)}")
    if _is_text(stream):
        raise DatasetError(
            f"{_line(stream)} carries texts, no signal; name another by #NAME:{_list(streams)}"
        )
    return _content(stream, _markers(streams), damage.notes)


class _Damage(logging.Handler):
    """Counts what pyxdf says it had to skip."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.count = 0
        log = logging.getLogger("pyxdf.pyxdf")
        log.handlers, log.propagate = [self], False

    def emit(self, record: logging.LogRecord) -> None:
        self.count += 1

    @property
    def notes(self) -> tuple[str, ...]:
        """A sentence, where something was skipped."""
        return (f"{self.count} damaged places were skipped",) if self.count else ()


def _text(node: Any, *path: str) -> str:
    """What stands at the end of a path of tags, "" where there is no such tag."""
    for tag in path:
        node = (node.get(tag) or [None])[0] if isinstance(node, dict) else None
    return node if isinstance(node, str) else ""


def _is_text(stream: Stream) -> bool:
    return _text(stream["info"], "channel_format") == "string"


def _line(stream: Stream) -> str:
    info = stream["info"]
    return (
        f"{_text(info, 'name')} (type {_text(info, 'type')}, number {info['stream_id']}, "
        f"{_text(info, 'channel_count')} channels of {_text(info, 'channel_format')} "
        f"at {float(_text(info, 'nominal_srate')):g} Hz, {len(stream['time_stamps']):,} samples)"
    )


def _list(streams: Sequence[Stream]) -> str:
    return " " + "; ".join(map(_line, streams))


def _named(streams: Sequence[Stream], part: str) -> Stream:
    """The stream of this name, type or number."""
    prop, _, value = part.partition("=")
    found = [s for s in streams if _text(s["info"], "name") == part]
    if not found and prop in ("type", "name"):
        found = [s for s in streams if _text(s["info"], prop).upper() == value.upper()]
    if not found:
        found = [s for s in streams if str(s["info"]["stream_id"]) == part]
    if len(found) == 1:
        return found[0]
    many = f"{len(found)} streams are" if found else "no stream is"
    raise DatasetError(f"{many} called {part!r}; name one by its name or number:{_list(streams)}")


def _only(streams: Sequence[Stream]) -> Stream:
    """The only stream of type EEG with samples; else the only one with numbers."""
    signals = [s for s in streams if len(s["time_stamps"]) and not _is_text(s)]
    eeg = [s for s in signals if _text(s["info"], "type").upper() == "EEG"]
    if len(found := eeg or signals) == 1:
        return found[0]
    if not streams:
        raise DatasetError("it holds no stream")
    many = f"it holds {len(found)} streams of EEG" if eeg else f"it holds {len(found)} streams of samples"
    raise DatasetError(f"{many}; name one by #NAME or #NUMBER:{_list(streams)}")


def _content(stream: Stream, markers: tuple[Marker, ...], notes: tuple[str, ...]) -> Content:
    info, times = stream["info"], np.asarray(stream["time_stamps"], float)
    picks, ch_names, unit = _channels(info)
    sfreq = float(_text(info, "nominal_srate"))
    if not sfreq:
        sfreq = rate_of(times)
        notes += (f"it states no rate; its stamps tell {sfreq:.4g} Hz",)
    data = np.asarray(stream["time_series"])
    reference = _text(info, "desc", "reference", "label")
    blocks = (single(data[i : i + 8192, picks]) for i in range(0, len(times), 8192))
    return Content(_text(info, "name"), ch_names, unit, sfreq, times, blocks, reference, markers, notes)


def _channels(info: Stream) -> tuple[list[int], tuple[str, ...], str]:
    """Where the EEG channels stand, their labels and unit: as for LSL."""
    n_channels = int(_text(info, "channel_count"))
    desc = (info.get("desc") or [None])[0]
    listed = (desc.get("channels") or [None])[0] if isinstance(desc, dict) else None
    told = (listed.get("channel") or []) if isinstance(listed, dict) else []
    told = (told + [None] * n_channels)[:n_channels]
    picks, units = eeg_channels([_text(one, "type") for one in told], [_text(one, "unit") for one in told])
    if len(units) > 1:
        raise DatasetError(f"its EEG channels are in different units ({', '.join(units)}), expected one")
    return picks, tuple(_text(told[i], "label") or f"ch{i + 1}" for i in picks), "".join(units)


def _markers(streams: Sequence[Stream]) -> tuple[Marker, ...]:
    """What the text streams without a rate say, in order of time."""
    said = [
        Marker(float(time), " ".join(texts), _text(stream["info"], "name"))
        for stream in streams
        if _is_text(stream) and float(_text(stream["info"], "nominal_srate")) == 0
        for time, texts in zip(stream["time_stamps"], stream["time_series"], strict=True)
        if np.isfinite(time)
    ]
    return tuple(sorted(said, key=lambda marker: marker.time))
