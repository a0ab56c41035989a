"""insightsim simulate: made-up data files that any reader of the real ones can read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from insightsim.errors import SettingsError

app = typer.Typer(no_args_is_help=True, help="Write simulated data sets.")

TITLE = "SIMULATED DATA."
README = """\
{title} No person was measured.

Written by `insightsim simulate {options}`.
{contents}
An effect of {effect:g} means: {meaning}.
At 0 nothing follows any feeling. Which follows which is an assumption, listed in {table}.
Results on these files say whether software works; they say nothing about people.
"""
EEG = """\
{names}: 40 trials of 63 s at 128 Hz, 40 channels, ratings of valence, arousal, dominance and
liking, in the layout of DEAP's preprocessed files. The signals are pink noise, rhythms, muscle and
blinks from a random number generator.
"""
FACES = """\
{names}: faces in trials of 60 s, {fps:g} frames a
second, as CSV files in OpenFace 2.2's layout, {columns} columns. Expressions, blinks, speech and the head's
movements are drawn at random, landmarks are those of a face made of formulas; there never was a picture.
"""
EEG_EFFECT = """between trials rated high and low, the power of the rhythms that follow a
feeling differs by {effect:g} times its trial-to-trial standard deviation"""
FACE_EFFECT = "an expression is 3 to the power of {effect:g} times as frequent in trials rated high as in low"
RATINGS = "subject,trial,valence,arousal,dominance,liking\n"
EEG_BYTES = 103_300_000


class Layout(StrEnum):
    """Which of OpenFace's columns."""

    FULL = "full"
    AUS = "aus"


class Faces(StrEnum):
    """Which of OpenFace's columns, or no faces at all."""

    AUS = "aus"
    FULL = "full"
    NONE = "none"


Subjects = Annotated[int, typer.Option(min=1, max=99, help="How many subjects: s01, s02, …")]
Effect = Annotated[
    float, typer.Option(min=0, max=10, help="How strongly the signals follow the ratings; 0 = not at all.")
]
Seed = Annotated[int, typer.Option(min=0, help="The same seed gives the same files.")]
Fps = Annotated[float, typer.Option(min=5, max=120, help="Frames per second of the face videos.")]
Force = Annotated[bool, typer.Option("--force", help="Overwrite files of the same names.")]


@app.callback()
def simulate() -> None:
    """Write simulated data sets."""


@app.command("deap")
def simulate_deap(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write; made if it is not there.")],
    subjects: Subjects = 8,
    effect: Effect = 1.0,
    seed: Seed = 1,
    mat: Annotated[bool, typer.Option("--mat", help="Write MATLAB files instead of pickles.")] = False,
    face: Annotated[
        Faces,
        typer.Option(help="The same trials' faces in DIR/face: aus, 17 MB a subject; full, 300 MB; or none."),
    ] = Faces.AUS,
    fps: Fps = 30.0,
    force: Force = False,
) -> None:
    """Write subjects in the layout of DEAP's preprocessed files, about 103 MB each, and their faces."""
    from insightsim.datasets.deap import N_TRIALS

    paths = [folder / f"s{number:02d}.{'mat' if mat else 'dat'}" for number in range(1, subjects + 1)]
    names = paths[0].name if subjects == 1 else f"{paths[0].name} to {paths[-1].name}"
    options = f"deap --subjects {subjects} --effect {effect:g} --seed {seed}{' --mat' if mat else ''}"
    contents, meaning, table = EEG.format(names=names), EEG_EFFECT, "insightsim/person.py"
    work, size, faces = _eeg(paths, effect, seed), float(subjects * EEG_BYTES), list[Path]()
    if face is not Faces.NONE:
        options += f" --face {face} --fps {fps:g}"
        faces = _face_paths(folder / "face", subjects, N_TRIALS)
        contents += _of_faces("face/s01/s01_trial01.csv and so on", face, fps)
        meaning, table = f"{meaning};\n{FACE_EFFECT}", f"{table} and insightsim/displays.py"
        work = chain(work, _write_faces(faces, N_TRIALS, effect, seed, fps, face))
        size += _face_bytes(len(faces), fps, face)
    notice = README.format(
        title=TITLE,
        options=options,
        contents=contents,
        effect=effect,
        meaning=meaning.format(effect=effect),
        table=table,
    )
    _run(folder, [*paths, *faces], notice, size, work, force)
    typer.echo(f"{folder}: wrote {names}, effect {effect:g}, seed {seed}: simulated data, about nobody")


@app.command("openface")
def simulate_openface(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write; made if it is not there.")],
    subjects: Subjects = 2,
    trials: Annotated[int, typer.Option(min=1, max=40, help="Trials of each, 60 s.")] = 5,
    effect: Effect = 1.0,
    seed: Seed = 1,
    fps: Fps = 30.0,
    layout: Annotated[
        Layout, typer.Option(help="full: all 714 columns, 7.5 MB a trial; aus: 46, with the action units.")
    ] = Layout.FULL,
    force: Force = False,
) -> None:
    """Write the faces of simulated subjects as OpenFace 2.2 would: s01/s01_trial01.csv, …, and ratings.csv.

    With the same seed they are the subjects of `simulate deap`, and rate the same.
    """
    paths = _face_paths(folder, subjects, trials)
    notice = README.format(
        title=TITLE,
        options=f"openface --subjects {subjects} --trials {trials} --effect {effect:g} --seed {seed} "
        f"--fps {fps:g} --layout {layout}",
        contents=_of_faces("s01/s01_trial01.csv and so on", layout, fps)
        + "ratings.csv: the trials' ratings, 1–9.\n",
        effect=effect,
        meaning=FACE_EFFECT.format(effect=effect),
        table="insightsim/displays.py",
    )
    work = chain(
        _write_ratings(folder / "ratings.csv", subjects, trials, seed),
        _write_faces(paths, trials, effect, seed, fps, layout),
    )
    size = _face_bytes(len(paths), fps, layout)
    _run(folder, [folder / "ratings.csv", *paths], notice, size, work, force)
    typer.echo(
        f"{folder}: wrote {len(paths)} trials, effect {effect:g}, seed {seed}: simulated data, about nobody"
    )


def _run(
    folder: Path, paths: Sequence[Path], notice: str, size: float, work: Iterator[None], force: bool
) -> None:
    """Do the work, a step for each path, behind a progress bar."""
    from rich.console import Console
    from rich.progress import track

    if not force:
        _refuse_to_overwrite(folder, paths)
    typer.echo(f"{folder}: {len(paths)} files, about {size / 1e6:,.0f} MB", err=True)
    console = Console(stderr=True)
    bar = track(work, "Simulating", total=len(paths), console=console, disable=not console.is_terminal)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # The notice first, so that not even an interrupted run leaves data that does not say what it is.
        (folder / "README.txt").write_text(notice, encoding="utf-8")
        for _ in bar:
            pass
    except OSError as error:
        raise SettingsError(
            f"{folder}: expected a folder to write to, with {size / 1e6:,.0f} MB free ({error.strerror}); "
            "name another"
        ) from error


def _eeg(paths: Sequence[Path], effect: float, seed: int) -> Iterator[None]:
    from insightsim.datasets import deap
    from insightsim.simulate import subject

    for number, path in enumerate(paths, start=1):
        deap.write(path, *subject(number, effect, seed))
        yield


def _face_paths(folder: Path, subjects: int, trials: int) -> list[Path]:
    return [
        folder / f"s{number:02d}" / f"s{number:02d}_trial{trial:02d}.csv"
        for number in range(1, subjects + 1)
        for trial in range(1, trials + 1)
    ]


def _write_faces(
    paths: Sequence[Path], n_trials: int, effect: float, seed: int, fps: float, layout: str
) -> Iterator[None]:
    from insightsim import openface_write, simulate_face

    for number in range(1, len(paths) // n_trials + 1):
        made = simulate_face.trials(number, effect, seed, n_trials, fps)
        for path, (someone, rows, _) in zip(paths[(number - 1) * n_trials :], made, strict=False):
            path.parent.mkdir(parents=True, exist_ok=True)
            openface_write.write(path, someone, rows, fps, layout)
            yield


def _write_ratings(path: Path, subjects: int, n_trials: int, seed: int) -> Iterator[None]:
    from insightsim.simulate import ratings_of

    with path.open("w", encoding="ascii", newline="\n") as file:
        file.write(RATINGS)
        for number in range(1, subjects + 1):
            for trial, rated in enumerate(ratings_of(number, seed, n_trials).tolist(), start=1):
                file.write(f"s{number:02d},{trial},{','.join(f'{rating:.2f}' for rating in rated)}\n")
    yield


def _face_bytes(n_trials: int, fps: float, layout: str) -> float:
    from insightsim.openface_write import ROW_BYTES
    from insightsim.simulate_face import SECONDS

    return n_trials * SECONDS * fps * ROW_BYTES[layout]


def _of_faces(names: str, layout: str, fps: float) -> str:
    from insightsim.openface_write import LAYOUTS

    return FACES.format(names=names, fps=fps, columns=len(LAYOUTS[layout]))


def _refuse_to_overwrite(folder: Path, paths: Sequence[Path]) -> None:
    there = [path.relative_to(folder).as_posix() for path in paths if path.exists()]
    readme = folder / "README.txt"
    if readme.exists() and not readme.read_bytes().startswith(TITLE.encode()):
        there.append(readme.name)
    if there:
        shown = ", ".join(there[:5]) + (f" and {len(there) - 5} more" if len(there) > 5 else "")
        raise SettingsError(f"{folder}: {shown} already there; name another folder or overwrite with --force")
