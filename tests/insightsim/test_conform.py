from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mne.channels import make_standard_montage

from insightsim.conform import Conform, canonical, eeg_channels, missing
from insightsim.errors import SignalError
from insightsim.types import Signal

WANTED = ("T7", "Fp1")


def chunk(ch_names=("Fp1", "T7"), unit="uV", sfreq=128.0) -> Signal:
    data = np.arange(3 * len(ch_names), dtype=np.float32).reshape(3, -1)
    return Signal("eeg", tuple(ch_names), unit, sfreq, data, np.arange(3) / 128)


@pytest.mark.parametrize(
    ("spelt", "name"),
    [
        *[
            ("FP1", "Fp1"),
            (" fp2 ", "Fp2"),
            ("OZ", "Oz"),
            ("afz", "AFz"),
            ("ffc1h", "FFC1h"),
            ("tp10", "TP10"),
        ],
        *[
            ("t3", "T7"),
            ("T4", "T8"),
            ("T5", "P7"),
            ("T6", "P8"),
            ("hEOG", "hEOG"),
            ("Right AUX", "Right AUX"),
        ],
    ],
)
def test_names_are_spelt_as_in_the_10_05_system(spelt, name):
    assert canonical(spelt) == name


@given(st.sampled_from(make_standard_montage("colin27_1005").ch_names), st.booleans())
def test_every_10_05_name_is_its_own_canonical_name_in_any_case(name, upper):
    if name not in ("T3", "T4", "T5", "T6"):
        assert canonical(name.upper() if upper else name.lower()) == name


def test_channels_come_in_the_order_wanted_and_others_are_ignored():
    out = Conform(WANTED)(chunk(("trigger", "FP1", "Cz", "t3")))
    assert out.ch_names == ("T7", "Fp1")
    np.testing.assert_array_equal(out.data, [[3, 1], [7, 5], [11, 9]])


@pytest.mark.parametrize(
    ("unit", "factor"),
    [
        *[("uV", 1), ("µV", 1), ("μV", 1), ("microvolts", 1), ("", 1)],
        *[("V", 1e6), ("Volts", 1e6), ("mV", 1e3), ("nV", 1e-3)],
    ],
)
def test_every_unit_of_voltage_becomes_microvolts(unit, factor):
    out = Conform(WANTED)(chunk(("T7", "Fp1"), unit))
    assert out.unit == "uV"
    assert out.data.dtype == np.float32
    np.testing.assert_allclose(out.data, chunk().data * factor, rtol=1e-6)


def test_an_unknown_unit_is_refused():
    with pytest.raises(SignalError, match='states the unit "Ohm", expected volts'):
        Conform(WANTED)(chunk(unit="Ohm"))


def test_missing_channels_are_named_with_what_was_there():
    with pytest.raises(SignalError, match="missing T7; found Fp1, Cz"):
        Conform(WANTED)(chunk(("Fp1", "Cz")))
    assert missing(("Fp1", "T7", "Oz"), ("FP1", "T3")) == ("Oz",)


def test_a_channel_that_is_there_twice_is_refused():
    with pytest.raises(SignalError, match="T3 and T7 both name T7"):
        Conform(WANTED)(chunk(("T3", "T7", "Fp1")))


@pytest.mark.parametrize(
    ("types", "units", "picks", "found"),
    [
        (["EEG", "misc", "eeg"], ["uV", "g", "uV"], [0, 2], ["uV"]),
        (["", "", ""], ["µV", "g", ""], [0], ["µV"]),
        (["", ""], ["", ""], [0, 1], [""]),
        (["", ""], ["counts", "g"], [0, 1], ["counts", "g"]),
        (["EEG", "EEG"], ["uV", "V"], [0, 1], ["V", "uV"]),
    ],
)
def test_eeg_is_what_is_called_so_or_else_what_is_in_volts_or_else_all(types, units, picks, found):
    assert eeg_channels(types, units) == (picks, found)


def test_channels_are_looked_up_anew_when_they_change():
    conform = Conform(WANTED)
    conform(chunk(("Fp1", "T7")))
    np.testing.assert_array_equal(conform(chunk(("T7", "Fp1"))).data, chunk().data)
