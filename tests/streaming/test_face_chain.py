"""What the face's stages make of a source that is not ours."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from insightsim.aus import COLUMNS, FACES, LANDMARKS, SKIPPED
from insightsim.types import Signal
from streaming.face_chain import FaceChain
from streaming.pipeline import choose_face_model
from streaming.sources import SourceInfo

NAMES = (*COLUMNS, FACES, SKIPPED)


def rows(faces: float, skipped: float, time: float) -> Signal:
    """One, without a face."""
    data = np.full((1, len(NAMES)), np.nan, np.float32)
    data[0, NAMES.index(FACES)], data[0, NAMES.index(SKIPPED)] = faces, skipped
    return Signal("face", NAMES, LANDMARKS, 30.0, data, np.array([time]))


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf, -1.0, 3e38])
def test_a_count_that_is_none_is_passed_over_and_ends_nothing(wrong: float) -> None:
    chain = FaceChain(partial(choose_face_model, "auto"), SourceInfo("theirs", NAMES, LANDMARKS, 30.0))
    chain(rows(wrong, wrong, 1.0))
    assert chain.figures == {}
    chain(rows(2.0, wrong, 1.1))
    chain(rows(wrong, 5.0, 1.2))
    assert chain.figures == {FACES: 2, SKIPPED: 5}
