"""`insightsim aus`: the action units in a video, as a table and as a CSV."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from insightsim.neutral import Neutral
    from insightsim.types import Signal

NeutralFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="The person's neutral face, from `insightsim neutral`. Default: what is low so far.",
    ),
]
Bundle = Annotated[
    str, typer.Option(metavar="PATH", help="The landmark model. Default: looked for, then fetched.")
]


def aus(
    video: Annotated[Path, typer.Argument(metavar="VIDEO", help="A video file with a face in it.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="CSV", help="Where to write them, a line a frame."),
    ] = None,
    neutral: NeutralFile = None,
    face_model: Bundle = "",
    force: Annotated[bool, typer.Option("--force", help="Overwrite a CSV that is there.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Estimate the facial action units in every frame of a video.

    They are estimated from landmarks, and are not OpenFace's, though the CSV has its columns: the tier says
    how well each followed OpenFace's on two people (docs/face.md). Nothing of the pictures is kept.
    """
    import json

    from insightsim import files
    from insightsim import neutral as neutrals
    from insightsim.follow import FIRM

    if output is not None and not force:
        _refuse_to_overwrite(output)
    rest = None if neutral is None else neutrals.read(neutral.expanduser())
    path = Path(str(video).removeprefix("video:")).expanduser()  # as the monitor writes it
    files.check(path)  # before the landmark model is fetched for nothing
    whole = _estimated(path, rest, face_model, output)
    if len(whole) < FIRM:
        few = f"of {len(whole)} pictures: {FIRM} in a row must show a face before it counts"
        typer.echo(f"Note: whether there is a face cannot be told {few}", err=True)
    summary = summarise(whole) | {"video": str(path), "output": None if output is None else str(output)}
    typer.echo(json.dumps(summary, indent=1) if as_json else "\n".join(_table(summary)))


def _refuse_to_overwrite(output: Path) -> None:
    from insightsim.aus_csv import beside
    from insightsim.errors import SettingsError

    for path in (output, beside(output)):
        if path.exists():
            raise SettingsError(f"{path} is already there; name another or overwrite with --force")


def _estimated(path: Path, rest: Neutral | None, bundle: str, output: Path | None) -> Signal:
    """All rows of the video, written to `output` as they come."""
    from contextlib import ExitStack
    from itertools import count

    from insightsim import aus_csv, files
    from insightsim.aus import COLUMNS, FACE_ID
    from insightsim.types import join

    chunks: list[Signal] = []
    number = count(1)
    with ExitStack() as stack:
        if output is not None:
            # Beside it first: a CSV without what says whose it is would pass for OpenFace's.
            csv, told = (stack.enter_context(files.whole(at)) for at in (output, aus_csv.beside(output)))
            csv.write(",".join(aus_csv.HEADER) + "\n")
            told.write(aus_csv.describe(rest, _made(path)))
        for chunk in _rows(path, rest, bundle):
            if output is not None:
                persons = chunk.data[:, chunk.ch_names.index(FACE_ID)].astype(int).tolist()
                for time, row, person in zip(chunk.times.tolist(), chunk.data, persons, strict=True):
                    csv.write(aus_csv.line(next(number), time, row[: len(COLUMNS)], person) + "\n")
            chunks.append(chunk)
    return join(chunks)


def _rows(path: Path, rest: Neutral | None, bundle: str) -> Iterator[Signal]:
    """The video's rows, with a progress bar where somebody looks."""
    from functools import partial

    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from insightsim.face import ActionUnits
    from streaming.bundle import obtain
    from streaming.face_source import FaceSource
    from streaming.video import Video

    video = Video(path, speed=None)
    source = FaceSource(video, partial(obtain, bundle), ActionUnits(rest))
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    try:
        for note in source.open().notes:
            typer.echo(f"Note: {note}", err=True)
        done = 0
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
            task = bar.add_task("0 frames", total=video.n_frames or None)
            while (chunk := source.pull()) is not None:
                if len(chunk):
                    done += len(chunk)
                    bar.update(task, completed=done, description=f"{done} frames")
                    yield chunk
    finally:
        source.close()


def _made(path: Path) -> dict[str, str]:
    """From what, and by what: enough to make it again."""
    from insightsim.errors import readable
    from streaming.bundle import BUNDLE

    programs = {name: metadata.version(name) for name in ("insightsim", "mediapipe")}
    return {"video": readable(path.name), **programs, BUNDLE.name: f"sha256 {BUNDLE.sha256}"}


def summarise(rows: Signal) -> dict[str, Any]:
    """What the rows come to: frames, and of each action unit its tier, mean, peak and share present.

    Frames without a face, or in which confidence was below CONFIDENT, are left out of those.
    """
    from insightsim.aus import CONFIDENT, LANDMARKS

    confidence = rows.data[:, rows.ch_names.index("confidence")]
    success = rows.data[:, rows.ch_names.index("success")]
    return {
        "family": LANDMARKS,
        "frames": len(rows),
        "seconds": round(float(rows.times[-1] - rows.times[0]), 3),
        "with_face": int(success.sum()),
        "confident": int((confidence >= CONFIDENT).sum()),
        "aus": list(_each(rows, confidence >= CONFIDENT)),
    }


def _each(rows: Signal, which: NDArray[np.bool_]) -> Iterator[dict[str, Any]]:
    from insightsim.aus import AUS, NAMES, PRESENT, TIERS

    values = dict(zip(rows.ch_names, rows.data[which].T.tolist(), strict=True))
    for au in PRESENT:
        strength = values[f"AU{au}_r"] if au in AUS else []
        present = values[f"AU{au}_c"]
        yield {
            "au": f"AU{au}",
            "name": NAMES[au],
            "tier": TIERS[au],
            "mean": round(sum(strength) / len(strength), 3) if strength else None,
            "peak": round(max(strength), 3) if strength else None,
            "present": round(sum(present) / len(present), 3) if present else None,
        }


def _table(summary: dict[str, Any]) -> Iterator[str]:
    yield (
        f"{summary['frames']} frames, {summary['seconds']:.1f} s: a face in {summary['with_face']}, "
        f"of which {summary['confident']} are told with confidence and go in here"
    )
    if not summary["with_face"]:
        yield "There is no face in it that could be followed over three frames"
        return
    if not summary["confident"]:
        yield "That is too little to know this face at rest: give its neutral face with --neutral"
    yield "action unit                  reliability  mean  peak  present"
    for row in summary["aus"]:
        mean, peak = (" –  " if row[name] is None else f"{row[name]:.2f}" for name in ("mean", "peak"))
        present = "  –" if row["present"] is None else f"{row['present']:6.0%}"
        mark = " (!)" if row["tier"] == "low" else ""
        yield f"{row['au']}  {row['name']:21}  {row['tier'] + mark:11}  {mean}  {peak}  {present}"
    yield "Estimated from landmarks; not OpenFace's. (!) hardly follows it: see docs/face.md"
    if summary["output"]:
        yield f"{summary['output']}: written; {summary['output']}.json beside it says whose they are"
