"""What a user asks for, as a source."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from insightsim.errors import SettingsError
from streaming.lsl import Inlet
from streaming.named import Named
from streaming.queries import file_of, source_of
from streaming.recorded import Recorded
from streaming.settings import Wanted
from streaming.synthetic import Synthetic


@pytest.mark.parametrize(
    ("eeg", "path", "part"),
    [
        ("file:a.xdf", "a.xdf", ""),
        ("file:a.xdf#type=EEG", "a.xdf", "type=EEG"),
        ("file:sub#1/a.xdf#Cap", "sub#1/a.xdf", "Cap"),
        ("file:s01.dat#5", "s01.dat", "5"),
    ],
)
def test_a_file_may_be_asked_for_with_a_part(eeg: str, path: str, part: str) -> None:
    source = source_of(Wanted(eeg=eeg, speed=20.0))
    assert isinstance(source, Recorded)
    assert (source.path, source.part, source.speed, source.query) == (Path(path), part, 20.0, eeg)


def test_a_file_whose_name_has_the_sign_in_it_is_taken_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "subject#1.edf"
    path.touch()
    assert file_of(str(path)) == (path, "")
    assert file_of(f"{path}#x") == (path, "x")
    assert file_of(f"{path}#EEG#2") == (path, "EEG#2")


def test_a_path_may_begin_with_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert file_of("~/a.xdf#x") == (tmp_path / "a.xdf", "x")


def test_a_path_without_its_prefix_is_told_with_it(tmp_path: Path) -> None:
    path = tmp_path / "recording.of#1"
    path.touch()
    for eeg in ("cap.txt", "Cap.XDF#EEG", str(path), f"{path}#Cap"):
        with pytest.raises(SettingsError) as refusal:
            source_of(Wanted(eeg=eeg))
        assert str(refusal.value).endswith(f"did you mean file:{eeg}?")
    with pytest.raises(SettingsError, match="expected lsl:NAME"):
        source_of(Wanted(eeg="muse"))


def test_a_character_that_no_path_may_have_is_refused() -> None:
    for text in ("a\0b.csv", "a.csv#a\0b"):
        with pytest.raises(SettingsError, match="no path may have"):
            file_of(text)


def test_a_name_that_is_too_long_is_left_to_who_opens_it() -> None:
    assert file_of("a" * 300 + ".csv#x") == (Path("a" * 300 + ".csv"), "x")


def test_a_trial_is_a_part_of_a_deap_file_alone() -> None:
    source = source_of(Wanted(eeg="file:s01.dat", trial=5))
    assert isinstance(source, Recorded)
    assert source.part == "5"
    assert file_of("S01.DAT", 5) == (Path("S01.DAT"), "5")
    for eeg in ("file:a.xdf", "file:s01.dat#3", "lsl:x", "synthetic"):
        with pytest.raises(SettingsError, match="trial 5"):
            source_of(Wanted(eeg=eeg, trial=5))


def test_names_and_unit_are_laid_over_any_source() -> None:
    for wanted in (Wanted(ch_names=("Fp1",)), Wanted(unit="V"), Wanted(eeg="file:a.edf", unit="V")):
        assert isinstance(source_of(wanted), Named)
    assert isinstance(source_of(Wanted()), Inlet)


def samples(eeg: str) -> np.ndarray:
    """The first second."""
    source = source_of(Wanted(eeg=eeg))
    assert isinstance(source, Synthetic)
    source.open()
    source.pace.origin -= 1.0
    return source.pull().data[:128]


def test_a_made_up_brain_has_the_electrodes_and_the_seed_that_are_asked_for() -> None:
    source = source_of(Wanted(eeg="synthetic:7", ch_names=("TP9", "AF7")))
    assert isinstance(source, Synthetic)
    assert (source.ch_names, source.seed, source.query) == (("TP9", "AF7"), 7, "synthetic:7")
    first, same, other = (samples(eeg) for eeg in ("synthetic", "synthetic:1", "synthetic:2"))
    np.testing.assert_array_equal(first, same)
    assert not np.allclose(first, other)


def test_a_live_stream_has_its_own_speed() -> None:
    assert isinstance(source_of(Wanted(eeg="synthetic", speed=2.0)), Synthetic)
    with pytest.raises(SettingsError, match="live"):
        source_of(Wanted(speed=2.0))


@pytest.mark.parametrize("eeg", ["bluetooth", "file:", "synthetic2", "synthetic:", "synthetic:x"])
def test_anything_else_is_refused_with_what_there_is(eeg: str) -> None:
    with pytest.raises(SettingsError, match="expected lsl:NAME"):
        source_of(Wanted(eeg=eeg))
