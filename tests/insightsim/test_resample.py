"""Resampling, against the sine that went in and against scipy's polyphase filter."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal as scipy_signal

from insightsim.gaps import breaks
from insightsim.resample import Resample, lowest
from insightsim.types import INTERPOLATED, Signal

RATES = [100.0, 250.0, 256.0, 500.0, 512.0, 1000.0, 2048.0]
START = 1000.0


def stream(values, sfreq: float, times=None) -> Signal:
    values = np.asarray(values, np.float32).reshape(len(values), -1)
    times = START + np.arange(len(values)) / sfreq if times is None else times
    return Signal("eeg", tuple(f"ch{i}" for i in range(values.shape[1])), "uV", sfreq, values, times)


def sine(hz: float, sfreq: float, seconds: float = 12.0) -> Signal:
    times = START + np.arange(round(seconds * sfreq)) / sfreq
    return stream(10 * np.sin(2 * np.pi * hz * times), sfreq, times)


def resampled(signal: Signal, size: int = 8) -> Signal:
    stage = Resample(128.0, 45.0)
    parts = [stage(signal[i : i + size]) for i in range(0, len(signal), size)]
    return Signal(
        "eeg",
        signal.ch_names,
        "uV",
        parts[0].sfreq,
        np.concatenate([part.data for part in parts]),
        np.concatenate([part.times for part in parts]),
        np.concatenate([part.state for part in parts]),
        np.concatenate([part.raw for part in parts]),
    )


@pytest.mark.parametrize("sfreq", RATES)
@pytest.mark.parametrize("hz", [4.0, 10.0, 30.0, 45.0])
def test_what_is_in_the_band_comes_through_at_its_own_time(sfreq, hz):
    out = resampled(sine(hz, sfreq))
    np.testing.assert_allclose(out.data[:, 0], 10 * np.sin(2 * np.pi * hz * out.times), atol=0.02)


@pytest.mark.parametrize("sfreq", RATES)
def test_samples_lie_on_whole_multiples_of_the_new_period(sfreq):
    out = resampled(sine(10.0, sfreq))
    ticks = out.times * 128
    np.testing.assert_allclose(ticks, np.rint(ticks), atol=1e-6)
    np.testing.assert_array_equal(np.diff(np.rint(ticks)), 1)
    assert out.sfreq == 128.0


@pytest.mark.parametrize("sfreq", [250.0, 512.0, 2048.0])
@pytest.mark.parametrize("hz", [84.0, 100.0, 118.0])
def test_what_would_fold_into_the_band_is_kept_out(sfreq, hz):
    assert resampled(sine(hz, sfreq)).data.std() < 10 * 10 ** (-65 / 20)


def test_it_agrees_with_scipys_polyphase_filter_on_noise():
    rng = np.random.default_rng(3)
    sos = scipy_signal.butter(8, 40, fs=512, output="sos")
    noise = scipy_signal.sosfilt(sos, rng.normal(0, 10, 512 * 20))
    out = resampled(stream(noise, 512.0))
    theirs = scipy_signal.resample_poly(noise, 1, 4)
    at = np.rint((out.times - START) * 128).astype(int)
    inner = (at > 256) & (at < len(theirs) - 256)
    assert np.std(out.data[inner, 0] - theirs[at[inner]]) < 0.02 * np.std(theirs)


def test_an_offset_of_many_thousand_microvolts_does_not_ripple():
    signal = sine(10.0, 250.0)
    offset = stream(signal.data + np.float32(62_052), 250.0)
    np.testing.assert_allclose(resampled(offset).data - 62_052, resampled(signal).data, atol=0.02)


def test_a_stream_at_the_right_rate_is_left_alone():
    signal = sine(10.0, 128.0)
    assert Resample(128.0, 45.0)(signal) is signal


def test_a_rate_a_little_off_bends_no_frequency():
    """256.5 Hz that says 256: by the stamps, 10 Hz stay 10 Hz."""
    times = START + np.arange(256 * 40) / 256.5
    out = resampled(stream(10 * np.sin(2 * np.pi * 10 * times), 256.0, times))[-4096:]
    phase = np.unwrap(np.angle(scipy_signal.hilbert(out.data[:, 0])))[500:-500]
    hz = np.polyfit(np.arange(len(phase)) / 128, phase, 1)[0] / (2 * np.pi)
    assert hz == pytest.approx(10.0, abs=0.002)


def test_jittering_stamps_do_not_blur_the_signal():
    signal = sine(30.0, 256.0, seconds=30)
    jitter = np.random.default_rng(4).uniform(-0.0015, 0.0015, len(signal))
    out = resampled(stream(signal.data, 256.0, signal.times + jitter))
    later = out.times > START + 10
    expected = 10 * np.sin(2 * np.pi * 30 * out.times[later])
    assert np.std(out.data[later, 0] - expected) < 0.3


def test_a_rail_stays_a_rail():
    data = np.clip(3 * sine(2.0, 256.0).data * 100, -1000, 1000)
    out = resampled(stream(data, 256.0))
    assert np.count_nonzero(out.raw == 1000) > 100
    assert out.raw.max() == 1000


@pytest.mark.parametrize("seconds", [0.04, 0.5])
def test_no_sample_is_made_across_a_gap(seconds):
    signal = sine(10.0, 256.0)
    gone = (signal.times > START + 5) & (signal.times < START + 5 + seconds)
    signal.data[signal.times > START + 5] += 500
    out = resampled(stream(signal.data[~gone], 256.0, signal.times[~gone]))
    inside = (out.times > START + 4.95) & (out.times < START + 5.05 + seconds)
    assert not inside.any()
    before = out.times < START + 5
    assert np.abs(out.data[before]).max() < 10.1
    assert out.data[~before].min() > 489.9


def test_a_value_that_is_no_number_stays_in_raw_and_does_not_spread():
    signal = sine(10.0, 512.0)
    signal.data[3000] = np.nan
    out = resampled(signal)
    assert np.isfinite(out.data).all()
    assert 1 <= np.count_nonzero(~np.isfinite(out.raw)) <= 2


def test_what_was_filled_in_stays_marked():
    signal = sine(10.0, 512.0)
    signal.state[3000:3008] = INTERPOLATED
    out = resampled(signal)
    marked = out.times[out.state == INTERPOLATED]
    assert len(marked) == 2
    assert ((marked >= signal.times[2999]) & (marked <= signal.times[3008])).all()


def test_a_change_of_rate_begins_anew():
    stage = Resample(128.0, 45.0)
    before, after = sine(10.0, 256.0), sine(10.0, 500.0)
    stage(before)
    out = stage(stream(after.data, 500.0, after.times + 12.0))
    assert out.times[0] > START + 12.0
    np.testing.assert_allclose(out.data[:, 0], 10 * np.sin(2 * np.pi * 10 * out.times), atol=0.02)


def test_stamps_that_run_away_from_the_clock_are_a_break():
    """Twice as fast as stated: no two samples made before and after may stand side by side."""
    first = START + np.arange(256 * 5) / 256
    times = np.concatenate([first, first[-1] + np.arange(1, 512 * 5) / 512])
    out = resampled(stream(np.zeros(len(times)), 256.0, times))
    later = out.times[out.times > first[-1] + 0.2]
    assert len(breaks(later, 128.0)) > 10
    assert (np.diff(out.times) > 0).all()


def test_the_lowest_rate_leaves_room_for_the_kernel():
    assert lowest(45.0) == 98.0
