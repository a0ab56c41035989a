"""The shipped models, made again."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from typer import Typer
from typer.testing import CliRunner, Result

from insightsim import cardfile, models, simulate, simulate_face
from insightsim.aus import tier
from insightsim.training.features import gather
from insightsim.training.recipes import CHANNELS, FACES, face_recipe, recipe
from insightsim.vadl import DIMENSIONS
from tools import train_demo

DOCS = Path(__file__).parents[2] / "docs" / "models.md"


def run(folder: Path) -> Result:
    app = Typer()
    app.command()(train_demo.train_demo)
    return CliRunner().invoke(app, [str(folder), "--subjects", "3"], catch_exceptions=False)


def test_the_same_models_come_out_each_time_with_a_line_of_progress_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train_demo, "FEATURES", {"muse4": "log_bandpower"})
    monkeypatch.setattr(train_demo, "FACES", ("face-openface-au35",))
    monkeypatch.setattr(simulate, "recordings", partial(simulate.recordings, n_trials=12))
    monkeypatch.setattr(simulate_face, "recordings", partial(simulate_face.recordings, n_trials=12))
    first, second = tmp_path / "first", tmp_path / "second"
    said = run(first).stdout.splitlines()
    run(second)
    assert said[0] == "Simulating 3 subjects under 4 electrodes …"
    assert "eeg-muse4: log_bandpower of 4 electrodes" in said
    assert "face-openface-au35: au35 of 35 columns of simulated faces" in said
    made = sorted(path.name for path in first.iterdir())
    names = ("eeg-muse4", "face-openface-au35")
    assert made == [f"{name}.{suffix}" for name in names for suffix in ("onnx", "toml")]
    assert all((first / name).read_bytes() == (second / name).read_bytes() for name in made)
    card = cardfile.read(first / "eeg-muse4.toml")
    assert (card.trained.simulated, card.trained.subjects, card.trained.trials) == (True, 3, 36)
    assert "the 4 electrodes of muse4; none extrapolated" in card.trained.data


def test_every_montage_has_a_shipped_model_that_refers_to_its_own_average() -> None:
    shipped = {card.name: card.recipe for _, card in models.find() if card.recipe.stream == "eeg"}
    assert shipped == {
        f"eeg-{name}": recipe(features, CHANNELS[name]) for name, features in train_demo.FEATURES.items()
    }
    assert set(train_demo.FEATURES) == set(CHANNELS)
    assert {one.eeg.reference for _, one in models.find() if one.recipe.stream == "eeg"} == {"average"}


def test_every_kind_of_face_recipe_has_a_shipped_model() -> None:
    shipped = {card.name: card.recipe for _, card in models.find() if card.recipe.stream == "face"}
    assert shipped == {name: face_recipe(name) for name in train_demo.FACES}
    assert set(train_demo.FACES) == set(FACES)


def test_the_model_of_our_own_estimates_leaves_out_those_of_low_reliability() -> None:
    assert {tier(name) for name in face_recipe("face-landmarks-dynamics").ch_names} == {
        *("good", "fair", "moderate")
    }


def test_a_montage_under_the_cap_is_the_montage_alone() -> None:
    """Taking the other electrodes off, their share of the reference included, changes nothing."""
    cap, four = train_demo.electrodes(), recipe("log_bandpower", CHANNELS["muse4"])
    assert len(cap) == 36
    (under_cap,) = simulate.recordings(1, 1.0, 3, cap, n_trials=1)
    samples = under_cap.signal.data[:, [cap.index(name) for name in four.ch_names]]
    own = samples - samples.mean(axis=1, keepdims=True)
    alone = replace(under_cap, signal=replace(under_cap.signal, ch_names=four.ch_names, data=own))
    np.testing.assert_allclose(
        gather([under_cap], four).features, gather([alone], four).features, rtol=1e-4, atol=1e-4
    )


def test_the_table_in_the_docs_says_what_the_cards_say() -> None:
    """To the second digit, give or take one: another processor may round another way."""
    rows = {}
    for line in DOCS.read_text(encoding="utf-8").splitlines():
        if row := re.match(r"\| `((?:eeg|face)-[\w-]+)` \|", line):
            rows[row[1]] = [cell.strip() for cell in line.strip("|").split("|")]
    assert set(rows) == {card.name for _, card in models.find()}
    for _, card in models.find():
        _, channels, _, *scores = rows[card.name]
        if card.recipe.stream == "eeg":
            assert set(card.recipe.ch_names) == set(channels.split()) or channels == "the 32 of DEAP"
        else:
            assert channels.startswith(f"{len(card.recipe.ch_names)} ")
        found = [card.scores[name].balanced_accuracy for name in DIMENSIONS]
        np.testing.assert_allclose([float(score) for score in scores], found, atol=0.0151)
