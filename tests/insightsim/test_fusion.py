from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from insightsim.fusion import LateFusion, Smooth, log_odds, probability
from insightsim.types import VADL, Estimate, Prediction, Quality

NAN = float("nan")
LOW, HIGH = VADL(0.2, 0.2, 0.2, 0.2), VADL(0.8, 0.8, 0.8, 0.8)
SPREAD = VADL(0.1, 0.1, 0.1, 0.1)


def says(vadl: VADL | None, stream: str = "eeg", time: float = 0.0, spread: VADL = SPREAD) -> Prediction:
    if vadl is None:
        return Prediction(
            stream, time, None, None, Quality(0.25, f"{stream} is flat", (("Fp1", "flat"),)), "m"
        )
    return Prediction(stream, time, vadl, spread, Quality(0.9, None), "m")


def estimate(vadl: VADL | None, time: float = 0.0) -> Estimate:
    return Estimate(time, vadl, vadl, SPREAD, 1.0, None if vadl else "flat")


def test_one_stream_comes_through_unchanged():
    vadl, spread = VADL(0.123, NAN, 1.0, 0.0), VADL(0.1, NAN, 0.2, 0.3)
    out = LateFusion({"eeg": 0.3})(says(vadl, spread=spread, time=5.0))
    assert out == Estimate(5.0, vadl, vadl, spread, 0.9, None)


def test_two_streams_meet_on_log_odds():
    fusion = LateFusion({"face": 3.0})
    fusion(says(LOW))
    out = fusion(says(HIGH, "face"))
    expected = (1 * math.log(0.2 / 0.8) + 3 * math.log(0.8 / 0.2)) / 4
    assert out.vadl == pytest.approx([1 / (1 + math.exp(-expected))] * 4)
    assert out.raw == out.vadl


def test_the_spread_of_several_is_between_theirs_not_below():
    fusion = LateFusion({"face": 3.0})
    fusion(says(LOW, spread=VADL(0.1, 0.1, NAN, NAN)))
    out = fusion(says(LOW, "face", spread=VADL(0.3, 0.1, 0.2, NAN)))
    np.testing.assert_allclose(out.spread, [0.25, 0.1, 0.2, NAN])


def test_a_dimension_one_stream_does_not_speak_of_is_decided_by_the_other():
    fusion = LateFusion()
    fusion(says(VADL(NAN, 0.2, NAN, 0.5)))
    out = fusion(says(VADL(0.8, 0.8, NAN, NAN), "face"))
    np.testing.assert_allclose(out.vadl, [0.8, 0.5, NAN, 0.5])


def test_a_stream_that_fell_silent_loses_its_say():
    fusion = LateFusion(max_age=3.0)
    fusion(says(LOW, "face", time=10.0))
    assert fusion(says(HIGH, time=13.0)).vadl == pytest.approx([0.5] * 4)
    assert fusion(says(HIGH, time=13.1)).vadl == HIGH


def test_a_late_prediction_of_another_stream_does_not_count_when_stale():
    fusion = LateFusion()
    fusion(says(HIGH, time=20.0))
    out = fusion(says(LOW, "face", time=10.0))
    assert (out.time, out.vadl) == (20.0, HIGH)


def test_an_unjudged_window_is_no_estimate_and_says_why():
    fusion = LateFusion()
    fusion(says(HIGH))
    out = fusion(says(None, time=0.25))
    assert out == Estimate(0.25, None, None, None, 0.25, "eeg is flat", bad=(("Fp1", "flat"),))


def test_an_unjudged_stream_leaves_the_word_to_the_other():
    fusion = LateFusion()
    fusion(says(None))
    out = fusion(says(HIGH, "face"))
    assert (out.vadl, out.reason, out.bad) == (HIGH, None, (("Fp1", "flat"),))


def test_several_unjudged_streams_all_say_why():
    fusion = LateFusion()
    fusion(says(None))
    assert fusion(says(None, "face")).reason == "eeg: eeg is flat; face: face is flat"


def test_a_weight_of_zero_is_no_say():
    fusion = LateFusion({"face": 0.0})
    assert fusion(says(HIGH, "face")).vadl is None
    assert fusion(says(LOW)).vadl == LOW


def test_smoothing_starts_with_the_first_value_as_it_is():
    assert Smooth()(estimate(VADL(0.0, 1.0, 0.3, NAN))).vadl == estimate(VADL(0.0, 1.0, 0.3, NAN)).vadl


def test_smoothing_moves_by_elapsed_time_on_log_odds():
    smooth = Smooth(10.0)
    smooth(estimate(LOW, 0.0))
    out = smooth(estimate(HIGH, 10.0))
    share = 1 - math.exp(-1)
    expected = math.log(0.25) + share * (math.log(4) - math.log(0.25))
    assert out.vadl == pytest.approx([1 / (1 + math.exp(-expected))] * 4)
    assert out.raw == HIGH


def test_a_single_confident_window_does_not_make_the_shown_value_confident():
    smooth = Smooth(10.0)
    smooth(replace(estimate(LOW, 0.0), spread=VADL(0.3, 0.3, 0.3, 0.3)))
    out = smooth(replace(estimate(HIGH, 1.0), spread=VADL(0.0, 0.0, 0.0, 0.0)))
    assert out.spread == pytest.approx([0.3 * math.exp(-0.1)] * 4)


@given(st.lists(st.floats(0.01, 5.0), min_size=1, max_size=20))
def test_the_step_between_estimates_makes_no_difference(steps):
    once, often, now = Smooth(40.0), Smooth(40.0), 0.0
    once(estimate(LOW)), often(estimate(LOW))
    for step in steps:
        now += step
        found = often(estimate(HIGH, now))
    assert found.vadl == pytest.approx(once(estimate(HIGH, now)).vadl)


def test_an_estimate_without_values_passes_and_changes_nothing():
    smooth, other = Smooth(), Smooth()
    smooth(estimate(LOW)), other(estimate(LOW))
    nothing = estimate(None, 2.0)
    assert smooth(nothing) is nothing
    assert smooth(estimate(HIGH, 4.0)) == other(estimate(HIGH, 4.0))


@pytest.mark.parametrize("time", [31.0, -1.0])
def test_after_a_long_pause_or_a_jump_back_it_starts_anew(time):
    smooth = Smooth(10.0)
    smooth(estimate(LOW, 0.0))
    assert smooth(estimate(HIGH, time)).vadl == HIGH


def test_no_smoothing_when_set_to_zero():
    smooth = Smooth(0.0)
    smooth(estimate(LOW, 0.0))
    assert smooth(estimate(HIGH, 0.25)).vadl == HIGH


def test_a_dimension_that_is_not_spoken_of_stays_open_and_comes_back_as_it_is():
    smooth = Smooth(10.0)
    smooth(estimate(LOW, 0.0))
    out = smooth(estimate(HIGH._replace(arousal=NAN), 1.0))
    assert out.vadl is not None
    assert math.isnan(out.vadl.arousal)
    assert smooth(estimate(HIGH, 2.0)).vadl.arousal == pytest.approx(0.8)


@given(st.lists(st.floats(0, 1), min_size=4, max_size=4))
def test_log_odds_and_back_is_finite_and_the_same(values):
    vadl = VADL(*values)
    assert np.isfinite(log_odds(vadl)).all()
    assert probability(log_odds(vadl)) == pytest.approx(vadl, abs=2e-6)


def test_what_was_forgotten_has_no_say():
    smooth = Smooth(10.0)
    smooth(estimate(LOW, 0.0))
    smooth.forget()
    assert smooth(estimate(HIGH, 1.0)).vadl == HIGH
