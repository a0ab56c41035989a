"""Files of every format as tracks: what all formats have in common, and what keeps a bad file harmless."""

from __future__ import annotations

import importlib.util
import io
import os
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from insightsim.datasets import unpickle
from insightsim.errors import DatasetError
from insightsim.recordings import child, reader
from insightsim.recordings.content import Content, rate_of
from insightsim.recordings.reader import open_tracks
from tests import small_files


def refusal(path: Path, part: str = "") -> str:
    with pytest.raises(DatasetError) as info:
        open_tracks(path, part)
    message = str(info.value)
    assert path.name in message
    assert "\n" not in message
    assert "Traceback" not in message
    return message


@pytest.fixture
def edf(tmp_path: Path) -> Path:
    path = tmp_path / "a.edf"
    small_files.edf(path, np.arange(2 * 256).reshape(2, 256))
    return path


@pytest.mark.parametrize("suffix", [".xdf", ".csv", ".txt", ".edf", ".bdf", ".vhdr", ".fif", ".set"])
def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"time,Fp1,Fp2\n0,1,2\n" * 40)
    refusal(path)


@pytest.mark.parametrize("suffix", [".xdf", ".csv", ".txt", ".edf", ".vhdr"])
def test_an_empty_file_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.touch()
    refusal(path)


def test_no_file_and_an_unknown_kind_are_refused_with_what_is_known(tmp_path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "a.edf")
    assert ".vhdr" in refusal(tmp_path / "a.mp3")
    assert "name that one" in refusal(tmp_path / "a.eeg")


def test_a_path_that_leads_to_no_file_is_refused_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "b.csv"
    folder.mkdir()
    assert "a folder" in refusal(folder)
    assert "too long" in refusal(tmp_path / ("a" * 300 + ".csv"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    os.mkfifo(path)
    assert "a pipe" in refusal(path)


def test_a_part_of_a_file_without_parts_is_refused(edf: Path) -> None:
    assert "'EEG'" in refusal(edf, "EEG")


def test_samples_stay_in_a_file_that_has_no_name_and_cannot_be_written_to(edf: Path) -> None:
    (track,) = open_tracks(edf)
    base = track.signal.data
    while isinstance(base.base, np.ndarray):
        base = base.base
    assert isinstance(base, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        track.signal.data[0, 0] = 1


def test_a_file_that_takes_too_long_is_given_up(edf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "TIMEOUT", 0.05)
    assert "was stopped" in refusal(edf)


@pytest.mark.skipif(not unpickle.memory_limit_available(), reason="this system has no memory limit")
def test_a_file_that_takes_too_much_memory_is_refused(tmp_path: Path) -> None:
    """A damaged length makes the reader of XDF ask for 800 GB."""
    path = tmp_path / "a.xdf"
    xdf = small_files.Xdf().stream(1, "A", "EEG", np.zeros((64, 2)), np.arange(64) / 128.0)
    xdf.content = xdf.content.replace(b"<channel_count>2<", b"<channel_count>99999999999<")
    path.write_bytes(xdf.content)
    assert path.name in refusal(path)
    path = tmp_path / "b.csv"
    with path.open("wb") as file:
        file.truncate(2 * child.MEMORY_LIMIT)
    assert "2048 MB of memory" in refusal(path)


@pytest.mark.parametrize(("code", "said"), [(-9, ""), (-11, "Segmentation fault"), (1, "")])
def test_a_reader_that_dies_without_a_word_is_told_in_a_sentence(code: int, said: str) -> None:
    assert f"code {code}" in reader.sentence(code, said)


def test_half_an_answer_is_refused(edf: Path, tmp_path: Path) -> None:
    whole = tmp_path / "answer"
    with whole.open("w+b") as file:
        child.main(edf, "", False, file)
        reader.track(file)
        file.truncate(file.seek(0, os.SEEK_END) - 4)
        with pytest.raises(ValueError, match="expected"):
            reader.track(file)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is full")
def test_a_disk_without_room_for_the_samples_is_told(edf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader.tempfile, "TemporaryFile", partial(Path("/dev/full").open, "wb"))
    assert "No space left on device" in (said := refusal(edf))
    assert "make room" in said
    assert "broken" not in said


def test_more_samples_than_are_read_are_refused(edf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "MAX_ANSWER", 256 * (8 + 2 * 4) - 1)
    out = io.BytesIO()
    with pytest.raises(DatasetError, match="GB of samples"):
        child.main(edf, "", False, out)
    assert out.getvalue() == b""
    monkeypatch.setattr(child, "MAX_ANSWER", 256 * (8 + 2 * 4))
    child.main(edf, "", False, out)


def test_what_a_parser_prints_does_not_get_among_the_samples(tmp_path: Path) -> None:
    """mne prints the date of birth when it cannot make it out."""
    numbers = np.random.default_rng(0).integers(-100, 100, (256, 2))
    small_files.persyst(tmp_path / "a.lay", numbers, "BirthDate=12/31/1970")
    (track,) = open_tracks(tmp_path / "a.lay")
    assert track.signal.data.shape == (256, 2)
    np.testing.assert_allclose(track.signal.data, numbers, rtol=1e-5)


@pytest.mark.parametrize(("suffix", "package"), [(".mff", "mffpy"), (".cdt", "curryreader")])
def test_a_format_whose_package_is_missing_is_not_called_broken(
    tmp_path: Path, suffix: str, package: str
) -> None:
    if importlib.util.find_spec(package):
        pytest.skip(f"{package} is installed")
    path = tmp_path / f"a{suffix}"
    path.touch()
    said = refusal(path)
    assert f"package {package}, which is not installed" in said
    assert "broken" not in said


def test_the_child_finds_its_parts_wherever_it_is_run(
    edf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("numpy", "mne", "insightsim"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('not the real one')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert len(open_tracks(edf)) == 1


def test_what_cannot_be_played_is_refused() -> None:
    good = {"name": "a", "ch_names": ("x",), "unit": "", "sfreq": 1.0, "times": np.zeros(2), "blocks": []}
    for bad, said in (
        ({"ch_names": ()}, "0 channels"),
        ({"times": np.zeros(0)}, "0 samples"),
        ({"sfreq": float("nan")}, "rate of nan"),
        ({"sfreq": 0.0}, "rate of 0"),
        ({"times": np.array([0.0, np.inf])}, "sample 2"),
    ):
        with pytest.raises(DatasetError, match=said):
            Content(**good | bad)


def test_the_usual_rate_is_told_whatever_is_between_the_samples() -> None:
    times = np.round(np.arange(1000) / 220, 3)  # the first Muse, stamps in whole milliseconds
    times[500:] += 3.0
    times[700:] -= 9.0
    assert rate_of(times) == pytest.approx(220, rel=2e-3)
    assert np.isnan(rate_of(np.zeros(5)))
