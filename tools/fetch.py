"""Getting what does not come along: the landmark model; and, once asked, a network trained on real faces."""

from __future__ import annotations

from pathlib import Path

import typer

from insightsim import affectnet, cardfile, folders, models
from insightsim.errors import ModelError
from streaming.bundle import BUNDLE, Remote, bar, fetch, locate

NETWORK = Remote(f"{affectnet.NAME}.onnx", affectnet.ADDRESS, affectnet.SHA256, None, affectnet.LICENCE)


def fetch_bundle(bundle: Remote = BUNDLE) -> None:
    """Fetch the landmark model, unless it is there. Raises ModelError."""
    if (path := _there(bundle)) is None:
        target = folders.cache() / bundle.name
        typer.echo(f"{bundle.name}: {bundle.size:,} bytes, {bundle.licence}")
        typer.echo(f"  from  {bundle.address}\n  to    {target}")
        with bar(bundle.name) as progress:
            fetch(bundle, target, progress)
        path = locate(remote=bundle)  # raises where a wrong one is still found before it
    typer.echo(f"{path} is there and intact, sha256 {bundle.sha256}")


def fetch_network(yes: bool = False, network: Remote = NETWORK) -> Path:
    """Its card, once it is there with its file; asks first, unless `yes`. Raises ModelError, typer.Abort."""
    if (path := _there(network)) is None:
        path = folders.cache() / network.name
        typer.echo(about(network, path))
        if not yes:
            typer.confirm("Fetch it?", abort=True)
        with bar(network.name) as progress:
            fetch(network, path, progress)
    card = path.with_suffix(".toml")
    try:
        cardfile.write(affectnet.card(network.sha256), card)
    except OSError as error:
        raise ModelError(f"{card}: its card cannot be written there ({error.strerror})") from error
    models.verify(card)
    typer.echo(
        f"{path} is there and intact; its card is beside it. Use it with --face-model-vadl {affectnet.NAME}"
    )
    return card


def _there(network: Remote) -> Path | None:
    """Where it is; None where it is not, or is damaged, which is said."""
    try:
        return locate(remote=network)
    except ModelError as wrong:
        typer.echo(f"insightsim: {wrong}", err=True)
        return None


def about(network: Remote, target: Path) -> str:
    """What somebody should know before fetching it."""
    return "\n".join(
        (
            f"{affectnet.NAME} is a public network that judges valence and arousal from a picture of a face.",
            "It is no part of InsightSim.",
            f"  trained on  {affectnet.TRAINED_ON}",
            f"  licence     {network.licence}",
            f"  accuracy    {affectnet.PUBLISHED}",
            f"              {affectnet.UNMEASURED}",
            f"  from        {network.address}",
            f"  sha256      {network.sha256}",
            f"  kept as     {target}",
        )
    )
