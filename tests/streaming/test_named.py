"""Names and unit laid over a source, live or recorded."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from insightsim.errors import SettingsError
from insightsim.types import Signal
from streaming.lsl import Inlet
from streaming.named import Named
from streaming.outlet import Outlet
from streaming.recorded import Recorded
from streaming.sources import Source, SourceInfo
from tests import small_files
from tests.made_up import Noise


@pytest.fixture
def cap(tmp_path: Path) -> Recorded:
    path = tmp_path / "a.txt"
    data = np.tile(np.arange(4.0), (50, 1))
    small_files.openbci(path, data, 1.5e9 + np.arange(50) / 250)
    return Recorded(path, speed=100.0)


def first(source: Source) -> Signal:
    while (chunk := source.pull()) is not None and not len(chunk):
        pass
    assert chunk is not None
    return chunk


def test_given_names_and_unit_take_the_place_of_the_files(cap: Recorded) -> None:
    source = Named(cap, ("Fp1", "Fp2", "C3", "C4"), "mV")
    info = source.open()
    chunk = first(source)
    assert info.ch_names == chunk.ch_names == ("Fp1", "Fp2", "C3", "C4")
    assert info.unit == chunk.unit == "mV"
    np.testing.assert_array_equal(chunk.data[0], [0, 1, 2, 3])


def test_a_dash_leaves_a_channel_out(cap: Recorded) -> None:
    source = Named(cap, ("Fp1", "-", "C3", "-"))
    assert source.open().ch_names == ("Fp1", "C3")
    chunk = first(source)
    assert (chunk.ch_names, chunk.unit) == (("Fp1", "C3"), "uV")
    np.testing.assert_array_equal(chunk.data[0], [0, 2])


def test_another_number_of_names_is_refused_with_the_channels_there_are(cap: Recorded) -> None:
    with pytest.raises(SettingsError, match=r"3 names .* expected 4.* EXG Channel 0, EXG Channel 1"):
        Named(cap, ("Fp1", "Fp2", "C3")).open()


def test_nothing_but_dashes_is_refused(cap: Recorded) -> None:
    with pytest.raises(SettingsError, match="left out"):
        Named(cap, ("-",) * 4).open()


def test_everything_else_is_the_sources_own(cap: Recorded) -> None:
    source = Named(cap, (), "mV")
    assert source.open().ch_names[0] == "EXG Channel 0"
    assert (source.query, source.open().sfreq) == (cap.query, 250.0)
    assert source.lag(cap.pace.origin) == pytest.approx(cap.lag(cap.pace.origin), abs=0.1)
    while source.pull() is not None:
        pass
    noise = Noise(1)
    Named(noise).close()
    assert noise.calls[-1][0] == "close"


def test_a_live_stream_without_labels_gets_names() -> None:
    name = f"unlabelled-{time.monotonic_ns()}"
    outlet = Outlet(name, name, SourceInfo(name, ("", ""), "", 128.0))
    source = Named(Inlet(f"lsl:{name}"), ("Fp1", "Fp2"), "uV")
    info = source.open(5.0)
    assert (info.ch_names, info.unit) == (("Fp1", "Fp2"), "uV")
    outlet.push(np.ones((3, 2), np.float32), [1.0, 2.0, 3.0])
    assert first(source).ch_names == ("Fp1", "Fp2")
    source.close()
