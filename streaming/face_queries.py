"""From what a user asks for, "camera:0" or "openface:trial.csv", to a source of action units."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

from insightsim import cardfile, models, neutral
from insightsim.affect import Glances
from insightsim.aus import COLUMNS
from insightsim.datasets.deap import BASELINE
from insightsim.errors import SettingsError, readable
from insightsim.face import ActionUnits
from streaming.browser import BrowserFrames
from streaming.bundle import obtain
from streaming.camera import Frames
from streaming.face_source import FaceSource
from streaming.lsl import Inlet
from streaming.openface import OpenFace
from streaming.pace import Start
from streaming.queries import file_of
from streaming.recorded import is_deap
from streaming.settings import Wanted
from streaming.sources import Source
from streaming.video import Video
from streaming.webcam import Camera


def face_source(wanted: Wanted, browser: BrowserFrames | None = None, start: Start | None = None) -> Source:
    """The face source a session asks for; `browser` is where a page puts its pictures.

    A recorded one begins with what else has the same `start`. Raises SettingsError, StreamError, ModelError.
    """
    kind, _, text = wanted.face.partition(":")
    if kind == "openface" and text:
        return _openface(text, wanted, start)
    if kind == "lsl":
        return Inlet(readable(wanted.face), "face")
    if (frames := _frames(wanted, browser)) is not None:
        rest = neutral.read(Path(wanted.neutral).expanduser()) if wanted.neutral else None
        glances = partial(_glances, wanted.face_model_vadl)
        return FaceSource(frames, partial(obtain, wanted.face_model), ActionUnits(rest), glances)
    raise SettingsError(
        f"unknown face source {wanted.face!r}; expected camera:0, video:PATH, rtsp://…, browser, "
        "openface:PATH, lsl:NAME, lsl:type=AU or lsl:source_id=…"
    )


def _openface(text: str, wanted: Wanted, start: Start | None) -> OpenFace:
    """Of "PATH" or "PATH#FACE". The face beside a DEAP trial was filmed from the start of its video on."""
    path, part = file_of(text)
    if part and not re.fullmatch(r"\d{1,6}", part, re.ASCII):
        raise SettingsError(f"{wanted.face}: expected the number of a face (column face_id) behind the #")
    named = wanted.face_model_vadl
    also = () if named == "auto" else cardfile.read(models.named(named)).recipe.ch_names
    eeg, _, file = wanted.eeg.partition(":")
    trial = eeg == "file" and is_deap(file_of(file)[0])
    return OpenFace(
        path,
        (*COLUMNS, *also),
        wanted.speed,
        fps=wanted.fps or None,
        face=int(part) if part else None,
        start=start,
        delay=BASELINE if trial else 0.0,
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
