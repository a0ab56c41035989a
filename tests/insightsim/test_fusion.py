from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insightsim.cards import Score
from insightsim.evidence import alone, fuse, log_odds, probability
from insightsim.fusion import LateFusion, Smooth
from insightsim.types import SURE, VADL, Estimate, Prediction, Quality
from tests.made_up import CARD

NAN = float("nan")
LOW, HIGH = VADL(0.2, 0.2, 0.2, 0.2), VADL(0.8, 0.8, 0.8, 0.8)
SPREAD = VADL(0.1, 0.1, 0.1, 0.1)
NONE, HALF = VADL(0.0, 0.0, 0.0, 0.0), VADL(0.5, 0.5, 0.5, 0.5)


def says(
    vadl: VADL | None, stream: str = "eeg", time: float = 0.0, spread: VADL = SPREAD, skill: VADL = SURE
) -> Prediction:
    model = f"{stream}-model"
    if vadl is None:
        return Prediction(
            stream, time, None, None, Quality(0.25, f"{stream} is flat", (("Fp1", "flat"),)), model
        )
    return Prediction(stream, time, vadl, spread, Quality(1.0, None), model, skill=skill)


def estimate(vadl: VADL | None, time: float = 0.0) -> Estimate:
    return Estimate(time, vadl, vadl, SPREAD, 1.0, None if vadl else "flat")


def after(*predictions: Prediction, weights: dict[str, float] | None = None) -> Estimate:
    """The estimate after all of them, in this order."""
    fusion = LateFusion(weights)
    return [fusion(prediction) for prediction in predictions][-1]


def spread_of(*predictions: Prediction) -> float:
    out = after(*predictions).spread
    assert out is not None
    return out.valence


def test_one_streams_value_comes_through_unchanged_whatever_its_weight_its_spread_at_full_weight() -> None:
    vadl, spread = VADL(0.123, NAN, 1.0, 0.0), VADL(0.1, NAN, 0.2, 0.3)
    full = after(says(vadl, spread=spread))
    assert full.spread == pytest.approx(spread, nan_ok=True)
    only = replace(says(vadl, spread=spread, time=5.0, skill=HALF), quality=Quality(0.3, None))
    out = after(only)
    assert repr((out.vadl, out.raw)) == repr((vadl, vadl))  # to the last digit
    assert out.spread == pytest.approx(VADL(0.1 / 0.15**0.5, NAN, 0.5, 0.5), nan_ok=True)
    assert (out.quality, out.time) == (0.3, 5.0)
    (share,) = out.shares
    assert (share.stream, share.vadl, share.age, share.reason) == ("eeg", vadl, 0.0, None)
    assert share.weight == VADL(0.15, 0.0, 0.15, 0.15)


def test_two_streams_meet_on_log_odds_by_skill_times_quality() -> None:
    face = says(HIGH, "face", skill=VADL(0.6, 0.6, 0.6, 0.6))
    out = after(replace(says(LOW, skill=HALF), quality=Quality(0.4, None)), face)
    expected = (0.2 * math.log(0.2 / 0.8) + 0.6 * math.log(0.8 / 0.2)) / 0.8
    assert out.vadl == pytest.approx([1 / (1 + math.exp(-expected))] * 4)
    assert out.raw == out.vadl
    assert out.quality == pytest.approx((0.2 * 0.4 + 0.6 * 1.0) / 0.8)


def test_a_dimension_one_stream_does_not_speak_of_is_decided_by_the_other() -> None:
    out = after(says(VADL(NAN, 0.2, NAN, 0.5)), says(VADL(0.8, 0.8, NAN, NAN), "face"))
    np.testing.assert_allclose(out.vadl, [0.8, 0.5, NAN, 0.5])
    assert out.vadl is not None
    assert (out.vadl.valence, out.vadl.liking) == (0.8, 0.5)


def test_a_stream_grows_less_weighty_with_age_and_loses_its_say() -> None:
    def weight(behind: float) -> float:
        face, _ = sorted(
            after(says(HIGH, "face", 10.0), says(LOW, time=10.0 + behind)).shares,
            key=lambda share: share.stream != "face",
        )
        assert face.age == pytest.approx(behind)
        return face.weight.valence

    assert [weight(behind) for behind in (0.0, 1.0, 2.0, 2.5, 3.0, 9.0)] == [1.0, 1.0, 0.5, 0.25, 0.0, 0.0]
    out = after(says(HIGH, "face", 10.0), says(LOW, time=13.0))
    assert out.vadl == LOW
    assert [share.reason for share in out.shares] == [None, "its newest window is 3 s old"]
    assert out.shares[1].vadl is None, "what is out of date is still shown beside"


def test_a_late_prediction_of_another_stream_does_not_count_when_stale() -> None:
    out = after(says(HIGH, time=20.0), says(LOW, "face", time=10.0))
    assert (out.time, out.vadl) == (20.0, HIGH)


def test_an_unjudged_window_is_no_estimate_and_says_why() -> None:
    out = after(says(HIGH), says(None, time=0.25))
    assert (out.time, out.vadl, out.raw, out.spread) == (0.25, None, None, None)
    assert (out.quality, out.reason, out.bad) == (0.25, "eeg is flat", (("Fp1", "flat"),))


def test_an_unjudged_stream_leaves_the_word_to_the_other() -> None:
    out = after(says(None), says(HIGH, "face"))
    assert (out.vadl, out.reason, out.bad) == (HIGH, None, (("Fp1", "flat"),))
    assert [share.reason for share in out.shares] == ["eeg is flat", None]


def test_several_unjudged_streams_all_say_why() -> None:
    assert after(says(None), says(None, "face")).reason == "eeg: eeg is flat; face: face is flat"


def test_a_model_without_skill_in_a_dimension_leaves_it_to_the_other_or_open() -> None:
    eeg, face = says(LOW, skill=VADL(0.5, 0.0, 0.5, 0.5)), says(VADL(NAN, 0.9, NAN, NAN), "face")
    assert after(eeg).vadl == pytest.approx(VADL(0.2, NAN, 0.2, 0.2), nan_ok=True)
    assert after(eeg, face).vadl == pytest.approx(VADL(0.2, 0.9, 0.2, 0.2))


def test_a_model_without_any_skill_is_shown_beside_and_says_how_it_can_be_heard() -> None:
    alone = after(says(HIGH, "face", skill=NONE))
    assert alone.vadl is None
    assert alone.reason == (
        "face-model was not measured to be better than chance, so it is shown beside, not fused; "
        "--weight face-model=1 gives it a say"
    )
    beside = after(says(HIGH, "face", skill=NONE), says(LOW))
    assert beside.vadl == LOW
    assert [share.vadl for share in beside.shares] == [LOW, HIGH]
    assert [share.reason for share in beside.shares] == [None, alone.reason]


def test_a_weight_that_is_given_stands_in_place_of_measured_skill() -> None:
    eeg, face = says(LOW), says(VADL(0.8, NAN, NAN, NAN), "face", skill=NONE)
    heard = after(eeg, face, weights={"face-model": 0.4})
    assert heard.shares[1].weight == VADL(0.4, 0.0, 0.0, 0.0)
    assert heard.vadl is not None
    assert 0.2 < heard.vadl.valence < 0.8
    silenced = after(eeg, face, weights={"eeg-model": 0.0})
    assert silenced.vadl is None
    assert silenced.shares[0].reason == "eeg-model is shown beside, not fused: its weight is 0"


def test_a_card_has_skill_only_where_it_was_measured_to_be_better_than_chance() -> None:
    def score(balanced: float, low: float, chance: float = 0.5) -> Score:
        return Score(balanced, low, 0.9, 0.8, 0.5, balanced, chance)

    scores = {"valence": score(0.75, 0.6), "arousal": score(0.75, 0.5), "dominance": score(0.6, 0.3, 0.2)}
    assert replace(CARD, scores=scores).skill == pytest.approx(VADL(0.2, 0.0, 0.125, 0.0))
    assert replace(CARD, scores={}).skill == NONE
    assert replace(CARD, scores={"valence": score(NAN, NAN), "liking": score(7.0, 1.0)}).skill.valence == 0
    assert all(0 <= score(*at).skill <= 1 for at in ((7.0, 1.0), (0.1, 0.9), (1.0, 1.5, 1.0), (NAN, 0.6)))


def test_streams_stamped_by_clocks_of_their_own_are_compared_by_their_moments() -> None:
    def turn(now: float) -> tuple[Prediction, Prediction]:
        return replace(says(LOW, time=1.7e9 + now), moment=now), replace(says(HIGH, "face", now), moment=now)

    fusion = LateFusion()
    times = [fusion(prediction).time for now in (50.0, 50.5, 51.0) for prediction in turn(now)][1:]
    assert times == [50.0, 50.5, 50.5, 51.0, 51.0], "time jumps between two clocks"
    gone = replace(says(None, time=1.7e9 + 51), moment=51.2)  # the time goes on when one of them is lost
    assert [fusion(gone).time, fusion(turn(51.5)[1]).time] == [51.0, 51.5]


def test_a_fast_replay_of_both_keeps_the_time_of_the_recording() -> None:
    fusion = LateFusion()
    for stream, time in (("eeg", 10.0), ("face", 10.25), ("eeg", 50.0), ("face", 50.25)):
        out = fusion(replace(says(HIGH, stream, time), moment=time / 10))
        assert out.time == time


PROBABILITIES, SPREADS, WEIGHTS = st.floats(0, 1), st.floats(0, 0.5), st.floats(0, 1)
OPEN = st.floats(0.01, 0.5)
"""Spreads of a model that leaves something open."""
STREAMS = st.lists(st.tuples(PROBABILITIES, SPREADS, WEIGHTS, st.floats(0, 5)), min_size=1, max_size=4)


patiently = settings(deadline=None)  # permutations take long on a busy machine


def stream(i: int, value: float, spread: float, skill: float, age: float = 0.0) -> Prediction:
    four = [VADL(*[x] * 4) for x in (value, spread, skill)]
    return says(four[0], f"stream {i}", 100.0 - age, four[1], four[2])


@patiently
@given(STREAMS)
def test_order_does_not_matter(told: list[tuple[float, float, float, float]]) -> None:
    predictions = [stream(i, *each) for i, each in enumerate(told)]
    first, *others = [after(*order) for order in permutations(predictions)]
    assert all(repr(other) == repr(first) for other in others)


@patiently
@given(STREAMS)
def test_bounds_are_kept_and_the_value_lies_between_what_was_said(
    told: list[tuple[float, float, float, float]],
) -> None:
    out = after(*[stream(i, *each) for i, each in enumerate(told)])
    if out.vadl is None or out.spread is None:
        assert out.reason
        return
    said = [share.vadl.valence for share in out.shares if share.vadl and share.weight.valence > 0]
    assert min(said) - 1e-5 <= out.vadl.valence <= max(said) + 1e-5
    assert 0 <= out.spread.valence <= 0.5


@patiently
@given(STREAMS, PROBABILITIES, SPREADS, st.floats(-10, 10), st.sampled_from([(0.0, 1.0), (0.9, 0.0)]))
def test_a_missing_stream_is_as_good_as_one_of_weight_zero(
    told: list[tuple[float, float, float, float]],
    value: float,
    spread: float,
    age: float,
    worth: tuple[float, float],
) -> None:
    """Whether its model or its window is worth nothing, and however far it is behind or ahead."""
    predictions = [stream(i, *each) for i, each in enumerate(told)]
    worthless = replace(stream(9, value, spread, worth[0], age), quality=Quality(worth[1], None))
    without, within = after(*predictions), after(*predictions, worthless)
    for name in ("vadl", "spread", "quality") if without.vadl else ("vadl", "spread"):
        assert repr(getattr(within, name)) == repr(getattr(without, name))
    assert all(share.age >= 0 for share in within.shares)


def test_a_stream_that_says_nothing_makes_one_old_that_fell_silent_if_it_can_have_a_say() -> None:
    gone = says(LOW, time=10.0)
    assert after(gone, says(None, "face", 13.5)).vadl is None
    assert after(gone, replace(says(None, "face", 13.5), skill=NONE)).vadl == LOW
    assert after(gone, says(None, "face", 13.5), weights={"face-model": 0.0}).vadl == LOW


def test_what_streams_say_at_different_times_is_no_contradiction_to_be_remembered() -> None:
    for behind, doubted in ((1.0, True), (1.5, False)):
        fusion = LateFusion()
        fusion(says(HIGH, "face")), fusion(says(LOW, time=behind))
        alone = [fusion(says(None, "face", 2.0)), fusion(says(LOW, time=2.0))][-1]
        assert alone.spread is not None
        assert (alone.spread.valence > 0.2) == doubted


@patiently
@given(PROBABILITIES, SPREADS, PROBABILITIES, SPREADS, st.floats(0.05, 1))
def test_a_stream_of_hardly_any_weight_makes_hardly_any_difference(
    value: float, spread: float, other: float, others: float, weight: float
) -> None:
    out = after(stream(0, value, spread, weight), stream(1, other, others, 1e-12))
    alone = after(stream(0, value, spread, weight))
    assert alone.spread is not None
    assert out.vadl is not None
    assert out.vadl.valence == pytest.approx(value, abs=1e-4)
    assert out.spread is not None
    assert out.spread.valence == pytest.approx(alone.spread.valence, abs=1e-4)


@patiently
@given(PROBABILITIES, OPEN, OPEN, st.floats(0.05, 1), st.floats(0.05, 1))
def test_evidence_that_agrees_narrows_the_spread(
    value: float, spread: float, others: float, one: float, two: float
) -> None:
    alone = spread_of(stream(0, value, spread, one))
    both = spread_of(stream(0, value, spread, one), stream(1, value, others, two))
    assert both < alone or both == 0.5


@patiently
@given(PROBABILITIES, OPEN, st.floats(0.05, 1), st.floats(0.05, 1), st.floats(0.05, 1))
def test_a_single_stream_that_fades_widens_too(
    value: float, spread: float, skill: float, one: float, two: float
) -> None:
    said = stream(0, value, spread, skill)
    low, high = sorted((one, two))
    widths = [spread_of(replace(said, quality=Quality(score, None))) for score in (high, low)]
    assert widths[0] <= widths[1]
    assert widths[0] < widths[1] or low == high or widths[1] == 0.5


@patiently
@given(PROBABILITIES, PROBABILITIES, PROBABILITIES, SPREADS, SPREADS, st.floats(0.05, 1), st.floats(0.05, 1))
def test_the_further_apart_the_evidence_the_wider_the_spread(
    value: float, near: float, far: float, own: float, others: float, one: float, two: float
) -> None:
    near, far = sorted((near, far), key=lambda other: abs(other - value))
    apart = [spread_of(stream(0, value, own, one), stream(1, other, others, two)) for other in (near, far)]
    assert apart[0] <= apart[1] + 1e-12


@patiently
@given(st.floats(0.05, 0.3), st.floats(0.2, 1), st.floats(0, 0.05))
def test_evidence_that_disagrees_makes_the_spread_wider_than_that_of_either(
    low: float, weight: float, spread: float
) -> None:
    one, other = stream(0, low, spread, weight), stream(1, 1 - low, spread, weight)
    assert spread_of(one, other) > spread + 0.1


AGES = st.tuples(st.floats(0, 3), st.floats(0, 3)).map(sorted)


@patiently
@given(PROBABILITIES, PROBABILITIES, OPEN, OPEN, st.floats(0.05, 1), st.floats(0.05, 1), AGES)
def test_a_stream_that_fades_out_widens_the_spread_whether_it_agreed_or_not(
    value: float, other: float, spread: float, others: float, one: float, two: float, ages: list[float]
) -> None:
    fusion, widths = LateFusion(), []
    fading = stream(1, other, others, two)
    for age in (0.0, *ages, 3.0):
        kept = stream(0, value, spread, one)
        both = [fusion(fading), fusion(replace(kept, time=100.0 + age))][-1]
        assert both.spread is not None
        widths.append(both.spread.valence)
    assert all(sooner <= later + 1e-9 for sooner, later in pairwise(widths))
    assert widths[0] < widths[-1] or widths[0] == 0.5
    assert widths[-1] >= spread - 1e-9


def test_a_stream_that_was_contradicted_stays_in_doubt_when_it_is_left_alone_until_its_model_changes() -> (
    None
):
    fusion = LateFusion()
    fusion(says(LOW, skill=HALF)), fusion(says(HIGH, "face", skill=HALF))
    fusion(says(None, "face", 0.5))
    alone = fusion(says(LOW, time=1.0, skill=HALF))
    assert alone.vadl == LOW
    assert alone.spread == pytest.approx([math.sqrt(2 * 0.1**2 + (0.6**2 - 2 * 0.1**2) / 2)] * 4)
    another = replace(says(LOW, time=1.25, skill=HALF), model="another")
    assert fusion(another).spread == pytest.approx([0.1 * 2**0.5] * 4)


def test_the_doubt_that_stays_is_that_of_the_last_minute_not_of_a_moment() -> None:
    fusion = LateFusion()
    for time in range(1200):
        fusion(says(LOW, time=time / 4, skill=HALF))
        fusion(says(HIGH if time == 1199 else LOW, "face", time / 4, skill=HALF))
    alone = [fusion(says(None, "face", 300.0)), fusion(says(LOW, time=300.0, skill=HALF))][-1]
    assert alone.spread == pytest.approx([0.1 * 2**0.5] * 4, abs=0.01)


def test_values_of_weight_zero_may_be_no_numbers() -> None:
    vadl, spread = fuse(
        *np.array(
            [[[NAN] * 4, [0.7] * 4], [[NAN] * 4, [0.1] * 4], [[0.0] * 4, [0.3] * 4], [[NAN] * 4, [0.0] * 4]]
        ),
    )
    assert vadl == VADL(0.7, 0.7, 0.7, 0.7)
    assert spread == pytest.approx([0.1 / 0.3**0.5] * 4)


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


@patiently
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


@pytest.mark.parametrize("time", [31.0, -4.0])
def test_after_a_long_pause_or_a_jump_back_it_starts_anew(time):
    smooth = Smooth(10.0)
    smooth(estimate(LOW, 0.0))
    assert smooth(estimate(HIGH, time)).vadl == HIGH


def test_when_the_stream_that_was_ahead_falls_silent_the_shown_value_does_not_jump():
    fusion, smooth = LateFusion(), Smooth(10.0)
    for time in np.arange(0, 20, 0.25).tolist():
        for said in (says(HIGH, "face", time), says(LOW, time=time - 0.05)):
            before = smooth(fusion(said))
    gone = smooth(fusion(says(None, "face", 20.0)))
    assert before.vadl is not None
    assert gone.raw == LOW
    assert gone.vadl == pytest.approx(before.vadl, abs=0.01)
    assert gone.time >= before.time, "time goes back"
    later = smooth(fusion(says(LOW, time=29.95)))
    assert later.vadl is not None
    assert 0.2 < later.vadl.valence < 0.35


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


@patiently
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


@patiently
@given(PROBABILITIES, SPREADS, WEIGHTS)
def test_the_short_way_of_a_single_stream_gives_what_the_long_one_does(
    value: float, spread: float, weight: float
) -> None:
    one = VADL(value, value, NAN, 0.5), VADL(spread, 0.5, NAN, 0.1), VADL(weight, 1.0, 0.0, 0.0)
    whole = fuse(*(np.array([each]) for each in one), np.zeros((1, 4)))
    np.testing.assert_allclose(alone(*one), whole, rtol=1e-12)
