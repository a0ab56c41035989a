from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insightsim.cards import Features, Filter, Recipe
from insightsim.eeg import Windows, referred
from insightsim.errors import SettingsError
from insightsim.quality import Limits, assess
from insightsim.types import INTERPOLATED, SETTLING, UNTIMED, Quality, Signal

CH_NAMES = ("Fp1", "F3", "Fp2", "F4")
SFREQ = 128.0
RECIPE = Recipe("eeg", CH_NAMES, "as recorded", "uV", SFREQ, 512, 0.5, Filter(), Features("psd16"))
TIMES = np.arange(1024) / SFREQ

Spoil = Callable[[np.ndarray], object]


def brain(seed: int = 0, n_samples: int = 1024) -> np.ndarray:
    """Pink noise of about 10 µV with an offset: clean EEG, as far as these checks can tell."""
    rng = np.random.default_rng(seed)
    spectrum = np.fft.rfft(rng.standard_normal((n_samples, 4)), axis=0)
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))[:, None]
    spectrum[0] = 0
    pink = np.fft.irfft(spectrum, n_samples, axis=0)
    return (10 * pink / pink.std(axis=0) + 300).astype(np.float32)


def last_window(data: np.ndarray, recipe: Recipe = RECIPE) -> Signal:
    """The last window, long after the filter has settled."""
    times = np.arange(len(data)) / recipe.sfreq
    windows = list(Windows(recipe)(Signal("eeg", CH_NAMES, "uV", recipe.sfreq, data, times)))
    return referred(recipe, windows[-1])


def quality_of(spoil: Spoil | None = None, limits: Limits | None = None, mains: float = 50.0) -> Quality:
    data = brain()
    if spoil:
        spoil(data)
    return assess([last_window(data)], limits or Limits(), mains)[0]


def set_(channels: object, value: object) -> Spoil:
    return lambda data: data.__setitem__((slice(None), channels), value)


def add(channel: int, value: object) -> Spoil:
    return lambda data: data.__setitem__((slice(None), channel), data[:, channel] + value)


def hum(amplitude: float, hz: float = 50.0) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * hz * TIMES)


def emg() -> np.ndarray:
    spectrum = np.fft.rfft(np.random.default_rng(3).standard_normal(1024))
    spectrum[np.fft.rfftfreq(1024, 1 / SFREQ) < 28] = 0
    return 25 * np.fft.irfft(spectrum)


def clip(data: np.ndarray) -> None:
    data[:, 1] = np.clip(data[:, 1] * 20, 5850, 6150).astype(np.float32)


def test_clean_eeg_may_be_judged():
    assert quality_of() == Quality(1.0, None)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_no_clean_recording_is_called_clipped_or_flat(seed):
    faults = {fault for _, fault in assess([last_window(brain(seed))], Limits(), 50.0)[0].bad}
    assert not faults & {"clipped", "flat", "missing", "mains hum"}


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (set_(1, 300.0), "flat"),
        (set_(1, 62_052.0), "flat"),
        (add(1, np.where(TIMES > 7, 1, 0) * 130 * np.sin(2 * np.pi * 6 * TIMES)), "over 200 µV"),
        (add(1, hum(600)), "mains hum"),
        (add(1, emg()), "muscle"),
        (set_(1, np.nan), "missing"),
        (clip, "clipped"),
    ],
)
def test_every_fault_is_found_on_its_channel_and_named(spoil, fault):
    quality = quality_of(spoil)
    assert quality.bad == (("F3", fault),)
    assert quality.reason == f"1 of 4 channels {fault} (F3)"
    assert quality.score == 0.75


def test_one_missing_value_is_enough():
    def spoil(data: np.ndarray) -> None:
        data[700, 2] = np.nan

    assert ("Fp2", "missing") in quality_of(spoil).bad


def test_the_reason_counts_and_names_the_channels():
    assert quality_of(set_([0, 1, 2], 300.0)).reason == "3 of 4 channels flat (Fp1, F3, Fp2)"


def test_mixed_faults_are_listed_the_commonest_first():
    def spoil(data: np.ndarray) -> None:
        set_([1, 3], 300.0)(data)
        add(0, hum(600))(data)

    assert quality_of(spoil).reason == "2 of 4 channels flat (F3, F4), 1 mains hum (Fp1)"


def test_many_names_are_cut_short():
    assert quality_of(set_([0, 1, 2, 3], 300.0)).reason == "4 of 4 channels flat (Fp1, F3, Fp2, …)"


def test_a_little_mains_is_left_to_the_filter():
    assert quality_of(add(1, hum(20))).reason is None


@pytest.mark.parametrize("mains", [50.0, 60.0])
def test_a_band_passed_recording_never_trips_the_mains_check(mains):
    window = last_window(brain())
    band_passed = replace(window, raw=window.data)
    assert assess([band_passed], Limits(), mains)[0].reason is None


def test_mains_is_not_checked_where_the_rate_cannot_hold_it_or_it_is_switched_off():
    assert quality_of(add(1, hum(600)), mains=63.5).reason is None
    assert quality_of(add(1, hum(600)), mains=0.0).reason is None


@pytest.mark.parametrize(
    ("factor", "said"),
    [
        (1e-6, "SD near 1e-05 µV is not EEG, 1,000,000 times too small"),
        (1e-3, "SD near 0.01 µV is not EEG, 1,000 times too small"),
        (1e3, "SD near 10000 µV is not EEG, 1,000 times too large"),
        (1e16, "SD near 1e+15 µV is not EEG, 100,000,000,000,000 times too large"),
    ],
)
def test_a_wrong_unit_is_refused_with_how_wrong_and_a_question(factor, said):
    def spoil(data: np.ndarray) -> None:
        data *= np.float32(factor)

    assert quality_of(spoil).reason == f"{said}: is the unit right? expected 0.1–500 µV"


@pytest.mark.parametrize("factor", [1e-6, 1e3])
def test_a_wrong_unit_is_seen_beside_a_dead_channel(factor):
    def spoil(data: np.ndarray) -> None:
        data *= np.float32(factor)
        data[:, 0] = 0

    assert "is the unit right?" in str(quality_of(spoil).reason)


def test_how_wrong_a_unit_is_does_not_change_with_every_window():
    def reason(more: float) -> str | None:
        return quality_of(lambda data: np.multiply(data, np.float32(1000 * more), out=data)).reason

    assert len({reason(more) for more in (0.9, 1.0, 1.1)}) == 1


def test_a_dead_channel_is_flat_although_the_average_reference_lends_it_the_others_signal():
    data = brain()
    data[:, 1] = 62_052
    window = last_window(data, replace(RECIPE, reference="average"))
    assert window.data[:, 1].std() > 1
    assert assess([window], Limits(), 50.0)[0].bad == (("F3", "flat"),)


def test_a_small_signal_in_coarse_steps_is_not_called_clipped():
    def spoil(data: np.ndarray) -> None:
        data[:] = np.round(data / 10) * 10

    assert quality_of(spoil).reason is None


def test_samples_filled_in_count_as_missing():
    window = last_window(brain())
    state = window.state.copy()
    state[: round(0.11 * 512)] = INTERPOLATED
    quality = assess([replace(window, state=state)], Limits(), 50.0)[0]
    assert quality.reason == "only 89 % of the window was measured"
    assert quality.score == pytest.approx(0.89, abs=0.01)
    state[: round(0.02 * 512)] = 0
    assert assess([replace(window, state=state)], Limits(), 50.0)[0].reason is None


def test_time_without_samples_counts_as_missing():
    window = last_window(brain())
    stretched = replace(window, times=window.times[0] + (window.times - window.times[0]) * 1.2)
    assert assess([stretched], Limits(), 50.0)[0].reason == "only 83 % of the window was measured"


def test_the_second_after_a_gap_is_not_judged_and_says_how_long_ago_it_was():
    window = last_window(brain())
    state = window.state.copy()
    state[:64] = SETTLING
    quality = assess([replace(window, state=state)], Limits(), 50.0)[0]
    assert quality.reason == "settling: 4.5 s after the start or a gap"


def test_a_window_of_samples_at_another_rate_than_stated_is_not_judged():
    window = last_window(brain())
    state = window.state.copy()
    state[-1] = UNTIMED
    quality = assess([replace(window, state=state)], Limits(), 50.0)[0]
    assert quality.reason == "its samples come at another rate than the stream says"


def test_many_windows_at_once_are_judged_as_each_alone():
    data = brain(n_samples=8000)
    data[3000:4000, 1] = 300
    windows = list(Windows(RECIPE)(Signal("eeg", CH_NAMES, "uV", SFREQ, data, np.arange(8000) / SFREQ)))
    together = assess(windows, Limits(), 50.0)
    assert len(together) > 100
    assert len({quality.reason for quality in together}) > 2
    assert together == [assess([window], Limits(), 50.0)[0] for window in windows]
    assert assess([], Limits(), 50.0) == []


def test_limits_can_be_set():
    assert quality_of(limits=Limits(peak_to_peak=10)).reason == "4 of 4 channels over 10 µV (Fp1, F3, Fp2, …)"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(
            (name, math.nan)
            for name in ("flat", "peak_to_peak", "mains_ratio", "mains_floor", "muscle_ratio")
        ),
        *(("flat", -5.0), ("peak_to_peak", math.inf), ("clipped", 0), ("clipped", 1)),
        *(("coverage", math.nan), ("coverage", -0.1), ("coverage", 1.1)),
        *(("scale", (math.nan, 500.0)), ("scale", (0.1, math.nan)), ("scale", (0.1, math.inf))),
        *(("scale", (500.0, 0.1)), ("scale", (-1.0, 1.0))),
    ],
)
def test_a_limit_out_of_its_range_is_named(name, value):
    """NaN would switch a check off without a word."""
    with pytest.raises(SettingsError, match=f"^{name} is "):
        Limits(**{name: value})


def test_the_windows_come_out_as_they_went_in():
    data = brain()
    data[700, 2] = np.nan
    window = last_window(data)
    before = window.data.copy(), window.raw.copy()
    assess([window], Limits(), 50.0)
    np.testing.assert_array_equal(window.data, before[0])
    np.testing.assert_array_equal(window.raw, before[1])


@pytest.mark.parametrize(("name", "clipped"), [("18.12.53", True), ("18.17.25", False), ("15.30.01", False)])
def test_the_rails_of_a_muse_are_found_without_knowing_the_device(shared, name, clipped):
    table = np.genfromtxt(next((shared / "data/eeg").glob(f"*{name}*")), delimiter=",", skip_header=1)
    names = ("TP9", "AF7", "AF8", "TP10")
    recipe = replace(RECIPE, ch_names=names, sfreq=256.0, n_samples=1024)
    signal = Signal(
        "eeg", names, "uV", 256.0, table[:, 1:5].astype(np.float32), table[:, 0].astype(np.float64)
    )
    found = assess(list(Windows(recipe)(signal)), Limits(), 60.0)
    assert any(fault == "clipped" for quality in found for _, fault in quality.bad) is clipped
    assert sum(quality.reason is None for quality in found) > len(found) / 2
