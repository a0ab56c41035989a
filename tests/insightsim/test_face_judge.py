from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from insightsim import affectnet, models
from insightsim.aus import COLUMNS, CONFIDENT, LANDMARKS, OPENFACE, UNSETTLED, VALIDITY
from insightsim.cards import FaceRecipe
from insightsim.face_features import features
from insightsim.face_judge import FaceJudge, assess, examine
from insightsim.face_windows import FaceWindows
from insightsim.simulate_face import recordings
from insightsim.training.recipes import face_recipe
from insightsim.types import Quality, Signal

DYNAMICS, LANDMARK_DYNAMICS = map(face_recipe, ("face-openface-dynamics", "face-landmarks-dynamics"))
TIMES = np.arange(1, 241) / 30


def window(*lost: slice) -> Signal:
    """Eight seconds of a simulated face, with some stretches without one."""
    (trial,) = recordings(1, 1.0, 1, n_trials=1)
    data = trial.signal.data[300:540].copy()
    assert np.isfinite(data).all()
    for stretch in lost:
        data[stretch, len(VALIDITY) :] = np.nan
        data[stretch, 1] = 0
    return Signal("face", COLUMNS, OPENFACE, 30.0, data, TIMES)


@pytest.mark.parametrize(
    ("lost", "score", "reason"),
    [
        ([], 1.0, None),
        ([slice(60, 120)], 0.75, None),
        ([slice(0, 118)], 0.51, None),
        ([slice(0, 130)], 0.46, "a face in only 46% of the last 8 s"),
        ([slice(212, None)], 0.88, None),
        ([slice(205, None)], 0.85, "no face for 1 s"),
        ([slice(100, None)], 0.42, "no face for 5 s"),
        ([slice(None)], 0.0, "no face in the last 8 s"),
    ],
)
def test_a_window_is_judged_where_there_is_a_face_now_and_was_for_half_of_it(
    lost: list[slice], score: float, reason: str | None
) -> None:
    (quality,), _ = examine(DYNAMICS, [window(*lost)])
    assert quality.reason == reason
    assert quality.score == pytest.approx(score, abs=0.04)


def test_a_camera_that_gave_few_frames_gives_no_judgement() -> None:
    """One every second stands for a quarter of the time: nobody knows what the face did between."""
    (quality,), _ = examine(DYNAMICS, [some(window(), slice(29, None, 30))])
    assert quality.reason == "pictures come only every 1.0 s: too seldom to follow a face"
    assert quality.score == pytest.approx(0.25)
    (quality,), _ = examine(DYNAMICS, [some(window(), [*range(50), *range(220, 240)])])
    assert quality.reason == "pictures for only 35% of the last 8 s"


def some(whole: Signal, rows: slice | list[int]) -> Signal:
    return replace(whole, data=whole.data[rows], times=whole.times[rows], state=whole.state[rows])


TURNED, LEARNING = "a face, but turned too far to be read", "still learning how this face looks at rest"


@pytest.mark.parametrize(
    ("confidence", "score", "reason"),
    [
        ([], 1.0, None),
        ([(slice(60, 120), 0.79)], 0.75, None),
        ([(slice(0, 90), UNSETTLED)], 0.63, None),
        ([(slice(None), 0.9)], 0.9, None),
        ([(slice(None), 0.0)], 0.0, TURNED),
        ([(slice(None), UNSETTLED)], 0.0, LEARNING),
        ([(slice(None), 0.67 * UNSETTLED)], 0.0, TURNED),
        ([(slice(200, None), 0.3)], 0.83, TURNED),
        ([(slice(0, 140), 0.3)], 0.42, f"{TURNED} for most of the last 8 s"),
        ([(slice(0, 140), UNSETTLED)], 0.42, f"{LEARNING} for most of the last 8 s"),
    ],
)
def test_a_face_that_cannot_be_relied_on_is_there_but_is_not_read(
    confidence: list[tuple[slice, float]], score: float, reason: str | None
) -> None:
    one = made_by_hand(3.0)
    for rows, sure in confidence:
        one.data[rows, 0] = sure
    (quality,), features_ = examine(LANDMARK_DYNAMICS, [one])
    assert quality.reason == reason
    assert quality.score == pytest.approx(score, abs=0.04)
    if reason is None:
        valid = np.flatnonzero(one.data[:, 0] >= CONFIDENT)
        np.testing.assert_array_equal(features_[0], features(LANDMARK_DYNAMICS, some(one, valid.tolist())))
    else:
        assert np.isnan(features_).all()


def test_no_face_is_told_from_one_that_cannot_be_read() -> None:
    one = made_by_hand(3.0)
    one.data[:, 0] = 0.1
    one.data[100:] = np.nan
    one.data[100:, 0] = 0
    assert examine(LANDMARK_DYNAMICS, [one])[0][0].reason == "no face for 5 s"


def test_rows_of_openface_were_masked_by_the_limit_that_the_user_set_and_by_no_other() -> None:
    unsure = window()
    unsure.data[:, 0] = 0.6
    assert examine(DYNAMICS, [unsure])[0] == [Quality(1.0, None)]


def test_a_network_that_looks_at_the_face_needs_no_rest_but_no_head_turned_far() -> None:
    recipe = affectnet.card().face
    data = np.array([[UNSETTLED, 0.2, 0.4]] * 120, np.float32)
    names = ("confidence", *recipe.ch_names)
    one = Signal("face", names, LANDMARKS, 30.0, data, TIMES[:120])
    assert examine(recipe, [one])[0][0].reason is None
    one.data[:, 0] = 0.4
    assert examine(recipe, [one])[0][0].reason == TURNED


def test_a_column_that_the_model_does_not_read_may_be_missing() -> None:
    one = window()
    one.data[:, COLUMNS.index("pose_Rx")] = np.nan
    assert examine(DYNAMICS, [one])[0][0].reason is None
    one.data[:, COLUMNS.index("AU12_r")] = np.nan
    assert examine(DYNAMICS, [one])[0][0].reason == "no face in the last 8 s"
    assert assess(DYNAMICS, TIMES, np.zeros(240, bool))[0].score == 0


def test_good_windows_get_what_the_model_says_of_their_features_and_bad_ones_nothing() -> None:
    judge = FaceJudge(models.load(models.named("face-openface-dynamics")))
    windows = [window(), window(slice(None)), window(slice(60, 120))]
    good, bad, torn = judge(windows)
    for prediction, one in ((good, windows[0]), (torn, windows[2])):
        probability, spread = judge.model(features(DYNAMICS, one)[None])
        np.testing.assert_allclose(prediction.vadl, probability[0], rtol=1e-6)
        np.testing.assert_allclose(prediction.spread, spread[0], rtol=1e-6)
        assert (prediction.stream, prediction.time, prediction.model) == (
            "face",
            8.0,
            "face-openface-dynamics",
        )
    assert (bad.vadl, bad.spread, bad.time) == (None, None, 8.0)
    assert good.vadl != torn.vadl
    assert judge([]) == []


def test_all_windows_of_a_trial_are_judged_at_once_as_one_by_one() -> None:
    (trial,) = recordings(2, 1.0, 2, n_trials=1)
    judge = FaceJudge(models.load(models.named("face-openface-dynamics")))
    windows = list(FaceWindows(8.0, 0.25)(trial.signal))
    assert len(windows) == 208
    together = judge(windows)
    alone = [judge([one])[0] for one in windows]
    for one, other in zip(together, alone, strict=True):
        assert one.quality == other.quality
        if one.vadl is not None:
            np.testing.assert_allclose(one.vadl, other.vadl, atol=1e-6)


def made_by_hand(smile: float, brow: float = 0.0) -> Signal:
    """Eight seconds of a face that smiles, or lowers its brow, from the second second on; else at rest."""
    data = np.zeros((240, len(COLUMNS)), np.float32)
    data[:, :2] = 1
    held = np.interp(TIMES, [2, 2.5], [0, 1])
    for name, peak in (("AU06_r", 0.8 * smile), ("AU12_r", smile), ("AU25_r", 0.5 * smile), ("AU04_r", brow)):
        data[:, COLUMNS.index(name)] = peak * held
    return Signal("face", COLUMNS, LANDMARKS, 30.0, data, TIMES)


def test_a_broad_smile_is_more_pleasant_than_a_face_at_rest_and_that_more_than_a_lowered_brow() -> None:
    judge = FaceJudge(models.load(models.named("face-landmarks-dynamics")))
    smile, rest, brow = (
        one.vadl.valence
        for one in judge([made_by_hand(3.0), made_by_hand(0.0), made_by_hand(0.0, 3.0)])
        if one.vadl is not None
    )
    assert smile > rest + 0.1
    assert rest > brow + 0.1
    assert smile > 0.75


@pytest.mark.parametrize("recipe", [DYNAMICS, LANDMARK_DYNAMICS], ids=["openface", "landmarks"])
def test_windows_that_share_rows_are_examined_as_each_alone(recipe: FaceRecipe) -> None:
    """With stretches without a face, turned away, without rows: for every reason that there is."""
    rng, n = np.random.default_rng(2), 3000
    data = rng.choice([0.0, 0.6, 2.0], (n, len(COLUMNS))).astype(np.float32)
    data[:, 0] = rng.uniform(CONFIDENT, 1.0, n)
    for start, stop in ((300, 330), (700, 860), (1100, 1390)):
        data[start:stop] = np.nan
    data[1800:1950, 0], data[2200:2400, 0] = 0.3, UNSETTLED
    kept = np.r_[0:1500, 1620:2600, 2600:n:20]
    rows = Signal("face", COLUMNS, recipe.unit, 30.0, data[kept], 50 + kept / 30)
    cuts = list(FaceWindows(8.0, 0.25).cut(rows))
    together, alone = examine(recipe, cuts), examine(recipe, list(FaceWindows(8.0, 0.25)(rows)))
    assert len(alone[0]) > 300
    assert len({quality.reason for quality in alone[0]}) > (5 if recipe.unit == OPENFACE else 10)
    assert [quality.reason for quality in together[0]] == [quality.reason for quality in alone[0]]
    scores = [[quality.score for quality in found] for found in (together[0], alone[0])]
    assert scores[0] == pytest.approx(scores[1])
    np.testing.assert_allclose(together[1], alone[1], rtol=1e-5, atol=2e-6)
    judge = FaceJudge(models.load(models.named(f"face-{recipe.unit.lower()}-dynamics")))
    found, expected = judge(cuts), judge([window for cut in cuts for window in cut])
    assert [one.time for one in found] == [one.time for one in expected]
    for one, other in zip(found, expected, strict=True):
        assert one.vadl == (None if other.vadl is None else pytest.approx(other.vadl, abs=1e-5))
