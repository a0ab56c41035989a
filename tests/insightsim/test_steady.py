"""The rate samples really come at, and stamps in bursts: faults made up, and recordings that show them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insightsim.gaps import Mend
from insightsim.steady import Steady
from insightsim.types import UNTIMED, Signal

START = 700.0


def stream(times, stated: float) -> Signal:
    times = np.asarray(times, np.float64)
    return Signal("eeg", ("a",), "uV", stated, np.arange(len(times), dtype=np.float32)[:, None], times)


def fed(steady: Steady, signal: Signal, size: int = 16) -> list[Signal]:
    return [part for i in range(0, len(signal), size) for part in steady(signal[i : i + size])]


def bursts(n: int, sfreq: float, packet: int) -> np.ndarray:
    """Every sample of a packet stamped with the moment its last one was there."""
    arrival = (np.arange(n) // packet + 1) * packet - 1
    return START + arrival / sfreq


def times_of(parts: list[Signal]) -> np.ndarray:
    return np.concatenate([part.times for part in parts])


@pytest.mark.parametrize("sfreq", [128.0, 250.0, 2048.0])
def test_a_stream_that_keeps_its_rate_is_left_alone(sfreq):
    signal = stream(START + np.arange(round(8 * sfreq)) / sfreq, sfreq)
    parts = fed(Steady(), signal)
    np.testing.assert_array_equal(times_of(parts), signal.times[: len(times_of(parts))])
    assert {part.sfreq for part in parts} == {sfreq}
    assert not any((part.state == UNTIMED).any() for part in parts)


@pytest.mark.parametrize(("stated", "true"), [(250.0, 200.0), (100.0, 128.0), (250.0, 500.0), (256.0, 245.0)])
def test_a_wrong_rate_is_replaced_by_the_measured_one(stated, true):
    steady = Steady(98.0)
    parts = fed(steady, stream(START + np.arange(round(15 * true)) / true, stated))
    assert (parts[0].sfreq, parts[-1].sfreq) == (stated, pytest.approx(true, rel=1e-3))
    assert steady.replaced
    before = [part for part in parts if part.sfreq == stated]
    wrong = abs(true / stated - 1) > 0.05
    assert (before[-1].state == UNTIMED).all() == wrong
    assert not any((part.state == UNTIMED).any() for part in parts if part.sfreq != stated)


def test_what_is_about_right_is_not_replaced():
    steady = Steady()
    fed(steady, stream(START + np.arange(256 * 15) / 257.5, 256.0))
    assert steady.rate == 256.0
    assert steady.pace == pytest.approx(257.5, rel=1e-3)


def test_a_rate_that_is_not_stated_is_measured_before_anything_comes_out():
    steady = Steady()
    signal = stream(START + np.arange(2500) / 250, 0.0)
    assert not fed(steady, signal[:960])
    parts = fed(steady, signal[960:])
    assert sum(map(len, parts)) == 2500, "what was held back is not lost"
    assert {round(part.sfreq, 3) for part in parts} == {250.0}


@pytest.mark.parametrize("stated", [0.0, 100.0])
def test_a_true_rate_too_low_for_the_model_is_never_judged(stated):
    steady = Steady(98.0)
    parts = fed(steady, stream(START + np.arange(2000) / 80, stated))
    assert steady.wrong
    assert (parts[-1].state == UNTIMED).all()


def test_a_stream_that_changes_its_rate_is_followed():
    first = START + np.arange(128 * 20) / 128
    steady = Steady(98.0)
    fed(steady, stream(first, 128.0))
    parts = fed(steady, stream(first[-1] + np.arange(1, 256 * 20) / 256, 128.0))
    assert (parts[-1].state == UNTIMED).sum() == 0
    assert parts[-1].sfreq == pytest.approx(256.0)
    assert any((part.state == UNTIMED).all() for part in parts)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.1])
def test_lost_samples_are_no_slower_rate(share):
    keep = np.random.default_rng(5).random(256 * 20) >= share
    steady = Steady()
    fed(steady, stream(START + np.flatnonzero(keep) / 256, 256.0))
    assert steady.rate == 256.0
    assert not steady.wrong
    assert not steady.bursts


@pytest.mark.parametrize(("sfreq", "packet"), [(250.0, 2), (250.0, 8), (256.0, 12), (500.0, 64)])
def test_samples_of_a_packet_with_one_stamp_are_spread_evenly(sfreq, packet):
    n = round(20 * sfreq) // packet * packet
    parts = fed(Steady(), stream(bursts(n, sfreq, packet), sfreq))
    times = times_of(parts)
    assert len(times) == n
    later = times[n // 2 :]
    # What is left of the packets, after the smoothed clock.
    np.testing.assert_allclose(np.diff(later), 1 / sfreq, rtol=0.05)
    even = START + np.arange(n) / sfreq
    assert np.abs(times - even)[n // 2 :].max() < packet / sfreq


@pytest.mark.parametrize("share", [0.03, 0.06, 0.1])
@pytest.mark.parametrize("packet", [2, 4, 8])
def test_packets_that_are_lost_are_no_slower_rate(packet, share):
    """Where whole packets go missing, what is left must not be stitched together at a rate of its own."""
    n = 250 * 60 // packet * packet
    keep = np.repeat(np.random.default_rng(9).random(n // packet) >= share, packet)
    steady = Steady(98.0)
    fed(steady, stream(bursts(n, 250.0, packet)[keep], 250.0))
    assert steady.rate == 250.0


@pytest.mark.parametrize("seconds", [0.6, 0.75])
def test_packets_of_more_than_half_a_second_are_spread_too(seconds):
    packet = round(256 * seconds)
    steady, mend = Steady(98.0), Mend()
    parts = [mend(part) for part in fed(steady, stream(bursts(packet * 80, 256.0, packet), 256.0))]
    later = times_of(parts)[-256 * 20 :]
    np.testing.assert_allclose(np.diff(later), 1 / 256, rtol=0.2)
    assert steady.rate == 256.0


@pytest.mark.parametrize(
    "times",
    [np.full(300_000, START), np.full(300_000, np.nan), START + np.arange(300_000) / 10],
    ids=["standing still", "no numbers", "too slow"],
)
def test_a_stream_that_never_tells_a_rate_fills_no_memory(times):
    steady = Steady(98.0)
    fed(steady, stream(times, 0.0), 64)
    assert sum(map(len, steady._held)) <= 20_100
    assert sum(map(len, steady._recent)) <= 20_100


@pytest.mark.parametrize(("sfreq", "packet"), [(250.0, 4), (250.0, 8), (256.0, 12), (500.0, 32)])
@pytest.mark.parametrize("jitter", [0.010, 0.020])
def test_packets_stamped_as_they_happened_to_arrive_lose_nothing(sfreq, packet, jitter):
    """As many programs send what comes by radio: even within a packet, to and fro between packets."""
    n = round(20 * sfreq) // packet * packet
    even = START + np.arange(n) / sfreq
    late = np.abs(np.random.default_rng(8).normal(0, jitter, n // packet))
    steady, mend = Steady(98.0), Mend()
    parts = [mend(part) for part in fed(steady, stream(even + np.repeat(late, packet), sfreq), packet)]
    assert steady.rate == sfreq
    assert (mend.gaps, mend.dropped) == (0, 0)
    late_now = times_of(parts)[n // 2 :] - even[n // 2 :]
    assert np.ptp(late_now) < jitter
    np.testing.assert_allclose(np.diff(times_of(parts))[n // 2 :], 1 / sfreq, rtol=0.05)


def test_stamps_rounded_to_milliseconds_at_a_high_rate_are_bursts_too():
    parts = fed(Steady(), stream(np.round(START + np.arange(2048 * 10) / 2048, 3), 2048.0))
    assert (np.diff(times_of(parts)) > 0).all()


def test_in_bursts_a_loss_is_seen_once_every_stamp_of_a_quarter_second_is_late():
    stamps = bursts(250 * 30, 250.0, 8)
    stamps[250 * 20 :] += 0.2
    steady, mend = Steady(), Mend()
    for part in fed(steady, stream(stamps, 250.0)):
        mend(part)
    assert mend.gaps == 1


def test_in_bursts_a_long_pause_is_seen_at_once():
    stamps = bursts(250 * 30, 250.0, 8)
    stamps[250 * 20 :] += 3.0
    mend = Mend()
    times = np.concatenate([mend(part).times for part in fed(Steady(), stream(stamps, 250.0))])
    assert mend.gaps == 1
    assert times[-1] == pytest.approx(stamps[-1], abs=0.05)


def test_in_bursts_a_stamp_that_is_no_number_counts_as_the_one_before():
    stamps = bursts(250 * 10, 250.0, 8)
    stamps[[2000, 2100]] = np.nan
    times = times_of(fed(Steady(), stream(stamps, 250.0)))
    assert np.isfinite(times).all()
    assert (np.diff(times) > 0).all()


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from([1 / 128, 1 / 128, 0.0, 0.02, -0.01, 3.0, -5.0, 1e6, np.nan]), max_size=500),
    st.sampled_from([0.0, 128.0, 250.0]),
    st.integers(1, 50),
)
def test_no_stamps_break_it_and_their_chunks_make_no_difference(steps, stated, size):
    signal = stream(START + np.cumsum([0.0, *steps]), stated)
    whole, cut = fed(Steady(98.0), signal, len(signal)), fed(Steady(98.0), signal, size)
    assert sum(map(len, whole)) == sum(map(len, cut)) <= len(signal)
    if whole:
        np.testing.assert_allclose(times_of(whole), times_of(cut), rtol=0, atol=1e-6)


def openbci(shared: Path) -> np.ndarray:
    path = next((shared / "data/eeg").glob("OpenBCI*"))
    rows = [line.split(",") for line in path.read_text().splitlines() if line[:1].isdigit()]
    return np.array([float(row[22]) / 1000 for row in rows])


def test_the_bursts_of_an_openbci_board_are_spread_and_nothing_is_lost(shared):
    stamps = openbci(shared)
    steady, mend = Steady(98.0), Mend()
    times = np.concatenate([mend(part).times for part in fed(steady, stream(stamps, 250.0))])
    assert steady.bursts
    assert steady.rate == 250.0
    assert (mend.gaps, mend.dropped) == (0, 0)
    assert len(times) > len(stamps) - 130
    np.testing.assert_allclose(np.diff(times)[2500:], 1 / 250.33, rtol=0.02)


@pytest.mark.parametrize("stated", [0.0, 128.0, 500.0])
def test_the_rate_of_an_openbci_board_is_found_whatever_is_stated(shared, stated):
    steady = Steady(98.0)
    fed(steady, stream(openbci(shared), stated))
    assert steady.rate == pytest.approx(250.33, rel=0.005)


def test_the_muse_with_a_bad_clock_keeps_its_rate(shared):
    """Its stamps jump to and fro, but no sample is missing."""
    table = np.genfromtxt(next((shared / "data/eeg").glob("visual__N170*")), delimiter=",", skip_header=1)
    steady = Steady(98.0)
    parts = fed(steady, stream(table[:, 0], 256.0), 12)
    assert (steady.rate, steady.bursts, steady.wrong) == (256.0, False, False)
    np.testing.assert_array_equal(times_of(parts), table[: len(times_of(parts)), 0])
