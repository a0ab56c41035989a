"""A CSV of OpenFace as a source, by the clock, alone and beside EEG."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from insightsim import simulate
from insightsim.aus import COLUMNS, OPENFACE
from insightsim.datasets import deap
from insightsim.errors import DatasetError, SettingsError
from insightsim.openface_columns import ORIGINAL
from insightsim.types import Signal, join
from streaming.face_queries import face_source
from streaming.openface import OpenFace
from streaming.pace import Start
from streaming.pipeline import build
from streaming.queries import source_of
from streaming.recorded import LONGEST_PAUSE, PAUSE
from streaming.settings import Settings, Wanted
from streaming.sources import PULL_WITHIN, Source
from tests import small_csvs

FAST = 1000.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return small_csvs.write(tmp_path / "trial.csv", n_rows=6000)


def pull_all(source: Source) -> list[Signal]:
    return [chunk for chunk in iter(source.pull, None) if len(chunk)]


def whole(source: Source) -> Signal:
    source.open()
    return join(pull_all(source))


def test_a_file_comes_out_whole_with_the_recorded_spacing_on_the_clock_of_now(path: Path) -> None:
    source = OpenFace(path, speed=FAST)
    info = source.open()
    signal = join(pull_all(source))
    assert (info.name, info.unit, info.sfreq) == ("trial", OPENFACE, 25.0)
    assert info.ch_names == signal.ch_names == tuple(n for n in COLUMNS if not n.startswith("gaze"))
    assert len(signal) == 6000
    np.testing.assert_allclose(signal.times - source.pace.origin, np.arange(6000) / 25, atol=1e-6)
    assert source.seconds == pytest.approx(5999 / 25)


def test_rows_are_sent_when_they_are_due_and_not_before(path: Path) -> None:
    source = OpenFace(path)
    source.open()
    n_rows = 0
    for _ in range(10):
        chunk = source.pull()
        assert chunk is not None
        n_rows += len(chunk)
        if len(chunk):
            assert source.lag(float(chunk.times[-1])) >= 0
    assert 1 <= n_rows <= 1 + 10 * PULL_WITHIN * 25 + 1


def test_what_was_left_out_is_noted(tmp_path: Path) -> None:
    names = small_csvs.LAYOUTS[46]
    text = small_csvs.text_of(names, small_csvs.rows_of(names, 50)) + "51,0,2.0"
    (path := tmp_path / "a.csv").write_text(text, encoding="utf-8")
    source = OpenFace(path)
    assert source.open().notes == source.notes
    assert "cut off after 3 of 46 fields" in source.notes[0]


def test_a_loop_goes_on_after_a_pause(tmp_path: Path) -> None:
    source = OpenFace(small_csvs.write(tmp_path / "a.csv", n_rows=50), speed=FAST, loop=True)
    source.open()
    assert source.seconds is None
    times = np.zeros(0)
    while len(times) < 120:
        chunk = source.pull()
        assert chunk is not None
        times = np.append(times, chunk.times)
    steps = np.diff(times[:120])
    assert np.flatnonzero(steps > 0.05).tolist() == [49, 99]
    assert steps[49] == pytest.approx(PAUSE + 1 / 25, abs=1e-6)


def test_recorded_stamps_are_left_as_they_are(tmp_path: Path) -> None:
    times = 5000 + np.arange(50) / 25
    signal = whole(
        OpenFace(small_csvs.write(tmp_path / "a.csv", n_rows=50, timestamp=times), own_stamps=True)
    )
    np.testing.assert_allclose(signal.times, times)


def test_a_stamp_far_ahead_or_behind_holds_nothing_up_for_long(tmp_path: Path) -> None:
    times = np.arange(60) / 25
    times[20:] += 1e6
    times[40:] -= 2e6
    source = OpenFace(small_csvs.write(tmp_path / "a.csv", n_rows=60, timestamp=times), speed=FAST)
    signal = whole(source)
    np.testing.assert_allclose(np.diff(signal.times), np.diff(times))
    assert float(source._due[-1]) < LONGEST_PAUSE + 60 / 25


def test_a_closed_source_has_no_more_rows_and_lets_go_of_the_file(path: Path) -> None:
    source = OpenFace(path, speed=FAST)
    source.close()
    source.open()
    source.close()
    assert source.pull() is None


def face(text: str, **wanted: object) -> Source:
    return face_source(Wanted(eeg="none", face=text, speed=FAST, **wanted))  # type: ignore[arg-type]


def test_a_file_is_asked_for_by_its_path_and_a_face_by_its_number(tmp_path: Path) -> None:
    face_id = np.tile([0, 7], 50)
    path = small_csvs.write(tmp_path / "a.csv", face_id=face_id, timestamp=np.repeat(np.arange(50), 2) / 25)
    assert len(whole(face(f"openface:{path}#7"))) == 50
    with pytest.raises(DatasetError, match="no face 3"):
        face(f"openface:{path}#3").open()
    with pytest.raises(SettingsError, match="number of a face"):
        face(f"openface:{path}#anna")


def test_a_rate_that_is_said_stands_in_for_stamps_that_are_none(tmp_path: Path) -> None:
    path = small_csvs.write(tmp_path / "a.csv", timestamp=np.arange(100) / 1000)
    with pytest.raises(DatasetError, match="--fps"):
        face(f"openface:{path}").open()
    np.testing.assert_allclose(np.diff(whole(face(f"openface:{path}", fps=50.0)).times), 1 / 50)


def test_how_sure_a_row_must_be_is_for_the_user_to_say(tmp_path: Path) -> None:
    path = small_csvs.write(tmp_path / "a.csv", n_rows=50, confidence=0.6)
    for limit, n_rows in ((0.8, 0), (0.5, 50)):
        signal = whole(face(f"openface:{path}", min_confidence=limit))
        assert signal.data[:, signal.ch_names.index("success")].sum() == n_rows


def test_a_model_that_reads_all_columns_gets_them(shared: Path) -> None:
    text = f"openface:{shared}/data/openface/demo_full_6b8beb0.csv"
    assert face(text).open().ch_names == COLUMNS
    assert {*face(text, face_model_vadl="face-openface-709").open().ch_names} == {*COLUMNS, *ORIGINAL}


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("deap") / "s01.dat"
    deap.write(path, *simulate.subject(1, effect=1.0, seed=3))
    return path


def firsts(sources: Sequence[Source]) -> list[float]:
    return [float(pull_all(source)[0].times[0]) for source in sources]


def test_a_face_begins_with_the_video_of_the_trial_it_is_watched_beside(path: Path, trial: Path) -> None:
    wanted, start = Wanted(eeg=f"file:{trial}", face=f"openface:{path}", trial=2, speed=FAST), Start()
    sources = [source_of(wanted, start), face_source(wanted, start=start)]
    for source in sources:
        source.open()
    eeg, seen = firsts(sources)
    assert seen - eeg == pytest.approx(deap.BASELINE, abs=1e-6)


@pytest.mark.parametrize("face_first", [True, False])
def test_whichever_is_opened_first_the_other_makes_up_for_it(
    path: Path, tmp_path: Path, face_first: bool
) -> None:
    other = small_csvs.write(tmp_path / "b.csv", n_rows=500)
    start = Start()
    sources = [OpenFace(path, speed=FAST, start=start), OpenFace(other, speed=FAST, start=start)]
    first, second = sources if face_first else sources[::-1]
    first.open()
    early = first.pull()
    assert early is not None
    second.open()
    (one, other_one) = firsts([second]), float(early.times[0])
    assert one[0] == pytest.approx(other_one, abs=1e-6)


def test_a_session_plays_both_from_one_start_and_judges_both(path: Path, trial: Path) -> None:
    wanted = Wanted(eeg=f"file:{trial}", face=f"openface:{path}", trial=2, speed=20.0)
    (person,) = (session := build(Settings(wanted))).people
    asyncio.run(session.run())
    eeg, seen = (branch.source for branch in person.branches)
    assert eeg.pace.origin == seen.pace.origin  # type: ignore[attr-defined]
    latest = person.feed.latest
    assert latest is not None
    assert {state.status for state in latest.streams} == {"ended"}
    assert {card.name for card in session.cards["p1"]} == {"eeg-deap32", "face-openface-dynamics"}
