"""`insightsim aus` and `insightsim neutral`, as a user runs them, on real faces."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from insightsim.aus import COLUMNS, LANDMARKS, PRESENT, TIERS
from insightsim.aus_csv import HEADER
from insightsim.openface import open_csv
from insightsim.types import join

ROOT = Path(__file__).parents[2]


def insightsim(*arguments: object, bundle: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tools.cli", *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "INSIGHTSIM_MODEL_DIR": str(bundle.parent)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100)


def refusal(*arguments: object, bundle: Path) -> str:
    done = insightsim(*arguments, bundle=bundle)
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stderr
    return " ".join(done.stderr.split())


@pytest.fixture(scope="module")
def clip(shared: Path) -> Path:
    """72 frames of a man who smiles, then 97 of a title card; one false detection among them."""
    return shared / "data" / "face" / "face_noface.mov"


@pytest.fixture(scope="module")
def still(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video of the man at rest: frames 1 to 16 of the clip, forth and back for 6 s."""
    capture = cv2.VideoCapture(str(clip))
    frames = [capture.read()[1] for _ in range(17)][1:]
    path = tmp_path_factory.mktemp("still") / "still.mp4"
    height, width = frames[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 30.0, (width, height))
    for i in range(180):
        writer.write(frames[min(i % 30, 30 - i % 30)])
    writer.release()
    return path


@pytest.fixture(scope="module")
def rest(still: Path, bundle: Path) -> Path:
    """The man's neutral face."""
    path = still.with_name("man.neutral.json")
    done = insightsim("neutral", f"video:{still}", "-o", path, bundle=bundle)
    assert done.returncode == 0, done.stderr
    assert "biometric" in done.stdout
    return path


def test_a_neutral_face_is_captured_for_its_owner_alone(rest: Path) -> None:
    told = json.loads(rest.read_text())
    assert told["source"] == "video:still.mp4"
    assert told["frames"] == 150
    assert stat.S_IMODE(rest.stat().st_mode) == 0o600


def test_action_units_go_to_a_csv_that_is_read_back_as_it_was_told(
    clip: Path, rest: Path, bundle: Path, tmp_path: Path
) -> None:
    path = tmp_path / "man.csv"
    done = insightsim("aus", clip, "-o", path, "--neutral", rest, "--json", bundle=bundle)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["frames"], told["with_face"], told["confident"]) == (169, 72, 72)
    assert {row["au"]: row["tier"] for row in told["aus"]} == {f"AU{au}": TIERS[au] for au in PRESENT}

    table = pd.read_csv(path)
    assert tuple(table.columns) == HEADER
    assert table["frame"].tolist() == list(range(1, 170))
    assert (table["success"] == (np.arange(169) < 72)).all()
    assert not table.loc[72:, COLUMNS[0] :].any(axis=None)  # zeros, as OpenFace has them
    smile = next(row for row in told["aus"] if row["au"] == "AU12")
    seen = table.loc[:71]
    assert smile["mean"] == pytest.approx(seen["AU12_r"].mean(), abs=0.006)
    assert smile["peak"] == pytest.approx(seen["AU12_r"].max(), abs=0.006)
    assert smile["present"] == pytest.approx(seen["AU12_c"].mean(), abs=0.001)
    assert seen.loc[24:68, "AU12_r"].min() > 3.0
    assert seen.loc[1:16, "AU12_r"].max() < 0.4

    read = open_csv(path)
    assert read.unit == LANDMARKS
    signal = join(list(read.blocks()))
    np.testing.assert_allclose(signal.data[:72], seen[list(read.columns)], rtol=1e-6)
    intensity = signal.data[72:, list(read.columns).index("AU12_r")]
    assert np.isnan(intensity).all()  # no face is not a neutral face

    made = json.loads(path.with_name("man.csv.json").read_text())
    assert made["family"] == LANDMARKS
    assert made["made"]["video"] == "face_noface.mov"
    assert made["rest"].endswith("from video:still.mp4")

    assert "--force" in refusal("aus", clip, "-o", path, bundle=bundle)
    path.unlink()
    assert "man.csv.json is already there" in refusal("aus", clip, "-o", path, bundle=bundle)


def test_the_table_marks_what_hardly_follows_openface(clip: Path, rest: Path, bundle: Path) -> None:
    done = insightsim("aus", f"video:{clip}", "--neutral", rest, bundle=bundle)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("169 frames")
    for au in PRESENT:
        [line] = [line for line in lines if line.startswith(f"AU{au} ")]
        assert ("(!)" in line) == (TIERS[au] == "low")
    assert "not OpenFace's" in done.stdout


def test_a_face_too_short_to_know_is_told_as_such(clip: Path, bundle: Path) -> None:
    done = insightsim("aus", clip, bundle=bundle)
    assert done.returncode == 0, done.stderr
    assert "0 are told with confidence" in done.stdout
    assert "--neutral" in done.stdout


def test_of_a_single_picture_it_is_told_that_it_cannot_settle_a_face(shared: Path, bundle: Path) -> None:
    done = insightsim("aus", shared / "data" / "face" / "single_face.jpg", bundle=bundle)
    assert done.returncode == 0, done.stderr
    assert "a face in 0" in done.stdout
    assert "cannot be told of 1 pictures: 3 in a row must show a face" in done.stderr


def test_what_cannot_be_a_neutral_face_is_refused_and_nothing_is_kept(
    clip: Path, still: Path, bundle: Path, tmp_path: Path
) -> None:
    path = tmp_path / "a.json"
    for source, words in (
        (f"video:{clip}", "a face in only 72 of"),
        (f"video:{clip.with_name('no_face.mp4')}", "a face in only 0 of"),
        (f"video:{tmp_path / 'none.mp4'}", "no such file"),
        ("webcam", "unknown camera 'webcam'"),
    ):
        assert words in refusal("neutral", source, "-o", path, bundle=bundle)
    assert not path.exists()
    assert "no such folder" in refusal("neutral", f"video:{still}", "-o", path / "b.json", bundle=bundle)
    path.write_text("mine")
    assert "--force" in refusal("neutral", f"video:{still}", "-o", path, bundle=bundle)
    assert "expected a neutral face" in refusal("aus", clip, "--neutral", path, bundle=bundle)


def test_what_is_no_video_is_refused_and_leaves_no_file(bundle: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_text("no video")
    assert "expected MP4" in refusal("aus", path, "-o", tmp_path / "a.csv", bundle=bundle)
    assert list(tmp_path.iterdir()) == [path]


def test_the_csv_is_what_users_of_openface_expect_who_know_no_reader_of_ours(
    clip: Path, bundle: Path, tmp_path: Path
) -> None:
    """As their scripts go: names stripped, rows where tracking succeeded, action units by their endings."""
    path = tmp_path / "man.csv"
    assert insightsim("aus", clip, "-o", path, bundle=bundle).returncode == 0
    df = pd.read_csv(path)
    df.columns = df.columns.str.strip()
    df = df[(df["success"] == 1) & (df["confidence"] > 0.1)]
    intensities, presences = df.filter(regex=r"^AU\d\d_r$"), df.filter(regex=r"^AU\d\d_c$")
    assert (intensities.shape[1], presences.shape[1]) == (17, 18)
    assert len(df) > 60
    assert all(pd.api.types.is_numeric_dtype(kind) for kind in df.dtypes)
    assert df.notna().all(axis=None)
    assert intensities.min(axis=None) >= 0
    assert 3 < intensities.max(axis=None) <= 5
    assert set(np.unique(presences)) == {0, 1}
    assert df["AU12_r"].corr(df["frame"]) > 0.5, "his smile comes and stays"
    assert (df["timestamp"].diff().dropna() > 0).all()
