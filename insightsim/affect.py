"""A network that looks at the face itself: what goes in, how often, and what is made of what comes out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from insightsim.cards import FaceNetwork
from insightsim.crop import crop
from insightsim.types import Frame, Landmarks
from insightsim.vadl import DIMENSIONS

if TYPE_CHECKING:
    from insightsim.models import Network

STATISTICS = ("mean", "5th percentile", "95th percentile")
"""Of each of the network's columns over a window: what it is then judged by."""

UNMEASURED = 0.25
"""Spread, at least, of a network that nobody measured: not to waver is not to be right."""


def statistics(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """(3 × n_columns,): STATISTICS of rows (n_rows, n_columns)."""
    low, high = np.quantile(rows, (0.05, 0.95), axis=0)
    return np.concatenate([rows.mean(axis=0, dtype=np.float64), low, high]).astype(np.float32)


def prepared(picture: NDArray[np.uint8], network: FaceNetwork) -> NDArray[np.float32]:
    """(1, 3, size, size) from a picture (size, size, 3), RGB: in units of the pictures it was trained on."""
    mean, std = np.array([network.mean, network.std], np.float32)
    units = (picture / np.float32(255) - mean) / std
    return np.ascontiguousarray(units.transpose(2, 0, 1)[None])


def judged(
    features: NDArray[np.float32], network: FaceNetwork, measured: bool = False
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Probability and spread, both (n, 4), from STATISTICS (n, 3 × n_columns).

    NaN in the dimensions of which the network does not speak. The spread is half the width of the middle 90 %
    of what it said within the window: how far its opinion moved, not how wrong it may be. So it is UNMEASURED
    at least, unless it was measured how often the network is right.
    """
    share = np.clip((features.astype(np.float64) - network.low) / (network.high - network.low), 0, 1)
    mean, low, high = np.split(share, 3, axis=1)
    probability, spread = np.full((2, len(features), len(DIMENSIONS)), np.nan)
    spoken = [DIMENSIONS.index(dimension) for dimension in network.outputs]
    probability[:, spoken], spread[:, spoken] = (
        mean,
        np.maximum((high - low) / 2, 0.0 if measured else UNMEASURED),
    )
    return probability, spread


class Glances:
    """Has a network look at the followed face once in each step; between two looks, the last one holds.

    It looks at the first frame at or after each multiple of the step on the shared clock, where windows end.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        recipe = network.card.face
        self.ch_names = recipe.ch_names
        self._step = recipe.step
        self._nothing = np.full(len(recipe.ch_names), np.nan, np.float32)
        self._said = self._nothing
        self._tick: int | None = None
        """The step of the last look; None where it must look again at once."""

    def __call__(self, frame: Frame, face: Landmarks | None) -> NDArray[np.float32]:
        """(n_columns,): what the network says; NaN without a face."""
        if face is None:
            self._tick = None
            return self._nothing
        if (tick := math.floor(frame.time / self._step)) != self._tick:
            self._tick = tick
            self._said = self.network.see(crop(frame.image, face, self.network.size))
        return self._said
