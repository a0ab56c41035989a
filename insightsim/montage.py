"""Where electrodes sit on the head, and how much each of them sees of a source beneath the scalp."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from insightsim.errors import SignalError

SPREAD = 26.0
"""Degrees along the scalp at which a source's potential has fallen to exp(-1/2) = 61 %."""


def positions(ch_names: Sequence[str]) -> NDArray[np.float64]:
    """Unit vectors (n_channels, 3) of electrodes named in the 10-05 system: x right, y front, z up.

    From mne's `colin27_1005` montage (Oostenveld & Praamstra, Clinical Neurophysiology 112, 2001), seen
    from the centre of the sphere that fits it best. Letter case does not matter. Raises SignalError for
    unknown names.
    """
    known = _colin27()
    unknown = [name for name in ch_names if name.lower() not in known]
    if unknown:
        raise SignalError(
            f"no standard position for {', '.join(unknown)}: expected names of the 10-05 system, e.g. Fp1"
        )
    return np.array([known[name.lower()] for name in ch_names]).reshape(-1, 3)


@cache
def _colin27() -> dict[str, NDArray[np.float64]]:
    import mne

    found = mne.channels.make_standard_montage("colin27_1005").get_positions()["ch_pos"]
    points = np.array(list(found.values()))
    # |p − c|² = r² is linear in the centre c and in r² − |c|².
    design = np.column_stack([2 * points, np.ones(len(points))])
    centre = np.linalg.lstsq(design, (points**2).sum(axis=1))[0][:3]
    directions = points - centre
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return {name.lower(): direction for name, direction in zip(found, directions, strict=True)}


def forward(sources: NDArray[np.float64], sensors: NDArray[np.float64]) -> NDArray[np.float64]:
    """How strongly each sensor sees each source, 0–1: (n_sensors, n_sources), from unit vectors.

    A Gaussian of the angle between them: the blur of a radial source by skull and scalp, without the
    physics of a conducting head. Good enough to spread simulated sources over any montage; not for finding
    real ones.
    """
    angles = np.degrees(np.arccos(np.clip(sensors @ sources.T, -1, 1)))
    return np.exp(-0.5 * (angles / SPREAD) ** 2)
