"""Which lines a terminal shows of estimates that stay away."""

from __future__ import annotations

from insightsim.types import VADL, Estimate, Share, StreamState, StreamStatus
from tools.lines import Silence, Voices


def estimate(time: float, reason: str | None, status: StreamStatus = "live") -> Estimate:
    """One estimate; without a reason there are numbers."""
    said = None if reason else VADL(0.5, 0.5, 0.5, 0.5)
    return Estimate(time, said, said, said, 1.0, reason, (StreamState("eeg", status, time, "made-up"),))


def lines(*told: tuple[float, str | None]) -> list[str | None]:
    silence = Silence()
    return [silence(estimate(time, reason)) for time, reason in told]


def test_a_short_silence_is_not_worth_a_line_but_a_long_one_is_once_and_so_is_its_end() -> None:
    assert lines((0.0, None), (1.0, "flat"), (5.9, "flat"), (6.0, None)) == [None] * 4
    assert lines((1.0, "flat"), (6.0, "flat"), (9.0, "flat"), (60.0, "flat"), (61.0, None), (62.0, None)) == [
        *(None, "no estimate: flat", None, None),
        *("estimates again", None),
    ]


def test_a_reason_of_another_kind_is_said_when_it_lasts_but_not_other_numbers_or_channels() -> None:
    first, second, other = "1 of 4 channels flat (F3)", "2 of 4 channels flat (Fp1, T8)", "7 samples a second"
    assert lines((0.0, first), (5.0, first), (20.0, second), (40.0, other), (44.9, other), (45.0, other)) == [
        *(None, f"no estimate: {first}", None),
        *(None, None, f"no estimate: {other}"),
    ]


def test_reasons_that_take_turns_are_one_line() -> None:
    told = [(at / 4, "flat" if at % 2 else "muscle") for at in range(100)]
    assert [line for line in lines(*told) if line] == ["no estimate: muscle"]


def test_what_a_stream_is_that_is_not_live_is_said_elsewhere() -> None:
    silence = Silence()
    assert [silence(estimate(time, "the stream is lost", "lost")) for time in (0.0, 10.0, 20.0)] == [None] * 3
    assert silence(estimate(21.0, None)) is None


def test_a_clock_that_was_set_back_only_starts_the_count_anew() -> None:
    assert lines((1000.0, "flat"), (1.0, "flat"), (6.0, "flat")) == [None, None, "no estimate: flat"]


def from_streams(time: float, **weights: float | None) -> Estimate:
    """One estimate of streams with these weights; None for those that have no say."""
    half = VADL(0.5, 0.5, 0.5, 0.5)
    shares = [
        Share(stream, "m", half, half, VADL(*[w or 0.0] * 4), 0.0, "no face for 2 s" if w is None else None)
        for stream, w in weights.items()
    ]
    return Estimate(time, half, half, half, 1.0, None, (), shares=tuple(shares))


def test_who_has_a_say_is_told_with_its_part_once_it_has_lasted_and_when_it_changes() -> None:
    voices = Voices()
    both, alone = {"eeg": 0.2, "face": 0.6}, {"eeg": 0.2, "face": None}
    told = [(0.0, alone), (4.0, both), (8.9, both), (9.0, both), (20.0, both)]
    told += [(21.0, alone), (23.0, both), (24.0, alone), (29.0, alone), (40.0, both), (45.0, both)]
    assert [line for time, weights in told if (line := voices(from_streams(time, **weights)))] == [
        "estimates from eeg 25% and face 75%",
        "estimates from eeg alone; face: no face for 2 s",
        "estimates from eeg 25% and face 75%",
    ]


def test_of_a_single_stream_it_goes_without_saying_and_so_it_does_where_none_has_a_say() -> None:
    voices = Voices()
    assert [voices(from_streams(time, eeg=0.5)) for time in (0.0, 10.0, 20.0)] == [None] * 3
    assert [voices(from_streams(time, eeg=None, face=None)) for time in (30.0, 60.0)] == [None] * 2
