from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from insightsim.cards import Card, Features, Filter, Recipe, Threshold, Trained
from insightsim.electrodes import LONG, Electrodes, fitting
from insightsim.types import Quality

CH_NAMES = ("Fp1", "Fp2", "O1")
GOOD = Quality(1.0, None)
SETTLING = Quality(0.0, "settling: 4.2 s after the start or a gap")


def bad(*ch_names: str) -> Quality:
    return Quality(0.5, "flat", tuple((name, "flat") for name in ch_names))


def after(electrodes: Electrodes, start: float, seconds: float, quality: Quality) -> tuple[str, ...]:
    for time in np.arange(start, start + seconds + 0.5, 1.0):
        electrodes(float(time), quality)
    return electrodes.left_out


def test_a_channel_bad_for_thirty_seconds_is_left_out_and_not_before():
    electrodes = Electrodes(CH_NAMES)
    after(electrodes, 90, 10, GOOD)
    assert after(electrodes, 101, LONG - 2, bad("O1")) == ()
    assert electrodes(101 + LONG - 1, bad("O1")) is True
    assert electrodes.left_out == ("O1",)
    assert electrodes(101 + LONG, bad("O1")) is False


def test_it_returns_when_it_was_good_for_as_long():
    electrodes = Electrodes(CH_NAMES)
    after(electrodes, 100, 40, bad("O1"))
    assert after(electrodes, 141, LONG - 2, GOOD) == ("O1",)
    assert after(electrodes, 141 + LONG - 1, 2, GOOD) == ()


def test_a_single_good_window_begins_the_count_anew():
    electrodes = Electrodes(CH_NAMES)
    after(electrodes, 100, 20, bad("O1"))
    electrodes(121, GOOD)
    assert after(electrodes, 122, 25, bad("O1")) == ()


def test_windows_that_tell_nothing_about_channels_count_for_nothing():
    electrodes = Electrodes(CH_NAMES)
    after(electrodes, 100, 29, bad("O1"))
    electrodes(130, SETTLING)
    electrodes(131, bad("O1"))
    assert electrodes.left_out == ("O1",)


@pytest.mark.parametrize("jump", [100.0, -1000.0])
def test_after_a_long_pause_or_a_clock_set_back_the_count_begins_anew(jump):
    electrodes = Electrodes(CH_NAMES)
    after(electrodes, 2000, 20, bad("O1"))
    assert after(electrodes, 2020 + jump, 20, bad("O1")) == ()


def test_time_that_was_not_watched_does_not_count():
    electrodes = Electrodes(CH_NAMES)
    after(electrodes, 2000, 20, bad("O1"))
    assert after(electrodes, 2040, 8, bad("O1")) == ()
    assert after(electrodes, 2049, 4, bad("O1")) == ("O1",)


def test_on_a_link_that_drops_again_and_again_a_dead_electrode_is_left_out_all_the_same():
    electrodes = Electrodes(CH_NAMES)
    for start in range(2000, 2100, 20):  # six seconds of each twenty are lost, with the windows around them
        after(electrodes, start, 13, bad("O1"))
    assert electrodes.left_out == ("O1",)


@given(st.lists(st.sets(st.sampled_from(CH_NAMES)), max_size=200))
def test_every_change_had_thirty_seconds_without_exception_before_it(history):
    electrodes = Electrodes(CH_NAMES)
    for time, wrong in enumerate(history):
        before = set(electrodes.left_out)
        assert electrodes(float(time), bad(*wrong) if wrong else GOOD) == (set(electrodes.left_out) != before)
        for ch_name in before ^ set(electrodes.left_out):
            last = history[time - int(LONG) + 1 : time + 1]
            assert len(last) == LONG
            assert all((ch_name in then) != (ch_name in before) for then in last)


@dataclass
class Named:
    """Stands in for a model: nothing but its card is looked at."""

    ch_names: tuple[str, ...]
    card: Card = field(init=False)

    def __post_init__(self) -> None:
        recipe = Recipe("eeg", self.ch_names, "average", "uV", 128.0, 512, 0.25, Filter(), Features("psd16"))
        trained = Trained("", True, 1, 1, 1, 1, 0, "")
        self.card = Card("m", "1", "", "", recipe, Threshold(), trained, "", {}, 1.0)


def test_the_first_model_that_can_do_without_is_taken():
    rich, poor = Named(CH_NAMES), Named(("Fp1", "Fp2"))
    models = [rich, poor]
    assert fitting(models, ()) is rich
    assert fitting(models, ("O1",)) is poor
    assert fitting(models, ("Fp1",)) is None
