"""Standing checks for every stage that keeps state between chunks. A new stage adds one line to STAGES."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insightsim.cards import Features, Filter, Recipe
from insightsim.eeg import Windows
from insightsim.face_windows import FaceWindows
from insightsim.filters import Causal
from insightsim.gaps import Mend
from insightsim.resample import Resample
from insightsim.steady import Steady
from insightsim.types import Signal
from insightsim.windows import Slide

CH_NAMES = ("Fp1", "F3", "Fp2", "F4")
RECIPE = Recipe("eeg", CH_NAMES, "average", "uV", 128.0, 128, 0.25, Filter(), Features("psd16"))

Stage = Callable[[Signal], Signal | Iterator[Signal]]

STAGES: dict[str, Callable[[], Stage]] = {
    "Mend": Mend,
    "Steady": Steady,
    "Resample to itself": lambda: Resample(128.0, 45.0),
    "Resample": lambda: Resample(100.0, 40.0),
    "Causal": lambda: Causal(Filter(), 128.0),
    "Slide": lambda: Slide(128, 0.25),
    "Windows": lambda: Windows(RECIPE),
    "FaceWindows": lambda: FaceWindows(1.0, 0.25),
}

every_stage = pytest.mark.parametrize("make", STAGES.values(), ids=STAGES.keys())


def stretch(n: int = 640, start: float = 100.3) -> Signal:
    rng = np.random.default_rng(n)
    data = (rng.standard_normal((n, 4)) * 10 + 3000).astype(np.float32)
    return Signal("eeg", CH_NAMES, "uV", 128.0, data, start + np.arange(n) / 128)


def without(signal: Signal, first: int, stop: int) -> Signal:
    keep = np.r_[0:first, stop : len(signal)]
    return replace(signal, data=signal.data[keep], times=signal.times[keep], state=signal.state[keep])


def eventful() -> Signal:
    """A short gap, a long one, and a value that is no number."""
    signal = without(without(stretch(), 300, 330), 150, 152)
    signal.data[520, 1] = np.nan
    return signal


def fed(stage: Stage, chunks: Iterable[Signal]) -> list[Signal]:
    """All that comes out: the windows, or the samples as one Signal each."""
    out: list[Signal] = []
    for chunk in chunks:
        result = stage(chunk)
        for part in [result] if isinstance(result, Signal) else result:
            whole = isinstance(stage, (Slide, Windows, FaceWindows))
            out.extend([part] if whole else [part[i : i + 1] for i in range(len(part))])
    return out


def cut(signal: Signal, at: Iterable[int]) -> list[Signal]:
    return [signal[a:b] for a, b in pairwise([0, *sorted(at), len(signal)])]


def assert_same(found: list[Signal], expected: list[Signal]) -> None:
    assert len(found) == len(expected) > 0
    for name in ("data", "times", "state", "raw"):
        if getattr(expected[0], name) is not None:
            np.testing.assert_array_equal(
                np.concatenate([getattr(s, name) for s in found]),
                np.concatenate([getattr(s, name) for s in expected]),
                err_msg=name,
            )


@every_stage
@pytest.mark.parametrize("size", [1, 7, 32, 128])
def test_the_chunk_size_makes_no_difference(make, size):
    signal = eventful()
    assert_same(fed(make(), cut(signal, range(size, len(signal), size))), fed(make(), [signal]))


@every_stage
@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 608), max_size=40))
def test_no_way_of_cutting_makes_a_difference(make, at):
    signal = eventful()
    assert_same(fed(make(), cut(signal, at)), fed(make(), [signal]))


@every_stage
def test_empty_chunks_make_no_difference(make):
    signal = eventful()
    halves = cut(signal, [250])
    empty = signal[:0]
    assert_same(fed(make(), [empty, halves[0], empty, empty, halves[1], empty]), fed(make(), [signal]))


@every_stage
def test_after_a_gap_it_is_as_if_the_stream_began(make):
    before, after = stretch(500), stretch(640, start=200.0)
    stage = make()
    fed(stage, [before])
    assert_same(fed(stage, [after]), fed(make(), [after]))


@every_stage
def test_after_a_jump_back_in_time_it_is_as_if_the_stream_began(make):
    before, after = stretch(500), stretch(640, start=-7000.0)
    stage = make()
    fed(stage, [before])
    assert_same(fed(stage, [after]), fed(make(), [after]))


@every_stage
def test_a_jump_back_inside_a_chunk_is_the_same_as_between_two(make):
    before, after = stretch(500), stretch(640, start=-7000.0)
    both = replace(
        before,
        data=np.concatenate([before.data, after.data]),
        times=np.concatenate([before.times, after.times]),
        state=np.concatenate([before.state, after.state]),
    )
    assert_same(fed(make(), [both]), fed(make(), [before, after]))


@every_stage
def test_what_goes_in_is_left_alone(make):
    chunks = cut(eventful(), [40, 41, 300])
    copies = deepcopy(chunks)
    for chunk in chunks:
        chunk.data.flags.writeable = chunk.times.flags.writeable = chunk.state.flags.writeable = False
    fed(make(), chunks)
    for chunk, copy in zip(chunks, copies, strict=True):
        np.testing.assert_array_equal(chunk.data, copy.data)
        np.testing.assert_array_equal(chunk.times, copy.times)
        np.testing.assert_array_equal(chunk.state, copy.state)
        assert chunk.raw is None


@every_stage
def test_what_came_out_is_not_changed_by_what_comes_later(make):
    chunks = cut(eventful(), range(16, 608, 16))
    stage = make()
    early = fed(stage, chunks[:20])
    copies = deepcopy(early)
    fed(stage, chunks[20:])
    assert_same(early, copies)
