"""`train`, `predict` and `models`, one after the other, on simulated files."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from insightsim import cardfile, models, simulate_face
from insightsim.datasets import deap
from insightsim.datasets.recording import Recording
from insightsim.errors import DatasetError, ModelError, SettingsError, SignalError
from insightsim.simulate import subject
from insightsim.training.features import gather
from insightsim.training.recipes import CHANNELS, FACES, channels, recipe
from insightsim.types import VADL, Estimate, Signal
from insightsim.vadl import DIMENSIONS
from tools.cli import app
from tools.predict import trial_group


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("deap")
    run("simulate", "deap", folder, "--subjects", 3, "--effect", 2, "--seed", 9)
    return folder


@pytest.fixture(scope="module")
def trained(folder: Path) -> Result:
    output = folder / "mine" / "four"
    return run("train", "eeg", folder, "--features", "psd16", "--members", 5, "-o", output)


@pytest.fixture(scope="module")
def card_path(folder: Path, trained: Result) -> Path:
    return folder / "mine" / "four.toml"


def test_training_prints_every_score_with_chance_and_majority_beside_it(trained: Result) -> None:
    assert "chance" in trained.stdout
    assert "majority" in trained.stdout
    lines = trained.stdout.splitlines()
    for dimension in DIMENSIONS:
        (line,) = [line for line in lines if line.startswith(dimension)]
        assert line.count("0.50") >= 2
    assert "four.onnx" in trained.stdout
    assert "four.toml" in trained.stdout


def test_the_card_says_that_the_data_was_simulated_and_by_what(card_path: Path) -> None:
    trained = cardfile.read(card_path).trained
    assert trained.simulated
    assert trained.note.startswith("demo model, trained on simulated data")
    assert "insightsim simulate deap --subjects 3 --effect 2 --seed 9" in trained.data
    assert (trained.subjects, trained.trials, trained.members) == (3, 120, 5)


def test_what_is_left_out_is_said_and_the_card_counts_what_was_kept(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        data, ratings = subject(number, 2.0, 9)
        data[:number] = 0.0  # 1 + 2 + 3 trials without a signal
        deap.write(tmp_path / f"s{number:02}.dat", data, ratings)
    done = run("train", "eeg", tmp_path, "--features", "psd16", "--members", 5, "-o", tmp_path / "four")
    said = re.search(r"Kept (\d+) windows, left out (\d+) \(mostly: flat\) and 6 whole trials", done.stdout)
    assert said, done.stdout
    assert int(said[1]) + int(said[2]) == 1680
    trained = cardfile.read(tmp_path / "four.toml").trained
    assert (trained.subjects, trained.trials, trained.windows) == (3, 114, int(said[1]))
    for path in tmp_path.glob("*.dat"):
        path.unlink()


def test_files_without_the_simulators_note_are_taken_as_measured(
    folder: Path, tmp_path: Path, trained: Result
) -> None:
    for path in folder.glob("*.dat"):
        (tmp_path / path.name).symlink_to(path)
    run("train", "eeg", tmp_path, "--features", "psd16", "--members", 5, "-o", tmp_path / "real.onnx")
    card = cardfile.read(tmp_path / "real.toml")
    assert not card.trained.simulated
    assert "demo" not in card.trained.note
    assert card.licence != "Apache-2.0"


def test_a_trained_model_can_be_listed_shown_and_verified(card_path: Path) -> None:
    assert "intact" in run("models", "verify", card_path).stdout
    shown = run("models", "show", card_path).stdout
    assert cardfile.dumps(cardfile.read(card_path)) in shown


def test_every_shipped_model_says_that_it_is_a_demo() -> None:
    listed = run("models", "list").stdout.splitlines()
    names = {*(f"eeg-{channels}" for channels in CHANNELS), *FACES}
    assert {line.split()[0] for line in listed} == names
    assert all("demo model, trained on simulated data" in line for line in listed)
    assert len({line.index("  " + line.split()[1]) for line in listed}) == 1  # a column each
    (told,) = (line for line in listed if line.startswith("face-openface-709"))
    assert "face, 709 columns of OpenFace, openface709" in told
    assert run("models", "verify").stdout.count("intact") == len(names)
    for _, card in models.find():
        assert card.trained.simulated
        assert card.trained.members >= 5
        if card.recipe.stream == "face":
            assert simulate_face.SEEN[card.recipe.unit] in card.trained.data
            continue
        montage = f"{len(card.recipe.ch_names)} electrodes of {card.name.removeprefix('eeg-')}"
        assert f"{montage}; none extrapolated" in card.trained.data


def test_every_window_is_a_line_of_json(folder: Path, card_path: Path) -> None:
    done = run("predict", folder / "s01.dat", "--trial", 2, "--trial", 7, "--model", card_path, "--json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert {(line["subject"], line["trial"]) for line in lines} == {("s01", 2), ("s01", 7)}
    second = [line for line in lines if line["trial"] == 7]
    assert [line["time"] for line in second] == pytest.approx(np.arange(4, 63, 0.5), abs=0.005)
    for line in lines:
        assert line["schema"] == "insightsim.feed/1"
        assert line["at"] is None
        assert (line["raw"] is None) == (line["reason"] is not None)
    judged = [line for line in lines if line["reason"] is None]
    assert len(judged) > len(lines) / 2
    better = [
        skill > 0 for skill in cardfile.read(card_path).skill
    ]  # of three people, chance may be in reach
    assert any(better)
    for line in judged:
        assert [line[name] is not None and 0 <= line[name] <= 1 for name in DIMENSIONS] == better


def test_unsmoothed_values_are_the_raw_ones(folder: Path, card_path: Path) -> None:
    words = ("predict", folder / "s01.dat", "--trial", 2, "--model", card_path, "--json", "--smoothing")
    raw = [json.loads(line) for line in run(*words, 0).stdout.splitlines()]
    smooth = [json.loads(line) for line in run(*words, 10).stdout.splitlines()]
    assert [line["raw"] for line in raw] == [line["raw"] for line in smooth]
    judged = [i for i, line in enumerate(raw) if line["raw"]]
    assert all(raw[i]["valence"] == raw[i]["raw"]["valence"] for i in judged)
    assert np.std([smooth[i]["valence"] for i in judged]) < np.std([raw[i]["valence"] for i in judged])


def test_settings_hold_for_files_too_and_options_win(
    folder: Path, card_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lines(*options: object) -> list[dict[str, Any]]:
        done = run("predict", folder / "s01.dat", "--trial", 2, "--step", 4, "--json", *options)
        return [json.loads(line) for line in done.stdout.splitlines()]

    told = tmp_path / "insightsim.toml"
    told.write_text(f"[session]\nmodel = {str(card_path)!r}\nsmoothing = 0\n")
    found = lines("--settings", told)
    assert all(line["valence"] == line["raw"]["valence"] for line in found if line["raw"])
    assert found == lines("--model", card_path, "--smoothing", 0)
    monkeypatch.chdir(tmp_path)
    assert found == lines()
    assert found != lines("--smoothing", 10)
    assert found != lines("--model", "eeg-deap32")
    sixty = lines("--mains", 60)
    assert found != sixty
    told.write_text(told.read_text() + "mains = 60\n")
    assert sixty == lines()
    told.write_text("[limits]\npeak_to_peak = 1\n")
    with pytest.raises(SignalError, match="over 1 µV"):
        lines()


def test_mains_is_50_or_60_hz(folder: Path) -> None:
    with pytest.raises(SettingsError, match="mains is 55; expected 50"):
        run("predict", folder / "s01.dat", "--mains", 55)


def test_without_json_a_trial_ends_with_its_group_beside_the_rated_one(folder: Path, card_path: Path) -> None:
    done = run("predict", folder / "s02.dat", "--trial", 3, "--model", card_path, "--step", 10)
    *windows, predicted, rated = done.stdout.strip().splitlines()
    assert len(windows) == 6
    assert all(line.startswith("s02 trial  3") for line in windows)
    assert " predicted " in predicted
    assert " rated " in rated
    ratings = subject(2, 2.0, 9, 3)[1][2]
    key = "".join(
        ("H" if value >= 5 else "L") + name[0] for value, name in zip(ratings, DIMENSIONS, strict=True)
    )
    assert key in rated


def test_a_trials_group_is_that_of_its_windows_after_the_baseline() -> None:
    """The log-odds are averaged, not the probabilities: −3 and twice +1 are low."""
    four = recipe("psd16", CHANNELS["original4"])
    signal = Signal("eeg", ("Fp1",), "uV", 128.0, np.zeros((0, 1), np.float32), np.zeros(0))
    recording = Recording(signal, VADL(1, 1, 1, 1), "s01", 1, 1, baseline=3.0)
    said = {5.0: 0.999, 6.9: 0.999, 7.0: 0.047, 7.5: 0.731, 8.0: 0.731}
    estimates = [Estimate(time, None, VADL(p, 1 - p, p, 1 - p), None, 1.0, None) for time, p in said.items()]
    assert trial_group(recording, estimates, four) == "LvHaLdHl"
    assert trial_group(recording, [Estimate(9.0, None, None, None, 0.0, "flat")], four) is None


def test_when_no_window_can_be_judged_the_command_fails_and_says_why(tmp_path: Path) -> None:
    flat = tmp_path / "s01.dat"
    deap.write(flat, np.zeros((40, 40, 8064)), np.full((40, 4), 5.0))
    with pytest.raises(SignalError, match=r"not one window may be judged, most often because: .*flat"):
        run("predict", flat, "--trial", 1)


def test_where_no_model_can_be_written_training_does_not_even_begin(tmp_path: Path) -> None:
    """The data set is read after that: this one is damaged, and not a word of it."""
    for name in ("s01.dat", "s02.dat", "s03.dat"):
        (tmp_path / name).write_text("damaged")
    (tmp_path / "taken.toml").write_text("mine")
    (tmp_path / "folder.onnx").mkdir()
    places = {
        "s01.dat/x": "no model can be written",
        "taken": "--force",
        "folder": "name another place",
        ".": "NAME",
    }
    for place, said in places.items():
        with pytest.raises(SettingsError, match=said):
            run("train", "eeg", tmp_path, "-o", tmp_path / place if place != "." else ".")
    with pytest.raises(SettingsError, match="name another place"):
        run("train", "eeg", tmp_path, "-o", tmp_path / "folder", "--force")
    assert (tmp_path / "taken.toml").read_text() == "mine"
    there = ["folder.onnx", "s01.dat", "s02.dat", "s03.dat", "taken.toml"]
    assert sorted(path.name for path in tmp_path.iterdir()) == there


def test_a_model_is_overwritten_only_when_forced(folder: Path, card_path: Path, tmp_path: Path) -> None:
    output = tmp_path / "four.toml"
    output.write_text("old")
    output.with_suffix(".onnx").write_text("old")
    words = ("train", "eeg", folder, "--features", "psd16", "--members", 5, "-o", output)
    with pytest.raises(SettingsError, match="--force"):
        run(*words)
    assert output.read_text() == output.with_suffix(".onnx").read_text() == "old"
    assert run(*words, "--force").exit_code == 0
    assert models.verify(output).card.sha256 == cardfile.read(card_path).sha256
    assert sorted(path.name for path in tmp_path.iterdir()) == ["four.onnx", "four.toml"]


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("train", "eeg", "{empty}"), DatasetError),
        (("train", "eeg", "{folder}", "--features", "hjorth"), SettingsError),
        (("train", "eeg", "{folder}", "--channels", "Fp1,A9"), DatasetError),
        (("train", "eeg", "{folder}", "--features", "psd16", "--channels", "Fp1,F3"), ModelError),
        (("predict", "{folder}/s01.dat", "--trial", 41), DatasetError),
        (("predict", "{folder}/s99.dat"), DatasetError),
        (("predict", "{folder}/s01.dat", "--model", "nobody"), ModelError),
        (("models", "show", "nobody"), ModelError),
    ],
)
def test_bad_requests_are_refused(
    folder: Path, tmp_path: Path, words: tuple[object, ...], error: type[Exception]
) -> None:
    with pytest.raises(error):
        run(*(str(word).format(folder=folder, empty=tmp_path) for word in words))


@pytest.mark.parametrize("name", ["epoc14", "openbci8"])
def test_montages_that_deap_contains_are_read_from_its_files(folder: Path, name: str) -> None:
    wanted = recipe("log_bandpower", channels(name))
    assert 0 < len(gather(deap.read(folder / "s01.dat", [1]), wanted).features) <= 14


def test_electrodes_that_deap_lacks_are_named_and_not_made_up(folder: Path) -> None:
    said = (
        "no TP9, AF7, AF8, TP10, and no electrode is extrapolated.* expected deap32, epoc14, openbci8, orig"
    )
    with pytest.raises(DatasetError, match=said):
        run("train", "eeg", folder, "--channels", "muse4")
    with pytest.raises(DatasetError, match="have no epoc,"):
        run("train", "eeg", folder, "--channels", "epoc")


@pytest.mark.parametrize("n_subjects", [1, 2])
def test_fewer_than_three_subjects_are_too_few_which_is_said_before_they_are_read(
    tmp_path: Path, n_subjects: int
) -> None:
    for number in range(n_subjects):
        (tmp_path / f"s{number + 1:02}.dat").write_text("no recording, which reading it would find")
    with pytest.raises(DatasetError, match="three subjects at least"):
        run("train", "eeg", tmp_path, "--features", "psd16", "-o", tmp_path / "one")
