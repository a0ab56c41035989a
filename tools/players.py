"""What `insightsim replay` is to publish: a recorded file, a CSV of OpenFace, or a made-up brain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from streaming.openface import OpenFace
    from streaming.pace import Start
    from streaming.recorded import Recorded
    from streaming.settings import Wanted
    from streaming.synthetic import Synthetic
    from streaming.synthetic_face import SyntheticFace

OF_BRAIN = ("seed", "effect", "sfreq")
Given = Mapping[str, Any]
"""Options by name; None where not given."""


def player(source: str, wanted: Wanted, given: Given, start: Start) -> Recorded | OpenFace | Synthetic:
    """What plays the source. Raises SettingsError for an option that it has no use for."""
    from insightsim.openface_header import looks_like
    from streaming.queries import file_of
    from streaming.synthetic import Synthetic

    alone = ("fps",) if given["face"] is None else ()
    if source == "synthetic":
        _refuse(given, alone, "a made-up brain has no frames")
        lacks = "a made-up brain has no trials, no end and no stamps of its own; name a file"
        _refuse(given, ("trial", "loop", "stamps"), lacks)
        own = {name: given[name] for name in OF_BRAIN if given[name] is not None}
        if wanted.ch_names:
            own["ch_names"] = wanted.ch_names
        return Synthetic(speed=wanted.speed, start=start, **own)
    _refuse(given, OF_BRAIN, "only a made-up brain has that; replay synthetic")
    source = source.removeprefix("file:").removeprefix("openface:")  # as the monitor writes it
    if looks_like(file_of(source)[0]):
        _refuse(given, ("trial", "ch_names", "unit"), "a face has no trials and no electrodes")
        return _face(source, wanted, given, start)
    _refuse(given, alone, "only a CSV of OpenFace has frames")
    return _recorded(source, wanted, given, start)


def beside(face: str, source: str, wanted: Wanted, given: Given, start: Start) -> OpenFace | SyntheticFace:
    """What plays the face of the person in the source, together with it. Raises SettingsError."""
    from streaming.queries import file_of
    from streaming.recorded import video_after
    from streaming.synthetic_face import SyntheticFace

    if face == "synthetic":
        own = {name: given[name] for name in ("seed", "effect") if given[name] is not None}
        return SyntheticFace(speed=wanted.speed, start=start, **own)
    _refuse(given, ("loop", "stamps"), "with --face both recordings are played once, from now on")
    path, _ = file_of(source.removeprefix("file:"))
    return _face(face, wanted, given, start, video_after(path))


def _recorded(source: str, wanted: Wanted, given: Given, start: Start) -> Recorded:
    from streaming.queries import file_of
    from streaming.recorded import Recorded

    path, part = file_of(source, wanted.trial)
    return Recorded(path, part, wanted.speed, bool(given["loop"]), given["stamps"] == "recorded", start)


def _face(text: str, wanted: Wanted, given: Given, start: Start, delay: float = 0.0) -> OpenFace:
    from streaming.openface import OpenFace, face_of

    path, number = face_of(text.removeprefix("openface:"))
    return OpenFace(
        path,
        speed=wanted.speed,
        loop=bool(given["loop"]),
        own_stamps=given["stamps"] == "recorded",
        fps=wanted.fps or None,
        face=number,
        start=start,
        delay=delay,
    )


def _refuse(given: Given, names: tuple[str, ...], why: str) -> None:
    """Refuse options that this source has no use for, rather than pass over them."""
    from insightsim.errors import SettingsError

    if found := [f"--{name.replace('_', '-')}" for name in names if given[name] is not None]:
        raise SettingsError(f"{', '.join(found)}: {why}, or leave it out")
