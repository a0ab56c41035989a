from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from insightsim import simulate as simulator
from insightsim.datasets import deap
from insightsim.errors import SettingsError
from tools.simulate import app


def run(*args: object) -> Result:
    return CliRunner().invoke(app, ["deap", *map(str, args)])


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
