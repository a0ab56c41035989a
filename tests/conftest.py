"""What several tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from streaming.bundle import BUNDLE, locate
from tools import doctor

ROOT = Path(__file__).parents[1]

CHROMIUM_FLAGS = [
    "--no-sandbox",  # tests run as root in containers
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference recordings beside the checkout, or the one that INSIGHTSIM_SHARED names."""
    folder = Path(os.environ.get("INSIGHTSIM_SHARED") or ROOT.parent / "shared")
    if not (folder / "data").is_dir():
        pytest.skip(f"no reference recordings at {folder}; INSIGHTSIM_SHARED=… names another place")
    return folder


@pytest.fixture(scope="session")
def bundle() -> Path:
    """MediaPipe's landmark model, where a user would have it or in the shared folder; no test fetches it."""
    shared = Path(os.environ.get("INSIGHTSIM_SHARED") or ROOT.parent / "shared") / "models" / BUNDLE.name
    found = locate() or (shared if shared.exists() else None)
    if found is None:
        pytest.skip("faces are NOT tested: no landmark model; get it with: insightsim models fetch")
    return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium, the one that the doctor finds. Skips, saying so, where there is none.

    While it is open, its thread can run no event loop of its own: no asyncio.run in the same test file.
    """
    check = doctor.chromium()
    if not check.ok:
        pytest.skip(f"the page is NOT tested: no Chromium; {check.advice}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=check.found, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()
