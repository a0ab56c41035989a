"""Recorded files as sources, by the clock."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from insightsim import simulate
from insightsim.datasets import deap
from insightsim.errors import DatasetError
from insightsim.types import Marker, Signal, join
from streaming.pace import Pace
from streaming.recorded import LONGEST_PAUSE, MAX_CHUNK, PAUSE, Recorded, due
from streaming.sources import PULL_WITHIN
from streaming.synthetic import Synthetic
from tests import small_files

FAST = 100.0
SECONDS = 63.0  # of one DEAP trial, baseline included


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("deap") / "s01.dat"
    deap.write(path, *simulate.subject(1, effect=1.0, seed=3))
    return path


def pull_all(source: Recorded) -> tuple[list[Signal], list[Marker]]:
    source.open()
    chunks = list(iter(source.pull, None))
    return chunks, source.markers


def test_a_trial_comes_out_whole_in_order_with_the_recorded_spacing(path: Path) -> None:
    chunks, _ = pull_all(Recorded(path, "5", FAST))
    whole = join([chunk for chunk in chunks if len(chunk)])
    (recording,) = deap.read(path, [5])
    np.testing.assert_array_equal(whole.data, recording.signal.data)
    np.testing.assert_allclose(np.diff(whole.times), 1 / 128, atol=1e-6)


def test_markers_say_when_a_trial_and_its_video_start_and_end_with_the_ratings(path: Path) -> None:
    chunks, markers = pull_all(Recorded(path, "5", FAST))
    start, video, end = markers
    (recording,) = deap.read(path, [5])
    told = json.loads(start.label)
    assert [json.loads(m.label)["event"] for m in markers] == ["trial start", "video start", "trial end"]
    assert (told["subject"], told["trial"], told["video"]) == ("s01", 5, 5)
    assert told["valence"] == pytest.approx(recording.ratings.valence)
    first = next(chunk for chunk in chunks if len(chunk))
    assert start.time == pytest.approx(first.times[0], abs=1e-9)
    assert video.time - start.time == pytest.approx(3.0)
    assert end.time - start.time == pytest.approx(SECONDS - 1 / 128)


def test_between_two_trials_there_is_a_pause_in_the_stamps(path: Path) -> None:
    source = Recorded(path, "1,2", FAST)
    chunks, _ = pull_all(source)
    times = np.concatenate([chunk.times for chunk in chunks])
    steps = np.diff(times)
    assert len(times) == 2 * 8064
    assert np.count_nonzero(steps > 0.02) == 1
    assert steps.max() == pytest.approx(PAUSE + 1 / 128, abs=0.05)
    assert source.seconds == 2 * SECONDS


def test_a_loop_starts_again_at_the_end(path: Path) -> None:
    source = Recorded(path, "1", FAST, loop=True)
    source.open()
    assert source.seconds is None
    n_samples = 0
    for chunk in iter(source.pull, None):
        n_samples += len(chunk)
        if n_samples > 8064:
            break
    assert n_samples > 8064


def test_samples_are_handed_out_when_they_are_due_not_before(path: Path) -> None:
    source = Recorded(path, "1")
    source.open()
    n_samples = 0
    for _ in range(30):
        chunk = source.pull()
        assert chunk is not None
        n_samples += len(chunk)
        # The stamp of the last sample is never ahead of the clock, nor long behind it.
        if len(chunk):
            assert source.lag(float(chunk.times[-1])) >= 0
    assert 1 <= n_samples <= 1 + 30 * PULL_WITHIN * 128


def test_what_was_due_while_nobody_listened_goes_by_as_a_pause() -> None:
    pace = Pace(128.0)
    pace.origin -= 5.0
    pace.catch_up()
    assert pace.wait() <= 3
    assert abs(pace.lag(pace.stamp(pace.handed))) < 1.0


def test_a_trial_that_does_not_exist_is_refused_at_once(path: Path) -> None:
    for part in ("41", "EEG", "1,,2", "-1"):
        with pytest.raises(DatasetError, match=part):
            Recorded(path, part).open()


def muse(path: Path, stamps: np.ndarray, signs: np.ndarray | None = None) -> Path:
    """A Muse recording whose first channel counts its samples."""
    data = np.repeat(np.arange(len(stamps), dtype=float)[:, None], 5, axis=1)
    small_files.muse(path, data, stamps, signs)
    return path


def whole(source: Recorded) -> Signal:
    chunks, _ = pull_all(source)
    return join([chunk for chunk in chunks if len(chunk)])


@pytest.mark.skipif(sys.platform != "linux", reason="this system has no names that are not Unicode")
def test_a_name_that_is_no_utf_8_is_written_so_that_anybody_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "M\udcfcller.csv"
    source = Recorded(muse(path, np.arange(1024) / 256), speed=FAST)
    told = source.open()
    assert (source.title, told.name) == ("M\\udcfcller", "M\\udcfcller")
    assert source.query == f"file:{tmp_path}/M\\udcfcller.csv"
    assert len(whole(source)) == 1024
    path.write_text("no header")
    with pytest.raises(DatasetError, match=r"M\\udcfcller\.csv: its first line"):
        Recorded(path).open()


EVEN = 5000 + np.arange(1024) / 256


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (lambda t: t + np.where(np.arange(1024) == 500, -0.016, 0), "a step back"),
        (lambda t: np.repeat(t[::8] + 8 / 256, 8), "bursts"),
        (lambda t: t + np.where(np.arange(1024) > 500, 3.0, 0), "a gap"),
        (lambda t: t - np.where(np.arange(1024) > 500, 652_888, 0), "the clock set back"),
        (lambda t: t + np.where(np.arange(1024) > 500, 652_888, 0), "the clock set forward"),
    ],
)
def test_stamps_come_with_their_faults_and_every_sample_in_the_order_of_the_file(
    tmp_path: Path, fault: Callable[[np.ndarray], np.ndarray], expected: str
) -> None:
    stamps = np.round(fault(EVEN), 3)
    source = Recorded(muse(tmp_path / "a.csv", stamps), speed=FAST)
    signal = whole(source)
    np.testing.assert_array_equal(signal.data[:, 0], np.arange(1024), expected)
    np.testing.assert_allclose(np.diff(signal.times), np.diff(stamps), atol=1e-6)
    assert signal.times[0] == pytest.approx(source.pace.origin, abs=1e-9)
    # Whatever the stamps say, the last sample was just due.
    assert 0 <= source.lag(float(signal.times[-1])) < 5


def test_samples_are_due_in_order_and_no_jump_holds_them_up() -> None:
    times = np.array([100.0, 100.1, 100.05, 100.2, 200.0, 200.1, -7e5, -7e5 + 0.1, 1e300, 0.0, 0.1])
    expected = [0, 0.1, 0.1, 0.2, 10.2, 10.3, 10.3, 10.4, 20.4, 20.4, 20.5]
    np.testing.assert_allclose(due(times), expected, atol=1e-9)
    assert expected[4] - expected[3] == LONGEST_PAUSE


def test_a_burst_is_sent_at_once_when_it_was_received(tmp_path: Path) -> None:
    stamps = np.repeat(np.arange(4) * 0.25, 64)
    source = Recorded(muse(tmp_path / "a.csv", stamps))
    source.open()
    lengths = [len(chunk) for chunk in iter(source.pull, None)]
    assert [length for length in lengths if length] == [64] * 4


def test_own_stamps_are_handed_out_as_they_stand_in_the_file(tmp_path: Path) -> None:
    source = Recorded(muse(tmp_path / "a.csv", EVEN), speed=FAST, own_stamps=True)
    np.testing.assert_array_equal(whole(source).times, np.round(EVEN, 3))


def test_the_clocks_of_an_xdf_file_are_brought_together_unless_its_own_stamps_are_wanted(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.xdf"
    offsets = [(5000.0, 50.0), (5001.0, 50.0)]
    xdf = small_files.Xdf().stream(1, "A", "EEG", np.zeros((1024, 1)), EVEN, offsets=offsets)
    path.write_bytes(xdf.content)
    assert whole(Recorded(path, speed=FAST, own_stamps=True)).times[0] == 5000
    assert Recorded(path, speed=FAST).open().name == "A"


def test_markers_come_with_the_samples_they_lie_among(tmp_path: Path) -> None:
    signs = np.zeros(1024, int)
    signs[[0, 300, 1023]] = [1, 2, 3]
    source = Recorded(muse(tmp_path / "a.csv", EVEN, signs), speed=FAST)
    source.open()
    found = []
    for chunk in iter(source.pull, None):
        for marker in source.markers:
            assert chunk.times[0] - 1e-6 <= marker.time <= chunk.times[-1] + 1e-6
            found.append((marker.label, marker.time - source.pace.origin))
        source.markers.clear()
    expected = np.round(EVEN[[0, 300, 1023]], 3) - 5000
    assert [label for label, _ in found] == ["1", "2", "3"]
    np.testing.assert_allclose([time for _, time in found], expected, atol=1e-6)


@pytest.mark.parametrize("back", [0.9, 40.0, 1000.0])
def test_markers_stay_with_their_samples_when_the_clock_is_set_back(tmp_path: Path, back: float) -> None:
    signs, stamps = np.zeros(1024, int), EVEN - np.where(np.arange(1024) >= 500, back, 0)
    places = [100, 480, 499, 500, 501, 700, 1000]
    signs[places] = places
    source = Recorded(muse(tmp_path / "a.csv", stamps, signs), speed=FAST)
    source.open()
    found, before = [], 0
    for chunk in iter(source.pull, None):
        for marker in source.markers:
            place = int(marker.label)
            assert before <= place < before + len(chunk)
            assert marker.time == pytest.approx(chunk.times[place - before], abs=1e-6)
            found.append(place)
        source.markers.clear()
        before += len(chunk)
    assert found == places


def test_markers_of_another_stream_are_all_sent_when_the_clock_is_set_back(tmp_path: Path) -> None:
    path, stamps = tmp_path / "a.xdf", EVEN - np.where(np.arange(1024) >= 500, 40.0, 0)
    xdf = small_files.Xdf().stream(1, "A", "EEG", np.zeros((1024, 1)), stamps)
    xdf.stream(2, "B", "Markers", ["a", "b", "c", "d"], stamps[[100, 499, 500, 1000]], 0)
    path.write_bytes(xdf.content)
    _, markers = pull_all(Recorded(path, speed=FAST, own_stamps=True))
    assert sorted(marker.label for marker in markers) == ["a", "b", "c", "d"]


def test_a_loop_of_any_file_goes_on_after_a_pause(tmp_path: Path) -> None:
    source = Recorded(muse(tmp_path / "a.csv", EVEN), speed=FAST, loop=True)
    source.open()
    chunks: list[Signal] = []
    while sum(map(len, chunks)) < 3000:
        chunk = source.pull()
        assert chunk is not None
        chunks.append(chunk)
    signal = join([chunk for chunk in chunks if len(chunk)])
    np.testing.assert_array_equal(signal.data[:, 0], np.arange(len(signal)) % 1024)
    assert signal.times[1024] - signal.times[1023] == pytest.approx(PAUSE + 1 / 256, abs=1e-3)


def test_a_replay_at_any_speed_stays_within_bounds_and_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.edf"
    data = np.arange(32 * 512 * 60).reshape(32, -1) % 30_000
    small_files.edf(path, data, 512, [f"ch{i}" for i in range(32)])
    source = Recorded(path, speed=1000.0)
    chunks, _ = pull_all(source)
    assert source.seconds == 60
    assert max(map(len, chunks)) <= MAX_CHUNK
    signal = join([chunk for chunk in chunks if len(chunk)])
    np.testing.assert_allclose(signal.data.T, data, atol=0.01)
    np.testing.assert_allclose(np.diff(signal.times), 1 / 512, atol=1e-6)


def test_a_reader_that_fell_behind_gets_no_more_than_a_bounded_chunk_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.edf"
    small_files.edf(path, np.zeros((1, 512 * 60), int), 512, ["ch"])
    source = Recorded(path)
    source.open()
    source.pace.origin -= 60
    assert [len(chunk) for chunk in iter(source.pull, None)] == [8192, 8192, 8192, 6144]


def test_a_real_recording_with_a_bad_clock_comes_out_as_it_was(shared: Path) -> None:
    path = shared / "data" / "eeg" / "visual__N170__subject1__session1__data_2017-09-13-15.30.01.csv"
    steps = np.diff(whole(Recorded(path, speed=FAST)).times)
    assert np.count_nonzero(steps < -1e-6) == 47
    assert steps.min() == pytest.approx(-0.016, abs=1e-6)
    assert np.count_nonzero(steps > 0.020001) == 5


def test_a_real_clock_reset_makes_no_pause(shared: Path) -> None:
    source = Recorded(shared / "data" / "eeg" / "clock_resets.xdf", speed=1000.0, own_stamps=True)
    steps = np.diff(whole(source).times)
    assert steps.min() < -600_000


@pytest.fixture
def brain() -> Iterator[Synthetic]:
    brain = Synthetic(("Fp1", "F3", "Fp2", "F4"), speed=20.0)
    brain.open()
    yield brain
    brain.close()


def test_a_made_up_brain_never_ends_and_keeps_its_spacing(brain: Synthetic) -> None:
    chunks = [brain.pull() for _ in range(50)]
    times = np.concatenate([chunk.times for chunk in chunks])
    assert len(times) > 100
    np.testing.assert_allclose(np.diff(times), 1 / 128, atol=1e-6)
    assert all(np.isfinite(chunk.data).all() for chunk in chunks)


def test_a_made_up_brain_takes_on_any_montage_and_rate() -> None:
    brain = Synthetic(("TP9", "AF7", "AF8", "TP10"), speed=20.0, sfreq=256.0)
    told = brain.open()
    assert (told.ch_names, told.sfreq) == (("TP9", "AF7", "AF8", "TP10"), 256.0)
    chunks = [chunk for chunk in (brain.pull() for _ in range(20)) if len(chunk)]
    assert {chunk.sfreq for chunk in chunks} == {256.0}
    np.testing.assert_allclose(np.diff(np.concatenate([chunk.times for chunk in chunks])), 1 / 256, atol=1e-6)
    brain.close()
