from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest
import scipy.signal

from insightsim import person as persons
from insightsim.datasets import deap
from insightsim.errors import SignalError
from insightsim.simulate import recordings, subject
from insightsim.training.recipes import CHANNELS

MUSE = CHANNELS["muse4"]


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


def test_a_recording_of_deaps_electrodes_is_the_subject_of_deaps_files(
    one: tuple[np.ndarray, np.ndarray],
) -> None:
    data, labels = one
    seen = list(recordings(3, 1.0, seed=5, ch_names=deap.CH_NAMES))
    assert [(each.subject, each.trial, each.video) for each in seen] == [("s03", n, n) for n in range(1, 41)]
    for each, samples, ratings in zip(seen, data, labels, strict=True):
        np.testing.assert_array_equal(each.signal.data, samples[:32].T.astype(np.float32))
        assert each.ratings == tuple(ratings)
    assert (seen[0].signal.ch_names, seen[0].signal.unit, seen[0].baseline) == (deap.CH_NAMES, "uV", 3.0)


def muse(number: int, effect: float, seed: int, n_trials: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """(n_trials, 4 electrodes, 8064) and the ratings of a subject who wears a Muse."""
    seen = list(recordings(number, effect, seed, MUSE, n_trials))
    assert all(each.signal.ch_names == MUSE for each in seen)
    return np.array([each.signal.data.T for each in seen]), np.array([each.ratings for each in seen])


def test_it_is_the_same_person_under_another_montage(one: tuple[np.ndarray, np.ndarray]) -> None:
    """The same ratings, and the same alpha peak: at the temples of another person it lies elsewhere."""
    data, ratings = muse(3, 1.0, seed=5)
    np.testing.assert_array_equal(ratings, one[1])
    spectra = {}
    for name, samples in {
        "muse": data[:, 1:3],
        "deap": one[0][:, [2, 19]],
        "other": muse(4, 1.0, seed=5)[0][:, 1:3],
    }.items():
        freqs, density = scipy.signal.welch(samples, deap.SFREQ, nperseg=1024)
        alpha = (freqs > 6.5) & (freqs < 14)
        spectra[name] = freqs[alpha][(density.mean(axis=(0, 1)) * freqs)[alpha].argmax()]
    assert abs(spectra["muse"] - spectra["deap"]) < 0.4 < abs(spectra["muse"] - spectra["other"])


def test_another_montage_is_referenced_over_its_own_electrodes_and_filtered_like_deap() -> None:
    data, _ = muse(3, 1.0, seed=5, n_trials=8)
    assert np.abs(data.mean(axis=1)).max() < 1e-3
    assert 3 < np.median(data.std(axis=-1)) < 20  # µV
    freqs, density = scipy.signal.welch(data, deap.SFREQ, nperseg=512, detrend=False)
    density = density.mean(axis=(0, 1))
    assert density[(freqs < 3) | (freqs > 46)].max() < 0.01 * density[(freqs >= 5) & (freqs <= 44)].min()


def test_no_electrode_is_a_mixture_of_the_others() -> None:
    """What is extrapolated would follow from the rest. Only one goes, to the reference."""
    cap = (*deap.CH_NAMES, *MUSE)
    (trial,) = recordings(1, 1.0, seed=5, ch_names=cap, n_trials=1)
    assert np.linalg.matrix_rank(np.cov(trial.signal.data.T.astype(float)), tol=0.05) == len(cap) - 1


def test_an_electrode_sees_what_lies_under_it() -> None:
    """The muscles are at FT9 and FT10, so the highest frequencies are stronger there than on the crown."""
    (trial,) = recordings(1, 0.0, 5, ("FT9", "FT10", "FCz", "C1", "C2", "CPz"), 1)
    *temples, left, middle, right, back = power(trial.signal.data.T, 38, 45)
    assert min(temples) > max(left, middle, right, back) + 0.2


def test_a_feeling_shows_under_another_montage_too() -> None:
    data, ratings = muse(2, 4.0, seed=1)
    frontal = power(data[:, 1:3, 384:], 8, 13)
    assert np.corrcoef(frontal[:, 1] - frontal[:, 0], ratings[:, 0])[0, 1] > 0.5


def test_electrodes_need_a_place() -> None:
    with pytest.raises(SignalError, match="AUX"):
        next(recordings(1, 1.0, 1, ("Fp1", "AUX")))
