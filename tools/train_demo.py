"""Train the shipped demo models again, on simulated data: `python -m tools.train_demo`, or `make models`.

The same code and libraries give the same files each time.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from insightsim.models import SHIPPED

FEATURES = {
    "deap32": "log_bandpower",
    "epoc14": "log_bandpower",
    "openbci8": "log_bandpower",
    "muse4": "log_bandpower",
    "original4": "psd16",
}
"""Channels (see `recipes.CHANNELS`) → features, of each shipped model."""

EFFECT = 1.0


def train_demo(
    folder: Annotated[Path, typer.Argument(help="Where the models go.")] = SHIPPED,
    subjects: Annotated[int, typer.Option(min=3, help="How many are simulated.")] = 20,
) -> None:
    """Simulate subjects, train the demo models on them, write ONNX files and cards."""
    from insightsim import simulate
    from insightsim.cards import Threshold
    from insightsim.training import recipes
    from tools.train import build, table

    cap = electrodes()
    typer.echo(f"Simulating {subjects} subjects under {len(cap)} electrodes …")
    # A seed each, so that all watch other videos. Among forty, those that arouse may happen to be those that
    # please; were they everybody's, models would learn that, and scores would rise that hold for no others.
    numbers = range(1, subjects + 1)
    recordings = [one for number in numbers for one in simulate.recordings(number, EFFECT, number, cap)]
    for count, (channels, features) in enumerate(FEATURES.items(), start=1):
        recipe = recipes.recipe(features, recipes.CHANNELS[channels])
        typer.echo(f"{count} of {len(FEATURES)}: {features} of the {len(recipe.ch_names)} of {channels}")
        model = build(
            recordings,
            len(recordings),
            recipe,
            folder / f"eeg-{channels}",
            f"{subjects} simulated subjects, effect {EFFECT:g}, seeds 1 to {subjects}, projected to "
            f"the {len(recipe.ch_names)} electrodes of {channels}; none extrapolated from others",
            simulated=True,
            threshold=Threshold(),
            force=True,
        )
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
