from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from insightsim.pace import come_in_bursts, longest_packet, samples_per_second


def packets(n: int, sfreq: float, size: int) -> np.ndarray:
    """Every sample stamped with the moment its packet was full."""
    return ((np.arange(n) // size + 1) * size - 1) / sfreq


@pytest.mark.parametrize("rate", [0.0, 128.0, 250.0, 300.0])
@pytest.mark.parametrize("size", [1, 2, 8])
def test_the_pace_is_found_whatever_rate_is_in_use(rate, size):
    assert samples_per_second(packets(1250, 250.0, size), rate) == pytest.approx(250.0, rel=0.01)


@given(st.floats(0, 0.15), st.sampled_from([1, 2, 4]))
def test_losses_do_not_make_a_right_rate_look_wrong(share, size):
    keep = np.repeat(np.random.default_rng(1).random(1250 // size) >= share, size)
    stamps = packets(1250 // size * size, 250.0, size)[keep]
    assert samples_per_second(stamps, 250.0) == pytest.approx(250.0, rel=0.01)


@given(st.floats(0, 0.010))
def test_neither_does_jitter(jitter):
    stamps = np.arange(1280) / 256 + np.random.default_rng(2).normal(0, jitter, 1280)
    assert samples_per_second(stamps, 256.0) == pytest.approx(256.0, rel=0.02)


def test_two_samples_tell_nothing():
    assert samples_per_second(np.array([0.0, 1.0]), 0.0) == 0.0


@pytest.mark.parametrize(
    ("stamps", "bursts"),
    [
        (np.arange(1000) / 250, False),
        (packets(1000, 250.0, 2), True),
        (np.delete(np.arange(1000), range(0, 1000, 9)) / 250, False),
        (np.arange(1000) / 250 + np.repeat([0.0, 0.02], 500), False),
        (np.arange(1000) / 250 + np.tile(np.repeat([0.0, 0.02], 8), 63)[:1000], True),
    ],
    ids=["even", "packets", "losses", "one pause", "to and fro"],
)
def test_bursts_are_told_from_losses_and_pauses(stamps, bursts):
    assert come_in_bursts(stamps, 250.0, False) is bursts


def test_it_takes_more_to_begin_than_to_go_on():
    stamps = np.arange(1000) / 250
    stamps[50::50] = stamps[49:-1:50]  # one in fifty comes with the one before
    assert not come_in_bursts(stamps, 250.0, False)
    assert come_in_bursts(stamps, 250.0, True)


def test_a_single_pause_is_no_packet():
    stamps = packets(1000, 250.0, 8)
    stamps[500:] += 2.0
    assert longest_packet(stamps) == pytest.approx(8 / 250)
