"""`insightsim train eeg`: a model and its card, from a folder of DEAP files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from insightsim.errors import DatasetError

if TYPE_CHECKING:
    from insightsim.cards import FaceRecipe, Recipe, Score, Threshold
    from insightsim.datasets.recording import Recording
    from insightsim.models import Model

app = typer.Typer(no_args_is_help=True)


@app.callback()
def train() -> None:
    """Train a model on recordings with ratings."""


@app.command()
def eeg(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="DEAP files: s01.dat or s01.mat, …")],
    features: Annotated[str, typer.Option(help="log_bandpower or psd16.")] = "log_bandpower",
    channels: Annotated[
        str | None,
        typer.Option(
            help="deap32, epoc14, openbci8, original4, or names: Fp1,Fp2,… "
            "Default: deap32; with psd16 original4."
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="OUT/NAME. Default: a name by the channels, here.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a model of the same name.")] = False,
    members: Annotated[int, typer.Option(min=5, help="How many classifiers, each on half the people.")] = 10,
    seed: Annotated[int, typer.Option(help="Draws the halves.")] = 0,
    threshold: Annotated[float, typer.Option(min=1, max=9, help="A rating from here on is high.")] = 5.0,
    simulated: Annotated[
        bool | None, typer.Option(help="Say so on the card. Default: as the folder's README.txt says.")
    ] = None,
) -> None:
    """Train on DEAP files; score on each subject in turn, left out of the training.

    Writes OUT/NAME.onnx and its card OUT/NAME.toml, for `insightsim predict FILE --model OUT/NAME.toml`.
    """
    from insightsim.cards import Threshold
    from insightsim.datasets import deap
    from insightsim.training import recipes
    from insightsim.training.train import enough

    channels = channels or ("original4" if features == "psd16" else "deap32")
    recipe = recipes.recipe(features, recipes.channels(channels))
    _check_measured(recipe.ch_names)
    paths = deap.subjects(folder)
    enough([path.stem for path in paths])  # before they are read
    made_up_by = simulated_by(folder)
    files = f"DEAP files {paths[0].stem} to {paths[-1].stem}"
    model = build(
        (recording for path in paths for recording in deap.read(path)),
        deap.N_TRIALS * len(paths),
        recipe,
        output or Path(f"my-eeg-{channels.replace(',', '-')}"),
        f"{files}, written by {made_up_by}" if made_up_by else files,
        made_up_by is not None if simulated is None else simulated,
        Threshold(threshold),
        members,
        seed,
        force,
    )
    typer.echo("\n".join(table(model.card.scores)))


def _check_measured(ch_names: Sequence[str]) -> None:
    """Refuse electrodes that DEAP did not measure: none is made up from those around it."""
    from insightsim.conform import missing
    from insightsim.datasets import deap
    from insightsim.training.recipes import CHANNELS

    if lacking := missing(ch_names, deap.CH_NAMES):
        lists = [name for name, electrodes in CHANNELS.items() if not missing(electrodes, deap.CH_NAMES)]
        raise DatasetError(
            f"DEAP's files have no {', '.join(lacking)}, and no electrode is extrapolated from others; "
            f"expected {', '.join(lists)}, or some of {', '.join(deap.CH_NAMES)}"
        )


def build(
    recordings: Iterable[Recording],
    n_trials: int,
    recipe: Recipe | FaceRecipe,
    output: Path,
    data: str,
    simulated: bool,
    threshold: Threshold,
    members: int = 10,
    seed: int = 0,
    force: bool = False,
) -> Model:
    """Train on `n_trials` recordings, write `output`.onnx and .toml, with progress bars.

    `data` says in words what the recordings are; `force` overwrites a model that is there. Raises
    DatasetError, ModelError, and SettingsError before any work when the model could not be written.
    """
    from insightsim.training import export
    from insightsim.training.features import gather
    from insightsim.training.train import train

    if output.suffix in (".onnx", ".toml"):
        output = output.with_suffix("")
    export.claim(output, force)
    with _bar("Reading trials", n_trials) as tick:
        examples = gather(recordings, recipe, progress=tick)
    typer.echo(examples.told())
    with _bar("Leaving one subject out", len(examples.subjects)) as tick:
        ensemble, card = train(
            examples, recipe, output.name, data, simulated, threshold, members, seed, progress=tick
        )
    model = export.write(ensemble, card, output)
    typer.echo(f"Wrote {output}.onnx and its card; use it with --model {output}.toml")
    return model


def simulated_by(folder: Path) -> str | None:
    """The command that made a folder's files up, as its README.txt says; None where none did."""
    readme = folder / "README.txt"
    text = readme.read_text(encoding="utf-8", errors="replace") if readme.is_file() else ""
    written = re.search(r"`(insightsim simulate [^`]*)`", text)
    return written and written[1]


def table(scores: dict[str, Score]) -> Iterator[str]:
    """The scores as lines of text; what a guess would score stands beside each."""
    yield "On subjects never trained on, one score a trial:"
    yield f"{'':10}  balanced accuracy (95 %)  chance    AUC  chance  accuracy  majority class"
    for name, one in scores.items():
        interval = f"({one.low:.2f}–{one.high:.2f})"
        yield (
            f"{name:10}  {one.balanced_accuracy:10.2f}  {interval} {one.chance:7.2f} {one.auc:6.2f} "
            f"{one.chance:7.2f} {one.accuracy:9.2f} {one.majority:15.2f}"
        )


@contextmanager
def _bar(label: str, length: int) -> Iterator[Callable[[object], None]]:
    """A progress bar on stderr, where that is a terminal, and what to call after each step."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(label, total=length)
        yield lambda _: progress.advance(task)
