"""Real recordings, each replayed over LSL by a process of its own, all watched at once in one monitor.

What the monitor must find in them is known from the files themselves (see the figures at each).
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from insightsim.fusion import LateFusion
from insightsim.types import Estimate, Prediction, StreamState
from streaming.pipeline import Session, build
from streaming.settings import Settings

ROOT = Path(__file__).parents[1]
SPEED = 12.0
"""Times as fast as recorded: two minutes in ten seconds."""
WITHIN = 60.0
"""Seconds in which all recordings must have been played."""
UNUSABLE = "samples arrive, but with stamps that cannot be used"
EIGHT = "Fp1,Fp2,C3,C4,P7,P8,O1,O2"


@dataclass(frozen=True)
class Replay:
    """A recording and the options it is replayed with."""

    pattern: str
    options: tuple[str, ...] = ()
    mains: float = 60.0


REPLAYS = {
    "clean": Replay("*18.17.25.csv"),
    "backwards": Replay("*15.30.01.csv"),
    "clipped": Replay("*18.12.53.csv"),
    "unix": Replay("*18.17.25.csv", ("--stamps", "recorded", "--seconds", "40")),
    "openbci": Replay("OpenBCI*.txt", ("--ch-names", EIGHT)),
    "unnamed": Replay("OpenBCI*.txt"),
    "resets": Replay("clock_resets.xdf"),
    "named": Replay("clock_resets.xdf", ("--ch-names", EIGHT, "--stamps", "recorded")),
    "minimal": Replay("minimal.xdf"),
}


@dataclass
class Seen:
    """What one participant's feed said."""

    states: list[StreamState] = field(default_factory=list)
    estimates: list[Estimate] = field(default_factory=list)
    """Those that were read; of several at once a reader sees the newest alone."""
    predictions: list[Prediction] = field(default_factory=list)
    """All of them."""

    @property
    def windows(self) -> int:
        """How many were complete; the words in between are not of windows."""
        words = ("warming up", "the stream", "its rate", "samples arrive")
        return sum(not (p.quality.reason or "").startswith(words) for p in self.predictions)

    @property
    def judged(self) -> int:
        return sum(prediction.vadl is not None for prediction in self.predictions)

    @property
    def reasons(self) -> Counter[str]:
        """Why there was none, by the first words."""
        reasons = [prediction.quality.reason for prediction in self.predictions]
        return Counter(reason.split(":")[0] for reason in reasons if reason)

    @property
    def faults(self) -> Counter[str]:
        return Counter(fault for prediction in self.predictions for _, fault in prediction.quality.bad)

    @property
    def last(self) -> StreamState:
        """The state of the stream while it was last live or warming up."""
        said = [state for estimate in self.estimates for state in estimate.streams]
        return [state for state in said if state.status in ("live", "warming up")][-1]


@dataclass
class Watched:
    """What came of it all."""

    seen: dict[str, Seen]
    errors: dict[str, str]


def publisher(shared: Path, name: str, stream: str) -> subprocess.Popen[str]:
    replay = REPLAYS[name]
    (path,) = (shared / "data/eeg").glob(replay.pattern)
    speed = ("--speed", str(SPEED), "--name", stream, "--wait", "--parent", str(os.getpid()))
    command = [sys.executable, "-m", "tools.cli", "replay", str(path), *replay.options, *speed]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


class Overheard(LateFusion):
    """Keeps what it is told."""

    def __init__(self, predictions: list[Prediction]) -> None:
        super().__init__()
        self.predictions = predictions

    def __call__(self, prediction: Prediction) -> Estimate:
        self.predictions.append(prediction)
        return super().__call__(prediction)


async def watch(session: Session) -> Watched:
    """Until every stream was lost again, as its recording ended, or refused."""
    seen = {person.name: Seen() for person in session.people}
    for person in session.people:
        person.fuse = Overheard(seen[person.name].predictions)

    async def follow(name: str) -> None:
        async for item in session.participants[name].subscribe():
            if isinstance(item, Estimate):
                seen[name].estimates.append(item)
            else:
                seen[name].states.append(item)
                if item.status == "lost":
                    return

    running = asyncio.create_task(session.run())
    try:
        async with asyncio.timeout(WITHIN):
            await asyncio.gather(*(follow(name) for name in seen))
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    return Watched(seen, dict(session.errors))


@pytest.fixture(scope="module")
def watched(shared: Path) -> Iterator[Watched]:
    names = {name: f"insightsim-real-{name}-{uuid.uuid4().hex[:8]}" for name in REPLAYS}
    with ExitStack() as stack:
        processes = [publisher(shared, name, stream) for name, stream in names.items()]
        for process in processes:
            stack.callback(process.communicate)
            stack.callback(process.kill)
        for process in processes:
            assert process.stdout is not None
            assert "Publishing" in process.stdout.readline()
        people = {
            name: {"eeg": f"lsl:{stream}", "mains": REPLAYS[name].mains} for name, stream in names.items()
        }
        yield asyncio.run(watch(build(Settings(participants=people))))


def test_the_clean_muse_is_judged_all_the_time(watched: Watched) -> None:
    """120 s at 256 Hz, no backward steps, no gaps, nothing clipped."""
    seen = watched.seen["clean"]
    assert (seen.last.gaps, seen.last.dropped, seen.last.model) == (0, 0, "eeg-muse4")
    assert seen.last.rate == pytest.approx(256.02, abs=0.5)
    assert seen.judged > 0.97 * seen.windows
    assert set(seen.reasons) <= {"warming up", "settling", "the stream is lost"}


def test_the_muse_with_backward_stamps_shows_its_five_gaps_and_is_judged_between_them(
    watched: Watched,
) -> None:
    """47 backward steps, to −16 ms, and 5 gaps over 20 ms, each of which costs the five seconds after it."""
    seen = watched.seen["backwards"]
    assert seen.last.gaps in (4, 5)  # the first may be over before a fast replay was connected to
    assert 100 < seen.last.dropped < 300
    assert 0.9 * seen.windows < seen.judged < 0.97 * seen.windows
    assert set(seen.reasons) <= {"warming up", "settling", "the stream is lost", UNUSABLE}


def test_the_muse_with_bad_contact_is_refused_where_it_clips(watched: Watched) -> None:
    """90 samples at ±1000 µV."""
    seen = watched.seen["clipped"]
    assert (seen.last.gaps, seen.last.dropped) == (0, 0)
    assert seen.faults["clipped"] > 0
    assert seen.faults["over 200 µV"] > 20
    assert not any(prediction.vadl for prediction in seen.predictions if prediction.quality.bad)
    assert 0.94 * seen.windows < seen.judged < 0.99 * seen.windows


def test_unix_time_is_said_to_be_another_clock_and_judged_without_a_lag(watched: Watched) -> None:
    seen = watched.seen["unix"]
    live = [state for estimate in seen.estimates for state in estimate.streams if state.status == "live"]
    assert live
    assert {state.lag for state in live} == {None}
    assert all("not on the LSL clock" in (state.reason or "") for state in live)
    assert seen.judged > 0.9 * seen.windows > 80


def test_the_openbci_board_is_judged_in_spite_of_its_offsets_and_bursts(watched: Watched) -> None:
    """Offsets from −24,638 to +62,052 µV, stamps 0 to 35 ms apart, none missing; jaw clenches, hum."""
    seen = watched.seen["openbci"]
    assert (seen.last.gaps, seen.last.dropped, seen.last.model) == (0, 0, "eeg-openbci8")
    assert seen.last.rate == pytest.approx(250.33, abs=2)
    assert 0.7 * seen.windows < seen.judged < 0.85 * seen.windows
    assert seen.faults["over 200 µV"] > 100
    assert not seen.faults["mains hum"]


@pytest.mark.parametrize("name", ["unnamed", "resets", "minimal"])
def test_a_stream_without_electrode_names_is_refused_and_how_to_give_them_is_said(
    watched: Watched, name: str
) -> None:
    assert "no EEG model can read the channels" in watched.errors[name]
    assert "--ch-names" in watched.errors[name]
    assert watched.seen[name].states[-1].status == "failed"
    assert not watched.seen[name].judged


def test_a_clock_that_was_reset_and_a_rate_too_low_give_no_estimate_and_the_reason(watched: Watched) -> None:
    """100 Hz stated, 92.9 true: too few for a band up to 45 Hz; the clock jumps back by 7.5 days."""
    seen = watched.seen["named"]
    assert not seen.judged
    assert seen.last.gaps >= 1
    reasons = [reason for reason in seen.reasons if "samples a second arrive" in reason]
    assert reasons
    assert all(reason.endswith("samples a second arrive, the models need 98 at least") for reason in reasons)


def test_those_that_were_refused_did_not_touch_the_others(watched: Watched) -> None:
    assert set(watched.errors) == {"unnamed", "resets", "minimal"}
