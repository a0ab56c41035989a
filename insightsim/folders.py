"""Where files are kept that do not come along, but are fetched or put there by hand."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = "INSIGHTSIM_MODEL_DIR"
"""The environment variable that names a folder to look in before the user's cache."""


def cache() -> Path:
    """The folder of this user where fetched files are kept."""
    from platformdirs import user_cache_path

    return user_cache_path("insightsim", appauthor=False) / "models"


def fetched() -> list[Path]:
    """The folders to look in, in that order; they need not be there."""
    return [Path(folder) for folder in [os.environ.get(FOLDER)] if folder] + [cache()]
