"""From what a user asks for, "camera:0" or "openface:trial.csv", to a source of action units."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from insightsim import cardfile, files, models, neutral
from insightsim.affect import Glances
from insightsim.aus import COLUMNS
from insightsim.errors import SettingsError, readable
from insightsim.face import ActionUnits
from streaming.browser import BrowserFrames
from streaming.bundle import Obtaining
from streaming.camera import Frames
from streaming.face_source import FaceSource
from streaming.lsl import Inlet
from streaming.openface import OpenFace, face_of
from streaming.pace import Start
from streaming.queries import check_end, file_of, made_up
from streaming.recorded import video_after
from streaming.settings import Wanted
from streaming.sources import Source
from streaming.synthetic_face import SyntheticFace
from streaming.video import Video
from streaming.webcam import Camera, index_of


def face_source(wanted: Wanted, browser: BrowserFrames | None = None, start: Start | None = None) -> Source:
    """The face source a session asks for; `browser` is where a page puts its pictures.

    A recorded one begins with what else has the same `start`. Raises SettingsError, StreamError, ModelError,
    DatasetError.
    """
    kind, _, text = wanted.face.partition(":")
    if kind == "openface" and text:
        return _openface(text, wanted, start)
    if (seed := made_up(wanted.face)) is not None:
        check_end(wanted, wanted.face)
        return SyntheticFace(seed, speed=wanted.speed, start=start)
    if kind == "lsl":
        return Inlet(readable(wanted.face), "face")
    rest = neutral.read(Path(wanted.neutral).expanduser()) if wanted.neutral else None
    if (frames := _frames(wanted, browser, start)) is not None:
        glances = partial(_glances, wanted.face_model_vadl)
        return FaceSource(frames, Obtaining(wanted.face_model), ActionUnits(rest), glances)
    raise SettingsError(
        f"unknown face source {wanted.face_shown!r}; expected camera:0, video:PATH, rtsp://…, browser, "
        "openface:PATH, lsl:NAME, lsl:type=AU, lsl:source_id=…, synthetic or synthetic:SEED"
    )


def _openface(text: str, wanted: Wanted, start: Start | None) -> OpenFace:
    """A file with the columns that the model asked for reads, beside those that every face has."""
    path, number = face_of(text)
    named = wanted.face_model_vadl
    also = () if named == "auto" else cardfile.read(models.named(named)).recipe.ch_names
    columns, fps = (*COLUMNS, *also), wanted.fps or None
    return OpenFace(
        path,
        columns,
        wanted.speed,
        fps=fps,
        face=number,
        limit=wanted.min_confidence,
        start=start,
        delay=_delay(wanted),
    )


def _delay(wanted: Wanted) -> float:
    """Seconds that a recorded face begins after the recorded EEG beside it."""
    kind, _, eeg = wanted.eeg.partition(":")
    return video_after(file_of(eeg)[0]) if kind == "file" else 0.0


def _glances(model: str) -> Glances | None:
    """What looks at the face itself, where such a model is asked for. Raises ModelError."""
    if model == "auto":
        return None
    named = models.loaded(models.named(model))
    return Glances(named) if isinstance(named, models.Network) else None


def _frames(wanted: Wanted, browser: BrowserFrames | None, start: Start | None) -> Frames | None:
    """Where pictures come from; None where action units do. Raises SettingsError, DatasetError."""
    kind, _, rest = wanted.face.partition(":")
    if kind == "video" and rest:
        files.check(path := Path(rest).expanduser())  # before the landmark model is fetched for nothing
        return Video(path, wanted.speed, start, _delay(wanted))
    if kind in ("camera", "rtsp", "rtsps"):
        index_of(wanted.face)  # or it is none
        return Camera(wanted.face)
    return browser if browser is not None and wanted.face == browser.query else None
