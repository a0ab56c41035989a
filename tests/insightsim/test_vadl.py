from __future__ import annotations

from itertools import product

import pytest

from insightsim.types import VADL
from insightsim.vadl import NOTES, UNKNOWN, WORDS, group, note, words


def test_there_is_a_group_for_every_combination():
    keys = {group(VADL(*levels)) for levels in product((0.2, 0.8), repeat=4)}
    assert keys == set(WORDS)


def test_the_key_names_the_dimensions_in_order():
    assert group(VADL(0.9, 0.1, 0.1, 0.9)) == "HvLaLdHl"
    assert words("HvLaLdHl") == "Relaxed and Affectionate"


def test_exactly_half_counts_as_high():
    assert group(VADL(0.5, 0.49, 0.5, 0.49)) == "HvLaHdLl"


def test_a_dimension_that_was_not_spoken_of_belongs_to_no_group():
    key = group(VADL(0.9, float("nan"), 0.9, 0.9))
    assert key == "Hv?aHdHl"
    assert words(key) == UNKNOWN


@pytest.mark.parametrize("key", ["LvLaHdLl", "LvHaHdLl"])
def test_the_two_odd_groups_carry_a_note(key):
    assert "dominance" in str(note(key))


def test_the_other_groups_carry_none():
    assert {key for key in WORDS if note(key)} == set(NOTES)
