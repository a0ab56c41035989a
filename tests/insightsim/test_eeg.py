from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pytest

from insightsim.bandpower import features
from insightsim.cards import Card, Features, Filter, Recipe, Threshold, Trained
from insightsim.eeg import Judge, Windows, examine, referred
from insightsim.filters import Causal
from insightsim.quality import Limits, assess
from insightsim.types import SETTLING, VADL, Signal

CH_NAMES = ("Fp1", "F3", "Fp2", "F4")
BANDS = {"theta": (4.0, 8.0), "alpha": (8.0, 13.0), "beta": (13.0, 30.0)}
RECIPE = Recipe("eeg", CH_NAMES, "average", "uV", 128.0, 512, 0.5, Filter(), Features("log_bandpower", BANDS))


@dataclass
class Mean:
    """A model that says how much theta it sees, and counts how often it is asked."""

    card: Card
    calls: int = 0

    def __call__(self, features):
        self.calls += 1
        p = 1 / (1 + np.exp(-features[:, :4].astype(np.float64)))
        return p, p / 10


def model(recipe: Recipe = RECIPE) -> Mean:
    trained = Trained("numbers", True, 1, 1, 1, 1, 0, "")
    return Mean(Card("mean", "1", "Apache-2.0", "", recipe, Threshold(), trained, "", {}, 1.0))


def recording(n: int = 3000, seed: int = 1) -> Signal:
    rng = np.random.default_rng(seed)
    data = np.cumsum(rng.standard_normal((n, 4)), axis=0) * 3 + rng.standard_normal((n, 4)) + 500
    return Signal("eeg", CH_NAMES, "uV", 128.0, data.astype(np.float32), 50 + np.arange(n) / 128)


def test_the_chain_goes_from_any_labels_unit_and_order_to_the_same_windows():
    signal = recording()
    device = replace(
        signal,
        ch_names=("trigger", "F4", "FP2", "f3", "FP1"),
        unit="V",
        data=np.concatenate([np.zeros((3000, 1), np.float32), signal.data[:, ::-1] * np.float32(1e-6)], 1),
    )
    expected, found = list(Windows(RECIPE)(signal)), list(Windows(RECIPE)(device))
    assert len(found) == len(expected) == 39
    for a, b in zip(found, expected, strict=True):
        assert a.ch_names == CH_NAMES
        np.testing.assert_allclose(a.data, b.data, atol=2e-3)
        np.testing.assert_array_equal(a.times, b.times)


def test_the_average_reference_takes_away_what_all_channels_share():
    window = list(Windows(RECIPE)(recording()))[-1]
    shared = replace(window, data=window.data + np.linspace(0, 50, 512, dtype=np.float32)[:, None])
    np.testing.assert_allclose(referred(RECIPE, shared).data, referred(RECIPE, window).data, atol=1e-4)
    np.testing.assert_allclose(referred(RECIPE, window).data.mean(axis=1), 0, atol=1e-5)


def test_a_model_of_fewer_channels_has_a_reference_of_its_own():
    window = list(Windows(RECIPE)(recording()))[-1]
    two = replace(RECIPE, ch_names=("Fp2", "Fp1"))
    found = referred(two, window)
    assert found.ch_names == ("Fp2", "Fp1")
    np.testing.assert_allclose(found.data[:, 0], (window.data[:, 2] - window.data[:, 0]) / 2, atol=1e-4)
    np.testing.assert_array_equal(found.raw, window.raw[:, [2, 0]])


@cache
def analogue(sfreq: float, seconds: float = 8.0) -> Signal:
    """The same made-up voltages, whoever samples them: many sines from 2 to 46 Hz, an offset, some hum."""
    rng = np.random.default_rng(7)
    hz, phase = rng.uniform(2, 46, 80), rng.uniform(0, 2 * np.pi, (80, 4))
    times = 50 + np.arange(round(seconds * sfreq)) / sfreq
    waves = np.sin(2 * np.pi * hz[:, None, None] * times[:, None] + phase[:, None, :])
    data = (waves / hz[:, None, None] * 20).sum(axis=0) + 3 * np.sin(2 * np.pi * 120 * times)[:, None] + 9000
    return Signal("eeg", CH_NAMES, "uV", sfreq, data.astype(np.float32), times)


@pytest.mark.parametrize("sfreq", [250.0, 256.0, 500.0, 512.0, 1000.0, 2048.0])
def test_a_stream_of_any_rate_gives_the_features_of_the_recipes_rate(sfreq):
    slow, fast = list(Windows(RECIPE)(analogue(1280.0))), list(Windows(RECIPE)(analogue(sfreq)))
    expected = examine(RECIPE, slow, Limits(), 0.0)[1]
    found = examine(RECIPE, fast, Limits(), 0.0)[1]
    ends = {round(w.times[-1] * 128): i for i, w in enumerate(slow)}
    both = [(ends[round(w.times[-1] * 128)], i) for i, w in enumerate(fast) if SETTLING not in w.state]
    assert len(both) > 3
    theirs, ours = expected[[a for a, _ in both]], found[[b for _, b in both]]
    np.testing.assert_allclose(ours, theirs, atol=0.01)


@pytest.mark.parametrize("sfreq", [128.0, 256.0, 512.0])
@pytest.mark.parametrize("jitter", [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.5, 1.0])
def test_jitter_of_the_stamps_bends_no_frequency_and_stops_no_estimate(sfreq, jitter):
    """Of so many periods, as when a program stamps each sample as it gets it."""
    n = round(40 * sfreq)
    rng = np.random.default_rng(5)
    even = 50 + np.arange(n) / sfreq
    data = 30 * np.sin(2 * np.pi * 10 * even)[:, None] + rng.normal(0, 2, (n, 4))
    signal = Signal(
        "eeg", CH_NAMES, "uV", sfreq, data.astype(np.float32), even + rng.normal(0, jitter / sfreq, n)
    )
    recipe = replace(RECIPE, reference="as recorded")
    stages = Windows(recipe)
    windows = [window for i in range(0, n, 16) for window in stages(signal[i : i + 16])]
    good = [w for w, q in zip(windows, assess(windows, Limits(), 0.0), strict=True) if q.reason is None]
    assert len(good) > 55
    for window in good[10:]:
        power = np.abs(np.fft.rfft(window.data[:, 0] * np.hanning(512), 8192))
        assert power.argmax() * 128 / 8192 == pytest.approx(10.0, abs=0.05)


def test_the_first_windows_are_settling_and_the_later_ones_are_not():
    states = [SETTLING in window.state for window in Windows(RECIPE)(recording())]
    assert states == [True] * 2 + [False] * 37


def test_gaps_and_filling_can_be_watched():
    windows = Windows(RECIPE)
    signal = recording()
    list(windows(signal[:1000]))
    assert (windows.mend.gaps, windows.slide.filled) == (0, 1.0)
    list(windows(signal[1100:1356]))
    assert (windows.mend.gaps, windows.slide.filled) == (1, 0.5)


def test_good_windows_are_judged_in_one_call_and_bad_ones_not_at_all():
    signal = recording()
    signal.data[1500:2500, 0] = 500
    windows = list(Windows(RECIPE)(signal))
    judge = Judge(model(), Limits())
    predictions = judge(windows)
    assert judge.model.calls == 1
    assert [p.time for p in predictions] == [w.times[-1] for w in windows]
    judged = [p.vadl is not None for p in predictions]
    assert True in judged
    assert False in judged
    for window, prediction in zip(windows, predictions, strict=True):
        assert (prediction.vadl is None) == (prediction.quality.reason is not None)
        assert (prediction.vadl is None) == (prediction.spread is None)
        if prediction.vadl is not None:
            p = 1 / (1 + np.exp(-features(RECIPE, referred(RECIPE, window).data)[:4]))
            np.testing.assert_allclose(prediction.vadl, p, rtol=1e-5)
            np.testing.assert_allclose(prediction.spread, p / 10, rtol=1e-5)
            assert isinstance(prediction.vadl, VADL)
    assert any("flat (Fp1)" in str(p.quality.reason) for p in predictions)
    assert {(p.stream, p.model) for p in predictions} == {("eeg", "mean")}


def test_without_a_good_window_the_model_is_not_asked():
    judge = Judge(model(), Limits(flat=1e6))
    assert [p.vadl for p in judge(list(Windows(RECIPE)(recording(700))))] == [None] * 3
    assert judge([]) == []
    assert judge.model.calls == 0


def test_absurdly_large_values_are_refused_without_a_warning():
    signal = recording(1500)
    signal.data[:, 2] *= np.float32(1e30)
    predictions = Judge(model(), Limits())(list(Windows(RECIPE)(signal)))
    assert predictions
    assert not any(prediction.vadl for prediction in predictions)


def test_features_that_are_not_finite_are_refused():
    window = list(Windows(RECIPE)(recording()))[-1]
    silent = replace(window, data=np.zeros_like(window.data))
    anything = Limits(flat=0.0, scale=(0.0, 1e9))
    prediction = Judge(model(), anything)([silent])[0]
    assert prediction.vadl is None
    assert prediction.quality.reason == "features are not finite: a band without any power"


def test_the_mains_that_is_set_reaches_the_filter():
    """A pass band up to 62 Hz lets 60 Hz through, unless the notch is there."""
    recipe = replace(RECIPE, reference="as recorded", filter=Filter(high=62.0))
    wave = 10 * np.sin(2 * np.pi * 60 * np.arange(3000) / 128)
    signal = replace(recording(), data=np.tile(wave.astype(np.float32)[:, None], (1, 4)))
    left = {mains: list(Windows(recipe, mains)(signal))[-1] for mains in (None, 50.0, 60.0)}
    assert left[None].data.std() == left[50.0].data.std() > 5
    assert left[60.0].data.std() < 1e-3
    end = len(signal) - int(np.count_nonzero(signal.times > left[60.0].times[-1]))
    alone = Causal(recipe.filter, 128.0, 60.0)(signal).data[end - 512 : end]
    np.testing.assert_allclose(left[60.0].data, alone, atol=1e-6)


@pytest.mark.parametrize(("mains", "refused"), [(None, True), (0.0, False), (60.0, False)])
def test_the_mains_of_the_recipe_is_looked_for_or_the_one_that_is_set(mains, refused):
    signal = recording()
    wave = 600 * np.sin(2 * np.pi * 50 * np.arange(3000) / 128)
    signal.data[:, 1] += wave.astype(np.float32)
    windows = list(Windows(RECIPE)(signal))
    reason = Judge(model(), Limits(peak_to_peak=1e6), mains)(windows[-1:])[0].quality.reason
    assert (reason == "1 of 4 channels mains hum (F3)") is refused


def test_examining_gives_the_same_numbers_as_each_part_alone():
    windows = list(Windows(RECIPE)(recording(5000)))
    qualities, found = examine(RECIPE, windows, Limits(), 50.0)
    assert len(qualities) == len(windows) == len(found)
    np.testing.assert_allclose(
        found, features(RECIPE, np.stack([referred(RECIPE, w).data for w in windows])), atol=1e-6
    )
    assert found.dtype == np.float32
