"""What the face's stages make of a source that is not ours."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from insightsim.aus import COLUMNS, FACE_ID, FACES, LANDMARKS, OPENFACE, SKIPPED
from insightsim.errors import ModelError
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


@pytest.mark.parametrize(
    ("model", "unit", "instead"),
    [
        ("face-openface-dynamics", LANDMARKS, "face-landmarks-dynamics, or"),
        ("face-openface-au35", LANDMARKS, "face-landmarks-dynamics, or"),
        ("face-landmarks-dynamics", OPENFACE, "face-openface-709 or face-openface-au35 or face-openface-dyn"),
    ],
)
def test_a_model_of_one_family_is_refused_on_the_others_columns_and_one_that_fits_is_named(
    model: str, unit: str, instead: str
) -> None:
    info = SourceInfo("camera:0", COLUMNS, unit, 30.0)
    with pytest.raises(ModelError, match=f"camera:0 gives those of {unit}; .*: use {instead}"):
        FaceChain(partial(choose_face_model, model), info)


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_windows_begin_anew_with_another_person_and_not_with_the_first(size: int) -> None:
    """None without a face at first, one from 2 s, another from 12 s; a number that is none says nothing."""
    names = (*NAMES, FACE_ID)
    times = np.arange(0.05, 24, 0.1)
    data = np.zeros((len(times), len(names)), np.float32)
    data[:, :2] = 1
    data[times < 2, : len(COLUMNS)] = np.nan
    data[:, -1] = (times > 2) + (times > 12.0) * 1.0
    data[times > 23, -1] = np.nan
    chain = FaceChain(partial(choose_face_model, "auto"), SourceInfo("ours", names, LANDMARKS, 10.0))
    whole = Signal("face", names, LANDMARKS, 10.0, data, times)
    said = [p for first in range(0, len(whole), size) for p in chain(whole[first : first + size])]
    assert [p.time for p in said if p.vadl is None] == []
    judged = np.array([p.time for p in said])
    assert judged.min() == pytest.approx(8.05, abs=0.25)
    assert judged[judged < 13].max() == pytest.approx(11.95, abs=0.25)
    assert judged[judged > 12].min() == pytest.approx(20.05, abs=0.25)
    assert judged.max() > 23.5
