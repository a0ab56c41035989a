from __future__ import annotations

import numpy as np
import pytest

from insightsim import simulate, simulate_face
from insightsim.aus import AUS, COLUMNS, INTENSITIES, LANDMARKS, OPENFACE, VALIDITY
from insightsim.datasets.recording import Recording
from insightsim.openface_columns import ORIGINAL
from insightsim.simulate_face import AGREEMENT, recordings

R = [COLUMNS.index(name) for name in INTENSITIES]


def some(number: int = 3, effect: float = 1.0, seed: int = 5, n_trials: int = 4, **more) -> list[Recording]:
    return list(recordings(number, effect, seed, n_trials=n_trials, **more))


def test_a_face_is_that_of_the_subject_whose_eeg_is_simulated_with_the_same_ratings() -> None:
    eeg = list(simulate.recordings(3, 1.0, 5, ("Fp1", "Fp2"), 4))
    faces = some()
    for face, brain in zip(faces, eeg, strict=True):
        assert (face.ratings, face.subject, face.trial, face.video) == (
            *(brain.ratings, brain.subject, brain.trial, brain.video),
        )
        assert face.baseline == 0
    np.testing.assert_array_equal(simulate.ratings_of(3, 5, 4), [face.ratings for face in faces])
    np.testing.assert_array_equal(simulate.ratings_of(3, 5)[:4], simulate.ratings_of(3, 5, 4))


def test_a_trial_has_a_minute_of_rows_of_every_face_signal() -> None:
    for face in some(sfreq=25.0):
        signal = face.signal
        assert (signal.stream, signal.unit, signal.ch_names, signal.sfreq) == ("face", OPENFACE, COLUMNS, 25)
        assert signal.data.shape == (1500, len(COLUMNS))
        np.testing.assert_allclose(np.diff(signal.times), 0.04)


def test_the_same_number_and_seed_give_the_same_face_and_others_another() -> None:
    first, again, person, seed = (
        some(*which, n_trials=1)[0].signal.data
        for which in ((3, 1.0, 5), (3, 1.0, 5), (4, 1.0, 5), (3, 1.0, 6))
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, person, equal_nan=True)
    assert not np.array_equal(first, seed, equal_nan=True)


def test_at_effect_0_the_ratings_leave_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not just no link that a model finds: with other ratings the very same face comes out."""
    before = [face.signal.data for face in some(effect=0.0)]
    monkeypatch.setattr(simulate, "ratings_of", lambda number, seed, n: np.full((n, 4), 9.0))
    after = some(effect=0.0)
    assert after[0].ratings == (9, 9, 9, 9)
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one, other.signal.data)
    assert not np.array_equal(some()[0].signal.data, before[0], equal_nan=True)


def test_our_own_estimates_follow_openfaces_as_far_as_was_measured() -> None:
    """On average over people: in one of them an action unit may go better or worse."""
    found = []
    for number in range(1, 13):
        pairs = zip(some(number, seed=number), some(number, seed=number, unit=LANDMARKS), strict=True)
        for true, ours in pairs:
            assert (ours.signal.unit, ours.ratings) == (LANDMARKS, true.ratings)
            seen = true.signal.data[:, COLUMNS.index("success")] == 1
            both = np.hstack([true.signal.data[seen][:, R], ours.signal.data[seen][:, R]])
            assert np.isnan(ours.signal.data[~seen][:, len(VALIDITY) :]).all()
            assert ((both >= 0) & (both <= 5)).all()
            found.append(np.diagonal(np.corrcoef(both.T), len(AUS)))
    np.testing.assert_allclose(np.nanmean(found, axis=0), AGREEMENT, atol=0.13)


def test_a_face_at_rest_is_read_at_rest() -> None:
    someone, rows, _ = next(simulate_face.trials(1, 1.0, 1, 1, 30.0))
    rows = rows.copy()
    rows[:, R] = someone.rest
    assert np.nanmax(simulate_face.as_estimated(someone, rows, 30.0, [1])[:, R]) < 1e-6


def test_any_columns_of_openface_can_be_had() -> None:
    (whole,) = some(columns=ORIGINAL, n_trials=1, sfreq=10.0)
    (usual,) = some(n_trials=1, sfreq=10.0)
    assert whole.signal.data.shape == (600, 709)
    for name in ("AU12_r", "AU28_c", "pose_Rx", "gaze_angle_y"):
        np.testing.assert_allclose(
            whole.signal.data[:, ORIGINAL.index(name)], usual.signal.data[:, COLUMNS.index(name)], rtol=1e-6
        )
    (two,) = some(columns=("success", "x_36"), n_trials=1, sfreq=10.0)
    np.testing.assert_array_equal(two.signal.data[:, 1], whole.signal.data[:, ORIGINAL.index("x_36")])
