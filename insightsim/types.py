"""The values that flow through the pipeline. All are frozen, checked when built and never mutated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from insightsim.errors import SignalError

MEASURED, INTERPOLATED, SETTLING, UNTIMED = 0, 1, 2, 3
"""What a sample is: measured; filled in across a short gap; in the second after a longer gap or the start;
of a stream whose samples come at another rate than it states, so that no frequency can be told.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Signal:
    """A stretch of one stream: samples by channels, with the time of every sample.

    A chunk and a window are both Signals. Raises SignalError when the shapes do not agree.
    """

    stream: str
    """Which sense it belongs to: "eeg", "face"."""
    ch_names: tuple[str, ...]
    unit: str
    """ "uV" for EEG once conformed; as the stream states it ("V", "microvolts", …) before."""
    sfreq: float
    """Nominal sampling rate in Hz."""
    data: NDArray[np.float32]
    """(n_samples, n_channels), in `unit`."""
    times: NDArray[np.float64]
    """(n_samples,), seconds on the LSL clock; float64, because float32 resolves 0.06 s at 10⁶ s."""
    state: NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, np.uint8))
    """(n_samples,): MEASURED, INTERPOLATED, SETTLING or UNTIMED; all MEASURED unless given."""
    raw: NDArray[np.float32] | None = None
    """`data` as it was before filter and reference, for the quality checks; None on unfiltered signals."""

    def __post_init__(self) -> None:
        n_samples = len(self.times)
        if self.data.shape != (n_samples, len(self.ch_names)):
            raise SignalError(
                f"{self.stream}: data has shape {self.data.shape}, expected "
                f"({n_samples} samples, {len(self.ch_names)} channels)"
            )
        if self.raw is not None and self.raw.shape != self.data.shape:
            raise SignalError(f"{self.stream}: raw has shape {self.raw.shape}, data has {self.data.shape}")
        if not len(self.state) and n_samples:
            object.__setattr__(self, "state", np.zeros(n_samples, np.uint8))
        if self.state.shape != (n_samples,):
            raise SignalError(f"{self.stream}: state has shape {self.state.shape}, expected ({n_samples},)")

    def __len__(self) -> int:
        return len(self.times)

    def __getitem__(self, which: slice) -> Signal:
        """The samples of a slice, as views."""
        start, stop, step = which.indices(len(self.times))
        if (start, stop, step) == (0, len(self.times), 1):  # as most often, live: chunks are seldom cut
            return self
        raw = None if self.raw is None else self.raw[which]
        data, times, state = self.data[which], self.times[which], self.state[which]
        return Signal(self.stream, self.ch_names, self.unit, self.sfreq, data, times, state, raw)

    def between(self, start: float, stop: float) -> Signal:
        """The samples with start <= time < stop."""
        first, last = np.searchsorted(self.times, [start, stop])
        return self[first:last]


def join(parts: Sequence[Signal]) -> Signal:
    """Stretches of one stream, in order, as one Signal. Raises SignalError when channels or rate differ."""
    first = parts[0]
    if len(parts) == 1:
        return first
    for part in parts[1:]:
        if (part.ch_names, part.sfreq) != (first.ch_names, first.sfreq):
            raise SignalError(
                f"{first.stream}: channels or rate changed from {first.ch_names} at {first.sfreq:g} Hz "
                f"to {part.ch_names} at {part.sfreq:g} Hz"
            )
    raws = [part.raw for part in parts if part.raw is not None]
    return replace(
        first,
        data=np.concatenate([part.data for part in parts]),
        times=np.concatenate([part.times for part in parts]),
        state=np.concatenate([part.state for part in parts]),
        raw=np.concatenate(raws) if len(raws) == len(parts) else None,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture from a camera or a video; lives only between there and the landmarks."""

    image: NDArray[np.uint8]
    """(height, width, 3), RGB."""
    time: float
    """When it was taken, s on the LSL clock."""


@dataclass(frozen=True, slots=True, eq=False)
class Landmarks:
    """One face in one frame, as MediaPipe's FaceLandmarker sees it."""

    points: NDArray[np.float32]
    """(478, 3), in pixels of the frame: x to the right, y down, z away from the camera, all in one scale."""
    blendshapes: NDArray[np.float32]
    """(52,), 0–1, in MediaPipe's order: `_neutral` first."""
    matrix: NDArray[np.float64]
    """(4, 4): from the canonical face (cm, y up) to the camera's space."""


class VADL(NamedTuple):
    """One number per affect dimension: a probability that it is high (0–1), or the spread of one.

    NaN where a model does not speak of that dimension.
    """

    valence: float
    arousal: float
    dominance: float
    liking: float


SURE = VADL(1.0, 1.0, 1.0, 1.0)
"""Of a model that is never wrong."""


@dataclass(frozen=True, slots=True)
class Quality:
    """Whether a window may be judged, and what is wrong where."""

    score: float
    """0–1: share of channels without a fault, times the share of samples really measured."""
    reason: str | None
    """Why the window may not be judged, in words a person understands; None when it may."""
    bad: tuple[tuple[str, str], ...] = ()
    """(channel, fault) for every channel with a fault."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What one stream says about one window."""

    stream: str
    time: float
    """LSL time of the window's last sample, s."""
    vadl: VADL | None
    """None when the window may not be judged; `quality.reason` then says why."""
    spread: VADL | None
    """Half the width of the members' middle 90 % per dimension, wider on windows unlike the training data."""
    quality: Quality
    model: str
    moment: float | None = None
    """LSL time at which its last sample was due here, s, where the stamp does not tell (another clock, a
    replay at another speed); None: `time` tells.
    """
    skill: VADL = SURE
    """How much better than chance the model was measured to be, 0–1 per dimension."""


StreamStatus = Literal["connecting", "warming up", "live", "lost", "ended", "failed"]


@dataclass(frozen=True, slots=True)
class StreamState:
    """How one source is doing; published whenever `status` or `reason` changes."""

    stream: str
    status: StreamStatus
    time: float
    """LSL time of this state, s."""
    source: str
    """What the user asked for, e.g. "lsl:type=EEG"."""
    name: str = ""
    """What was found, e.g. "Muse-1A2B"."""
    reason: str | None = None
    sfreq: float | None = None
    """Nominal rate, Hz."""
    rate: float | None = None
    """Effective rate over the last seconds, Hz."""
    n_channels: int | None = None
    lag: float | None = None
    """Seconds from a sample's stamp to its processing here, at the latest window."""
    gaps: int = 0
    """Gaps longer than 20 ms since the stream was opened."""
    dropped: int = 0
    """Samples left out since then because of their stamps: equal to others, or behind them."""
    reference: str = ""
    """As the stream states it."""
    model: str = ""
    left_out: tuple[str, ...] = ()
    """Channels that were bad for so long that a model without them was chosen, if there is one."""
    skipped: int = 0
    """Frames of a camera that were passed over for newer ones since it was opened."""
    faces: int | None = None
    """Faces in the newest frame, of which one is followed; None where there are no frames."""


@dataclass(frozen=True, slots=True)
class Share:
    """What one stream brought into an estimate."""

    stream: str
    model: str
    vadl: VADL | None
    spread: VADL | None
    weight: VADL
    """Of its log-odds, per dimension; 0 where it has no say."""
    age: float
    """Seconds it is older than the newest stream's."""
    reason: str | None = None
    """Why it has no say, in words; None when it has."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What all fresh streams say together about one participant."""

    time: float
    """LSL time of the newest sample that went in, s."""
    vadl: VADL | None
    """Smoothed; None when there is no estimate, and `reason` says why."""
    raw: VADL | None
    """The same before smoothing."""
    spread: VADL | None
    quality: float
    """0–1."""
    reason: str | None
    streams: tuple[StreamState, ...] = ()
    bad: tuple[tuple[str, str], ...] = ()
    """(channel, fault) for every channel with a fault."""
    shares: tuple[Share, ...] = ()
    """What each stream said, whether it has a say or not."""


@dataclass(frozen=True, slots=True)
class Marker:
    """Something that happened at a moment: a trial's start, a rating."""

    time: float
    """LSL time, s."""
    label: str
    source: str
