"""From what a user asks for, "camera:0" or "openface:trial.csv", to a source of action units."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from insightsim import models, neutral
from insightsim.affect import Glances
from insightsim.errors import SettingsError
from insightsim.face import ActionUnits
from streaming.browser import BrowserFrames
from streaming.bundle import obtain
from streaming.camera import Frames
from streaming.face_source import FaceSource
from streaming.settings import Wanted
from streaming.sources import Source
from streaming.video import Video
from streaming.webcam import Camera


def face_source(wanted: Wanted, browser: BrowserFrames | None = None) -> Source:
    """The face source a session asks for; `browser` is where a page puts its pictures.

    Raises SettingsError, StreamError.
    """
    if (frames := _frames(wanted, browser)) is not None:
        rest = neutral.read(Path(wanted.neutral).expanduser()) if wanted.neutral else None
        glances = partial(_glances, wanted.face_model_vadl)
        return FaceSource(frames, partial(obtain, wanted.face_model), ActionUnits(rest), glances)
    raise SettingsError(
        f"unknown face source {wanted.face!r}; expected camera:0, video:PATH, rtsp://…, browser, "
        "openface:PATH, lsl:NAME, lsl:type=AU or lsl:source_id=…"
    )


def _glances(model: str) -> Glances | None:
    """What looks at the face itself, where such a model is asked for. Raises ModelError."""
    if model == "auto":
        return None
    named = models.loaded(models.named(model))
    return Glances(named) if isinstance(named, models.Network) else None


def _frames(wanted: Wanted, browser: BrowserFrames | None) -> Frames | None:
    """Where pictures come from; None where action units come from elsewhere. Raises SettingsError."""
    kind, _, rest = wanted.face.partition(":")
    if kind == "video" and rest:
        return Video(Path(rest).expanduser(), wanted.speed)
    if kind in ("camera", "rtsp", "rtsps"):
        return Camera(wanted.face)
    return browser if browser is not None and wanted.face == browser.query else None
