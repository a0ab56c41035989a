"""What the options of `insightsim monitor` make of the settings."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from insightsim.errors import SettingsError
from streaming.settings import Settings
from tools import session
from tools.cli import app


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Settings]:
    """The settings a monitor was run with; none is run."""
    runs: list[Settings] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(session, "run", lambda settings, **_: runs.append(settings))
    return runs


def monitor(*options: str) -> None:
    done = CliRunner().invoke(app, ["monitor", *options])
    if done.exception is not None:
        raise done.exception


def test_what_a_source_does_not_say_of_itself_is_told_by_options(told: list[Settings]) -> None:
    monitor("--eeg", "file:a.txt", "--ch-names", "Fp1, Fp2,-", "--unit", "mV", "--speed", "4", "--trial", "2")
    (one,) = told[0].people
    assert (one.eeg, one.ch_names, one.unit) == ("file:a.txt", ("Fp1", "Fp2", "-"), "mV")
    assert (one.speed, one.trial) == (4.0, 2)


def test_each_participant_option_is_a_person_and_the_others_hold_for_everyone(told: list[Settings]) -> None:
    monitor("--participant", "anna=lsl:source_id=a", "--participant", "ben=file:b.xdf", "--mains", "60")
    assert [(one.participant, one.eeg, one.mains) for one in told[0].people] == [
        ("anna", "lsl:source_id=a", 60.0),
        ("ben", "file:b.xdf", 60.0),
    ]


def test_a_participant_option_without_a_source_names_the_one_person_watched(told: list[Settings]) -> None:
    monitor("--eeg", "lsl:x", "--participant", "anna")
    assert [(one.participant, one.eeg) for one in told[0].people] == [("anna", "lsl:x")]


def test_one_source_for_several_people_is_refused(told: list[Settings]) -> None:
    with pytest.raises(SettingsError, match="say whose it is: --participant anna=lsl:x"):
        monitor("--eeg", "lsl:x", "--participant", "anna=lsl:a", "--participant", "ben=lsl:b")
    assert told == []


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (("--unit", "apples"), "unit is 'apples'"),
        (("--speed", "0.05"), "speed is 0.05"),
        (("--mains", "55"), "50 or 60"),
    ],
)
def test_an_option_out_of_range_is_said(told: list[Settings], option: tuple[str, str], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        monitor("--eeg", "synthetic", *option)


def test_a_face_is_watched_without_eeg_unless_that_is_asked_for(told: list[Settings], tmp_path: Path) -> None:
    face = ("--face", "camera:0", "--face-model-vadl", "face-affectnet", "--neutral", "me.json", "--lsl-out")
    monitor(*face, "--weight", "face-affectnet=0.3", "--weight", "eeg-deap32=1", "--face-model", "a.task")
    monitor(*face, "--eeg", "lsl:x")
    (tmp_path / "insightsim.toml").write_text('[session]\neeg = "lsl:type=EEG"\n')
    monitor(*face)
    people = [one.people[0] for one in told]
    assert [one.eeg for one in people] == ["none", "lsl:x", "lsl:type=EEG"]
    first = people[0]
    assert (first.face, first.face_model_vadl, first.face_model) == ("camera:0", "face-affectnet", "a.task")
    assert (first.neutral, first.lsl_out) == ("me.json", True)
    assert first.weights == {"face-affectnet": 0.3, "eeg-deap32": 1.0}
    assert not people[1].weights


def test_a_weight_that_cannot_be_meant_is_said(told: list[Settings]) -> None:
    with pytest.raises(SettingsError, match="weight is 'face-affectnet'; expected MODEL=w"):
        monitor("--face", "camera:0", "--weight", "face-affectnet")
