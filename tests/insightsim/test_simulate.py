from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st

from insightsim import person as persons
from insightsim.datasets import deap
from insightsim.errors import SignalError
from insightsim.simulate import Brain, subject
from insightsim.types import VADL

NEUTRAL = VADL(0, 0, 0, 0)
MUSE = ("TP9", "AF7", "AF8", "TP10")


@pytest.fixture(scope="module")
def one() -> tuple[np.ndarray, np.ndarray]:
    return subject(3, 1.0, seed=5)


def test_a_subject_has_the_shape_of_deap(one: tuple[np.ndarray, np.ndarray]) -> None:
    data, labels = one
    assert (data.shape, data.dtype) == ((40, 40, 8064), np.float64)
    assert (labels.shape, labels.dtype) == ((40, 4), np.float64)
    assert np.isfinite(data).all()
    assert ((labels >= 1) & (labels <= 9)).all()


def test_eeg_is_preprocessed_as_deap_was(one: tuple[np.ndarray, np.ndarray]) -> None:
    eeg = one[0][:, :32]
    assert np.abs(eeg.mean(axis=1)).max() < 1e-3  # common average reference
    assert 5 < np.median(eeg.std(axis=-1)) < 20  # µV
    freqs, power = scipy.signal.welch(eeg, deap.SFREQ, nperseg=512, detrend=False)
    power = power.mean(axis=(0, 1))
    inside = power[(freqs >= 5) & (freqs <= 44)].min()
    assert power[(freqs < 3) | (freqs > 46)].max() < 0.01 * inside


def test_blinks_are_in_the_eye_channel_and_hardly_in_the_eeg(one: tuple[np.ndarray, np.ndarray]) -> None:
    v_eog, fp1 = one[0][:, 33], one[0][:, 0]
    assert v_eog.max() > 90
    band = scipy.signal.butter(4, (4, 10), "bandpass", fs=deap.SFREQ, output="sos")
    blink = scipy.signal.sosfiltfilt(band, v_eog)
    during = np.abs(blink) > 4 * blink.std()
    left = (fp1 * blink)[during].sum() / (blink**2)[during].sum()
    assert abs(left) < 0.1


def test_ratings_are_balanced_independent_and_shared_by_video() -> None:
    labels = np.array([subject(number, 0.0, 1)[1] for number in range(1, 7)])
    high = (labels >= 5).mean(axis=(0, 1))
    assert ((high > 0.45) & (high < 0.65)).all()
    between_dimensions = np.corrcoef(labels.reshape(-1, 4).T)[~np.eye(4, dtype=bool)]
    assert np.abs(between_dimensions).max() < 0.35
    between_people = [np.corrcoef(labels[:, :, d])[np.triu_indices(6, 1)].mean() for d in range(4)]
    assert min(between_people) > 0.2


def test_the_rhythms_follow_the_ratings_by_the_effect_and_not_at_all_at_effect_0() -> None:
    """The truth before any electrode: Cohen's d between high and low trials, average over people."""
    rng = np.random.default_rng(0)
    ratings = np.clip(rng.normal(5.2, 1.8, (20000, 4)), 1, 9)
    someone = persons.draw_person(rng)
    for effect in (0.0, 0.5, 1.0):
        level = persons.levels(someone, effect, (ratings - 5) / 4)
        for source, decibels in zip(persons.RHYTHMS, level.T, strict=True):
            high = ratings[:, source.dimension or 0] >= 5
            d = (decibels[high].mean() - decibels[~high].mean()) / persons.TRIAL_SPREAD
            assert d == pytest.approx(effect * source.sign * someone.response, abs=0.04)


def power(data: np.ndarray, low: float, high: float) -> np.ndarray:
    freqs, density = scipy.signal.welch(data, deap.SFREQ, nperseg=256)
    return np.log10(density[..., (freqs >= low) & (freqs <= high)].mean(axis=-1))


def test_left_and_right_frontal_alpha_part_with_valence() -> None:
    data, labels = subject(2, 4.0, seed=1)
    frontal = power(data[:, [2, 19], 384:], 8, 13)
    assert np.corrcoef(frontal[:, 1] - frontal[:, 0], labels[:, 0])[0, 1] > 0.5


def test_nothing_is_felt_before_the_video_begins() -> None:
    data, labels = subject(2, 6.0, seed=1)
    moved, still = (
        abs(np.corrcoef(power(data[:, 18, stretch], 4.5, 8), labels[:, 2])[0, 1])
        for stretch in (slice(512, None), slice(0, 384))
    )
    assert moved > 0.6
    assert still < 0.35


def digest(*arrays: np.ndarray) -> str:
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


def test_the_same_seed_gives_the_same_bytes_in_another_process_and_order(
    one: tuple[np.ndarray, np.ndarray],
) -> None:
    code = (
        "import hashlib, sys; from insightsim.simulate import subject; arrays = subject(3, 1.0, seed=5);"
        "print(hashlib.sha256(b''.join(array.tobytes() for array in arrays)).hexdigest())"
    )
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "7"}
    child = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert child.stdout.strip() == digest(*one)


def test_subjects_and_seeds_differ(one: tuple[np.ndarray, np.ndarray]) -> None:
    assert (
        len({digest(*subject(number, 1.0, seed)) for number, seed in ((4, 5), (3, 6))} | {digest(*one)}) == 3
    )


@given(sizes=st.lists(st.integers(0, 700), min_size=1, max_size=8))
@settings(max_examples=25, deadline=None)
def test_a_brain_gives_the_same_samples_however_many_at_a_time(sizes: list[int]) -> None:
    whole = Brain(1, 1.0, MUSE, 128.0).samples(sum(sizes), NEUTRAL)
    brain = Brain(1, 1.0, MUSE, 128.0)
    pieces = [brain.samples(size, NEUTRAL) for size in sizes]
    assert [len(piece) for piece in pieces] == sizes
    np.testing.assert_array_equal(np.concatenate(pieces), whole)
    assert (whole.dtype, whole.shape[1]) == (np.float32, 4)


@pytest.mark.parametrize("sfreq", [128.0, 250.0, 1000.0])
def test_a_brain_has_no_seams_and_the_same_power_at_any_rate(sfreq: float) -> None:
    hop = round(sfreq)
    data = Brain(1, 1.0, ("Fp1", "F3", "Fp2", "F4"), sfreq).samples(60 * hop, NEUTRAL)
    steps = np.abs(np.diff(data, axis=0))
    assert steps[hop - 1 :: hop].mean() < 1.2 * steps.mean()
    band = scipy.signal.butter(4, (4, 45), "bandpass", fs=sfreq, output="sos")
    filtered = scipy.signal.sosfiltfilt(band, data - data.mean(axis=1, keepdims=True), axis=0)
    assert ((filtered.std(axis=0) > 3) & (filtered.std(axis=0) < 20)).all()
    assert np.percentile(np.ptp(filtered.reshape(-1, 4 * hop, 4), axis=1), 90) < 200


def test_a_brain_follows_the_feeling_it_is_given() -> None:
    brain = Brain(3, 3.0, deap.CH_NAMES, 128.0)
    feelings = [-1, 1] * 20
    theta = [power(brain.samples(512, VADL(0, 0, feeling, 0))[128:, 18], 4.5, 8) for feeling in feelings]
    assert np.corrcoef(feelings, np.array(theta).ravel())[0, 1] > 0.6


def test_a_brain_has_mains_and_blinks_as_a_headset_would_show() -> None:
    data = Brain(1, 0.0, ("Fp1", "O1"), 256.0).samples(256 * 60, NEUTRAL)
    freqs, density = scipy.signal.welch(data.T, 256.0, nperseg=512)
    assert (density[:, freqs == 50] > 5 * density[:, freqs == 54]).all()
    slow = scipy.signal.butter(2, (1, 5), "bandpass", fs=256.0, output="sos")
    front, back = scipy.signal.sosfiltfilt(slow, data, axis=0).max(axis=0)
    assert front > 1.5 * back


def test_a_brain_needs_electrodes_with_a_place() -> None:
    with pytest.raises(SignalError, match="AUX"):
        Brain(1, 1.0, ("Fp1", "AUX"), 128.0)
