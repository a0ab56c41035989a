from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insightsim import displays
from insightsim.aus import COLUMNS, INTENSITIES, OPENFACE, PRESENCES, VALIDITY
from insightsim.expression import Expression
from insightsim.face_features import feature_names, features
from insightsim.training.recipes import face_recipe
from insightsim.types import VADL, Signal

NEUTRAL = VADL(0, 0, 0, 0)


def column(rows: np.ndarray, name: str) -> np.ndarray:
    return rows[:, COLUMNS.index(name)]


def bouts(rows: np.ndarray, sfreq: float, name: str) -> float:
    """How often a minute something rises from below 0.5 to above 1; flicker around 1 does not count."""
    recipe = replace(face_recipe("face-openface-dynamics"), ch_names=(name,))
    window = Signal("face", COLUMNS, OPENFACE, sfreq, rows, np.arange(len(rows)) / sfreq)
    return 60 * float(features(recipe, window)[feature_names(recipe).index(f"{name} onsets")])


@given(sizes=st.lists(st.integers(0, 200), min_size=1, max_size=8))
@settings(max_examples=25, deadline=None)
def test_a_face_gives_the_same_rows_however_many_at_a_time(sizes: list[int]) -> None:
    whole = Expression(1).rows(sum(sizes), NEUTRAL)
    face = Expression(1)
    pieces = [face.rows(size, NEUTRAL) for size in sizes]
    assert [len(piece) for piece in pieces] == sizes
    np.testing.assert_array_equal(np.concatenate(pieces), whole)
    assert (whole.dtype, whole.shape[1]) == (np.float32, len(COLUMNS))


def test_its_values_are_those_that_openface_could_write() -> None:
    rows = Expression(1).rows(3 * 1800, NEUTRAL)
    lost = column(rows, "success") == 0
    assert 0 < lost.mean() < 0.1
    assert set(column(rows, "success")) == {0, 1}
    assert (column(rows, "confidence")[~lost] >= 0.8).all()
    assert (column(rows, "confidence")[lost] < 0.8).all()
    assert np.isnan(rows[lost][:, len(VALIDITY) :]).all()
    seen = rows[~lost]
    assert np.isfinite(seen).all()
    for name in INTENSITIES:
        assert 0 <= column(seen, name).min() < column(seen, name).max() <= 5, name
    for name in PRESENCES:
        assert set(column(seen, name)) == {0, 1}, name


@pytest.mark.parametrize("sfreq", [10.0, 23.976, 60.0])
def test_a_face_has_no_seams_and_does_the_same_at_any_rate(sfreq: float) -> None:
    someone = displays.draw_traits(np.random.default_rng(1))
    rows = Expression(1, 0.0, sfreq, someone).rows(round(1800 * sfreq), NEUTRAL)
    usual = Expression(1, 0.0, 30.0, someone).rows(1800 * 30, NEUTRAL)
    for name in ("AU12_r", "AU04_r"):
        assert bouts(rows, sfreq, name) == pytest.approx(bouts(usual, 30.0, name), rel=0.3)
        found, expected = (np.nanmean(column(one, name)) for one in (rows, usual))
        assert found == pytest.approx(expected, rel=0.3)
    steps, hop = np.abs(np.diff(np.nan_to_num(column(rows, "AU12_r")))), round(sfreq)
    assert steps[hop - 1 :: hop].mean() < 1.5 * steps.mean()


def test_a_face_follows_the_feeling_it_is_given_and_at_effect_0_none() -> None:
    """More smiles the more pleasant, more lowered brows the less."""
    for effect, followed in ((1.5, True), (0.0, False)):
        face = Expression(3, effect)
        feelings = np.repeat([-1.0, 1.0], 40)
        np.random.default_rng(0).shuffle(feelings)
        rows = [face.rows(600, VADL(feeling, 0, 0, 0))[60:] for feeling in feelings]
        smile, brow = (
            np.corrcoef(feelings, [np.nanmean(column(row, name)) for row in rows])[0, 1]
            for name in ("AU12_r", "AU04_r")
        )
        assert (smile > 0.35) == followed
        assert (brow < -0.35) == followed


def test_it_blinks_and_speaks_whatever_it_feels() -> None:
    """A blink is over within half a second; in speech the lips part several times a second."""
    face = Expression(5, 0.0, 60.0)
    rows = face.rows(600 * 60, NEUTRAL)
    assert 6 < bouts(rows, 60.0, "AU45_r") < 40
    lids = np.nan_to_num(column(rows, "AU45_r")) > 1
    ends = np.flatnonzero(np.diff(np.pad(lids, 1).astype(int)))
    assert 0.05 < np.median(np.diff(ends)[::2]) / 60 < 0.4
    freqs = np.fft.rfftfreq(len(rows), 1 / 60)
    power = np.abs(np.fft.rfft(np.nan_to_num(column(rows, "AU26_r")))) ** 2
    syllables, beside = ((freqs > 4.2) & (freqs < 4.8)), ((freqs > 6.5) & (freqs < 8))
    assert power[syllables].mean() > 3 * power[beside].mean()


def test_the_rates_follow_the_ratings_by_the_effect() -> None:
    """The truth before any face: how much more often in the average high trial than in the average low."""
    rng = np.random.default_rng(0)
    ratings = np.clip(rng.normal(5.2, 1.8, (20000, 4)), 1, 9)
    someone = displays.draw_traits(rng)
    for effect in (0.0, 0.5, 1.0):
        often = np.log(displays.rates(someone, effect, (ratings - 5) / 4))
        for display, log_rate in zip(displays.DISPLAYS, often.T, strict=True):
            for dimension in range(4):
                high = ratings[:, dimension] >= 5
                moved = log_rate[high].mean() - log_rate[~high].mean()
                expected = effect * display.moved.get(dimension, 0) * someone.response * displays.STEP
                assert moved == pytest.approx(expected, abs=0.06), display.name


def test_people_and_seeds_differ_and_a_person_stays_the_same() -> None:
    first, second = (Expression(seed).rows(60, NEUTRAL) for seed in (1, 2))
    assert not np.array_equal(first, second, equal_nan=True)
    someone = displays.draw_traits(np.random.default_rng(1))
    one, other = (
        np.nanmedian(Expression(seed, traits=someone).rows(1800, NEUTRAL), axis=0) for seed in (8, 9)
    )
    others = np.nanmedian(Expression(9).rows(1800, NEUTRAL), axis=0)
    rest = [COLUMNS.index(name) for name in INTENSITIES]
    assert np.abs(one - other)[rest].max() < 0.15 < np.abs(one - others)[rest].max()
