from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insightsim.aus import COLUMNS, INTENSITIES, OPENFACE
from insightsim.cards import FaceFeatures
from insightsim.errors import ModelError
from insightsim.expression import Expression
from insightsim.face_features import STATISTICS, feature_names, features
from insightsim.face_windows import GAP
from insightsim.openface import open_csv
from insightsim.openface_columns import FULL, HEAD, ORIGINAL
from insightsim.training.recipes import face_recipe
from insightsim.types import VADL, Signal, join

AU35, DYNAMICS, ALL = (face_recipe(f"face-openface-{name}") for name in ("au35", "dynamics", "709"))
SMILE = replace(DYNAMICS, ch_names=("AU12_r",))


def smiling(intensity: np.ndarray, times: np.ndarray) -> Signal:
    data = np.asarray(intensity, np.float32)[:, None]
    return Signal("face", ("AU12_r",), OPENFACE, 30.0, data, np.asarray(times, float))


def told(intensity: np.ndarray, times: np.ndarray) -> dict[str, float]:
    return dict(zip(STATISTICS, features(SMILE, smiling(intensity, times)).tolist(), strict=True))


def a_smile(times: np.ndarray) -> np.ndarray:
    """Comes within a second at 2 s, stays, goes within two at 5 s."""
    return np.interp(times, [2, 3, 5, 7], [0.0, 3.0, 3.0, 0.0])


@pytest.mark.parametrize("name", ["demo_full_6b8beb0.csv", "jt_full_6d8c7c6.csv"])
def test_the_originals_row_is_rebuilt_from_a_real_file(shared: Path, name: str) -> None:
    """All rows averaged, column by column; read and averaged once more by another hand."""
    import pandas

    path = shared / "data" / "openface" / name
    table = pandas.read_csv(path, skipinitialspace=True).dropna()
    table.columns = table.columns.str.strip()
    assert tuple(table.columns) == FULL
    witness = table.drop(columns=[*HEAD]).mean()
    assert tuple(witness.index) == ORIGINAL
    whole = join(list(open_csv(path, ORIGINAL).blocks()))
    row = features(ALL, whole)
    assert row.shape == (709,)
    np.testing.assert_allclose(row, witness, rtol=1e-6)


def test_au35_is_the_mean_of_17_intensities_and_18_presences() -> None:
    rows = Expression(1).rows(240, VADL(0, 0, 0, 0))
    window = Signal("face", COLUMNS, OPENFACE, 30.0, rows, np.arange(240) / 30)
    picks = [COLUMNS.index(name) for name in AU35.ch_names]
    assert len(feature_names(AU35)) == 35
    np.testing.assert_allclose(features(AU35, window), np.nanmean(rows[:, picks], axis=0), rtol=1e-5)


@given(order=st.permutations(range(len(COLUMNS))))
@settings(max_examples=20, deadline=None)
def test_columns_are_found_by_name_in_any_order(order: list[int]) -> None:
    rows = Expression(1).rows(60, VADL(0, 0, 0, 0))
    window = Signal("face", COLUMNS, OPENFACE, 30.0, rows, np.arange(60) / 30)
    other = replace(window, ch_names=tuple(COLUMNS[i] for i in order), data=rows[:, order])
    for recipe in (AU35, DYNAMICS):
        np.testing.assert_array_equal(features(recipe, other), features(recipe, window))


def test_a_smiles_course_is_told() -> None:
    times = np.arange(0, 8, 1 / 30)
    course = told(a_smile(times), times)
    assert course["mean"] == pytest.approx(10.5 / 8, rel=0.01)
    assert course["peak"] == 3
    assert course["spread"] == pytest.approx(np.std(a_smile(times)), rel=1e-3)
    assert course["present"] == pytest.approx((2 + 2 / 3 + 4 / 3) / 8, abs=0.01)
    assert course["onsets"] == pytest.approx(1 / 8, rel=0.01)
    rising = told(0.5 * times, times)
    assert rising["slope"] == pytest.approx(0.5)
    assert told(4 - 0.5 * times, times)["slope"] == pytest.approx(-0.5)
    assert told(np.full(len(times), 2.0), times)["slope"] == pytest.approx(0, abs=1e-6)


def test_noise_between_the_thresholds_is_no_onset_and_a_smile_that_was_there_neither() -> None:
    times = np.arange(0, 8, 1 / 30)
    flicker = np.where(np.arange(len(times)) % 2, 1.1, 0.9)
    assert told(flicker, times)["onsets"] == 0
    assert told(np.where(times < 1, 0, flicker), times)["onsets"] == pytest.approx(1 / 8, rel=0.01)
    both = replace(SMILE, ch_names=("AU12_r", "AU25_r"))
    apart = np.column_stack([np.zeros(len(times)), np.full(len(times), 2.0)]).astype(np.float32)
    window = Signal("face", both.ch_names, OPENFACE, 30.0, apart, times)
    assert (features(both, window)[-2:] == 0).all()  # one is off at the end, the next on from the start
    three = np.where((times % 2 > 1) & (times < 6), 2.0, 0.0)
    assert told(three, times)["onsets"] == pytest.approx(3 / 8, rel=0.01)


@given(
    sfreq=st.floats(12, 120),
    jitter=st.floats(0, 0.4),
    start=st.sampled_from([0.0, 1e6]),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=100, deadline=None)
def test_neither_the_rate_nor_its_stutter_shows(sfreq: float, jitter: float, start: float, seed: int) -> None:
    """The same smile, seen by any camera."""
    times = np.arange(0, 8, 1 / sfreq)
    times += jitter / sfreq * np.random.default_rng(seed).uniform(-1, 1, len(times))
    usual = np.arange(0, 8, 1 / 240)
    seen, expected = told(a_smile(times), start + times), told(a_smile(usual), usual)
    for name in STATISTICS:
        assert seen[name] == pytest.approx(expected[name], abs=0.12 if name == "mean" else 0.08), name


def test_a_camera_that_crowds_its_frames_tells_the_same_mean() -> None:
    """Ten times as many frames while the smile lasts: each stands for less time."""
    crowded = np.concatenate([np.arange(0, 2, 0.1), np.arange(2, 7, 0.01), np.arange(7, 8, 0.1)])
    even = np.arange(0, 8, 0.01)
    assert told(a_smile(crowded), crowded)["mean"] == pytest.approx(
        told(a_smile(even), even)["mean"], abs=0.02
    )
    assert a_smile(crowded).mean() > 1.4 * a_smile(even).mean()


def test_frames_that_are_crowded_weigh_no_more_in_spread_presence_and_slope() -> None:
    crowded = np.concatenate([np.arange(0, 2, 0.1), np.arange(2, 7, 0.01), np.arange(7, 8, 0.1)])
    even = np.arange(0, 8, 0.01)
    for course in (a_smile, lambda times: np.interp(times, [0, 1, 8], [0.0, 4.0, 1.0])):
        seen, expected = told(course(crowded), crowded), told(course(even), even)
        for name in ("spread", "present", "slope"):
            assert seen[name] == pytest.approx(expected[name], abs=0.03), name


def test_a_row_after_a_gap_stands_for_a_quarter_second_and_not_for_what_nobody_saw() -> None:
    times = np.concatenate([np.arange(0, 2, 0.05), np.arange(6, 8, 0.05)])
    smile = np.where(times == 6.0, 4.0, 0.0)
    seconds = 79 * 0.05 + GAP
    assert told(smile, times)["mean"] == pytest.approx(4 * GAP / seconds, rel=1e-3)
    assert told(smile, times)["present"] == pytest.approx(GAP / seconds, rel=1e-3)


@pytest.mark.parametrize("recipe", [AU35, DYNAMICS], ids=["au35", "dynamics"])
def test_rows_without_a_face_are_left_out(recipe) -> None:
    rows = Expression(1).rows(240, VADL(0, 0, 0, 0))
    times = np.arange(240) / 30
    seen = Signal("face", COLUMNS, OPENFACE, 30.0, rows, times)
    torn = replace(seen, data=rows.copy())
    torn.data[100:130, 2:] = np.nan
    kept = np.r_[0:100, 130:240]
    without = replace(seen, data=rows[kept], times=times[kept], state=seen.state[kept])
    np.testing.assert_array_equal(features(recipe, torn), features(recipe, without))
    assert np.isfinite(features(recipe, torn)).all()


@pytest.mark.parametrize("n", [1, 2])
def test_even_one_row_gives_numbers(n: int) -> None:
    course = told(np.full(n, 2.0), np.arange(n) / 30)
    assert (course["mean"], course["peak"], course["present"]) == (2, 2, 1)
    assert (course["spread"], course["slope"], course["onsets"]) == (0, 0, 0)


def test_means_of_large_pixel_values_keep_their_digits() -> None:
    """float32 sums of 4K pixels over a minute would be off by whole pixels."""
    data = np.full((200_000, 2), 3839.7, np.float32)
    window = Signal("face", ("x_0", "x_1"), OPENFACE, 30.0, data, np.arange(200_000) / 30)
    np.testing.assert_array_equal(features(replace(ALL, ch_names=("x_0", "x_1")), window), data[0])


def test_every_feature_has_a_name() -> None:
    for recipe in (AU35, DYNAMICS, ALL):
        rows = np.zeros((10, len(recipe.ch_names)), np.float32)
        window = Signal("face", recipe.ch_names, OPENFACE, 30.0, rows, np.arange(10) / 30)
        assert features(recipe, window).shape == (len(feature_names(recipe)),)
        assert features(recipe, window).dtype == np.float32
    assert feature_names(SMILE) == [f"AU12_r {statistic}" for statistic in STATISTICS]
    assert feature_names(DYNAMICS)[: len(INTENSITIES)] == [f"{name} mean" for name in INTENSITIES]


def test_features_that_there_are_not_are_refused() -> None:
    with pytest.raises(ModelError, match='there are no face features "hog"; there are: au35, openface709'):
        feature_names(replace(AU35, features=FaceFeatures("hog")))
