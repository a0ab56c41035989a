"""What several tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference recordings beside the checkout, or the one that INSIGHTSIM_SHARED names."""
    folder = Path(os.environ.get("INSIGHTSIM_SHARED") or ROOT.parent / "shared")
    if not (folder / "data").is_dir():
        pytest.skip(f"no reference recordings at {folder}; INSIGHTSIM_SHARED=… names another place")
    return folder
