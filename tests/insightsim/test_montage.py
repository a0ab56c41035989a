from __future__ import annotations

import numpy as np
import pytest

from insightsim.datasets import deap
from insightsim.errors import SignalError
from insightsim.montage import forward, positions


def test_electrodes_lie_where_their_names_say() -> None:
    left, right, front, back, top = positions(["T7", "T8", "Fpz", "Oz", "Cz"])
    assert left[0] < -0.9 < 0.9 < right[0]
    assert back[1] < -0.9 < 0.9 < front[1]
    assert top[2] > 0.9


def test_positions_are_unit_vectors_for_every_deap_channel_in_any_letter_case() -> None:
    found = positions(deap.CH_NAMES)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1)
    np.testing.assert_array_equal(found, positions([name.upper() for name in deap.CH_NAMES]))


def test_an_unknown_channel_is_named() -> None:
    with pytest.raises(SignalError, match="Fp7"):
        positions(["Fp1", "Fp7"])


def test_an_electrode_sees_its_own_source_best_and_the_far_side_not_at_all() -> None:
    seen = forward(positions(["F3"]), positions(["F3", "F1", "Fz", "O2"]))[:, 0]
    assert seen[0] == 1
    assert (np.diff(seen) < 0).all()
    assert seen[3] < 0.01
