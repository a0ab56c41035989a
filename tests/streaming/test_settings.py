"""insightsim.toml and options."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insightsim.errors import SettingsError
from streaming import settings
from streaming.settings import Settings, Wanted, load, override


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "insightsim.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_file_the_defaults_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load() == Settings()


def test_the_file_of_the_folder_is_read_without_being_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, '[session]\neeg = "lsl:Muse"\n')
    monkeypatch.chdir(tmp_path)
    assert load().session.eeg == "lsl:Muse"


def test_sources_models_thresholds_and_server_can_be_set(tmp_path: Path) -> None:
    text = """
        [session]
        eeg = "lsl:source_id=amp-7"
        model = "eeg-original4"
        mains = 60
        smoothing = 5
        [limits]
        peak_to_peak = 150
        scale = [0.2, 400]
        [server]
        port = 0
        browser = false
    """
    told = load(written(tmp_path, text))
    assert (told.session.eeg, told.session.model) == ("lsl:source_id=amp-7", "eeg-original4")
    assert (told.session.mains, told.session.smoothing) == (60.0, 5.0)
    assert (told.limits.peak_to_peak, told.limits.scale) == (150.0, (0.2, 400.0))
    assert (told.server.port, told.server.browser) == (0, False)


def test_people_of_the_file_have_keys_of_their_own_and_the_rest_from_the_session(tmp_path: Path) -> None:
    text = """
        [session]
        smoothing = 5
        [participants]
        anna = "lsl:source_id=a"
        [participants.ben]
        eeg = "lsl:source_id=b"
        model = "eeg-original4"
        ch_names = ["Fp1", "F3"]
        mains = 60
    """
    anna, ben = load(written(tmp_path, text)).people
    assert (anna.participant, anna.eeg, anna.model) == ("anna", "lsl:source_id=a", "auto")
    assert (ben.participant, ben.eeg, ben.model) == ("ben", "lsl:source_id=b", "eeg-original4")
    assert (ben.ch_names, ben.mains) == (("Fp1", "F3"), 60.0)
    assert anna.smoothing == ben.smoothing == 5.0


def test_names_may_be_written_with_commas_as_on_the_command_line(tmp_path: Path) -> None:
    told = load(written(tmp_path, '[session]\nch_names = "Fp1, Fp2,-"\n'))
    assert told.session.ch_names == ("Fp1", "Fp2", "-")


def test_an_option_out_of_range_is_said_without_a_place(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^mains is 55"):
        override(Settings(), "session", mains=55.0)


def test_without_people_of_its_own_a_session_is_about_one() -> None:
    (one,) = Settings(Wanted("anna", "lsl:x")).people
    assert (one.participant, one.eeg) == ("anna", "lsl:x")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[sesion]\n", "unknown setting 'sesion'; did you mean session?"),
        ("[session]\nmodle = 'x'\n", "did you mean model?"),
        ("[limits]\nxyz = 1\n", "unknown setting 'xyz'; known are"),
        ("[session]\nmains = 55\n", "insightsim.toml [session]: mains is 55; expected 50 or 60"),
        ("[limits]\nflat = -1\n", "insightsim.toml [limits]: flat is -1"),
        ("eeg = 'lsl:x'\n", "insightsim.toml: 'eeg' belongs under [session]"),
        ("[participants]\nport = 'lsl:x'\nben = {mains = 55}\n", "toml: [participants.ben]: mains is 55"),
        ("[session]\nch_names = 2\n", 'ch_names is 2; expected a list of names, like ["Fp1", "Fp2"]'),
        ("[session]\nch_names = [1]\n", 'ch_names is [1]; expected a list of names, like ["Fp1", "Fp2"]'),
        ("[session]\nsmoothing = -1\n", "expected 0 to 600"),
        ("[session]\nmodel = 3\n", 'model is 3; expected a text, like "auto"'),
        ("[server]\nport = true\n", "port is true; expected a whole number"),
        ("[server]\nport = 70000\n", "expected 0 to 65535"),
        ("[limits]\nscale = [1]\n", "scale is [1]; expected two numbers, like [0.1, 500]"),
        ("session = 1\n", "session is 1; expected a table"),
        ("[session\n", "not valid TOML"),
        ("[session]\nparticipant = 'anna b'\n", "participant is 'anna b'"),
        ("[participants]\n'a/b' = 'lsl:x'\n", "participant is 'a/b'"),
        ("[participants]\n'zoë' = 'lsl:x'\n", "part of an address"),
        ("[participants]\nanna = 3\n", "anna is 3; expected a source"),
        ("[participants.anna]\nmodle = 'x'\n", "[participants.anna]: unknown setting 'modle'"),
        ("[participants.anna]\nmains = 55\n", "expected 50 or 60"),
        ("[participants.anna]\nparticipant = 'b'\n", "leave it out"),
        ("participants = 3\n", "participants is 3; expected a table"),
    ],
)
def test_what_is_wrong_in_a_file_is_said(tmp_path: Path, text: str, said: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(SettingsError) as refusal:
        load(path)
    assert said in str(refusal.value)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load(tmp_path / "none.toml")


def test_a_file_that_is_no_text_is_said(tmp_path: Path) -> None:
    path = tmp_path / "insightsim.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="not valid TOML"):
        load(path)


def test_options_that_were_given_win_over_the_file_and_others_do_not() -> None:
    told = override(Settings(), "session", eeg="lsl:x", smoothing=3.0)
    again = override(told, "session", eeg=None, smoothing=0.0)
    assert (again.session.eeg, again.session.smoothing) == ("lsl:x", 0.0)


@given(
    key=st.text(min_size=1), value=st.one_of(st.integers(), st.floats(), st.text(), st.booleans(), st.none())
)
def test_any_table_gives_settings_or_a_settings_error(key: str, value: object) -> None:
    known = {item.name for item in fields(Wanted)}
    try:
        settings._fill(Settings(), {"session": {key: value}}, "here")
    except SettingsError:
        return
    assert key in known


@given(
    st.dictionaries(
        st.text(max_size=5),
        st.text(max_size=5)
        | st.integers()
        | st.dictionaries(st.sampled_from(["eeg", "mains", "x"]), st.text()),
        max_size=3,
    )
)
def test_any_table_of_people_gives_settings_or_a_settings_error(table: dict[str, object]) -> None:
    try:
        told = settings._fill(Settings(), {"participants": table}, "here")
    except SettingsError:
        return
    assert [one.participant for one in told.people] == (list(table) or ["p1"])


@pytest.mark.parametrize(
    ("session", "eeg", "sources"),
    [
        ({}, "lsl:type=EEG", "lsl:type=EEG"),
        ({"face": "camera:0"}, "none", "camera:0 without EEG"),
        ({"face": "camera:0", "eeg": "lsl:x"}, "lsl:x", "lsl:x and camera:0"),
        ({"face": "camera:0", "eeg": "none"}, "none", "camera:0 without EEG"),
        ({"face": "rtsp://anna:secret@host/x"}, "none", "rtsp://…@host/x without EEG"),
        ({"face": "rtsp://host/?pwd=secret", "eeg": "lsl:x"}, "lsl:x", "lsl:x and rtsp://host/?pwd=…"),
    ],
)
def test_eeg_is_watched_unless_a_face_is_and_eeg_is_not_asked_for(
    session: dict[str, str], eeg: str, sources: str
) -> None:
    (one,) = override(Settings(), "session", **session).people
    assert (one.eeg, one.sources) == (eeg, sources)


def test_somebody_of_whom_nothing_is_watched_is_refused() -> None:
    with pytest.raises(SettingsError, match="eeg and face are both none"):
        override(Settings(), "session", eeg="none")


def test_weights_are_by_the_name_of_a_model() -> None:
    told = Wanted(weight=("eeg-deap32=1", "a=b=0.25", "eeg-deap32=.5", "c=0."))
    assert told.weights == {"eeg-deap32": 0.5, "a=b": 0.25, "c": 0.0}


@pytest.mark.parametrize(
    "weight", ["eeg-deap32", "=1", "0.5", "a=", "a=1.1", "a=-1", "a=nan", "a=inf", "a=1e0", "a= 1", "a=١"]
)
def test_a_weight_that_is_none_is_refused(weight: str) -> None:
    with pytest.raises(SettingsError, match="expected MODEL=w with w from 0 to 1"):
        Wanted(weight=(weight,))
