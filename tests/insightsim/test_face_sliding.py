from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insightsim import face_sliding
from insightsim.expression import Expression
from insightsim.face_features import OFF, ON, of_rows
from insightsim.training.recipes import face_recipe
from insightsim.types import VADL

AU35, DYNAMICS = (face_recipe(f"face-openface-{name}") for name in ("au35", "dynamics"))


@given(
    seed=st.integers(0, 2**32 - 1),
    start=st.sampled_from([0.0, 1e6]),
    steps=st.lists(st.sampled_from([0.01, 0.033, 0.04, 0.2, 0.3, 5.0]), min_size=1, max_size=120),
    spans=st.lists(st.tuples(st.integers(0, 119), st.integers(1, 120)), min_size=1, max_size=20),
)
@settings(max_examples=60, deadline=None)
def test_many_windows_at_once_have_the_features_that_each_has_alone(
    seed: int, start: float, steps: list[float], spans: list[tuple[int, int]]
) -> None:
    """Short and long ones, in any order, with gaps between rows, at the very end, of a single row."""
    rng, times = np.random.default_rng(seed), start + np.cumsum(steps)
    rows = np.where(rng.random((len(times), 17)) < 0.4, rng.choice([0, 0.5, 0.7, 1, 5], 17), 2.0)
    rows = rows.astype(np.float32)
    firsts = [first % len(times) for first, _ in spans]
    which = [
        (first, first + 1 + n % (len(times) - first)) for first, (_, n) in zip(firsts, spans, strict=True)
    ]
    found = face_sliding.dynamics(rows, times, np.array(which), ON, OFF)
    alone = [of_rows(DYNAMICS, rows[first:last], times[first:last]) for first, last in which]
    np.testing.assert_allclose(found, alone, rtol=1e-5, atol=2e-6)


def test_means_of_many_windows_are_those_of_each_alone() -> None:
    rows = Expression(1).rows(100, VADL(0, 0, 0, 0))[:, -35:]
    spans = np.array([(0, 100), (3, 4), (99, 100), (10, 60)])
    alone = [of_rows(AU35, rows[first:last], np.arange(100) / 30) for first, last in spans]
    np.testing.assert_allclose(face_sliding.means(rows, spans), alone, rtol=1e-6)


def test_a_face_that_does_not_move_has_no_spread_and_no_slope() -> None:
    rows, times = np.full((4000, 1), 4.7, np.float32), 1e6 + np.arange(4000) / 30
    spans = np.array([(at, at + 240) for at in range(0, 3700, 8)])
    _, spread, peak, slope, present, onsets = face_sliding.dynamics(rows, times, spans, ON, OFF).T
    assert not spread.any()
    assert not onsets.any()
    assert (peak == rows[0, 0]).all()
    assert slope == pytest.approx(0, abs=1e-9)
    assert present == pytest.approx(1)
