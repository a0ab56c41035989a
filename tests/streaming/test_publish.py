"""Action units and estimates over real LSL, read by pylsl's own inlet as a recorder would."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pylsl
import pytest
from numpy.typing import NDArray

from insightsim import aus
from insightsim.errors import StreamLost
from insightsim.types import VADL, Estimate, Signal, join
from streaming import settings
from streaming.lsl import Inlet
from streaming.pipeline import build
from streaming.publish import LABELS, EstimateOutlet, Published
from streaming.sources import SourceInfo
from tests.made_up import Noise, person

COLUMNS = (*aus.COLUMNS, aus.FACES, aus.SKIPPED)
WITHIN = 10.0


@pytest.fixture
def someone() -> str:
    """A participant of whom no other stream on this network tells."""
    return f"p{time.monotonic_ns()}"


class Rows:
    """A made-up camera: a chunk of rows for each list of stamps, then the end."""

    query = "made-up"

    def __init__(self, *stamps: list[float], unit: str = aus.LANDMARKS) -> None:
        self.stamps = [list(chunk) for chunk in stamps]
        self.unit = unit
        self.closed = 0

    def open(self, within: float = 1.0) -> SourceInfo:
        return SourceInfo("made-up", COLUMNS, self.unit, 30.0)

    def pull(self) -> Signal | None:
        if not self.stamps:
            return None
        times = np.array(self.stamps.pop(0))
        data = np.repeat(times[:, None] % 7, len(COLUMNS), axis=1).astype(np.float32)
        data[:, 5:] += np.arange(len(COLUMNS) - 5, dtype=np.float32)
        data[1::2, 2:-2] = np.nan  # every second row is without a face
        return Signal("face", COLUMNS, self.unit, 30.0, data, times)

    def lag(self, time: float) -> float:
        return 0.125

    def close(self) -> None:
        self.closed += 1


@dataclass
class Recorder:
    """What LabRecorder does: resolve, open, take the description, pull until it has what it came for."""

    inlet: pylsl.StreamInlet

    @classmethod
    def of(cls, name: str) -> Recorder:
        (found,) = pylsl.resolve_byprop("name", name, 1, WITHIN)
        inlet = pylsl.StreamInlet(found, recover=False)
        inlet.open_stream(WITHIN)
        return cls(inlet)

    @property
    def info(self) -> pylsl.StreamInfo:
        return self.inlet.info(WITHIN)

    def samples(self, n: int) -> tuple[NDArray[np.float32], list[float]]:
        data, times = [], []
        while len(times) < n:
            sample, stamp = self.inlet.pull_sample(WITHIN)
            assert stamp is not None, f"{len(times)} of {n} samples came"
            data.append(sample)
            times.append(stamp)
        return np.array(data, np.float32), times


def channels(info: pylsl.StreamInfo) -> Iterator[pylsl.XMLElement]:
    channel = info.desc().child("channels").child("channel")
    while not channel.empty():
        yield channel
        channel = channel.next_sibling("channel")


def pulled(source: Published) -> list[Signal]:
    chunks = []
    while (chunk := source.pull()) is not None:
        chunks.append(chunk)
    return chunks


def test_rows_are_sent_as_they_come_with_their_stamps_and_without_a_face_as_nan(someone: str) -> None:
    stamps = [100.25, 100.283, 100.35, 100.41], [100.9]
    source = Published(Rows(*stamps), someone)
    source.open()
    recorder = Recorder.of(f"insightsim-{someone}-AU")
    chunks = pulled(source)
    data, times = recorder.samples(5)
    assert times == [*stamps[0], *stamps[1]]
    np.testing.assert_array_equal(data, np.concatenate([chunk.data for chunk in chunks]))
    assert np.isnan(data[1, 2:-2]).all()
    source.close()


def test_its_channels_have_the_columns_names_and_say_whose_they_are_and_how_reliable(someone: str) -> None:
    source = Published(Rows(), someone)
    source.open()
    info = Recorder.of(f"insightsim-{someone}-AU").info
    assert (info.type(), info.channel_format(), info.nominal_srate()) == ("AU", pylsl.cf_float32, 0.0)
    assert info.get_channel_labels() == list(COLUMNS)
    units = dict(zip(COLUMNS, info.get_channel_units() or [], strict=True))
    assert (units["AU12_r"], units["AU28_c"]) == (aus.LANDMARKS,) * 2
    assert (units["pose_Tx"], units["pose_Rx"], units["gaze_angle_y"]) == ("mm", "radians", "radians")
    tiers = {c.child_value("label"): c.child_value("reliability") for c in channels(info)}
    assert (tiers["AU12_r"], tiers["AU20_r"], tiers["AU28_c"]) == ("good", "low", "low")
    assert (tiers["pose_Tx"], tiers["success"]) == ("", "")
    source.close()


def test_another_monitor_takes_it_up_as_action_units_of_ours(someone: str) -> None:
    stamps = [100.0 + i / 30 for i in range(20)]
    source = Published(Rows(stamps), someone)
    source.open()
    inlet = Inlet(f"lsl:insightsim-{someone}-AU", "face")
    info = inlet.open(WITHIN)
    assert (info.ch_names, info.unit) == (COLUMNS, aus.LANDMARKS)
    (sent,) = pulled(source)
    chunks: list[Signal] = []
    while sum(map(len, chunks)) < len(stamps):
        chunk = inlet.pull()  # raises StreamLost when nothing comes
        assert chunk is not None
        chunks.append(chunk)
    came = join(chunks)
    np.testing.assert_array_equal(came.data, sent.data)
    np.testing.assert_allclose(came.times, sent.times, atol=1e-3)  # mapped to this computer's clock: the same
    source.close()


def test_openfaces_own_have_no_reliability_of_ours(someone: str) -> None:
    source = Published(Rows(unit=aus.OPENFACE), someone)
    source.open()
    info = Recorder.of(f"insightsim-{someone}-AU").info
    assert set(info.get_channel_units() or []) == {aus.OPENFACE, "mm", "radians", "none"}
    assert {c.child_value("reliability") for c in channels(info)} == {""}
    source.close()


def test_the_stream_is_there_while_the_source_is_open_and_everything_else_is_the_sources(
    someone: str,
) -> None:
    rows = Rows([1.0])
    source = Published(rows, someone)
    assert source.open().sfreq == 30.0
    assert (source.query, source.lag(0.0)) == ("made-up", 0.125)
    recorder = Recorder.of(f"insightsim-{someone}-AU")
    source.close()
    source.close()
    assert rows.closed == 2
    with pytest.raises(pylsl.util.LostError):
        recorder.samples(1)


def test_what_the_source_raises_is_raised_and_no_stream_appears(
    someone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = Rows()

    def gone(within: float) -> SourceInfo:
        raise StreamLost("unplugged")

    monkeypatch.setattr(rows, "open", gone)
    source = Published(rows, someone)
    with pytest.raises(StreamLost, match="unplugged"):
        source.open()
    assert pylsl.resolve_byprop("name", f"insightsim-{someone}-AU", 1, 0.6) == []


HALF, NARROW = VADL(0.5, 0.75, 0.25, float("nan")), VADL(0.125, 0.125, 0.125, float("nan"))
SAID = Estimate(100.5, HALF, HALF, NARROW, 0.875, None)


def test_estimates_carry_values_spreads_and_quality_under_their_own_time(someone: str) -> None:
    outlet = EstimateOutlet(someone)
    outlet.push(SAID)
    recorder = Recorder.of(f"insightsim-{someone}-VADL")
    outlet.push(replace(SAID, time=101.0))
    outlet.push(replace(SAID, time=101.25, vadl=None, raw=None, spread=None, quality=0.0, reason="lost"))
    data, times = recorder.samples(2)
    assert times == [101.0, 101.25]
    np.testing.assert_array_equal(data[0], [*HALF, *NARROW, 0.875])
    np.testing.assert_array_equal(data[1], [*[np.nan] * 8, 0.0])
    info = recorder.info
    assert (info.type(), info.nominal_srate()) == ("VADL", 0.0)
    assert info.get_channel_labels() == list(LABELS)
    assert LABELS[3:5] == ("liking", "valence_spread")
    outlet.close()
    with pytest.raises(pylsl.util.LostError):
        recorder.samples(1)
    outlet.close()


def recorded(name: str) -> list[tuple[float, float]]:
    """(stamp, valence) of every sample until the stream is gone."""
    recorder, rows = Recorder.of(name), []
    with contextlib.suppress(pylsl.util.LostError):
        while True:
            data, times = recorder.samples(1)
            rows.append((times[0], float(data[0, 0])))
    return rows


def test_a_running_participants_estimates_are_all_sent_and_the_stream_goes_with_them(someone: str) -> None:
    watched = person(Noise(8, delay=0.05), someone)
    watched.outlet = EstimateOutlet(someone)

    async def scenario() -> tuple[list[Estimate], list[tuple[float, float]]]:
        recording = asyncio.create_task(asyncio.to_thread(recorded, f"insightsim-{someone}-VADL"))
        running = asyncio.create_task(watched.run())
        read = [item async for item in watched.feed.subscribe() if isinstance(item, Estimate)]
        await running
        return read, await recording

    read, sent = asyncio.run(asyncio.wait_for(scenario(), 30))
    judged = {(e.time, float(np.float32(e.vadl.valence))) for e in read if e.vadl}
    came = [row for row in sent if not np.isnan(row[1])]
    assert len(came) > 8, "the recorder came too late to tell"
    assert set(came) <= judged
    times = [time for time, _ in came]
    np.testing.assert_allclose(np.diff(times), 0.25, err_msg="one is missing")


@pytest.mark.parametrize(
    ("face", "wanted", "aus_out", "estimates_out"),
    [
        ("camera:0", True, True, True),
        ("camera:0", False, False, False),
        ("lsl:type=AU", True, False, True),  # on the network already
    ],
)
def test_it_is_off_unless_asked_for_and_lsl_is_not_sent_again(
    monkeypatch: pytest.MonkeyPatch, face: str, wanted: bool, aus_out: bool, estimates_out: bool
) -> None:
    monkeypatch.setattr("streaming.pipeline.face_source", lambda *_: Rows())
    table = settings.Wanted(eeg=settings.NONE, face=face, lsl_out=wanted)
    (someone,) = build(settings.Settings(table)).people
    assert isinstance(someone.branches[0].source, Published) is aus_out
    assert (someone.outlet is not None) is estimates_out
