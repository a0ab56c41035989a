"""`insightsim predict FILE.csv`: every window of a face, and what the whole file comes to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from insightsim.aus import COLUMNS
from insightsim.errors import DatasetError, InsightSimError, ModelError, SettingsError, SignalError
from insightsim.evidence import log_odds
from insightsim.face_judge import FaceJudge
from insightsim.face_windows import FaceWindows
from insightsim.models import loaded, named
from insightsim.openface import open_csv
from insightsim.types import VADL
from tests import small_csvs
from tools.bench.looks import look
from tools.cli import app

ROOT = Path(__file__).parents[2]
LESS = ("--min-confidence", "0")
DEMO, JT, OLD = "demo_full_6b8beb0.csv", "jt_full_6d8c7c6.csv", "OpenFace_Test.csv"


@pytest.fixture
def files(shared: Path) -> Path:
    return shared / "data" / "openface"


def predict(path: Path | str, *options: str) -> list[str]:
    done = CliRunner().invoke(app, ["predict", str(path), *options], catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout.splitlines()


def refusal(path: Path | str, *options: str) -> InsightSimError:
    with pytest.raises(InsightSimError) as caught:
        CliRunner().invoke(app, ["predict", str(path), *options], catch_exceptions=False)
    return caught.value


def test_every_window_of_a_real_file_and_the_whole_are_judged_as_its_stages_judge_them(files: Path) -> None:
    *windows, whole = map(json.loads, predict(files / DEMO, "--json", "--smoothing", "0", "--step", "0.25"))
    model = loaded(named("face-openface-dynamics"))
    recipe = model.card.face
    cut = FaceWindows(recipe.seconds, 0.25)
    expected = [
        prediction
        for block in open_csv(files / DEMO, COLUMNS).blocks()
        for prediction in FaceJudge(model)(list(cut(block)))
    ]
    assert [w["time"] for w in windows] == pytest.approx([p.time for p in expected])
    said = np.array([p.vadl for p in expected])
    found = [[w[name] for name in ("valence", "arousal", "dominance", "liking")] for w in windows]
    np.testing.assert_allclose(found, said, atol=1e-6)
    mean = np.mean([log_odds(VADL(*row)) for row in said], axis=0)
    assert whole["valence"] == pytest.approx(1 / (1 + np.exp(-mean[0])))
    assert (whole["type"], whole["model"], whole["action_units"]) == ("file", model.card.name, "OpenFace")
    assert (whole["windows"], whole["judged"]) == (len(said), len(said))
    assert (whole["rows"], whole["masked"]) == (490, 0)


def test_a_person_is_told_in_lines_what_a_program_is_told_in_json(files: Path) -> None:
    lines = predict(files / JT)
    messages = [json.loads(line) for line in predict(files / JT, "--json")]
    assert len(lines) == len(messages) + 1
    assert f"V {messages[0]['valence']:.2f} ±{messages[0]['spread']['valence']:.2f}" in lines[0]
    assert f"whole file  V {messages[-1]['valence']:.2f}" in lines[-2]
    assert "0 of 474 rows masked" in lines[-1]
    assert "196 of 714" in messages[-1]["notes"][0]


def test_a_model_of_all_709_columns_judges_a_full_file(files: Path) -> None:
    whole = json.loads(predict(files / DEMO, "--model", "face-openface-709", "--json")[-1])
    assert whole["model"] == "face-openface-709"
    assert whole["judged"] == whole["windows"] > 0


def test_windows_without_a_face_are_not_judged_and_rows_masked_are_told(tmp_path: Path) -> None:
    success = np.ones(1500)
    success[500:1000] = 0
    path = small_csvs.write(tmp_path / "a.csv", n_rows=1500, success=success)
    *windows, whole = map(json.loads, predict(path, "--json"))
    gone = [w for w in windows if w["valence"] is None]
    assert {w["time"] for w in gone} >= {25.0, 30.0, 38.0}
    assert all("face" in w["reason"] for w in gone)
    assert whole["judged"] == whole["windows"] - len(gone) > 0
    assert whole["masked"] == 502


def test_a_rate_and_a_face_may_be_said(tmp_path: Path, files: Path) -> None:
    *_, whole = map(json.loads, predict(files / OLD, "--fps", "10", "--json"))
    assert (whole["rows"], whole["judged"] > 0) == (100, True)
    face_id = np.tile([0, 7], 500)
    times = np.repeat(np.arange(500), 2) / 25
    path = small_csvs.write(tmp_path / "a.csv", n_rows=1000, face_id=face_id, timestamp=times)
    assert json.loads(predict(f"{path}#7", "--json")[-1])["rows"] == 500
    assert json.loads(predict(f"openface:{path}#0", "--json")[-1])["rows"] == 500


def test_what_cannot_be_judged_is_refused_with_the_reason(tmp_path: Path, files: Path) -> None:
    assert "shorter than a window" in str(refusal(small_csvs.write(tmp_path / "a.csv", n_rows=50)))
    lost = refusal(small_csvs.write(tmp_path / "b.csv", n_rows=500, success=0))
    assert isinstance(lost, SignalError)
    assert "no face" in str(lost)
    assert isinstance(refusal(files / OLD), DatasetError)
    assert isinstance(refusal(files / DEMO, "--trial", "3"), SettingsError)
    assert isinstance(refusal(files / DEMO, "--mains", "50"), SettingsError)
    assert isinstance(refusal(tmp_path / "s01.dat", "--fps", "25"), SettingsError)
    wrong = refusal(files / DEMO, "--model", "face-landmarks-dynamics")
    assert isinstance(wrong, ModelError)
    assert "of landmarks" in str(wrong)
    eeg = refusal(files / DEMO, "--model", "eeg-deap32")
    assert isinstance(eeg, ModelError)
    few = refusal(files / OLD, "--fps", "10", "--model", "face-openface-709")
    assert "and 276 more" in str(few)


def test_rows_whose_stamps_repeat_are_dropped_and_told(tmp_path: Path) -> None:
    times = np.arange(600) / 25
    times[300:310] = times[299]
    path = small_csvs.write(tmp_path / "a.csv", n_rows=600, timestamp=times)
    assert predict(path)[-1].endswith("10 dropped: their stamps repeat or go back")
    whole = json.loads(predict(path, "--json")[-1])
    assert (whole["rows"], whole["dropped"]) == (600, 10)


def test_how_sure_a_row_must_be_is_for_the_user_to_say(tmp_path: Path) -> None:
    confidence = np.full(600, 0.98)
    confidence[100:200] = 0.6
    path = small_csvs.write(tmp_path / "a.csv", n_rows=600, confidence=confidence)
    masked = [json.loads(predict(path, "--json", *options)[-1])["masked"] for options in ((), LESS)]
    assert masked == [100, 0]
    assert "no face" in str(refusal(path, "--min-confidence", "0.99"))
    assert isinstance(refusal(path, "--min-confidence", "80"), SettingsError)
    assert isinstance(refusal(tmp_path / "s01.dat", *LESS), SettingsError)


MEMORY = """
import os, sys
from tools.bench.looks import look
from tools.cli import main
sys.argv = ["insightsim", "predict", sys.argv[1], "--step", "2", "--json"]
try:
    main()
finally:
    sys.stderr.write(f"{look(os.getpid()).peak}")
"""


@pytest.mark.skipif(look(os.getpid()) is None, reason="memory is NOT measured: this system does not tell it")
def test_a_long_file_takes_no_more_memory_to_judge_than_a_short_one(tmp_path: Path) -> None:
    peaks = []
    for n_rows in (10_000, 150_000):
        path = small_csvs.write(tmp_path / f"{n_rows}.csv", n_rows=n_rows)
        command = [sys.executable, "-c", MEMORY, str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
        assert json.loads(done.stdout.splitlines()[-1])["rows"] == n_rows
        peaks.append(float(done.stderr))
    assert peaks[1] - peaks[0] < 12, "MB; all its rows would take 40 as numbers"
