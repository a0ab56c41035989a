from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from insightsim import simulate as simulator
from insightsim import simulate_face
from insightsim.aus import COLUMNS
from insightsim.datasets import deap
from insightsim.errors import SettingsError
from insightsim.openface import open_csv
from insightsim.openface_columns import FULL
from insightsim.types import join
from tools.simulate import app


def run(*args: object) -> Result:
    return CliRunner().invoke(app, ["deap", "--face", "none", *map(str, args)])


def faces(*args: object) -> Result:
    return CliRunner().invoke(app, ["openface", *map(str, args)])


def test_it_writes_what_the_simulator_makes_and_says_that_it_is_simulated(tmp_path: Path) -> None:
    folder = tmp_path / "made" / "here"
    result = run(folder, "--subjects", 2, "--effect", 0.5, "--seed", 3)
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in folder.iterdir()) == ["README.txt", "s01.dat", "s02.dat"]
    data, labels = simulator.subject(2, 0.5, 3)
    recording = next(deap.read(folder / "s02.dat", [7]))
    np.testing.assert_array_equal(recording.signal.data, data[6, :32].T.astype(np.float32))
    assert recording.ratings == tuple(labels[6])
    readme = (folder / "README.txt").read_text(encoding="utf-8")
    assert readme.startswith("SIMULATED DATA")
    assert "--subjects 2 --effect 0.5 --seed 3" in readme
    for path in folder.glob("*.dat"):
        path.unlink()


def test_mat_writes_the_same_as_matlab_files(tmp_path: Path) -> None:
    assert run(tmp_path, "--subjects", 1, "--mat").exit_code == 0
    recording = next(deap.read(tmp_path / "s01.mat", [1]))
    np.testing.assert_array_equal(
        recording.signal.data, simulator.subject(1, 1.0, 1)[0][0, :32].T.astype(np.float32)
    )
    (tmp_path / "s01.mat").unlink()


def test_files_that_are_there_are_kept_unless_forced(tmp_path: Path) -> None:
    mine = tmp_path / "s02.dat"
    mine.write_text("mine")
    result = run(tmp_path, "--subjects", 2)
    assert isinstance(result.exception, SettingsError)
    assert "s02.dat" in str(result.exception)
    assert [path.name for path in tmp_path.iterdir()] == ["s02.dat"]
    assert mine.read_text() == "mine"
    assert run(tmp_path, "--subjects", 2, "--force").exit_code == 0
    assert mine.stat().st_size > 100_000_000
    for path in tmp_path.glob("*.dat"):
        path.unlink()


def test_a_readme_of_other_data_is_kept(tmp_path: Path) -> None:
    (tmp_path / "README.txt").write_text("DEAP")
    assert isinstance(run(tmp_path, "--subjects", 1).exception, SettingsError)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["DEAP"]


def test_an_interrupted_run_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(arrays: object) -> object:
        yield b"half"
        raise KeyboardInterrupt

    monkeypatch.setattr(deap, "_python2_pickle", broken)
    assert run(tmp_path, "--subjects", 1).exit_code != 0
    assert [path.name for path in tmp_path.iterdir()] == ["README.txt"]
    monkeypatch.undo()
    assert run(tmp_path, "--subjects", 1).exit_code == 0
    (tmp_path / "s01.dat").unlink()


@pytest.mark.parametrize("options", [(), ("--force",)])
def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path, options: tuple[str, ...]) -> None:
    (tmp_path / "file").touch()
    result = run(tmp_path / "file", *options)
    assert isinstance(result.exception, SettingsError)
    assert "expected a folder" in str(result.exception)


def test_a_folder_that_takes_no_files_is_refused() -> None:
    """As one on a full or read-only disk; the reason is the system's own."""
    if not Path("/proc/self").is_dir():
        pytest.skip("this system has no folder in which nobody may make files")
    result = run("/proc/self", "--subjects", 1)
    assert isinstance(result.exception, SettingsError), result.exception
    assert "expected a folder to write to" in str(result.exception)


@pytest.mark.parametrize("wrong", [("--subjects", 0), ("--effect", -1), ("--seed", -1)])
def test_options_out_of_range_are_refused(tmp_path: Path, wrong: tuple[str, int]) -> None:
    assert run(tmp_path / "new", *wrong).exit_code == 2
    assert not (tmp_path / "new").exists()


def test_a_subjects_faces_lie_beside_its_eeg_and_the_size_is_said_before(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["deap", str(tmp_path), "--subjects", "1", "--seed", "3", "--fps", "10"])
    assert result.exit_code == 0, result.output
    paths = sorted((tmp_path / "face" / "s01").iterdir())
    assert [path.name for path in paths] == [f"s01_trial{trial:02d}.csv" for trial in range(1, 41)]
    written = sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())
    assert f"41 files, about {written / 1e6:.0f} MB" in result.stderr
    _, rows, rated = list(simulate_face.trials(1, 1.0, 3, 7, 10.0))[6]
    recording = next(deap.read(tmp_path / "s01.dat", [7]))
    assert recording.ratings == rated
    whole = join(list(open_csv(paths[6]).blocks()))
    smile = [names.index("AU12_r") for names in (whole.ch_names, COLUMNS)]
    seen = ~np.isnan(whole.data[:, smile[0]])
    assert 0.9 < seen.mean() <= 1
    np.testing.assert_allclose(whole.data[seen, smile[0]], rows[seen, smile[1]], atol=0.0051)
    assert len(rows) == len(whole) == 600
    readme = (tmp_path / "README.txt").read_text(encoding="utf-8")
    assert "--face aus --fps 10" in readme
    assert "OpenFace 2.2's layout, 46 columns" in readme


def test_openface_files_are_those_of_the_simulated_subjects_with_their_ratings(tmp_path: Path) -> None:
    folder = tmp_path / "made" / "here"
    result = faces(folder, "--subjects", 2, "--trials", 2, "--seed", 3, "--fps", 10, "--effect", 0.5)
    assert result.exit_code == 0, result.output
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))
    trials = [f"s0{number}/s0{number}_trial0{trial}.csv" for number in (1, 2) for trial in (1, 2)]
    assert names == ["README.txt", "ratings.csv", *trials]
    written = sum((folder / name).stat().st_size for name in trials)
    assert f"5 files, about {written / 1e6:.0f} MB" in result.stderr
    lines = (folder / "ratings.csv").read_text(encoding="ascii").splitlines()
    assert lines[0] == "subject,trial,valence,arousal,dominance,liking"
    rated = simulator.ratings_of(2, 3)[1]
    assert lines[4] == "s02,2," + ",".join(f"{rating:.2f}" for rating in rated)
    header, _ = (folder / trials[0]).read_text(encoding="ascii").split("\n", 1)
    assert tuple(header.split(",")) == FULL
    readme = (folder / "README.txt").read_text(encoding="utf-8")
    assert readme.startswith("SIMULATED DATA")
    assert "--subjects 2 --trials 2 --effect 0.5 --seed 3 --fps 10 --layout full" in readme


def test_the_same_seed_gives_the_same_files(tmp_path: Path) -> None:
    options = ("--subjects", 1, "--trials", 1, "--fps", 10, "--layout", "aus")
    first, again, other = (
        [path.read_bytes() for path in sorted((tmp_path / name).rglob("*.csv"))]
        for name, seed in (("first", 1), ("again", 1), ("other", 2))
        if faces(tmp_path / name, *options, "--seed", seed).exit_code == 0
    )
    assert first == again != other
    assert len(first) == 2


def test_face_files_that_are_there_are_kept_unless_forced(tmp_path: Path) -> None:
    mine = tmp_path / "s01" / "s01_trial02.csv"
    mine.parent.mkdir()
    mine.write_text("mine")
    options = (tmp_path, "--subjects", 1, "--trials", 2, "--fps", 5, "--layout", "aus")
    result = faces(*options)
    assert isinstance(result.exception, SettingsError)
    assert "s01/s01_trial02.csv already there" in str(result.exception)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [mine]
    assert faces(*options, "--force").exit_code == 0
    assert mine.stat().st_size > 10_000


@pytest.mark.parametrize("wrong", [("--fps", 4), ("--trials", 41), ("--layout", "half"), ("--effect", -1)])
def test_options_of_faces_out_of_range_are_refused(tmp_path: Path, wrong: tuple[str, object]) -> None:
    assert faces(tmp_path / "new", *wrong).exit_code == 2
    assert not (tmp_path / "new").exists()
