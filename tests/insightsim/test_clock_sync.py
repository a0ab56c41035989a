from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insightsim.clock_sync import DRIFT, ClockSync
from insightsim.errors import SignalError

delays = st.floats(0, 0.5)
rounds = st.lists(st.tuples(st.floats(0.001, 60), delays, delays), min_size=1, max_size=30)
"""Of each exchange: seconds since the last, and what the ping and its answer took."""


class Page:
    """A browser's clock: so far from ours, running at another rate, rounded down."""

    def __init__(self, offset: float, drift: float, coarse: float = 0.0) -> None:
        self.offset, self.drift, self.coarse = offset, drift, coarse

    def reads(self, ours: float) -> float:
        exact = ours * (1 + self.drift) - self.offset
        return math.floor(exact / self.coarse) * self.coarse if self.coarse else exact


def exchanged(sync: ClockSync, page: Page, rounds: list[tuple[float, float, float]], start: float = 1000.0):
    """Play the exchanges; the time after each."""
    now = start
    for pause, there, back in rounds:
        sent = now + pause
        now = sent + there + back
        sync.take(sent, page.reads(sent + there), now)
        yield now


@given(
    rounds,
    st.floats(-1e6, 1e6),
    st.floats(-DRIFT, DRIFT).map(lambda drift: drift * 0.99),
    st.floats(0.0, 1.0),
    st.sampled_from([0.0, 1e-4, 1e-3]),
)
def test_whatever_the_delays_a_time_is_never_further_off_than_the_error_says(
    rounds, offset, drift, before, coarse
):
    sync, page = ClockSync(), Page(offset, drift, coarse)
    for now in exchanged(sync, page, rounds):
        taken = now - before
        assert abs(sync(page.reads(taken)) - taken) <= sync.error(taken) + 1e-6


def test_the_error_is_half_the_best_round_trip_and_grows_with_age():
    sync = ClockSync(coarse=0.0)
    sync.take(10.0, 0.0, 10.1)
    assert sync.error(10.05) == pytest.approx(0.05)
    sync.take(11.0, 1.0, 11.004)
    sync.take(12.0, 2.0, 12.2)  # held up: tells nothing new
    assert sync.error(11.002) == pytest.approx(0.002)
    assert sync(1.0) == pytest.approx(11.002)
    assert sync.error(21.002) == pytest.approx(0.002 + 10 * DRIFT)


def test_a_clock_that_drifts_for_an_hour_is_followed():
    sync, page = ClockSync(), Page(5.0, DRIFT * 0.9)
    *_, now = exchanged(sync, page, [(1.0, 0.001, 0.003)] * 3600)
    assert abs(page.reads(now) - page.reads(1000.0) - (now - 1000.0)) > 0.6
    assert abs(sync(page.reads(now)) - now) <= sync.error(now) < 0.005


def test_a_clock_that_was_set_is_followed_at_the_next_exchange():
    """A computer that sleeps stops one clock and not always the other."""
    sync = ClockSync()
    list(exchanged(sync, Page(5.0, 0.0), [(1.0, 0.0005, 0.0005)] * 5))
    slept = Page(65.0, 0.0)
    (now,) = exchanged(sync, slept, [(1.0, 0.1, 0.1)], start=1100.0)
    assert abs(sync(slept.reads(now)) - now) <= sync.error(now)


def test_before_the_first_exchange_nothing_is_known():
    assert ClockSync().error(0.0) == math.inf
    with pytest.raises(SignalError, match="no ping was answered yet"):
        ClockSync()(1.0)


@pytest.mark.parametrize(
    "times", [(1.0, 0.0, 0.9), (1.0, math.nan, 1.1), (1.0, math.inf, 1.1), (math.nan, 0, 1)]
)
def test_what_is_no_exchange_is_refused(times):
    with pytest.raises(SignalError, match="no exchange"):
        ClockSync().take(*times)
