from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insightsim.errors import DatasetError
from insightsim.training.splits import halves, leave_one_out

subjects = st.sets(st.sampled_from([f"s{i:02}" for i in range(1, 33)]), min_size=2).map(sorted)


@given(subjects)
def test_each_subject_is_held_out_once_and_never_trains_for_itself(subjects: list[str]) -> None:
    folds = list(leave_one_out(subjects))
    assert [held_out for _, held_out in folds] == subjects
    for others, held_out in folds:
        assert sorted([*others, held_out]) == subjects


@given(subjects, st.integers(1, 12), st.integers(0, 1000))
def test_halves_come_in_pairs_that_are_everyone(subjects: list[str], n: int, seed: int) -> None:
    drawn = list(halves(subjects, n, seed))
    assert len(drawn) == n
    assert drawn == list(halves(subjects, n, seed))
    for one, other in zip(drawn[::2], drawn[1::2], strict=False):
        assert sorted(one + other) == subjects
        assert len(one) - len(other) in (0, 1)


def test_halves_differ_between_pairs() -> None:
    assert len({tuple(half) for half in halves([f"s{i}" for i in range(16)], 10, 0)}) == 10


@pytest.mark.parametrize("subjects", [[], ["s01"]])
def test_one_subject_is_too_few(subjects: list[str]) -> None:
    with pytest.raises(DatasetError, match="two at least"):
        list(halves(subjects, 10, 0))
