"""DEAP trials as sources, by the clock."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from insightsim import simulate
from insightsim.datasets import deap
from insightsim.errors import DatasetError
from insightsim.types import Marker, Signal, join
from streaming.pace import Pace
from streaming.recorded import PAUSE, SECONDS, Recorded
from streaming.sources import PULL_WITHIN
from streaming.synthetic import Synthetic

FAST = 100.0


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
    chunks, _ = pull_all(Recorded(path, (5,), speed=FAST))
    whole = join([chunk for chunk in chunks if len(chunk)])
    (recording,) = deap.read(path, [5])
    np.testing.assert_array_equal(whole.data, recording.signal.data)
    np.testing.assert_allclose(np.diff(whole.times), 1 / 128, atol=1e-6)


def test_markers_say_when_a_trial_and_its_video_start_and_end_with_the_ratings(path: Path) -> None:
    chunks, markers = pull_all(Recorded(path, (5,), speed=FAST))
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
    source = Recorded(path, (1, 2), speed=FAST)
    chunks, _ = pull_all(source)
    times = np.concatenate([chunk.times for chunk in chunks])
    steps = np.diff(times)
    assert len(times) == 2 * 8064
    assert np.count_nonzero(steps > 0.02) == 1
    assert steps.max() == pytest.approx(PAUSE + 1 / 128, abs=0.05)
    assert source.seconds == 2 * SECONDS


def test_a_loop_starts_again_at_the_end(path: Path) -> None:
    source = Recorded(path, (1,), speed=FAST, loop=True)
    source.open()
    assert source.seconds is None
    n_samples = 0
    for chunk in iter(source.pull, None):
        n_samples += len(chunk)
        if n_samples > 8064:
            break
    assert n_samples > 8064


def test_samples_are_handed_out_when_they_are_due_not_before(path: Path) -> None:
    source = Recorded(path, (1,))
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
    with pytest.raises(DatasetError, match="41"):
        Recorded(path, (41,)).open()


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
