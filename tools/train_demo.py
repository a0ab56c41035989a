"""Train the shipped demo models again, on simulated data: `python -m tools.train_demo`, or `make models`.

The same code and libraries give the same files each time.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from insightsim.models import SHIPPED

if TYPE_CHECKING:
    from insightsim.cards import FaceRecipe, Recipe
    from insightsim.datasets.recording import Recording

FEATURES = {
    "deap32": "log_bandpower",
    "epoc14": "log_bandpower",
    "openbci8": "log_bandpower",
    "muse4": "log_bandpower",
    "original4": "psd16",
}
"""Channels (see `recipes.CHANNELS`) → features, of each shipped model of EEG."""

EFFECT = 1.0


FACES = ("face-openface-au35", "face-openface-dynamics", "face-openface-709", "face-landmarks-dynamics")
"""The shipped models of faces; see `recipes.FACES`."""

SFREQS = {"au35": 30.0, "au_dynamics": 30.0, "openface709": 10.0}
"""Frames per second of the simulated faces. Means are the same at any rate, and 709 columns take long."""


def train_demo(
    folder: Annotated[Path, typer.Argument(help="Where the models go.")] = SHIPPED,
    subjects: Annotated[int, typer.Option(min=3, help="How many are simulated.")] = 20,
) -> None:
    """Simulate subjects, train the demo models on them, write ONNX files and cards."""
    from insightsim import simulate, simulate_face
    from insightsim.training import recipes

    cap = electrodes()
    typer.echo(f"Simulating {subjects} subjects under {len(cap)} electrodes …")
    # A seed each, so that all watch other videos. Among forty, those that arouse may happen to be those that
    # please; were they everybody's, models would learn that, and scores would rise that hold for no others.
    numbers = range(1, subjects + 1)
    recordings = [one for number in numbers for one in simulate.recordings(number, EFFECT, number, cap)]
    made = f"{subjects} simulated subjects, effect {EFFECT:g}, seeds 1 to {subjects}"
    for channels, features in FEATURES.items():
        recipe = recipes.recipe(features, recipes.CHANNELS[channels])
        typer.echo(f"eeg-{channels}: {features} of {len(recipe.ch_names)} electrodes")
        seen = f"projected to the {len(recipe.ch_names)} electrodes of {channels}"
        data = f"{made}, {seen}; none extrapolated from others"
        _build(recordings, subjects, recipe, folder / f"eeg-{channels}", data)
    del recordings
    for name in FACES:
        face = recipes.face_recipe(name)
        typer.echo(f"{name}: {face.features.name} of {len(face.ch_names)} columns of simulated faces")
        trials = (
            one
            for number in numbers
            for one in simulate_face.recordings(
                number, EFFECT, number, face.unit, face.ch_names, sfreq=SFREQS[face.features.name]
            )
        )
        _build(trials, subjects, face, folder / name, f"{made}, {simulate_face.SEEN[face.unit]}")


def _build(
    recordings: Iterable[Recording], subjects: int, recipe: Recipe | FaceRecipe, path: Path, data: str
) -> None:
    from insightsim.cards import Threshold
    from insightsim.datasets import deap
    from tools.train import build, table

    n_trials = subjects * deap.N_TRIALS
    model = build(recordings, n_trials, recipe, path, data, simulated=True, threshold=Threshold(), force=True)
    typer.echo("\n".join(table(model.card.scores)))


def electrodes() -> tuple[str, ...]:
    """Every electrode that a shipped model reads, once.

    The subjects are simulated with all of them on, and each model reads its own: re-referenced to the
    average of those alone, they are what the montage would have measured without the others.
    """
    from insightsim.training.recipes import CHANNELS

    return tuple(dict.fromkeys(name for channels in FEATURES for name in CHANNELS[channels]))


if __name__ == "__main__":
    typer.run(train_demo)
