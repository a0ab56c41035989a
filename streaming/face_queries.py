"""From what a user asks for, "camera:0" or "openface:trial.csv", to a source of action units."""

from __future__ import annotations

from insightsim.errors import SettingsError
from streaming.browser import BrowserFrames
from streaming.settings import Wanted
from streaming.sources import Source


def face_source(wanted: Wanted, browser: BrowserFrames | None = None) -> Source:
    """The face source a session asks for; `browser` is where a page puts its pictures.

    Raises SettingsError, StreamError.
    """
    raise SettingsError(
        f"unknown face source {wanted.face!r}; expected camera:0, video:PATH, rtsp://…, browser, "
        "openface:PATH, lsl:NAME, lsl:type=AU or lsl:source_id=…"
    )
