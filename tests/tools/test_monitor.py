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
        (("--speed", "0"), "speed is 0"),
        (("--mains", "55"), "50 or 60"),
    ],
)
def test_an_option_out_of_range_is_said(told: list[Settings], option: tuple[str, str], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        monitor("--eeg", "synthetic", *option)
