from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insightsim.clocks import FOLLOW, Smooth


def test_even_stamps_come_out_as_they_are():
    stamps = 5000 + np.arange(2000) / 256
    np.testing.assert_allclose(Smooth(256.0)(stamps), stamps, atol=1e-9)


def test_jitter_is_smoothed_away_and_time_never_stands_still():
    even = np.arange(5000) / 256
    jitter = np.random.default_rng(1).normal(0, 0.010, 5000)
    times = Smooth(256.0)(even + jitter)
    late = (times - even)[1000:]
    assert late.std() < 0.001
    assert (np.diff(times) > 0).all()


@pytest.mark.parametrize("off", [0.01, -0.01])
def test_a_rate_that_is_off_makes_it_lag_no_more_than_said(off):
    stamps = np.arange(10_000) / (256 * (1 + off))
    late = stamps - Smooth(256.0)(stamps)
    assert late[-1] == pytest.approx(-off * FOLLOW, rel=0.05)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 400), max_size=20))
def test_chunks_make_no_difference(at):
    stamps = np.arange(400) / 250 + np.random.default_rng(2).normal(0, 0.003, 400)
    clock = Smooth(250.0)
    parts = [clock(part) for part in np.split(stamps, sorted(at))]
    np.testing.assert_allclose(np.concatenate(parts), Smooth(250.0)(stamps), rtol=0, atol=1e-12)
