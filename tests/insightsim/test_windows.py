from __future__ import annotations

import numpy as np
import pytest

from insightsim.types import Signal
from insightsim.windows import Slide


def ramp(n: int, start: float = 0.3, clock: float = 128.0) -> Signal:
    times = start + np.arange(n) / clock
    return Signal("eeg", ("Fp1",), "uV", 128.0, np.arange(n, dtype=np.float32)[:, None], times)


@pytest.mark.parametrize("clock", [127.9, 127.97, 128.0, 128.1])
@pytest.mark.parametrize("step", [0.25, 0.5])
def test_windows_are_whole_and_end_on_the_grid_whatever_the_clock(clock, step):
    windows = list(Slide(512, step)(ramp(2000, clock=clock)))
    assert len(windows) == pytest.approx((2000 - 512) / 128 / step, abs=1)
    for window in windows:
        assert len(window) == 512
        off = window.times[-1] / step - round(window.times[-1] / step)
        assert abs(off) * step <= 0.51 / 127.9


@pytest.mark.parametrize("clock", [127.9, 128.1])
def test_there_is_one_window_a_tick(clock):
    ends = [w.times[-1] for w in Slide(512, 0.25)(ramp(4000, start=1e6, clock=clock))]
    np.testing.assert_array_equal(np.diff(np.round(np.array(ends) / 0.25)), 1)


def test_a_window_does_not_wait_for_the_next_sample():
    signal, slide = ramp(400, start=0.0), Slide(256, 0.5)
    closed = [signal.times[i] for i in range(400) if list(slide(signal[i : i + 1]))]
    assert closed == [2.0, 2.5, 3.0]


def test_a_sample_just_before_the_tick_closes_it_too():
    signal, slide = ramp(400, start=-0.003), Slide(256, 0.5)
    closed = [signal.times[i] for i in range(400) if list(slide(signal[i : i + 1]))]
    assert closed == pytest.approx([1.997, 2.497, 2.997])


def test_the_samples_of_a_window_follow_each_other():
    for window in Slide(256, 0.5)(ramp(1000)):
        np.testing.assert_array_equal(np.diff(window.data[:, 0]), 1)


def test_no_window_spans_a_break():
    signal, slide = ramp(1280), Slide(256, 0.5)
    before, after = signal.between(0, 4), signal.between(4.1, 99)
    windows = [w for part in (before, after) for w in slide(part)]
    assert any(w.times[-1] < 4 for w in windows)
    assert any(w.times[0] >= 4.1 for w in windows)
    assert all(w.times[-1] < 4 or w.times[0] >= 4.1 for w in windows)


def test_filled_tells_how_much_of_the_first_window_is_there():
    slide = Slide(256, 0.5)
    assert slide.filled == 0
    list(slide(ramp(64)))
    assert slide.filled == 0.25
    list(slide(ramp(64, start=0.8)))
    assert slide.filled == 0.5
    list(slide(ramp(1000, start=1.3)))
    assert slide.filled == 1
    list(slide(ramp(128, start=500.0)))
    assert slide.filled == 0.5


def test_a_window_of_one_sample_is_that_sample():
    assert [w.times.tolist() for w in Slide(1, 0.5)(ramp(129, start=0.0))] == [[0.0], [0.5], [1.0]]
