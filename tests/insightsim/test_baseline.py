"""What signals are at rest: low percentiles of what was seen, and only of that."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insightsim.baseline import BIN, REACH, RunningPercentile

patiently = settings(deadline=None)  # a busy machine takes its time


@patiently
@given(st.lists(st.floats(-REACH / 2, REACH / 2), min_size=1, max_size=300))
def test_a_percentile_is_that_of_all_values_so_far(values: list[float]) -> None:
    running = RunningPercentile(np.array([0.1, 0.25]))
    for n, value in enumerate(values, start=1):
        found = running(np.full(2, value))
        expected = np.quantile(values[:n], [0.1, 0.25], method="inverted_cdf")
        # A rank that falls between two values may be told as either of them.
        above = np.sort(values[:n])[np.minimum([n // 10, n // 4], n - 1)]
        near = np.minimum(abs(found - expected), abs(found - above))
        assert near.max() <= BIN


def test_values_that_may_not_be_learnt_change_nothing() -> None:
    running = RunningPercentile(np.array([0.1]))
    running(np.array([1.0]))
    for _ in range(50):
        assert running(np.array([-5.0]), learn=False) == pytest.approx([1.0])
    assert running(np.array([1.0])) == pytest.approx([1.0])


def test_before_anything_was_learnt_values_are_their_own_baseline() -> None:
    assert RunningPercentile(np.array([0.1]))(np.array([3.0]), learn=False) == pytest.approx([3.0])


def test_values_beyond_reach_are_counted_at_its_end() -> None:
    running = RunningPercentile(np.array([0.1]))
    running(np.array([0.0]))
    for value in (1e6, -1e6, 1e6):
        found = running(np.array([value]))
    assert abs(found[0]) <= REACH + BIN
