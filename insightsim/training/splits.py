"""Which subjects train and which are held out. Subjects are never divided, so no person is on both sides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from insightsim.errors import DatasetError


def leave_one_out(subjects: Sequence[str]) -> Iterator[tuple[list[str], str]]:
    """Every subject once as the one held out: (all the others, that one)."""
    for held_out in subjects:
        yield [subject for subject in subjects if subject != held_out], held_out


def halves(subjects: Sequence[str], n: int, seed: int) -> Iterator[list[str]]:
    """`n` random halves of the subjects.

    They come in pairs that together are everyone: however few the halves, each subject is in every second
    one. Raises DatasetError for fewer than two subjects.
    """
    if len(subjects) < 2:
        raise DatasetError(
            f"there is only {', '.join(subjects) or 'nobody'} to learn from; members are fitted on "
            "different subjects: two at least are needed"
        )
    rng = np.random.default_rng(seed)
    for member in range(n):
        if member % 2 == 0:
            shuffled = rng.permutation(np.array(subjects))
            first, second = np.array_split(shuffled, 2)
        yield sorted((first if member % 2 == 0 else second).tolist())
