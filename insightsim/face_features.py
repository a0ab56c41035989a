"""From a window of action units to the features a face model reads."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from insightsim.cards import FaceRecipe
from insightsim.errors import ModelError
from insightsim.types import Signal

KNOWN = ("au35",)


def feature_names(recipe: FaceRecipe) -> list[str]:
    """A name for each feature, in order. Raises ModelError for a kind that there is not."""
    if recipe.features.name not in KNOWN:
        raise ModelError(
            f'there are no face features "{recipe.features.name}"; there are: {", ".join(KNOWN)}'
        )
    return [f"{name} mean" for name in recipe.ch_names]


def features(recipe: FaceRecipe, window: Signal) -> NDArray[np.float32]:
    """(n_features,) of a window's valid rows."""
    picks = [window.ch_names.index(name) for name in recipe.ch_names]
    rows = window.data[:, picks]
    mean: NDArray[np.float32] = rows[~np.isnan(rows).any(axis=1)].mean(axis=0)
    return mean
