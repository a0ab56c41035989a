"""One stream's way through a branch: any rate and clock, dead electrodes, another stream after a loss."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from insightsim.cards import Recipe
from insightsim.eeg import Judge, Windows
from insightsim.errors import ModelError
from insightsim.models import Model
from insightsim.quality import Limits
from insightsim.types import Signal, StreamState
from streaming.branch import Branch, Event
from streaming.eeg_chain import EegChain
from streaming.lsl import clock
from streaming.sources import SourceInfo
from tests.made_up import CARD, CHANNELS, RECIPE, Agreeing

EIGHT = ("Fp1", "Fp2", "C3", "C4", "P7", "P8", "O1", "O2")
START = 1000.0


class Played:
    """A made-up source: plays a signal, in chunks of 1/8 s, as fast as it is pulled; then another one."""

    query = "made-up"

    def __init__(self, *signals: Signal, late: float | None = 0.1) -> None:
        self.signals = list(signals)
        self.late = late

    def open(self, within: float = 0.0) -> SourceInfo:
        self.signal = self.signals.pop(0)
        size = max(1, round((self.signal.sfreq or 250) / 8))
        self.chunks = iter(self.signal[i : i + size] for i in range(0, len(self.signal), size))
        return SourceInfo("played", self.signal.ch_names, self.signal.unit, self.signal.sfreq)

    def pull(self) -> Signal | None:
        return next(self.chunks, None)

    def lag(self, time: float) -> float:
        return clock() - time if self.late is None else self.late

    def close(self) -> None:
        pass


def model(name: str, ch_names: Sequence[str], recipe: Recipe = RECIPE) -> Model:
    card = replace(CARD, name=name, recipe=replace(recipe, ch_names=tuple(ch_names), reference="average"))
    return Model(card, Agreeing())


def branch(source: Played, *models: Model) -> Branch:
    def choose(info: SourceInfo) -> Sequence[Model]:
        fit = [m for m in models if set(m.card.recipe.ch_names) <= set(info.ch_names)]
        if not fit:
            raise ModelError("no EEG model can read these channels")
        return fit

    def judge(chosen: Model) -> Judge:
        return Judge(chosen, Limits(mains_floor=1000), 60.0)

    return Branch(source, "eeg", partial(EegChain, choose, judge))


def events(of: Branch) -> Iterator[Event]:
    yield of.open()
    while (said := of.step()) is not None:
        yield from said


def states(said: Sequence[Event]) -> list[StreamState]:
    return [event.state for event in said]


def noise(seconds: float, sfreq: float, ch_names: Sequence[str] = CHANNELS, seed: int = 1) -> Signal:
    """Pink enough for the muscle check."""
    n = round(seconds * sfreq)
    steps = np.random.default_rng(seed).standard_normal((n, len(ch_names)))
    data = 300 + np.cumsum(steps - steps.mean(axis=0), axis=0) * 40 / np.sqrt(sfreq)
    times = START + np.arange(n) / sfreq
    return Signal("eeg", tuple(ch_names), "uV", sfreq, data.astype(np.float32), times)


@pytest.mark.parametrize("sfreq", [128.0, 250.0, 256.0, 500.0, 512.0, 1000.0, 2048.0])
def test_a_stream_of_any_rate_is_judged_at_the_models(sfreq):
    said = list(events(branch(Played(noise(10, sfreq)), model("four", CHANNELS))))
    live = [event for event in said if event.prediction and event.prediction.vadl]
    assert len(live) > 15
    times = np.array([event.prediction.time for event in live if event.prediction])
    np.testing.assert_allclose(times * 4, np.rint(times * 4), atol=4 * 0.5 / 128)
    assert live[-1].state.sfreq == sfreq
    assert live[-1].state.rate == pytest.approx(sfreq)
    assert live[-1].state.reason is None


@pytest.mark.parametrize("sfreq", [128.0, 256.0, 512.0])
def test_samples_wait_until_a_window_can_be_complete_and_no_longer(monkeypatch, sfreq):
    signal = noise(10, sfreq)
    source = Played(signal)
    watched = branch(source, model("four", CHANNELS))
    watched.open()
    source.chunks = iter(signal[i : i + 1] for i in range(len(signal)))  # sample by sample
    worked: list[int] = []
    through = type(watched._chain.windows).__call__

    def counted(stages: Windows, chunk: Signal) -> Iterator[Signal]:
        worked.append(len(chunk))
        return through(stages, chunk)

    monkeypatch.setattr(Windows, "__call__", counted)
    late = []
    while (said := watched.step()) is not None:
        newest = watched.newest
        assert newest is not None
        late += [newest - e.prediction.time for e in said if e.prediction and e.prediction.vadl]
    assert sum(worked) == len(signal)
    assert len(worked) < 10 * 4 * 4, "the stages were gone through for nearly every sample"
    assert max(late) < (0.0 if sfreq == 128 else 0.06) + 2 / sfreq


@pytest.mark.parametrize(("stated", "true"), [(250.0, 200.0), (256.0, 512.0), (0.0, 250.0)])
def test_a_rate_that_is_not_what_the_stream_says_is_measured_used_and_said(stated, true):
    said = list(events(branch(Played(replace(noise(20, true), sfreq=stated)), model("four", CHANNELS))))
    assert said[-1].prediction is not None
    assert said[-1].prediction.vadl is not None
    state = said[-1].state
    assert state.status == "live"
    assert state.sfreq == stated
    assert state.rate == pytest.approx(true, rel=1e-3)
    assert f"measured and used are {true:.1f} Hz" in (state.reason or "")
    # Nothing was judged while the rate was not known.
    first = next(event.prediction for event in said if event.prediction and event.prediction.vadl)
    assert first.time > START + (4 + 2 if stated else 3 - 0.01)


def test_a_stream_that_changes_its_rate_is_judged_again():
    before, after = noise(15, 256.0), noise(15, 500.0, seed=2)
    both = Signal(
        "eeg",
        CHANNELS,
        "uV",
        256.0,
        np.concatenate([before.data, after.data]),
        np.concatenate([before.times, after.times + 15]),
    )
    said = list(events(branch(Played(both), model("four", CHANNELS))))
    judged = np.array([e.prediction.time for e in said if e.prediction and e.prediction.vadl]) - START
    assert judged.max() > 29
    assert not ((judged > 15.5) & (judged < 20)).any(), "judged while the rate was another than believed"


def eight(seconds: float, dead: tuple[float, float]) -> Signal:
    """Eight channels, O1 off between these times."""
    signal = noise(seconds, 128.0, EIGHT)
    at = signal.times - START
    signal.data[(at >= dead[0]) & (at < dead[1]), EIGHT.index("O1")] = 0.0
    return signal


def test_when_an_electrode_dies_the_richest_model_without_it_takes_over_and_hands_back():
    models = model("eight", EIGHT), model("six", EIGHT[:6]), model("four", EIGHT[:4])
    said = list(events(branch(Played(eight(130, (20, 75))), *models)))
    judged = [e for e in said if e.prediction and e.prediction.vadl]
    names = [e.state.model for e in judged]
    assert list(dict.fromkeys(names)) == ["eight", "six"], names
    turns = [
        e.state.time and e.prediction.time - START
        for e, before in zip(judged[1:], judged, strict=False)
        if e.prediction and e.state.model != before.state.model
    ]
    assert len(turns) == 2
    assert 50 <= turns[0] <= 56
    assert 105 <= turns[1] <= 112
    without = [e for e in judged if e.state.model == "six"]
    assert {e.state.left_out for e in without} == {("O1",)}
    assert {e.state.reason for e in without} == {"O1 bad for long and left out"}
    assert {e.prediction.model for e in without if e.prediction} == {"six"}
    assert judged[-1].state.left_out == ()
    assert judged[-1].state.reason is None


def test_one_bad_electrode_does_not_taint_the_others_through_the_average():
    signal = noise(60, 128.0, EIGHT)
    signal.data[:, 6] += (2000 * np.random.default_rng(3).standard_normal(len(signal))).astype(np.float32)
    said = list(events(branch(Played(signal), model("eight", EIGHT), model("six", EIGHT[:6]))))
    assert said[-1].state.left_out == ("O1",)
    assert said[-1].prediction is not None
    assert said[-1].prediction.vadl is not None


def test_without_a_model_that_can_do_without_there_is_no_estimate_and_that_is_said():
    said = list(events(branch(Played(eight(60, (0, 60))), model("eight", EIGHT))))
    assert not any(e.prediction and e.prediction.vadl for e in said)
    assert said[-1].state.reason == "O1 bad for long, and no model in question can do without"
    assert said[-1].state.left_out == ("O1",)


def test_the_model_in_use_is_the_one_on_the_card():
    watched = branch(Played(eight(60, (0, 60))), model("eight", EIGHT), model("six", EIGHT[:6]))
    for _ in events(watched):
        pass
    assert watched.card is not None
    assert watched.card.name == "six"


def test_after_a_loss_channels_may_come_in_another_order():
    first = noise(10, 128.0)
    names = CHANNELS[::-1]
    second = replace(noise(10, 128.0), ch_names=names, data=first.data[:, ::-1].copy())
    watched = branch(Played(first, second), model("four", CHANNELS))
    before = [e.prediction for e in events(watched) if e.prediction]
    watched.lost("no samples")
    windows = watched._chain.windows
    after = [e.prediction for e in events(watched) if e.prediction]
    assert watched._chain.windows is not windows
    assert [p.quality for p in after] == [p.quality for p in before]
    assert after[-1].vadl is not None


def test_after_a_loss_vanished_channels_mean_another_model_or_a_refusal():
    models = model("eight", EIGHT), model("four", EIGHT[:4])
    source = Played(noise(10, 128.0, EIGHT), noise(10, 128.0, EIGHT[:4]), noise(10, 128.0, EIGHT[2:]))
    watched = branch(source, *models)
    assert states(list(events(watched)))[-1].model == "eight"
    watched.lost("no samples")
    assert states(list(events(watched)))[-1].model == "four"
    watched.lost("no samples")
    with pytest.raises(ModelError):
        watched.open()
    assert watched.state.status == "lost"


def test_after_a_loss_another_rate_is_taken_up():
    watched = branch(Played(noise(10, 256.0), noise(10, 500.0)), model("four", CHANNELS))
    list(events(watched))
    watched.lost("no samples")
    state = states(list(events(watched)))[-1]
    assert (state.sfreq, state.status, state.reason) == (500.0, "live", None)


@pytest.mark.parametrize("stated", [64.0, 128.0, 0.0])
def test_a_rate_below_what_the_band_needs_gives_no_estimate_and_the_reason(stated):
    said = list(events(branch(Played(replace(noise(15, 64.0), sfreq=stated)), model("four", CHANNELS))))
    assert not any(e.prediction and e.prediction.vadl for e in said)
    reason = said[-1].state.reason or (said[-1].prediction and said[-1].prediction.quality.reason) or ""
    assert "64.0 samples a second arrive" in reason, reason


@pytest.mark.parametrize("stated", [21.0, 64.0])
def test_a_stated_rate_too_low_to_be_true_is_measured(stated):
    said = list(events(branch(Played(replace(noise(20, 256.0), sfreq=stated)), model("four", CHANNELS))))
    assert said[-1].prediction is not None
    assert said[-1].prediction.vadl is not None
    assert f"the stream says {stated:g} Hz; measured and used are 256.0 Hz" in (said[-1].state.reason or "")


def test_a_channel_that_flickers_is_left_out_and_does_not_stop_the_models_that_can_do_without():
    signal = noise(80, 128.0, EIGHT)
    gone = np.random.default_rng(4).random(len(signal)) < 0.05
    signal.data[gone, 6] = np.nan
    said = list(events(branch(Played(signal), model("eight", EIGHT), model("six", EIGHT[:6]))))
    judged = [e.prediction.time - START for e in said if e.prediction and e.prediction.vadl]
    assert 30 < min(judged) < 37
    assert len(judged) > 40 * 4
    assert said[-1].state.left_out == ("O1",)


@pytest.mark.parametrize("size", [16, 4096])
def test_the_hand_over_comes_at_the_same_moment_whatever_the_chunks(size):
    source = Played(eight(60, (10, 60)))
    watched = branch(source, model("eight", EIGHT), model("six", EIGHT[:6]))
    watched.open()
    source.chunks = iter(source.signal[i : i + size] for i in range(0, len(source.signal), size))
    said = [event for step in iter(watched.step, None) for event in step]
    first = next(e.prediction.time for e in said if e.prediction and e.prediction.model == "six")
    assert first - START == pytest.approx(40.5, abs=1.5)
    same = [e.prediction.time for e in said if e.prediction and e.prediction.model == "six"]
    assert len(same) > 15 * 4


def test_stamps_that_are_no_number_do_not_become_the_time_of_a_word():
    signal = noise(3, 128.0)
    signal.times[200:] = np.nan
    watched = branch(Played(signal), model("four", CHANNELS))
    said = list(events(watched))
    assert np.isfinite([e.prediction.time for e in said if e.prediction]).all()
    assert np.isfinite(watched.lost("no samples").prediction.time)  # type: ignore[union-attr]


def muse(shared: Path, name: str) -> Signal:
    table = np.genfromtxt(next((shared / "data/eeg").glob(f"*{name}*")), delimiter=",", skip_header=1)
    names = ("TP9", "AF7", "AF8", "TP10")
    return Signal("eeg", names, "uV", 256.0, table[:, 1:5].astype(np.float32), table[:, 0].copy())


@pytest.mark.parametrize("jump", [-40.0, 40.0])
def test_a_clock_set_anew_tells_no_lag_from_then_on(jump):
    signal = noise(30, 128.0)
    source = Played(signal)
    source.lag = lambda time: START + source.due - time  # type: ignore[method-assign]
    watched = branch(source, model("four", CHANNELS))
    watched.open()
    lags = []
    for i in range(0, len(signal), 32):
        source.due = float(signal.times[i + 31] - START) + 0.1
        times = signal.times[i : i + 32] + jump * (i >= 15 * 128)
        source.chunks = iter([replace(signal[i : i + 32], times=times)])
        lags += [event.state.lag for event in watched.step() or [] if event.state.status == "live"]
    half = len(lags) // 2
    assert all(lag == pytest.approx(0.1, abs=0.3) for lag in lags[:half])
    assert set(lags[-20:]) == {None}


@pytest.mark.parametrize("name", ["18.17.25", "15.30.01"])
def test_the_unix_time_of_one_muse_and_the_own_clock_of_another_are_said(shared, name):
    signal = muse(shared, name)
    source = Played(signal[: 256 * 10], late=None)
    said = list(events(branch(source, model("muse", signal.ch_names))))
    live = [e.state for e in said if e.state.status == "live"]
    assert {state.lag for state in live} == {None}
    assert all("not on the LSL clock" in (state.reason or "") for state in live)
    assert any(e.prediction and e.prediction.vadl for e in said)
