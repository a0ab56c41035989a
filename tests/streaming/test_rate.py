from __future__ import annotations

import numpy as np
import pytest

from insightsim.types import Signal
from streaming.rate import Rate


def test_the_effective_rate_survives_a_clock_set_back() -> None:
    rate = Rate()
    for at in [*range(1000, 1100), *range(300)]:
        times = (at * 16 + np.arange(16)) / 128
        rate.take(Signal("eeg", ("a",), "uV", 128.0, np.zeros((16, 1), np.float32), times))
    assert rate.value == pytest.approx(128.0)


def test_the_effective_rate_is_measured_from_the_stamps() -> None:
    rate = Rate()
    for at in range(100):
        times = (at * 16 + np.arange(16)) / 127.3
        rate.take(Signal("eeg", ("a",), "uV", 128.0, np.zeros((16, 1), np.float32), times))
    assert rate.value == pytest.approx(127.3, rel=1e-3)


def test_stamps_that_are_no_number_or_stand_still_tell_no_rate_and_fill_no_memory() -> None:
    rate = Rate()
    for time in [np.nan] * 10 + [5.0] * 10_000:
        rate.take(Signal("eeg", ("a",), "uV", 128.0, np.zeros((1, 1), np.float32), np.array([time])))
    assert rate.value is None
    assert len(rate._marks) <= 4096
