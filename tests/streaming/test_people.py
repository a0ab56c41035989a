"""Who is watched: names and sources of options over those of the settings file."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insightsim.errors import SettingsError
from streaming.people import watched
from streaming.settings import NAME, Settings, Wanted

TWO = Settings(
    session=Wanted(smoothing=3.0, trial=2),
    participants={"anna": "file:a.dat", "ben": {"eeg": "file:b.dat", "mains": 60, "trial": 5}},
)


def people(settings: Settings, *named: str, eeg: str | None = None, **options: object) -> list[tuple]:
    told = watched(settings, named, eeg, **options)
    return [(one.participant, one.eeg, one.mains, one.trial) for one in told.people]


def test_each_named_with_a_source_is_watched_in_that_order() -> None:
    named = ("ben=lsl:source_id=b", "anna=file:x=y.xdf")
    assert people(Settings(), *named) == [
        ("ben", "lsl:source_id=b", 50.0, 0),
        ("anna", "file:x=y.xdf", 50.0, 0),
    ]


def test_a_name_alone_is_what_to_call_the_one_person_watched() -> None:
    assert people(Settings(), "anna") == [("anna", "lsl:type=EEG", 50.0, 0)]
    assert people(Settings(), "anna", eeg="lsl:x") == [("anna", "lsl:x", 50.0, 0)]


def test_without_options_the_file_says_who_is_watched() -> None:
    assert people(TWO) == [("anna", "file:a.dat", 50.0, 2), ("ben", "file:b.dat", 60.0, 5)]


def test_a_name_alone_picks_one_of_the_file_with_their_keys() -> None:
    assert people(TWO, "ben") == [("ben", "file:b.dat", 60.0, 5)]


def test_another_source_is_not_read_with_the_trial_of_the_files_source() -> None:
    assert people(TWO, "ben=lsl:q", "anna") == [("ben", "lsl:q", 60.0, 0), ("anna", "file:a.dat", 50.0, 2)]
    assert people(TWO, "ben", eeg="lsl:q") == [("ben", "lsl:q", 60.0, 0)]


def test_another_source_is_not_read_with_the_names_and_unit_of_the_files_source() -> None:
    file = Settings(
        session=Wanted(ch_names=("Fp1",), unit="mV", mains=60.0),
        participants={"anna": {"eeg": "lsl:a", "ch_names": ["Fp2"], "unit": "V"}},
    )
    (anna,) = watched(file, ["anna=lsl:b"]).people
    assert (anna.ch_names, anna.unit, anna.mains) == ((), "", 60.0)
    alone = watched(Settings(session=file.session), eeg="synthetic").session
    assert (alone.ch_names, alone.unit) == ((), "")
    given = watched(Settings(session=file.session), eeg="lsl:b", ch_names=["Cz"], unit="uV").session
    assert (given.ch_names, given.unit) == (("Cz",), "uV")


def test_an_option_for_everyone_wins_over_what_the_file_says_of_one() -> None:
    assert [mains for _, _, mains, _ in people(TWO, mains=50.0)] == [50.0, 50.0]
    assert [trial for *_, trial in people(TWO, "anna", "zoe=file:z.dat", trial=7)] == [7, 7]


def test_a_face_and_a_neutral_face_are_those_of_the_one_person_watched() -> None:
    own = {"face": "camera:0", "neutral": "me.json"}
    (alone,) = watched(Settings(), **own).people
    assert (alone.eeg, alone.face, alone.neutral) == ("none", "camera:0", "me.json")
    (both,) = watched(Settings(), ["anna=lsl:a"], **own).people
    assert (both.participant, both.eeg, both.face) == ("anna", "lsl:a", "camera:0")
    (picked,) = watched(TWO, ["ben"], **own).people
    assert (picked.eeg, picked.face, picked.neutral) == ("file:b.dat", "camera:0", "me.json")


@pytest.mark.parametrize("named", [["anna=lsl:a", "ben=lsl:b"], ["anna", "ben"], []])
def test_one_face_for_several_people_is_refused(named: list[str]) -> None:
    said = r'--face camera:0 is one person.* anna, ben; .*\[participants.anna\] face = "camera:0"'
    with pytest.raises(SettingsError, match=said):
        watched(TWO, named, face="camera:0")
    with pytest.raises(SettingsError, match=r"--face rtsp://…@host is one person.* face = \"rtsp://…@host\""):
        watched(TWO, named, face="rtsp://anna:secret@host")
    with pytest.raises(SettingsError, match=r"--neutral me.json is one person's neutral face"):
        watched(TWO, named, neutral="me.json")


def test_several_people_have_faces_through_the_settings_file() -> None:
    file = Settings(participants={"anna": {"eeg": "lsl:a", "face": "camera:0"}, "ben": {"face": "camera:1"}})
    people = watched(file, weight=["eeg-deap32=0.5"]).people
    assert [(one.eeg, one.face) for one in people] == [("lsl:a", "camera:0"), ("none", "camera:1")]
    assert [one.weights for one in people] == [{"eeg-deap32": 0.5}] * 2


@pytest.mark.parametrize(
    ("settings", "named", "eeg", "said"),
    [
        (Settings(), ["anna=lsl:a", "ben=lsl:b"], "lsl:x", "--eeg lsl:x is one person's source"),
        (Settings(), ["anna=lsl:a"], "lsl:x", "--participant anna=lsl:x"),
        (Settings(), ["anna", "ben"], "lsl:x", "--participant anna=lsl:x"),
        (TWO, [], "lsl:x", "named for anna, ben"),
        (TWO, ["zoe"], None, "zoe names no source (the settings file has anna, ben)"),
        (Settings(), ["anna=lsl:a", "ben"], None, "expected ben=lsl:…"),
        (Settings(), ["anna=lsl:a", "anna=lsl:b"], None, "anna is given twice"),
        (Settings(), ["anna="], None, "names no source"),
        (Settings(), ["lsl:type=EEG"], None, "part of an address"),
        (Settings(), ["=lsl:x"], None, "expected 1 to 64 of"),
        (Settings(), [f"{'a' * 65}=lsl:x"], None, "expected 1 to 64 of"),
    ],
)
def test_what_cannot_be_meant_is_said(
    settings: Settings, named: list[str], eeg: str | None, said: str
) -> None:
    with pytest.raises(SettingsError) as refusal:
        watched(settings, named, eeg)
    assert said in str(refusal.value)


@given(st.lists(st.text(max_size=12) | st.from_regex(r"[a-c]=[a-z]:?", fullmatch=True), max_size=4))
def test_whatever_is_named_gives_distinct_people_with_names_fit_for_an_address_or_an_error(
    named: list[str],
) -> None:
    try:
        names = [one.participant for one in watched(Settings(), named).people]
    except SettingsError:
        return
    assert len(set(names)) == len(names) == max(1, len(named))
    assert all(NAME.fullmatch(name) for name in names)
