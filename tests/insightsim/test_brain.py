from __future__ import annotations

import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st

from insightsim.brain import Brain
from insightsim.datasets import deap
from insightsim.errors import SignalError
from insightsim.types import VADL

NEUTRAL = VADL(0, 0, 0, 0)
MUSE = ("TP9", "AF7", "AF8", "TP10")


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
    fz = np.array([brain.samples(512, VADL(0, 0, feeling, 0))[128:, 18] for feeling in feelings])
    freqs, density = scipy.signal.welch(fz, 128.0, nperseg=256)
    theta = np.log10(density[:, (freqs >= 4.5) & (freqs <= 8)].mean(axis=-1))
    assert np.corrcoef(feelings, theta)[0, 1] > 0.6


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
