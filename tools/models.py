"""`insightsim models`: which there are, what they may claim, whether they are intact; and those to fetch."""

from __future__ import annotations

from typing import Annotated

import typer

LANDMARKER = "face-landmarker"
"""What `fetch` gets unless told otherwise."""

app = typer.Typer(no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="A shipped model's name, or the path of a card.")]


@app.callback()
def models() -> None:
    """Which models there are, what they may claim, and whether their files are intact."""


@app.command("list")
def list_models() -> None:
    """The models that come with InsightSim."""
    from insightsim.models import find

    cards = [card for _, card in find()]
    width = max((len(card.name) for card in cards), default=0)
    for card in cards:
        recipe, trained = card.recipe, card.trained
        what = f"columns of {recipe.unit}" if recipe.stream == "face" else "channels"
        typer.echo(
            f"{card.name:{width}}  {recipe.stream}, {len(recipe.ch_names)} {what}, {recipe.features.name}; "
            f"{trained.note or trained.data}"
        )


@app.command()
def show(name: Name) -> None:
    """A model's card: what it needs, what it was trained on, how well it does."""
    from insightsim import cardfile
    from insightsim.models import named
    from tools.train import table

    card = cardfile.read(named(name))
    typer.echo(cardfile.dumps(card))
    typer.echo("\n".join(table(card.scores)))


@app.command()
def verify(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Default: every shipped model.")
    ] = None,
) -> None:
    """Check a model's file against its card: sha256, inputs, outputs, features; and let it judge a window."""
    from insightsim import models
    from insightsim.errors import ModelError

    paths = [models.named(name)] if name else [path for path, _ in models.find()]
    if not paths:
        raise ModelError(
            f"{models.SHIPPED}: there are no models here; train the demo models with: make models"
        )
    for path in paths:
        card = models.verify(path).card
        typer.echo(f"{card.name}: intact, sha256 {card.sha256}")


@app.command()
def fetch(
    name: Annotated[
        str,
        typer.Argument(metavar="[NAME]", help="What does not come along: face-landmarker or face-affectnet."),
    ] = LANDMARKER,
    yes: Annotated[
        bool, typer.Option("--yes", help="Of face-affectnet: tell what it is, but ask nothing.")
    ] = False,
) -> None:
    """Get what does not come along: by default, the landmark model that cameras and videos need.

    face-affectnet is a public network trained on real faces: on which, and its licence, is shown first.
    """
    from insightsim.affectnet import NAME
    from insightsim.errors import ModelError
    from tools.fetch import fetch_bundle, fetch_network

    if name == NAME:
        fetch_network(yes)
    elif name == LANDMARKER:
        fetch_bundle()
    else:
        raise ModelError(f"{name} is nothing that is fetched; there are: {LANDMARKER}, {NAME}")
