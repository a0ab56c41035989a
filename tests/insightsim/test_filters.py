from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

from insightsim.cards import Filter
from insightsim.errors import SignalError
from insightsim.filters import Causal, sections
from insightsim.types import Signal

SFREQ = 128.0
BAND = Filter()


def filtered(data, settings=BAND, mains=None) -> np.ndarray:
    data = np.asarray(data, np.float32)
    if data.ndim == 1:
        data = np.stack([data, data], 1)
    return Causal(settings, SFREQ, mains)(
        Signal("eeg", ("Fp1", "F3"), "uV", SFREQ, data, np.arange(len(data)) / SFREQ)
    ).data


def sine(hz: float, seconds: float = 8.0) -> np.ndarray:
    return 10 * np.sin(2 * np.pi * hz * np.arange(round(seconds * SFREQ)) / SFREQ)


def gain(hz: float, **kwargs) -> float:
    return float(filtered(sine(hz), **kwargs)[512:].std() / sine(hz)[512:].std())


@pytest.mark.parametrize("hz", [6.0, 10.0, 20.0, 38.0])
def test_what_is_in_the_band_passes(hz):
    assert gain(hz) == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("hz", [0.5, 1.0, 58.0])
def test_what_is_outside_does_not(hz):
    assert gain(hz) < 0.05


def test_the_notch_takes_the_mains_of_the_recipe_or_the_one_that_is_set():
    wide = Filter(high=60.0)
    assert gain(50.0, settings=wide) < 0.01
    assert gain(50.0, settings=wide, mains=0.0) > 0.9
    assert gain(40.0, settings=wide, mains=40.0) < 0.01


def test_it_is_the_butterworth_filter_of_scipy():
    expected = signal.butter(4, (4, 45), "bandpass", fs=SFREQ, output="sos")
    np.testing.assert_allclose(sections(Filter(notch=0), SFREQ), expected)


def test_nothing_comes_out_before_it_came_in():
    step = np.zeros(512)
    step[300:] = 100
    out = filtered(step)
    assert not out[:300].any()
    assert out[300:310].any()


def test_an_offset_makes_no_transient():
    out = filtered(sine(10.0) + 62_052)
    assert np.abs(out).max() < 20


def test_samples_are_held_back_until_the_seed_is_there_and_none_is_lost():
    causal = Causal(BAND, SFREQ)
    data = np.ones((20, 2), np.float32)
    chunk = Signal("eeg", ("Fp1", "F3"), "uV", SFREQ, data, np.arange(20) / SFREQ)
    assert len(causal(chunk[:15])) == 0
    out = causal(chunk[15:])
    np.testing.assert_array_equal(out.times, chunk.times)
    np.testing.assert_array_equal(out.raw, chunk.data)


def test_a_value_that_is_no_number_stays_in_raw_with_the_second_after_it_and_does_not_spread():
    data = np.stack([sine(10.0), sine(10.0)], 1).astype(np.float32)
    data[300, 0] = np.nan
    data[301, 0] = np.inf
    signal = Signal("eeg", ("Fp1", "F3"), "uV", SFREQ, data, np.arange(len(data)) / SFREQ)
    causal = Causal(BAND, SFREQ)
    parts = [causal(signal[i : i + 50]) for i in range(0, len(signal), 50)]
    assert all(np.isfinite(part.data).all() for part in parts)
    raw = np.concatenate([part.raw for part in parts])
    np.testing.assert_array_equal(np.argwhere(~np.isfinite(raw)), [[i, 0] for i in range(300, 301 + 128)])
    out = np.concatenate([part.data for part in parts])
    np.testing.assert_array_equal(out[:, 1], filtered(sine(10.0))[:, 1])


def test_a_channel_without_any_number_is_silent():
    data = np.stack([sine(10.0), np.full(1024, np.nan)], 1)
    assert not filtered(data)[:, 1].any()


def test_a_rate_too_low_for_the_band_is_refused():
    with pytest.raises(SignalError, match="needs a rate above 90 Hz; found 64 Hz"):
        Causal(Filter(), 64.0)
