from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from insightsim import models
from insightsim.aus import COLUMNS, LANDMARKS, OPENFACE, VALIDITY
from insightsim.face_features import features
from insightsim.face_judge import FaceJudge, assess, examine
from insightsim.face_windows import FaceWindows
from insightsim.simulate_face import recordings
from insightsim.training.recipes import face_recipe
from insightsim.types import Signal

DYNAMICS = face_recipe("face-openface-dynamics")
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
    whole = window()
    few = replace(whole, data=whole.data[29::30], times=whole.times[29::30], state=whole.state[29::30])
    (quality,), _ = examine(DYNAMICS, [few])
    assert quality.reason == "a face in only 25% of the last 8 s"


def test_a_column_that_the_model_does_not_read_may_be_missing() -> None:
    one = window()
    one.data[:, COLUMNS.index("pose_Rx")] = np.nan
    assert examine(DYNAMICS, [one])[0][0].reason is None
    one.data[:, COLUMNS.index("AU12_r")] = np.nan
    assert examine(DYNAMICS, [one])[0][0].reason == "no face in the last 8 s"
    assert assess(DYNAMICS, TIMES, np.zeros(240, bool)).score == 0


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
