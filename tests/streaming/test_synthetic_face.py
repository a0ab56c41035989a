"""A made-up face beside a made-up brain: one person, one start."""

from __future__ import annotations

import numpy as np
import pytest

from insightsim.aus import COLUMNS, OPENFACE
from insightsim.expression import SFREQ, Expression
from insightsim.types import join
from streaming import lsl
from streaming.pace import Start
from streaming.synthetic import Synthetic, feeling
from streaming.synthetic_face import SyntheticFace


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The LSL clock, to be set."""
    now = [1000.0]
    monkeypatch.setattr(lsl, "clock", lambda: now[0])
    monkeypatch.setattr("time.sleep", lambda _: None)
    return now


def test_brain_and_face_of_one_start_are_stamped_from_one_moment(clock: list[float]) -> None:
    start = Start()
    brain, face = Synthetic(start=start), SyntheticFace(start=start)
    brain.open()
    clock[0] += 1.5
    face.open()
    clock[0] += 0.5
    first, last = zip(
        *((chunk.times[0], chunk.times[-1]) for chunk in (brain.pull(), face.pull())), strict=True
    )
    assert first == (1000.0, 1000.0)
    assert last == pytest.approx((1002.0, 1002.0), abs=1 / SFREQ)


def test_its_rows_are_those_of_the_feeling_at_their_time_however_they_are_pulled(clock: list[float]) -> None:
    face = SyntheticFace(seed=7)
    info = face.open()
    assert (info.ch_names, info.unit, info.sfreq) == (COLUMNS, OPENFACE, SFREQ)
    parts = []
    for at in (1.0, 1.1, 1.1, 2.0, 4.0):
        clock[0] = 1000.0 + at
        parts.append(face.pull())
    whole = join(parts)
    np.testing.assert_allclose(np.diff(whole.times), 1 / SFREQ)
    expression, handed = Expression(7), 0
    for part in parts:
        expected = expression.rows(len(part), feeling(handed / SFREQ))
        np.testing.assert_array_equal(part.data, expected)
        handed += len(part)
    assert handed == 121
    assert face.lag(whole.times[-1]) == pytest.approx(0.0, abs=1 / SFREQ)
