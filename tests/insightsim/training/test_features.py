from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import lfilter

from insightsim import bandpower, face_features, simulate_face
from insightsim.datasets import deap
from insightsim.datasets.recording import Recording
from insightsim.eeg import Windows, referred
from insightsim.errors import DatasetError
from insightsim.face_windows import FaceWindows
from insightsim.training.features import gather
from insightsim.training.recipes import CHANNELS, face_recipe, recipe
from insightsim.types import VADL, Signal

FOUR = recipe("log_bandpower", CHANNELS["original4"])


def recording(
    subject: str = "s01", trial: int = 1, seconds: float = 63.0, scale: float = 5.0, video: float = 1.0
) -> Recording:
    """Noise; after the baseline it is `video` times as strong."""
    n_samples = int(seconds * deap.SFREQ)
    times = np.arange(n_samples) / deap.SFREQ
    white = np.random.default_rng(trial).normal(0, scale, (n_samples, 32))
    data = lfilter([1], [1, -0.8], white, axis=0).astype(np.float32)  # white noise would pass for muscle
    data[times >= deap.BASELINE] *= np.float32(video)
    signal = Signal("eeg", deap.CH_NAMES, "uV", deap.SFREQ, data, times)
    return Recording(signal, VADL(1, 3, 5, 9), subject, trial, trial, deap.BASELINE)


def test_windows_lie_side_by_side_after_the_baseline() -> None:
    quiet, loud = gather([recording()], FOUR), gather([recording(video=3.0)], FOUR)
    assert len(quiet.features) == 14  # ends at 8, 12, … 60 s; the one that ends at 4 s holds the baseline
    assert len(gather([recording()], FOUR, step=0.5).features) == 112  # ends at 7, 7.5, … 62.5 s
    power = slice(0, 4 * 5)  # the asymmetries after it do not know about loudness
    np.testing.assert_allclose((loud.features - quiet.features)[:, power], np.log10(9), atol=0.1)


def test_a_window_of_training_is_the_window_of_live() -> None:
    one = recording()
    chunks = [one.signal[i : i + 13] for i in range(0, len(one.signal), 13)]
    windows = Windows(FOUR)
    live = [window for chunk in chunks for window in windows(chunk)]
    ends = {round(float(window.times[-1]) / FOUR.step): window for window in live}
    expected = bandpower.features(
        FOUR, np.stack([referred(FOUR, ends[4 * second]).data for second in range(8, 61, 4)])
    )
    np.testing.assert_array_equal(gather([one], FOUR).features, expected)


def test_windows_that_may_not_be_judged_teach_nothing() -> None:
    one = recording()
    data = one.signal.data.copy()
    data[20 * 128 : 21 * 128, 0] += 1000  # Fp1 moves; only the windows that end at 24 s and just after see it
    torn = replace(one, signal=replace(one.signal, data=data))
    assert 11 <= len(gather([torn], FOUR).features) <= 13


def test_trials_without_a_good_window_are_left_out_and_the_others_keep_their_ratings() -> None:
    dead = replace(recording(trial=2, scale=0.0), ratings=VADL(9, 9, 9, 9))
    seen: list[int] = []
    data = gather(
        [recording(trial=1), dead, recording("s02", trial=3)],
        FOUR,
        progress=lambda one: seen.append(one.trial),
    )
    assert seen == [1, 2, 3]
    assert data.subject.tolist() == ["s01", "s02"]
    np.testing.assert_array_equal(data.ratings, [(1, 3, 5, 9)] * 2)
    np.testing.assert_array_equal(np.bincount(data.trial), [14, 14])


def test_what_is_left_out_is_counted_and_said() -> None:
    dead = recording(trial=2, scale=0.0)
    torn = recording(trial=3)
    torn.signal.data[20 * 128 : 21 * 128, 0] += 1000
    short = recording(trial=4, seconds=6.0)
    everything = gather([recording(), dead, torn, short], FOUR)
    lost = 14 - np.bincount(everything.trial)[1]
    assert (everything.left_out.windows, everything.left_out.trials) == (14 + lost, 2)
    assert (
        everything.told()
        == f"Kept {28 - lost} windows, left out {14 + lost} (mostly: flat) and 2 whole trials"
    )
    assert everything.left_out.reasons["over 200 µV"] == lost > 0
    assert gather([recording()], FOUR).told() == "Kept 14 windows, left out 0 and 0 whole trials"


@pytest.mark.parametrize("useless", [recording(scale=0.0), recording(seconds=6.0)])
def test_when_nothing_can_be_judged_it_says_so(useless: Recording) -> None:
    with pytest.raises(DatasetError, match="none of the windows may be judged: is the data in uV"):
        gather([useless], FOUR)


@pytest.mark.parametrize("name", ["face-openface-dynamics", "face-openface-au35"])
def test_a_window_of_a_face_is_that_of_live(name: str) -> None:
    face = face_recipe(name)
    (one,) = simulate_face.recordings(1, 1.0, 1, n_trials=1)
    windows = FaceWindows(face.seconds, face.step)
    chunks = [one.signal[i : i + 7] for i in range(0, len(one.signal), 7)]
    live = {round(4 * float(window.times[-1])): window for chunk in chunks for window in windows(chunk)}
    found = gather([one], face)
    expected = [face_features.features(face, live[4 * end]) for end in range(8, 57, 8)]
    np.testing.assert_array_equal(found.features, expected)
    assert len(gather([one], face, step=1.0).features) == 52


def test_windows_without_a_face_teach_nothing_and_are_counted() -> None:
    face = face_recipe("face-openface-dynamics")
    (one,) = simulate_face.recordings(1, 1.0, 1, n_trials=1)
    one.signal.data[25 * 30 : 33 * 30, 2:] = np.nan
    found = gather([one], face)
    assert len(found.features) == 6
    assert found.told().startswith("Kept 6 windows, left out 1 (mostly: no face for 7 s)")
    one.signal.data[:, 2:] = np.nan
    with pytest.raises(DatasetError, match="may be judged: are there faces in it, and longer"):
        gather([one], face)
