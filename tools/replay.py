"""`insightsim replay`: a recorded DEAP trial, or a made-up brain, as a live LSL stream."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Annotated

import typer


def replay(
    source: Annotated[str, typer.Argument(help="A DEAP file (s01.dat, s01.mat), or the word synthetic.")],
    trial: Annotated[
        int | None, typer.Option(min=1, help="Which trial, from 1. Default: all, in order.")
    ] = None,
    speed: Annotated[float, typer.Option(min=0.1, max=100.0, help="Times as fast as recorded.")] = 1.0,
    name: Annotated[str | None, typer.Option(help="The stream's name. Default: the file's.")] = None,
    source_id: Annotated[str | None, typer.Option(help="The stream's source_id. Default: from name.")] = None,
    loop: Annotated[bool, typer.Option("--loop", help="Start again at the end.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Send nothing before somebody listens.")] = False,
    seed: Annotated[int, typer.Option(help="Which made-up brain, with synthetic.")] = 1,
    effect: Annotated[float, typer.Option(min=0.0, help="How much it shows, with synthetic.")] = 1.0,
    seconds: Annotated[
        float | None, typer.Option(min=0.0, help="Stop after so many seconds of signal.")
    ] = None,
    parent: Annotated[int, typer.Option(hidden=True, help="Stop when this is no longer the parent.")] = 0,
) -> None:
    """Publish a recording as an LSL stream, with its labels, units and a marker stream.

    The marker stream has the name with "-markers" behind it; its JSON markers say when a trial and its video
    start and when the trial ends, with the ratings. Take the stream up with `insightsim monitor`.
    """
    from insightsim.errors import SettingsError
    from streaming.recorded import Recorded
    from streaming.replay import publish
    from streaming.synthetic import Synthetic

    if source == "synthetic" and trial:
        raise SettingsError(f"trial {trial}: a made-up brain has no trials; name a DEAP file")
    if source == "synthetic":
        player: Recorded | Synthetic = Synthetic(seed=seed, effect=effect, speed=speed)
    else:
        player = Recorded(Path(source), (trial,) if trial else None, speed, loop)
    label = name or f"insightsim-{Path(source).stem}"
    ident = source_id or label
    sending = publish(player, label, ident, wait)
    next(sending)  # reads the file and opens the outlet
    typer.echo(f"Publishing {player.query} as LSL stream {label} (source_id {ident}); Ctrl-C stops")
    sys.stdout.flush()
    try:
        shown = sending if parent else _shown(sending, player.seconds if seconds is None else seconds)
        for sent in shown:
            if (seconds is not None and sent >= seconds) or _orphaned(parent):
                break
    except KeyboardInterrupt:
        pass
    finally:
        sending.close()


def _orphaned(parent: int) -> bool:
    """Whether the process that started this one is gone. On Windows a launcher stands between the two."""
    return parent > 0 and os.name == "posix" and os.getppid() != parent


def _shown(sending: Generator[float], total: float | None) -> Iterator[float]:
    """What has been sent, with a progress bar where somebody looks."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("signal sent", total=total)
        for sent in sending:
            bar.update(task, completed=sent, description=f"{sent:.0f} s of signal sent")
            yield sent
