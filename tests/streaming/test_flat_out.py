"""Recordings as fast as the computer can: nothing waits for the clock, and nothing is passed over."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from insightsim import simulate
from insightsim.datasets import deap
from insightsim.errors import DatasetError, SettingsError
from insightsim.types import Estimate, StreamState
from streaming.face_queries import face_source
from streaming.openface import OpenFace
from streaming.pace import AT_ONCE, FLAT_OUT, Pace, Start
from streaming.pipeline import build
from streaming.queries import source_of
from streaming.recorded import Recorded
from streaming.settings import Settings, Wanted
from streaming.sources import Source
from streaming.video import Video
from tests import small_csvs, small_videos


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return small_csvs.write(tmp_path / "trial.csv", n_rows=1500)


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("deap") / "s01.dat"
    deap.write(path, *simulate.subject(1, effect=1.0, seed=3))
    return path


def said(wanted: Wanted) -> list[StreamState | Estimate]:
    """What a feed says from start to end to one who misses nothing."""

    async def scenario() -> list[StreamState | Estimate]:
        session = build(Settings(wanted))
        running = asyncio.create_task(session.run())
        items = [item async for item in session.participants["p1"].subscribe(every=True)]
        await asyncio.wait({running})
        return items

    return asyncio.run(asyncio.wait_for(scenario(), 60))


def times_of(source: Source) -> np.ndarray:
    source.open()
    times = [chunk.times for chunk in iter(source.pull, None)]
    source.close()
    return np.concatenate(times)


@pytest.mark.parametrize(
    "made", [lambda csv, dat: OpenFace(csv, speed=FLAT_OUT), lambda csv, dat: Recorded(dat, "2", FLAT_OUT)]
)
def test_all_of_a_file_comes_without_a_wait(
    made: Callable[[Path, Path], Source], path: Path, trial: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streaming.pace.time", None)  # whoever sleeps, fails
    times = times_of(source := made(path, trial))
    assert times[-1] - times[0] == pytest.approx(59.96 if source.query.endswith("csv") else 63, abs=0.05)
    assert np.isnan(source.lag(float(times[-1])))


def test_one_that_is_ahead_waits_for_the_others_until_they_leave() -> None:
    start = Start()
    for who in "ab":
        start.join(who)
    one, other = (Pace(25.0, FLAT_OUT, start, who) for who in "ab")
    assert one.reach(0.0) < 0  # the other is not even open
    assert other.reach(0.0) == AT_ONCE
    assert one.reach(AT_ONCE) == 2 * AT_ONCE
    assert one.reach(AT_ONCE + 0.01) < 0
    assert other.reach(0.2) > 0
    assert one.reach(AT_ONCE + 0.01) > 0
    assert one.reach(10.0) < 0
    start.leave("b")
    assert one.reach(10.0) > 0


def test_every_window_of_a_file_has_an_estimate_and_each_is_handed_to_who_misses_none(path: Path) -> None:
    items = said(Wanted(eeg="none", face=f"openface:{path}", speed=FLAT_OUT))
    times = [item.time for item in items if isinstance(item, Estimate) and item.vadl]
    assert len(times) == len(np.arange(8, 59.96, 0.25))
    np.testing.assert_allclose(np.diff(times), 0.25, atol=0.041)


def test_eeg_and_a_face_go_side_by_side_by_the_stamps_of_the_recording(path: Path, trial: Path) -> None:
    items = said(Wanted(eeg=f"file:{trial}", trial=2, face=f"openface:{path}", speed=FLAT_OUT))
    estimates = [item for item in items if isinstance(item, Estimate)]
    both = [
        e for e in estimates if {share.stream for share in e.shares if not share.reason} == {"eeg", "face"}
    ]
    assert 300 < len(both) <= len(estimates) < 600  # none twice
    newest = -np.inf
    for estimate in estimates:
        assert estimate.time > newest - 1.0, "one sense ran ahead of the other"
        newest = max(newest, estimate.time)


def test_a_video_beside_eeg_begins_with_the_video_of_its_trial(tmp_path: Path, trial: Path) -> None:
    clip = small_videos.write(tmp_path / "clip.mp4", small_videos.numbered(20))
    wanted = Wanted(eeg=f"file:{trial}", trial=2, face=f"video:{clip}", speed=FLAT_OUT)
    start = Start()
    eeg, face = source_of(wanted, start), face_source(wanted, start=start)
    video = face.frames  # type: ignore[attr-defined]
    assert isinstance(video, Video)
    eeg.open()
    video.open()
    samples, frames = [], []
    while (grabbed := video.grab()) is not None:
        samples.append(eeg.pull())
        frames += grabbed
    eeg.close()
    video.close()
    first = samples[0].times[0]  # type: ignore[union-attr]
    expected = first + deap.BASELINE + np.arange(20) / 25
    np.testing.assert_allclose([frame.time for frame in frames], expected, atol=1e-3)
    assert video.skipped == 0


def test_a_face_that_cannot_be_had_does_not_hold_the_eeg_up(tmp_path: Path, trial: Path) -> None:
    (bad := tmp_path / "bad.csv").write_text("a,b\n1,2\n")
    items = said(Wanted(eeg=f"file:{trial}", trial=2, face=f"openface:{bad}", speed=FLAT_OUT))
    assert sum(isinstance(item, Estimate) and item.vadl is not None for item in items) > 100
    with pytest.raises(DatasetError):
        OpenFace(bad).open()


def test_what_has_no_end_is_refused() -> None:
    for wanted in (Wanted(eeg="synthetic", speed=0.0), Wanted(eeg="none", face="synthetic", speed=0.0)):
        with pytest.raises(SettingsError, match="has no end"):
            build(Settings(wanted))


def test_a_monitor_prints_every_estimate_however_slowly_it_is_read(path: Path) -> None:
    command = (sys.executable, "-m", "tools.cli", "monitor", "--face", f"openface:{path}", "--speed", "0")
    options = ("--json", "--no-browser", "--port", "0")
    done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=60, check=True)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    judged = [line["time"] for line in lines if line["type"] == "estimate" and line["valence"] is not None]
    assert len(judged) == len(np.arange(8, 59.96, 0.25))
