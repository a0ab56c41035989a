"""Train the shipped demo models again, on simulated data: `python -m tools.train_demo`, or `make models`.

The same code and libraries give the same files each time.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from insightsim.models import SHIPPED

if TYPE_CHECKING:
    from insightsim.datasets.recording import Recording

FEATURES = {"deap32": "log_bandpower", "original4": "psd16"}
"""Channels → features, of each shipped model."""

EFFECT, SEED = 1.0, 1


def train_demo(
    folder: Annotated[Path, typer.Argument(help="Where the models go.")] = SHIPPED,
    subjects: Annotated[int, typer.Option(min=2, help="How many are simulated.")] = 20,
) -> None:
    """Simulate subjects, train the demo models on them, write ONNX files and cards."""
    from insightsim.cards import Threshold
    from insightsim.datasets.deap import N_TRIALS
    from insightsim.training import recipes
    from tools.train import build, table

    data = f"{subjects} simulated subjects, effect {EFFECT:g}, seed {SEED}, in the layout of DEAP's files"
    recordings = list(simulated(subjects))
    for channels, features in FEATURES.items():
        model = build(
            recordings,
            N_TRIALS * subjects,
            recipes.recipe(features, recipes.CHANNELS[channels]),
            folder / f"eeg-{channels}",
            data,
            simulated=True,
            threshold=Threshold(),
            force=True,
        )
        typer.echo("\n".join(table(model.card.scores)))


def simulated(subjects: int) -> Iterator[Recording]:
    """Every trial of the simulated subjects, read from files as a user's own would be."""
    from insightsim.datasets import deap
    from insightsim.simulate import subject

    with tempfile.TemporaryDirectory() as folder:
        for number in range(1, subjects + 1):
            path = Path(folder) / f"s{number:02}.dat"
            deap.write(path, *subject(number, EFFECT, SEED))
            yield from deap.read(path)
            path.unlink()


if __name__ == "__main__":
    typer.run(train_demo)
