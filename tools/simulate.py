"""insightsim simulate: made-up data files that any reader of the real ones can read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from insightsim.errors import SettingsError

app = typer.Typer(no_args_is_help=True, help="Write simulated data sets.")

TITLE = "SIMULATED DATA."
README = """\
{title} No person was measured.

Written by `insightsim simulate deap {options}`.
{names}: 40 trials of 63 s at 128 Hz, 40 channels, ratings of valence, arousal, dominance and
liking, in the layout of DEAP's preprocessed files. The signals are pink noise, rhythms, muscle and
blinks from a random number generator.

An effect of {effect:g} means: between trials rated high and low, the power of the rhythms that follow a
feeling differs by {effect:g} times its trial-to-trial standard deviation (0: nothing follows any feeling).
Which rhythm follows which feeling is an assumption, listed in insightsim/person.py. Results on these
files say whether software works; they say nothing about people.
"""


@app.callback()
def simulate() -> None:
    """Write simulated data sets."""


@app.command("deap")
def simulate_deap(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write; made if it is not there.")],
    subjects: Annotated[int, typer.Option(min=1, max=99, help="How many subjects: s01, s02, …")] = 8,
    effect: Annotated[
        float, typer.Option(min=0, max=10, help="How strongly the EEG follows the ratings; 0 = not at all.")
    ] = 1.0,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same files.")] = 1,
    mat: Annotated[bool, typer.Option("--mat", help="Write MATLAB files instead of pickles.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files of the same names.")] = False,
) -> None:
    """Write subjects in the layout of DEAP's preprocessed files, about 103 MB each."""
    paths = [folder / f"s{number:02d}.{'mat' if mat else 'dat'}" for number in range(1, subjects + 1)]
    if not force:
        _refuse_to_overwrite(folder, paths)

    from rich.console import Console
    from rich.progress import track

    from insightsim.datasets import deap
    from insightsim.simulate import subject

    names = paths[0].name if subjects == 1 else f"{paths[0].name} to {paths[-1].name}"
    options = f"--subjects {subjects} --effect {effect:g} --seed {seed}{' --mat' if mat else ''}"
    notice = README.format(title=TITLE, options=options, names=names, effect=effect)
    console = Console(stderr=True)
    bar = track(paths, "Simulating", console=console, disable=not console.is_terminal)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # The notice first, so that not even an interrupted run leaves data that does not say what it is.
        (folder / "README.txt").write_text(notice, encoding="utf-8")
        for number, path in enumerate(bar, start=1):
            deap.write(path, *subject(number, effect, seed))
    except OSError as error:
        raise SettingsError(
            f"{folder}: expected a folder to write to, with 103 MB free for each subject ({error.strerror}); "
            "name another"
        ) from error
    typer.echo(f"{folder}: wrote {names}, effect {effect:g}, seed {seed}: simulated data, about nobody")


def _refuse_to_overwrite(folder: Path, paths: list[Path]) -> None:
    there = [path.name for path in paths if path.exists()]
    readme = folder / "README.txt"
    if readme.exists() and not readme.read_bytes().startswith(TITLE.encode()):
        there.append(readme.name)
    if there:
        raise SettingsError(
            f"{folder}: {', '.join(there)} already there; name another folder or overwrite with --force"
        )
