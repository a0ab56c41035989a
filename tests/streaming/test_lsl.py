"""Real outlets and inlets on loopback."""

from __future__ import annotations

import time
import uuid
from dataclasses import replace

import numpy as np
import pylsl
import pytest

from insightsim.aus import LANDMARKS, OPENFACE
from insightsim.errors import StreamAmbiguous, StreamError, StreamLost, StreamNotFound
from insightsim.types import Signal, join
from streaming import lsl
from streaming.lsl import Inlet, clock
from streaming.outlet import AU, Outlet, loopback
from streaming.sources import LOST_AFTER, PULLS_PER_SECOND, SourceInfo

EEG = SourceInfo("amp", ("Fp1", "Fp2"), "microvolts", 128.0, "linked ears")


@pytest.fixture
def name() -> str:
    return f"insightsim-test-{uuid.uuid4().hex[:12]}"


def pull_some(inlet: Inlet) -> Signal:
    """The next chunk that has samples; LostStream ends the waiting."""
    while True:
        chunk = inlet.pull()
        assert chunk is not None
        if len(chunk):
            return chunk


def test_a_sample_arrives_with_its_values_stamp_labels_unit_and_reference(name: str) -> None:
    outlet = Outlet(name, name, EEG)
    inlet = Inlet(f"lsl:{name}")
    info = inlet.open()
    assert (info.name, info.ch_names, info.unit, info.sfreq) == (name, ("Fp1", "Fp2"), "microvolts", 128.0)
    assert info.reference == "linked ears"
    stamp = clock()
    outlet.push(np.array([[1.5, -2.5]], np.float32), [stamp])
    chunk = pull_some(inlet)
    np.testing.assert_array_equal(chunk.data, [[1.5, -2.5]])
    assert chunk.times[0] == pytest.approx(stamp, abs=1e-3)
    assert chunk.times.dtype == np.float64
    assert 0 <= inlet.lag(float(chunk.times[0])) < 5


def test_a_pull_returns_with_what_is_there_instead_of_waiting_for_a_full_buffer(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lsl, "PULL_WITHIN", 60.0)
    start = clock()
    outlet = Outlet(name, name, EEG)
    inlet = Inlet(f"lsl:{name}")
    inlet.open()
    outlet.push(np.zeros((3, 2), np.float32), [clock()] * 3)
    n_samples = 0
    while n_samples < 3:
        n_samples += len(pull_some(inlet))
    assert n_samples == 3
    assert clock() - start < 30


def test_a_fast_stream_is_pulled_several_samples_at_a_time_so_that_the_cost_per_second_stays_bounded(
    name: str,
) -> None:
    outlet = Outlet(name, name, replace(EEG, sfreq=2048.0))
    inlet = Inlet(f"lsl:{name}")
    inlet.open()
    pulls, start = 0, clock()
    while clock() - start < 1.0:
        outlet.push(np.zeros((64, 2), np.float32), [clock()] * 64)  # always more to pull
        pulls += inlet.pull() is not None
    assert pulls <= PULLS_PER_SECOND + 1


def test_what_came_in_while_a_stream_was_being_opened_is_thrown_away(name: str) -> None:
    outlet = Outlet(name, name, EEG)
    inlet = Inlet(f"lsl:{name}")
    inlet.open()
    raw = inlet._inlet
    assert raw is not None
    outlet.push(np.full((1500, 2), 7, np.float32), [clock()] * 1500)
    while raw.samples_available() < 1500:
        time.sleep(0.01)
    lsl._flush(raw)
    outlet.push(np.full((1, 2), 8, np.float32), [clock()])
    assert pull_some(inlet).data[0, 0] == 8


def test_clocks_are_synchronised_and_stamps_otherwise_left_as_sent(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    class Spy(pylsl.StreamInlet):
        def __init__(self, *arguments: object, processing_flags: int, **options: object) -> None:
            asked.append(processing_flags)
            super().__init__(*arguments, processing_flags=processing_flags, **options)

    monkeypatch.setattr(pylsl, "StreamInlet", Spy)
    keep = Outlet(name, name, EEG)
    Inlet(f"lsl:{name}").open()
    assert asked == [pylsl.proc_clocksync]
    del keep


FACE = SourceInfo("face", ("success", "pose_Rx", "AU12_r", "AU12_c"), OPENFACE, 0.0)


@pytest.mark.parametrize("whose", [OPENFACE, LANDMARKS])
def test_action_units_arrive_with_whose_they_are_and_rows_without_a_face(name: str, whose: str) -> None:
    outlet = Outlet(name, name, replace(FACE, unit=whose), AU)
    inlet = Inlet(f"lsl:source_id={name}", "face")
    info = inlet.open()
    assert (info.ch_names, info.unit, info.sfreq) == (FACE.ch_names, whose, 0.0)
    rows = np.array([[1, 0.1, 2.5, 1], [0, np.nan, np.nan, np.nan]], np.float32)
    outlet.push(rows, [clock(), clock()])
    chunk = pull_some(inlet)
    while len(chunk) < 2:
        chunk = join([chunk, pull_some(inlet)])
    assert (chunk.stream, chunk.unit, chunk.ch_names) == ("face", whose, FACE.ch_names)
    np.testing.assert_array_equal(chunk.data, rows)


@pytest.mark.parametrize(
    ("labels", "units", "told"),
    [
        (["Fp1", "AF7"], ["uV", "uV"], "found none"),
        (["AU12_r", "AU12_c"], ["", ""], "found those of nobody"),
        (["AU12_r", "AU12_c"], [OPENFACE, LANDMARKS], "found those of OpenFace, landmarks"),
        (["AU12_r", "AU12_c"], ["0-5", "0-5"], "found those of 0-5"),
    ],
)
def test_action_units_of_nobody_known_are_refused(
    name: str, labels: list[str], units: list[str], told: str
) -> None:
    info = described(name, 2)
    info.set_channel_labels(labels)
    info.set_channel_units(units)
    keep = pylsl.StreamOutlet(info)
    with pytest.raises(StreamError, match=told):
        Inlet(f"lsl:{name}", "face").open()
    del keep


def described(name: str, n_channels: int, channel_format: int = pylsl.cf_float32) -> pylsl.StreamInfo:
    return pylsl.StreamInfo(name, "EEG", n_channels, 128.0, channel_format, name)


def test_a_description_with_fewer_channels_than_the_stream_is_filled_up(name: str) -> None:
    info = described(name, 3)
    info.desc().append_child("channels").append_child("channel").append_child_value("label", "Fp1")
    keep = pylsl.StreamOutlet(info)
    assert Inlet(f"lsl:{name}").open().ch_names == ("Fp1", "ch2", "ch3")
    del keep


@pytest.mark.parametrize(
    ("origin", "speed"), [("", "2"), ("1", "0"), ("1", "fast"), ("nan", "1"), ("1", "inf")]
)
def test_a_replay_that_describes_itself_wrongly_is_refused(name: str, origin: str, speed: str) -> None:
    info = described(name, 1)
    replay = info.desc().append_child("replay")
    replay.append_child_value("origin", origin).append_child_value("speed", speed)
    keep = pylsl.StreamOutlet(info)
    with pytest.raises(StreamError, match="not numbers"):
        Inlet(f"lsl:{name}").open()
    del keep


def test_a_stream_of_texts_is_refused(name: str) -> None:
    keep = pylsl.StreamOutlet(described(name, 1, pylsl.cf_string))
    with pytest.raises(StreamError, match="not a signal"):
        Inlet(f"lsl:{name}").open()
    del keep


def test_a_query_that_several_streams_answer_names_them_all_and_takes_none(name: str) -> None:
    keep = [Outlet(name, f"{name}-{which}", EEG) for which in "abcd"]
    with pytest.raises(StreamAmbiguous, match=r"4 streams answer .* by lsl:source_id") as refusal:
        Inlet(f"lsl:{name}").open()
    assert all(f"source_id {name}-{which}" in str(refusal.value) for which in "abcd")
    assert Inlet(f"lsl:source_id={name}-a").open().name == name
    del keep


def test_streams_that_nothing_tells_apart_are_to_be_renamed(name: str) -> None:
    keep = [Outlet(name, name, EEG) for _ in range(2)]
    with pytest.raises(StreamAmbiguous, match=r"2 streams answer .* cannot be told apart: rename one"):
        Inlet(f"lsl:{name}").open()
    del keep


def test_a_query_that_nothing_answers_says_what_is_there(name: str) -> None:
    keep = Outlet(name, name, EEG)
    with pytest.raises(StreamNotFound, match="no stream answers") as refusal:
        Inlet("lsl:no-such-headset").open(within=1.0)
    assert name in str(refusal.value)
    del keep


@pytest.mark.parametrize("query", ["lsl:", "lsl:type=", "lsl:hostname=here", "lsl:=x"])
def test_a_query_that_names_nothing_is_refused(query: str) -> None:
    with pytest.raises(StreamError, match="expected lsl:NAME"):
        Inlet(query)


def test_silence_is_a_loss_within_two_seconds(name: str) -> None:
    outlet = Outlet(name, name, EEG)
    inlet = Inlet(f"lsl:{name}")
    inlet.open()
    outlet.push(np.zeros((1, 2), np.float32), [clock()])
    pull_some(inlet)
    last = clock()
    with pytest.raises(StreamLost, match="no samples"):
        pull_some(inlet)
    assert LOST_AFTER <= clock() - last < 2.0


def test_a_closed_outlet_is_a_loss(name: str) -> None:
    outlet = Outlet(name, name, EEG)
    inlet = Inlet(f"lsl:{name}")
    inlet.open()
    del outlet
    with pytest.raises(StreamLost):
        pull_some(inlet)


@pytest.mark.parametrize("speed", [0.5, 4.0])
def test_lag_is_computed_from_the_speed_in_the_description(name: str, speed: float) -> None:
    origin = clock()
    outlet = Outlet(name, name, EEG, pace=(origin, speed))
    inlet = Inlet(f"lsl:{name}")
    inlet.open()
    recorded = speed * (clock() - origin)  # seconds of recording that are due by now
    outlet.push(np.zeros((1, 2), np.float32), [origin + recorded])
    chunk = pull_some(inlet)
    assert -0.05 < inlet.lag(float(chunk.times[0])) < 1.0


def test_channels_that_are_not_eeg_are_left_out(name: str) -> None:
    info = pylsl.StreamInfo(name, "EEG", 3, 128.0, pylsl.cf_float32, name)
    info.set_channel_labels(["COUNTER", "AF3", "AF4"])
    info.set_channel_types(["Counter", "EEG", "EEG"])
    info.set_channel_units(["", "uV", "uV"])
    outlet = pylsl.StreamOutlet(info)
    inlet = Inlet(f"lsl:{name}")
    assert inlet.open().ch_names == ("AF3", "AF4")
    outlet.push_sample([9, 1, 2], clock())
    np.testing.assert_array_equal(pull_some(inlet).data, [[1, 2]])


def test_where_no_channel_is_called_eeg_those_in_volts_are_taken(name: str) -> None:
    info = pylsl.StreamInfo(name, "Data", 4, 128.0, pylsl.cf_float32, name)
    info.set_channel_labels(["AF3", "AF4", "ACC X", "Counter"])
    info.set_channel_units(["microvolts", "microvolts", "g", ""])
    keep = pylsl.StreamOutlet(info)
    found = Inlet(f"lsl:{name}").open()
    assert (found.ch_names, found.unit) == (("AF3", "AF4"), "microvolts")
    del keep


def test_eeg_channels_in_different_units_are_refused(name: str) -> None:
    info = pylsl.StreamInfo(name, "EEG", 2, 128.0, pylsl.cf_float32, name)
    info.set_channel_labels(["AF3", "AF4"])
    info.set_channel_units(["uV", "V"])
    keep = pylsl.StreamOutlet(info)
    with pytest.raises(StreamError, match="different units"):
        Inlet(f"lsl:{name}").open()
    del keep


def test_markers_carry_their_stamp(name: str) -> None:
    outlet = Outlet(name, name, EEG)
    (found,) = pylsl.resolve_byprop("name", f"{name}-markers", 1, 5)
    inlet = pylsl.StreamInlet(found)
    inlet.open_stream(5)
    outlet.mark("trial start", 12.5)
    assert inlet.pull_sample(5) == (["trial start"], 12.5)


def test_streams_lists_what_is_there(name: str) -> None:
    keep = Outlet(name, f"{name}-id", EEG)
    (found,) = [stream for stream in lsl.streams() if stream.name == name]
    assert (found.type, found.n_channels, found.sfreq, found.source_id) == ("EEG", 2, 128.0, f"{name}-id")
    assert found.host
    del keep


def test_loopback_works_here() -> None:
    assert 0 < loopback() < 10
