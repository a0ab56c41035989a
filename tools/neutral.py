"""`insightsim neutral`: how a person's face is at rest, captured once and kept in a file of theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tools.aus import Bundle

if TYPE_CHECKING:
    from insightsim.types import Frame, Landmarks
    from streaming.camera import Frames

COUNTDOWN = 3.0
"""Seconds in front of a camera before it counts."""
OPEN_WITHIN = 10.0
"""Seconds a camera may take to start."""


def neutral(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="camera:0, rtsp://…, or video:PATH of a neutral face.")
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="Where to keep it: anna.neutral.json.")
    ],
    seconds: Annotated[float, typer.Option(min=1.0, max=60.0, help="How long to look neutral.")] = 5.0,
    after: Annotated[
        float | None,
        typer.Option(min=0.0, help="Seconds before it counts. Default: 3 for a camera, 0 for a video."),
    ] = None,
    face_model: Bundle = "",
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that is there.")] = False,
) -> None:
    """Capture a neutral face, against which action units are then measured: --neutral FILE.

    Sit as you will sit, look into the camera, lips closed, thinking of nothing. The file holds some dozens of
    numbers about one face. They are biometric data: only you may read the file, no picture and no other copy
    is kept, and deleting it forgets them.
    """
    from datetime import UTC, datetime

    from insightsim import neutral as neutrals
    from insightsim.errors import SettingsError

    output = output.expanduser()
    if output.exists() and not force:
        raise SettingsError(f"{output} is already there; name another or overwrite with --force")
    if not output.parent.is_dir():
        raise SettingsError(f"{output.parent}: no such folder; make it, or name another")
    frames, name, live = _frames(source)
    lead = after if after is not None else COUNTDOWN if live else 0.0
    faces = _watched(frames, lead, seconds, face_model)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    neutrals.write(learnt := neutrals.learn(faces, now, name), output)
    typer.echo(
        f"{output}: a neutral face from {learnt.frames} frames, for --neutral {output}\n"
        "It is biometric data: only you may read this file, nothing else keeps it, deleting it forgets it."
    )


def _frames(source: str) -> tuple[Frames, str, bool]:
    """Where pictures come from, how that is told, without folders or passwords, and whether it is live."""
    from insightsim.errors import readable
    from streaming.video import Video
    from streaming.webcam import Camera, index_of

    kind, _, rest = source.partition(":")
    if kind == "video" and rest:
        path = Path(rest).expanduser()
        return Video(path, speed=None), f"video:{readable(path.name)}", False
    index_of(source)  # or it is none
    camera = Camera(source)
    return camera, camera.query, True


def _watched(frames: Frames, lead: float, seconds: float, bundle: str) -> list[Landmarks | None]:
    """What was seen in so many seconds, with a countdown and a bar where somebody looks."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    from streaming.bundle import obtain
    from streaming.landmarks import Landmarker

    landmarker, console, seen = None, Console(stderr=True), []
    try:
        frames.open(OPEN_WITHIN)
        landmarker = Landmarker(obtain(bundle))
        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        ) as bar:
            task = bar.add_task("", total=seconds)
            for at, face in watch(frames, landmarker, lead, seconds):
                if at >= 0:
                    seen.append(face)
                said = "No face in sight" if face is None else "Look neutral, lips closed"
                told = f"{said}: {seconds - at:.0f} s more" if at >= 0 else f"{said}, in {-at:.0f} s"
                bar.update(task, completed=max(0.0, at), description=told)
    finally:
        frames.close()
        if landmarker is not None:
            landmarker.close()
    return seen


def watch(
    frames: Frames,
    landmarker: Callable[[Frame], tuple[Landmarks | None, int]],
    lead: float,
    seconds: float,
) -> Iterator[tuple[float, Landmarks | None]]:
    """The face in every picture of `lead` and then of `seconds`, with its time, below 0 in the lead."""
    first: float | None = None
    while (pictures := frames.grab()) is not None:
        for frame in pictures:
            first = frame.time if first is None else first
            at = frame.time - first - lead
            if at >= seconds:
                return
            yield at, landmarker(frame)[0]
