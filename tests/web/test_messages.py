from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from insightsim import affectnet
from insightsim.aus import LANDMARKS, OPENFACE
from insightsim.types import VADL, Estimate, Share, StreamState
from tests.made_up import FACE_CARD, FACE_RECIPE
from web.messages import SCHEMA, dumps, estimate_message, hello_message, status_message

NAN = float("nan")


def test_an_estimate_carries_every_field_of_the_schema(estimate, state):
    half = VADL(0.5, NAN, 0.5, 0.5)
    share = Share("eeg", "eeg-deap32", half, half, VADL(0.5, 0.0, 0.25, 1.0), 0.25, None)
    streams = (state(time=100.0213, left_out=("Fp1",), skipped=2, faces=1),)
    said = estimate(bad=(("Fp1", "flat"),), streams=streams, shares=(share,))
    assert estimate_message(said, "p1", 1.8e9) == {
        "schema": "insightsim.feed/1",
        "type": "estimate",
        "time": 100.0,
        "at": "2027-01-15T08:01:40.000Z",
        "participant": "p1",
        "valence": 0.8125,
        "arousal": 0.25,
        "dominance": 0.5625,
        "liking": 0.4375,
        "raw": {"valence": 0.875, "arousal": 0.1875, "dominance": 0.625, "liking": 0.375},
        "spread": {"valence": 0.0625, "arousal": 0.125, "dominance": 0.1875, "liking": 0.25},
        "group": "HvLaHdLl",
        "words": "Confident but Reserved",
        "note": None,
        "quality": 0.75,
        "bad": [{"channel": "Fp1", "fault": "flat"}],
        "reason": None,
        "streams": [
            {
                "stream": "eeg",
                "status": "live",
                "source": "lsl:type=EEG",
                "name": "Muse-1A2B",
                "sfreq": 128.0,
                "rate": 127.9,
                "n_channels": 4,
                "lag_ms": 21.3,
                "gaps": 0,
                "dropped": 0,
                "skipped": 2,
                "faces": 1,
                "reference": "",
                "model": "eeg-deap32",
                "left_out": ["Fp1"],
                "reason": None,
            }
        ],
        "shares": [
            {
                "stream": "eeg",
                "model": "eeg-deap32",
                "says": {"valence": 0.5, "arousal": None, "dominance": 0.5, "liking": 0.5},
                "spread": {"valence": 0.5, "arousal": None, "dominance": 0.5, "liking": 0.5},
                "weight": {"valence": 0.5, "arousal": 0.0, "dominance": 0.25, "liking": 1.0},
                "age_ms": 250.0,
                "reason": None,
            }
        ],
        "lag_ms": 21.3,
    }


def test_a_status_names_the_stream_and_why(state):
    message = status_message(state("lost", reason="no samples for 2 s", lag=None), "p1", 1.8e9)
    assert message == {
        "schema": "insightsim.feed/1",
        "type": "status",
        "time": 100.0,
        "at": "2027-01-15T08:01:40.000Z",
        "participant": "p1",
        "stream": "eeg",
        "status": "lost",
        "source": "lsl:type=EEG",
        "name": "Muse-1A2B",
        "sfreq": 128.0,
        "rate": 127.9,
        "n_channels": 4,
        "lag_ms": None,
        "gaps": 0,
        "dropped": 0,
        "skipped": 0,
        "faces": None,
        "reference": "",
        "model": "eeg-deap32",
        "left_out": [],
        "reason": "no samples for 2 s",
    }


def test_hello_shows_chance_beside_every_score_and_that_the_data_were_simulated(card):
    message = hello_message("p1", [card])
    (model,) = message["models"]
    assert (message["type"], message["participant"]) == ("hello", "p1")
    assert (model["name"], model["trained_on"], model["simulated"]) == ("eeg-deap32", "simulated DEAP", True)
    assert model["threshold"] == ">= 5"
    assert set(model["scores"]) == {"valence", "arousal", "dominance", "liking"}
    for score in model["scores"].values():
        assert score["chance"] == 0.5
        assert score["low"] < score["balanced_accuracy"] < score["high"]


def test_hello_says_whose_action_units_a_face_model_reads(card):
    theirs = replace(FACE_CARD, recipe=replace(FACE_RECIPE, unit=LANDMARKS))
    looking = affectnet.card("0" * 64)
    message = hello_message("p1", [card, FACE_CARD, theirs, looking])
    assert [model["action_units"] for model in message["models"]] == [None, OPENFACE, LANDMARKS, None]


def test_without_an_estimate_the_numbers_are_null_and_the_reason_is_there(estimate):
    message = estimate_message(
        estimate(vadl=None, raw=None, spread=None, reason="3 of 4 channels flat"), "p1", None
    )
    for name in (*VADL._fields, "raw", "spread", "group", "words", "note", "at"):
        assert message[name] is None
    assert message["reason"] == "3 of 4 channels flat"


def test_a_dimension_the_model_is_silent_about_is_null_and_open_in_the_group(estimate):
    message = estimate_message(estimate(vadl=VADL(0.9, NAN, 0.4, 0.6)), "p1", None)
    assert (message["valence"], message["arousal"]) == (0.9, None)
    assert (message["group"], message["words"]) == ("Hv?aLdHl", "Unknown Group Name")


@pytest.mark.parametrize("vadl", [VADL(0.1, 0.2, 0.9, 0.1), VADL(0.1, 0.9, 0.9, 0.1)])
def test_the_two_odd_groups_carry_a_note(estimate, vadl):
    assert estimate_message(estimate(vadl=vadl), "p1", None)["note"]


def test_the_slowest_stream_gives_the_lag(estimate, state):
    message = estimate_message(
        estimate(streams=(state(lag=0.02), state(stream="face", lag=0.08), state(lag=None))), "p1", None
    )
    assert message["lag_ms"] == 80.0


@pytest.mark.parametrize(
    ("weights", "lag"), [((0.5, 0.0), 20.0), ((0.0, 0.5), 8000.0), ((0.5, 0.5), 8000.0), ((0.0, 0.0), 8000.0)]
)
def test_a_stream_without_a_say_makes_no_estimate_late(estimate, state, weights, lag):
    streams = (state(lag=0.02), state(stream="face", lag=8.0))
    half = VADL(0.5, 0.5, 0.5, 0.5)
    shares = tuple(
        Share(one.stream, "m", half, half, VADL(weight, 0.0, 0.0, 0.0), 0.0)
        for one, weight in zip(streams, weights, strict=True)
    )
    assert estimate_message(estimate(streams=streams, shares=shares), "p1", None)["lag_ms"] == lag


def test_where_the_one_with_a_say_has_another_clock_no_lag_is_told(estimate, state):
    half = VADL(0.5, 0.5, 0.5, 0.5)
    streams = (state(lag=None), state(stream="face", lag=8.0))
    said = estimate(streams=streams, shares=(Share("eeg", "m", half, half, half, 0.0),))
    assert estimate_message(said, "p1", None)["lag_ms"] is None


def test_numbers_from_numpy_become_plain_ones(estimate):
    vadl = VADL(*np.array([0.5, 0.25, 0.75, 1.0], np.float32))
    line = dumps(estimate_message(estimate(time=np.float64(3.5), vadl=vadl, raw=vadl), "p1", None))
    assert json.loads(line)["time"] == 3.5
    assert json.loads(line)["raw"]["dominance"] == 0.75


ANY = st.floats(width=32)
VADLS = st.none() | st.builds(VADL, ANY, ANY, ANY, ANY)
STATES = st.builds(
    StreamState,
    stream=st.sampled_from(["eeg", "face"]),
    status=st.sampled_from(["connecting", "warming up", "live", "lost", "ended", "failed"]),
    time=ANY,
    source=st.text(),
    name=st.text(),
    reason=st.none() | st.text(),
    sfreq=st.none() | ANY,
    rate=st.none() | ANY,
    lag=st.none() | ANY,
)
SHARES = st.builds(
    Share,
    stream=st.text(),
    model=st.text(),
    vadl=VADLS,
    spread=VADLS,
    weight=st.builds(VADL, ANY, ANY, ANY, ANY),
    age=ANY,
    reason=st.none() | st.text(),
)
ESTIMATES = st.builds(
    Estimate,
    time=st.floats(0, 1e9) | st.just(NAN),
    vadl=VADLS,
    raw=VADLS,
    spread=VADLS,
    quality=ANY,
    reason=st.none() | st.text(),
    streams=st.lists(STATES, max_size=3).map(tuple),
    bad=st.lists(st.tuples(st.text(), st.text()), max_size=3).map(tuple),
    shares=st.lists(SHARES, max_size=2).map(tuple),
)


def no_constant(name: str) -> float:
    raise AssertionError(f"{name} is not JSON")


@given(ESTIMATES, st.none() | st.floats(0, 4e9))
def test_whatever_the_estimate_its_line_is_strict_json_with_the_same_fields(estimate, utc_offset):
    line = dumps(estimate_message(estimate, "p1", utc_offset))
    message = json.loads(line, parse_constant=no_constant)
    assert "\n" not in line
    assert message["schema"] == SCHEMA
    full = estimate_message(replace(estimate, vadl=VADL(1, 1, 1, 1)), "p1", 0.0)
    assert list(message) == list(full)
    if estimate.vadl is not None:
        for name, value in zip(VADL._fields, estimate.vadl, strict=True):
            assert message[name] == (float(value) if math.isfinite(value) else None)


@given(STATES, st.none() | st.floats(0, 4e9))
def test_whatever_the_state_its_line_is_strict_json(state, utc_offset):
    message = json.loads(dumps(status_message(replace(state, time=5.0), "p1", utc_offset)))
    assert (message["status"], message["stream"]) == (state.status, state.stream)


def test_stamps_that_are_no_time_of_any_calendar_give_no_date():
    assert status_message(StreamState("eeg", "live", 1.7e12, "lsl:x"), "p1", 1.7e9)["at"] is None


@pytest.mark.parametrize("stamp", [1.7e9, 250.0])
def test_stamps_of_another_clock_or_of_a_fast_replay_are_not_taken_for_a_date(stamp):
    live = StreamState("eeg", "live", 100.5, "lsl:x", lag=0.5)
    half = VADL(0.5, 0.5, 0.5, 0.5)
    estimate = Estimate(stamp, half, half, half, 1.0, None, (live,))
    assert estimate_message(estimate, "p1", 1.8e9)["at"] == "2027-01-15T08:01:40.000Z"
