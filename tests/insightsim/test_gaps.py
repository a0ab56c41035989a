from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from insightsim.gaps import Mend
from insightsim.types import INTERPOLATED, MEASURED, SETTLING, Signal


def ramp(times, sfreq=128.0) -> Signal:
    """A signal that equals its time, so that a straight line across a gap is exactly right."""
    times = np.asarray(times, np.float64)
    return Signal("eeg", ("a", "b"), "uV", sfreq, np.stack([times, -times], 1).astype(np.float32), times)


def grid(*keep: int, start: float = 0.0) -> Signal:
    return ramp(start + np.array(keep) / 128)


def test_the_first_second_is_settling():
    state = Mend()(grid(*range(200))).state
    np.testing.assert_array_equal(state, [SETTLING] * 128 + [MEASURED] * 72)


@pytest.mark.parametrize("lost", [1, 2])
def test_a_short_gap_is_filled_by_a_straight_line(lost):
    mend = Mend()
    out = mend(grid(*range(200), *range(200 + lost, 300)))
    np.testing.assert_allclose(out.times, np.arange(300) / 128, atol=1e-12)
    np.testing.assert_allclose(out.data[:, 0], out.times, rtol=1e-6)
    assert list(np.flatnonzero(out.state == INTERPOLATED)) == list(range(200, 200 + lost))
    assert mend.gaps == 0


def test_a_longer_gap_is_left_open_and_the_second_after_it_is_settling():
    mend = Mend()
    out = mend(grid(*range(200), *range(203, 500)))
    assert len(out) == 497
    assert mend.gaps == 1
    np.testing.assert_array_equal(out.state[200:], [SETTLING] * 128 + [MEASURED] * 169)


@pytest.mark.parametrize("sfreq", [100.0, 250.0, 1000.0])
def test_exactly_20_ms_are_still_filled_at_any_rate(sfreq):
    lost = round(0.020 * sfreq)
    keep = [*range(50), *range(50 + lost, 100)]
    out = Mend()(ramp(1e6 + np.array(keep) / sfreq, sfreq))
    assert len(out) == 100


@pytest.mark.parametrize("sfreq", [128.0, 256.0, 512.0])
def test_stamps_a_little_late_or_early_are_no_missing_samples(sfreq):
    """A quarter of a period of jitter makes steps of more than one and a half periods, and none is a gap."""
    jitter = np.random.default_rng(1).normal(0, 0.2 / sfreq, 4000)
    out = Mend()(ramp(np.sort(100 + np.arange(4000) / sfreq + jitter), sfreq))
    assert (np.diff(out.times) > 1.5 / sfreq).any()
    assert len(out) == 4000


def test_a_missing_sample_is_found_among_jittering_stamps():
    jitter = np.random.default_rng(2).normal(0, 0.1 / 128, 4000)
    keep = np.delete(np.arange(4000), [500, 1500, 1501, 3000])
    out = Mend()(ramp(np.sort(100 + np.arange(4000) / 128 + jitter)[keep]))
    assert len(out) == 4000
    assert np.flatnonzero(out.state == INTERPOLATED).tolist() == [500, 1500, 1501, 3000]


@pytest.mark.parametrize("size", [1, 5, 16, 400])
def test_a_step_back_of_more_than_20_ms_is_a_break_whatever_the_chunks(size):
    signal = ramp(np.concatenate([np.arange(200) / 128, 200 / 128 - 0.15 + np.arange(200) / 128]))
    mend = Mend()
    parts = [mend(signal[i : i + size]) for i in range(0, 400, size)]
    times = np.concatenate([part.times for part in parts])
    np.testing.assert_array_equal(times, signal.times)
    assert (mend.gaps, mend.dropped) == (1, 0)
    state = np.concatenate([part.state for part in parts])
    assert (state[200:328] == SETTLING).all()


@pytest.mark.parametrize("size", [1, 5, 400])
def test_a_step_back_of_less_drops_what_lies_behind_whatever_the_chunks(size):
    signal = ramp(np.concatenate([np.arange(200) / 128, 200 / 128 - 0.015 + np.arange(200) / 128]))
    mend = Mend()
    times = np.concatenate([mend(signal[i : i + size]).times for i in range(0, 400, size)])
    assert (np.diff(times) > 0).all()
    assert (mend.gaps, mend.dropped, len(times)) == (0, 1, 399)


def test_samples_at_or_before_the_last_stamp_are_dropped_and_counted():
    mend = Mend()
    mend(grid(0, 1, 2))
    out = mend(grid(1, 2, 3, 3, 4))
    np.testing.assert_array_equal(out.times, np.array([3, 4]) / 128)
    assert mend.dropped == 3
    assert mend.gaps == 0


def test_a_clock_set_back_is_a_gap_and_nothing_is_dropped():
    mend = Mend()
    mend(grid(*range(300), start=650_000.0))
    out = mend(grid(*range(300)))
    assert len(out) == 300
    assert (mend.gaps, mend.dropped, mend.resets) == (1, 0, 1)
    assert (out.state[:128] == SETTLING).all()


def test_stamps_that_are_no_time_are_dropped():
    mend = Mend()
    out = mend(ramp([0.0, np.nan, 1 / 128, np.inf, 2 / 128]))
    np.testing.assert_array_equal(out.times, np.arange(3) / 128)
    assert mend.dropped == 2


@given(st.lists(st.lists(st.integers(-200, 200), max_size=20), max_size=8))
def test_stamps_increase_unless_the_clock_was_set_back_and_no_sample_is_lost_uncounted(chunks):
    mend = Mend()
    outs = [mend(grid(*chunk, start=1.0)) for chunk in chunks]
    steps = np.diff(np.concatenate([np.zeros(0), *(out.times for out in outs)]))
    assert ((steps > 0) | (steps < 0)).all()
    assert np.count_nonzero(steps < 0) <= mend.gaps
    received = sum(np.isin(out.times, 1.0 + np.arange(-200, 201) / 128).sum() for out in outs)
    assert received + mend.dropped >= sum(map(len, chunks))


def test_the_reference_recording_with_a_bad_clock_is_mended(shared):
    path = next((shared / "data/eeg").glob("visual__N170*"))
    table = np.genfromtxt(path, delimiter=",", skip_header=1)
    mend = Mend()
    signal = Signal(
        "eeg", ("TP9", "AF7"), "uV", 256.0, table[:, 1:3].astype(np.float32), table[:, 0].astype(np.float64)
    )
    times = np.concatenate([mend(signal[i : i + 12]).times for i in range(0, len(signal), 12)])
    assert (np.diff(times) > 0).all()
    assert mend.gaps == 5
    assert 0 < mend.dropped < 300
