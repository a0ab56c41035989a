from __future__ import annotations

import math
import os
import threading
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from insightsim.errors import DatasetError
from insightsim.types import Frame
from streaming import pace, video
from streaming.sources import PULL_WITHIN
from streaming.video import Video
from tests import small_videos
from tests.small_videos import number


class Clock:
    """The LSL clock, moved on by the test and by whoever would sleep."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(pace.lsl, "clock", lambda: self.now)
        monkeypatch.setattr(pace.time, "sleep", self.pass_by)

    def pass_by(self, seconds: float) -> None:
        self.now += seconds + 1e-6  # as real ones, never too short


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def all_of(source: Video) -> list[Frame]:
    found = list[Frame]()
    while (frames := source.grab()) is not None:
        found += frames
    source.close()
    return found


def flat_out(path: Path) -> list[Frame]:
    source = Video(path, speed=None)
    source.open()
    found = all_of(source)
    assert source.skipped == 0
    return found


@pytest.mark.parametrize("name", ["clip.mp4", "clip.avi", "100%.mp4", "concat:clip.mp4", "Ünïcödé.mp4"])
def test_flat_out_every_picture_comes_in_order_and_in_colour(tmp_path: Path, name: str) -> None:
    pictures = small_videos.numbered(20)
    pictures[3][..., 2] = 0  # its bar is yellow
    frames = flat_out(small_videos.write(tmp_path / name, pictures))
    assert [number(frame.image) for frame in frames] == [n % 8 for n in range(20)]
    np.testing.assert_allclose([frame.time for frame in frames], np.arange(20) / 25, atol=1e-3)
    red, green, blue = frames[3].image[:, 36:48].mean(axis=(0, 1))
    assert red > 200
    assert green > 200
    assert blue < 60


def test_what_was_filmed_with_the_device_turned_comes_upright(tmp_path: Path) -> None:
    picture = np.zeros((64, 96, 3), np.uint8)
    picture[:16] = 255  # above, which a quarter turn brings to the right
    frames = flat_out(small_videos.turn(small_videos.write(tmp_path / "turned.mp4", [picture] * 3)))
    image = frames[0].image
    assert image.shape == (96, 64, 3)
    assert image[:, -12:].mean() > 240
    assert image[:, :40].mean() < 15


def test_at_its_own_pace_pictures_come_when_they_are_due(tmp_path: Path, clock: Clock) -> None:
    source = Video(small_videos.write(tmp_path / "clip.mp4", small_videos.numbered(20)))
    assert source.open().sfreq == 25
    clock.now += 3.0  # as whoever opened it loads something
    came = []
    while (frames := source.grab()) is not None:
        came += [(frame.time, clock.now, number(frame.image)) for frame in frames]
    times, nows, numbers = zip(*came, strict=True)
    assert list(numbers) == [n % 8 for n in range(20)]
    np.testing.assert_allclose(times, 1003.0 + np.arange(20) / 25, atol=1e-3)
    np.testing.assert_allclose(nows, times, atol=1e-4)
    assert source.lag(times[-1]) == pytest.approx(clock.now - times[-1], abs=1e-9)
    assert source.skipped == 0
    source.close()


def test_stamps_keep_the_recorded_spacing_at_another_speed(tmp_path: Path, clock: Clock) -> None:
    source = Video(small_videos.write(tmp_path / "clip.mp4", small_videos.numbered(20)), speed=2.0)
    source.open()
    frames = all_of(source)
    np.testing.assert_allclose([frame.time for frame in frames], 1000.0 + np.arange(20) / 25, atol=1e-3)
    assert clock.now == pytest.approx(1000.0 + 19 / 25 / 2, abs=1e-3)


def test_a_slow_reader_gets_the_newest_picture_and_the_count_of_those_it_missed(
    tmp_path: Path, clock: Clock
) -> None:
    source = Video(small_videos.write(tmp_path / "clip.mp4", small_videos.numbered(40)))
    source.open()
    got = list[int]()
    while (frames := source.grab()) is not None:
        for frame in frames:
            newest = math.floor(25 * (clock.now - 1000.0) + 1e-6)
            assert round(25 * (frame.time - 1000.0)) == min(newest, 39)
            got.append(number(frame.image))
            clock.now += 0.13  # 3¼ pictures
    assert got[:4] == [0, 3, 6, 1]
    assert source.skipped == 40 - len(got)
    source.close()


def test_a_pull_never_waits_for_long(tmp_path: Path, clock: Clock) -> None:
    source = Video(small_videos.write(tmp_path / "slow.mp4", small_videos.numbered(2), rate=1.0))
    source.open()
    assert source.grab()
    before = clock.now
    assert source.grab() == []
    assert clock.now - before == pytest.approx(PULL_WITHIN, abs=1e-4)
    source.close()


def test_a_variable_rate_is_kept(shared: Path) -> None:
    frames = flat_out(shared / "data" / "face" / "face_noface.mov")
    steps = np.diff([frame.time for frame in frames])
    assert len(frames) == 169
    assert steps.min() == pytest.approx(0.0137, abs=1e-3)
    assert steps.max() == pytest.approx(0.0417, abs=1e-3)


def test_a_video_that_ends_before_its_header_says_ends(shared: Path) -> None:
    path = shared / "data" / "face" / "no_face.mp4"
    assert len(flat_out(path)) == 95
    source = Video(path, speed=None)
    source.open()
    assert source.n_frames == 98
    source.close()


class Slow:
    """A stand-in for a video of 25 pictures a second of which each takes 60 ms to decode."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.decoded = 0

    def get(self, what: int) -> float:
        says = {cv2.CAP_PROP_FPS: 25.0, cv2.CAP_PROP_FRAME_COUNT: 1e4}
        return says.get(what, 40.0 * (self.decoded - 1))

    def read(self) -> tuple[bool, Any]:
        self.decoded += 1
        self.clock.pass_by(0.06)
        return True, np.zeros((4, 4, 3), np.uint8)

    def release(self) -> None:
        pass


def test_a_video_that_decodes_slower_than_it_plays_still_gives_pictures_without_a_long_wait(
    monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    monkeypatch.setattr(video, "_capture", lambda path: slow)
    slow, most = Slow(clock), 1 + math.ceil(PULL_WITHIN / 0.06) + 1  # ahead, while it waits, and the next
    source, given, ahead = Video(Path("slow.mp4")), 0, 0
    source.open()
    for _ in range(60):
        before = slow.decoded
        given += len(source.grab() or [])
        ahead = max(ahead, slow.decoded - before)
    source.close()
    assert ahead <= most
    assert given > 40
    assert source.skipped > 0
    assert slow.decoded <= given + source.skipped + 2


class Unstamped:
    """A stand-in for what OpenCV reads from a video without usable stamps or rate."""

    def __init__(self, rate: float, stamp: float) -> None:
        self.says = {cv2.CAP_PROP_FPS: rate, cv2.CAP_PROP_POS_MSEC: stamp, cv2.CAP_PROP_FRAME_COUNT: -9e18}
        self.left = 5

    def get(self, what: int) -> float:
        return self.says[what]

    def read(self) -> tuple[bool, Any]:
        self.left -= 1
        return self.left >= 0, np.zeros((4, 4, 3), np.uint8)

    def release(self) -> None:
        pass


@pytest.mark.parametrize(("rate", "used"), [(20.0, 20.0), (0.0, 25.0), (math.nan, 25.0), (90000.0, 25.0)])
@pytest.mark.parametrize("stamp", [0.0, -1.0, math.nan])
def test_without_time_stamps_the_rate_is_taken_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch, rate: float, used: float, stamp: float
) -> None:
    monkeypatch.setattr(video, "_capture", lambda path: Unstamped(rate, stamp))
    source = Video(Path("unstamped.mp4"), speed=None)
    found = source.open()
    assert found.sfreq == used
    assert f"{used:g} pictures a second" in found.notes[0]
    np.testing.assert_allclose([frame.time for frame in all_of(source)], np.arange(5) / used)
    assert source.n_frames == 0


def refusal(path: Path) -> str:
    with pytest.raises(DatasetError) as refused:
        Video(path).open()
    return str(refused.value)


def test_what_is_no_video_is_refused_in_words_and_without_chatter(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    text, empty, cut = tmp_path / "text.mp4", tmp_path / "empty.mp4", tmp_path / "cut.mp4"
    text.write_text("not a video\n" * 1000)
    empty.touch()
    cut.write_bytes(small_videos.write(tmp_path / "whole.mp4", small_videos.numbered(9)).read_bytes()[:-300])
    capfd.readouterr()
    assert "cannot be read as a video" in refusal(text)
    assert "an empty file" in refusal(empty)
    assert "cannot be read as a video" in refusal(cut)
    assert "a folder, expected a file" in refusal(tmp_path)
    assert "no such file" in refusal(tmp_path / "missing.mp4")
    assert capfd.readouterr().err == ""


def test_a_video_cut_short_that_can_be_read_gives_what_is_there(tmp_path: Path) -> None:
    whole = small_videos.write(tmp_path / "whole.avi", small_videos.numbered(40))
    cut = tmp_path / "cut.avi"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    assert 5 < len(flat_out(cut)) < 30


@pytest.mark.skipif(os.name != "posix", reason="file names are characters there")
def test_a_name_that_crashes_opencv_is_refused(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/M\xfcller.mp4"))
    try:
        path.touch()
    except OSError:
        pytest.skip("this file system keeps such names out")
    path.write_bytes(b"something")
    assert "UTF-8" in refusal(path)


def test_closing_twice_or_unopened_leaves_no_thread(tmp_path: Path) -> None:
    source, before = Video(small_videos.write(tmp_path / "clip.mp4", small_videos.numbered(20))), set()
    before.update(threading.enumerate())
    source.close()
    source.open()
    source.open()  # again, as after a loss
    source.close()
    source.close()
    assert set(threading.enumerate()) <= before
