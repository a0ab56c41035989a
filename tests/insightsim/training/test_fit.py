from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from insightsim import cardfile, models
from insightsim.bandpower import feature_names
from insightsim.cards import Card, Features, Threshold, Trained
from insightsim.errors import DatasetError, SettingsError
from insightsim.training import export
from insightsim.training.features import Examples
from insightsim.training.fit import Ensemble, fit, high
from insightsim.training.scores import PROTOCOL, score
from insightsim.vadl import DIMENSIONS
from tests.made_up import recipe

RECIPE = recipe(Features("log_bandpower", {"theta": (4, 8), "alpha": (8, 13)}, (("F3", "F4"),)))
N_FEATURES = len(feature_names(RECIPE))


def examples(shift: float = 1.0, share: float = 0.5, offset: float = 3.0) -> tuple[Examples, np.ndarray]:
    """8 people × 20 trials × 5 windows; feature i is `shift` higher where dimension i is high."""
    rng = np.random.default_rng(3)
    labels = rng.random((160, 4)) < share
    trial = np.repeat(np.arange(160), 5)
    features = rng.normal(offset, 2.0, (800, N_FEATURES))
    features[:, :4] += shift * labels[trial]
    subject = np.repeat([f"s{i:02}" for i in range(1, 9)], 20)
    return Examples(features.astype(np.float32), trial, np.where(labels, 7.0, 3.0), subject), labels


@pytest.fixture(scope="module")
def ensemble() -> Ensemble:
    return fit(*examples())


@pytest.fixture(scope="module")
def model(ensemble: Ensemble, tmp_path_factory: pytest.TempPathFactory) -> models.Model:
    guesses = np.random.default_rng(0).normal(size=(160, 4))
    scores = score(guesses, examples()[1], examples()[0].subject)
    trained = Trained("numbers made up here", True, 8, 160, 800, len(ensemble.members), 0, "a test")
    card = Card(
        "eeg-test", "1", "Apache-2.0", "", RECIPE, Threshold(), trained, PROTOCOL, scores, ensemble.familiar
    )
    return export.write(ensemble, card, tmp_path_factory.mktemp("models") / "eeg-test")


@pytest.mark.parametrize("kept", [0.999, 0.5])
def test_components_are_in_the_graph_and_agree_with_scikit_learn(kept: float, tmp_path: Path) -> None:
    """Scaled first, so that no column counts for more because its numbers are larger."""
    data, labels = examples()
    data.features[:, 0] *= 1000
    data.features[:, 5] = data.features[:, 4] * 2 + 1
    small = fit(data, labels, 5, kept=kept)
    for member in small.members:
        assert [name for name, _ in member.steps] == ["standardscaler", "pca", "onevsrestclassifier"]
        found = member["pca"].explained_variance_ratio_
        assert found.sum() > kept > found[:-1].sum()
        assert member["pca"].n_components_ < N_FEATURES
    session = onnxruntime.InferenceSession(export.to_onnx(small))
    features = np.random.default_rng(4).normal(3, 4, (300, N_FEATURES)).astype(np.float32)
    features[:, 0] *= 1000
    probabilities, _ = session.run(["probabilities", "distance"], {"features": features})
    for i, member in enumerate(small.members):
        np.testing.assert_allclose(probabilities[:, i], member.predict_proba(features), rtol=0, atol=1e-5)


def test_each_member_in_onnx_agrees_with_scikit_learn(ensemble: Ensemble, model: models.Model) -> None:
    features = np.random.default_rng(4).normal(3, 4, (300, N_FEATURES)).astype(np.float32)
    probabilities, distance = model.session.run(["probabilities", "distance"], {"features": features})
    assert probabilities.shape == (300, 10, 4)
    for i, member in enumerate(ensemble.members):
        np.testing.assert_allclose(probabilities[:, i], member.predict_proba(features), rtol=0, atol=1e-5)
    np.testing.assert_allclose(distance, ensemble.distance(features), rtol=1e-5)


def test_the_model_agrees_with_scikit_learn_where_the_data_is_familiar(
    ensemble: Ensemble, model: models.Model
) -> None:
    features = examples()[0].features
    near = features[ensemble.distance(features) < 0.999 * ensemble.familiar]
    assert 0.98 < len(near) / len(features) < 1
    probability, _ = model(near)
    np.testing.assert_allclose(probability, ensemble(near), rtol=0, atol=1e-5)


def test_far_from_the_training_data_the_spread_is_wide_and_the_probability_one_half(
    model: models.Model,
) -> None:
    features = examples()[0].features[:50]
    _, spread = model(features)
    widths = [model(features + np.float32(shift))[1].mean() for shift in (0, 10, 30, 100, 1000)]
    assert widths == sorted(widths)
    assert spread.max() < 0.2
    probability, spread = model(features + np.float32(1e5))
    np.testing.assert_allclose(probability, 0.5, atol=1e-3)
    np.testing.assert_allclose(spread, 0.5, atol=1e-3)


def test_one_window_in_a_hundred_of_the_training_data_is_beyond_familiar(ensemble: Ensemble) -> None:
    distance = ensemble.distance(examples()[0].features)
    assert np.mean(distance > ensemble.familiar) == pytest.approx(0.01, abs=0.002)
    assert np.sqrt(np.mean(distance**2)) == pytest.approx(1)


def test_the_same_data_gives_the_same_bytes(ensemble: Ensemble) -> None:
    assert export.to_onnx(ensemble) == export.to_onnx(fit(*examples()))


def test_a_model_that_cannot_be_written_leaves_the_old_one_whole(
    ensemble: Ensemble, model: models.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(card: Card, path: Path) -> None:
        path.write_text("name = ")
        raise OSError(28, "No space left on device")

    export.write(ensemble, model.card, tmp_path / "old")
    monkeypatch.setattr(cardfile, "write", full)
    with pytest.raises(SettingsError, match="No space left on device"):
        export.write(fit(*examples(shift=2.0)), model.card, tmp_path / "old")
    assert models.verify(tmp_path / "old.toml").card.sha256 == model.card.sha256
    assert sorted(path.name for path in tmp_path.iterdir()) == ["old.onnx", "old.toml"]


def test_a_model_under_a_file_is_refused(ensemble: Ensemble, model: models.Model, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="no model can be written there"):
        export.write(ensemble, model.card, tmp_path / "file" / "model")


def test_loading_a_model_prints_nothing(ensemble: Ensemble, capfd: pytest.CaptureFixture[str]) -> None:
    session = onnxruntime.InferenceSession(export.to_onnx(ensemble), providers=["CPUExecutionProvider"])
    session.run(None, {"features": np.zeros((3, N_FEATURES), np.float32)})
    assert capfd.readouterr() == ("", "")


def test_the_session_runs_on_one_thread(model: models.Model) -> None:
    options: onnxruntime.SessionOptions = model.session.get_session_options()
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (1, 1)


def test_the_card_beside_the_model_is_complete(model: models.Model, tmp_path: Path) -> None:
    cardfile.write(model.card, tmp_path / "again.toml")
    assert cardfile.read(tmp_path / "again.toml") == model.card
    assert len(model.card.sha256) == 64
    assert tuple(model.card.scores) == DIMENSIONS


def test_knowing_nothing_is_one_half_however_common_high_ratings_are() -> None:
    probability = fit(*examples(shift=0.0, share=0.8))(examples()[0].features)
    assert np.abs(probability.mean(axis=0) - 0.5).max() < 0.05


def test_each_member_learns_from_other_people(ensemble: Ensemble) -> None:
    means = np.array([member[0].mean_ for member in ensemble.members])
    assert len(np.unique(means[:, 0])) == 10


def test_a_feature_that_never_changes_does_no_harm(tmp_path: Path) -> None:
    data, labels = examples()
    data.features[:, -1] = 1.25
    constant = fit(data, labels)
    assert np.isfinite(constant.distance(data.features)).all()
    assert np.isfinite(constant(data.features)).all()


def test_ratings_all_alike_are_refused_with_the_dimension() -> None:
    data, labels = examples()
    labels[:, 2] = True
    with pytest.raises(DatasetError, match=r"ratings of dominance by s0.* are high"):
        fit(data, labels)


@pytest.mark.parametrize(("rule", "expected"), [(">=", [False, True, True]), (">", [False, False, True])])
def test_a_rating_on_the_threshold_counts_as_the_rule_says(rule: str, expected: list[bool]) -> None:
    assert high(np.array([4.99, 5.0, 5.01]), replace(Threshold(), rule=rule)).tolist() == expected


def test_the_examples_of_some_subjects_keep_their_windows_and_ratings() -> None:
    data, _ = examples()
    some = data.of(["s03", "s07"])
    assert some.subjects == ["s03", "s07"]
    assert (len(some.ratings), len(some.features)) == (40, 200)
    np.testing.assert_array_equal(some.ratings[20:], data.ratings[120:140])
    np.testing.assert_array_equal(some.features[some.trial == 20], data.features[data.trial == 120])
