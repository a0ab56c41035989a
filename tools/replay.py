"""`insightsim replay`: a recorded file, or a made-up brain, as a live LSL stream."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Iterator, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from streaming.recorded import Recorded
    from streaming.settings import Wanted
    from streaming.synthetic import Synthetic


class Stamps(StrEnum):
    """Which clock the stamps are on."""

    lsl = "lsl"
    recorded = "recorded"


def replay(
    source: Annotated[
        str,
        typer.Argument(
            metavar="PATH[#PART]",
            help="A recorded file (XDF, EDF, BDF, BrainVision, FIF, Muse, OpenBCI, DEAP, …), or the word "
            "synthetic. PART is a stream of an XDF file or a trial of a DEAP file.",
        ),
    ],
    trial: Annotated[
        int | None, typer.Option(min=1, help="Which trial of a DEAP file, from 1. Default: all, in order.")
    ] = None,
    speed: Annotated[float, typer.Option(min=0.1, max=100.0, help="Times as fast as recorded.")] = 1.0,
    ch_names: Annotated[
        str | None,
        typer.Option(
            help="Names for the channels, e.g. Fp1,Fp2,-,Cz; - leaves one out. Default: the file's."
        ),
    ] = None,
    unit: Annotated[str | None, typer.Option(help="V, mV, uV or nV. Default: the file's.")] = None,
    stamps: Annotated[
        Stamps | None,
        typer.Option(help="On the LSL clock from now on, or as they stand in the file. Default: lsl."),
    ] = None,
    name: Annotated[str | None, typer.Option(help="The stream's name. Default: the file's.")] = None,
    source_id: Annotated[str | None, typer.Option(help="The stream's source_id. Default: from name.")] = None,
    loop: Annotated[bool, typer.Option("--loop", help="Start again at the end.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Send nothing before somebody listens.")] = False,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Which made-up brain, with synthetic. Default: 1.")
    ] = None,
    effect: Annotated[
        float | None, typer.Option(min=0.0, help="How much it shows, with synthetic. Default: 1.")
    ] = None,
    sfreq: Annotated[
        float | None, typer.Option(min=64.0, max=4096.0, help="Its rate, Hz, with synthetic. Default: 128.")
    ] = None,
    seconds: Annotated[
        float | None, typer.Option(min=0.0, help="Stop after so many seconds of signal.")
    ] = None,
    parent: Annotated[int, typer.Option(hidden=True, help="Stop when this is no longer the parent.")] = 0,
) -> None:
    """Publish a recording as an LSL stream, with its labels, units and a marker stream.

    Stamps keep their recorded spacing, faults included. The marker stream has the name with "-markers" behind
    it; for a DEAP file it says in JSON when a trial and its video start and when the trial ends, with the
    ratings. Take the stream up with `insightsim monitor`.
    """
    from streaming.replay import publish
    from streaming.settings import Settings, override

    names = tuple(part.strip() for part in ch_names.split(",")) if ch_names else None
    wanted = override(Settings(), "session", trial=trial, speed=speed, ch_names=names, unit=unit).session
    of_file = {"trial": trial, "loop": loop or None, "stamps": stamps}
    of_brain = {"seed": seed, "effect": effect, "sfreq": sfreq}
    if source == "synthetic":
        _without(of_file, "a made-up brain has no trials, no end and no stamps of its own; name a file")
        player: Recorded | Synthetic = _made_up(wanted, of_brain)
    else:
        _without(of_brain, "only a made-up brain has that; replay synthetic")
        player = _recorded(source, wanted, loop, stamps)
    label = name or f"insightsim-{player.title}"
    ident = source_id or label
    sending = publish(player, label, ident, wait, wanted.ch_names, wanted.unit)
    next(sending)  # reads the file and opens the outlet
    typer.echo(f"Publishing {player.query} as LSL stream {label} (source_id {ident}); Ctrl-C stops")
    sys.stdout.flush()
    for note in _notes(player):
        typer.echo(f"Note: {note}", err=True)
    try:
        shown = sending if parent else _shown(sending, player.seconds if seconds is None else seconds)
        for sent in shown:
            if (seconds is not None and sent >= seconds) or _orphaned(parent):
                break
    except KeyboardInterrupt:
        pass
    finally:
        sending.close()


def _without(options: Mapping[str, object], why: str) -> None:
    """Refuse options that this source has no use for, rather than pass over them."""
    from insightsim.errors import SettingsError

    if given := [f"--{name}" for name, value in options.items() if value is not None]:
        raise SettingsError(f"{', '.join(given)}: {why}, or leave it out")


def _recorded(source: str, wanted: Wanted, loop: bool, stamps: Stamps | None) -> Recorded:
    from streaming.queries import file_of
    from streaming.recorded import Recorded

    path, part = file_of(source.removeprefix("file:"), wanted.trial)  # as the monitor writes it
    return Recorded(path, part, wanted.speed, loop, own_stamps=stamps is Stamps.recorded)


def _made_up(wanted: Wanted, options: Mapping[str, Any]) -> Synthetic:
    """Electrodes as named, else DEAP's."""
    from streaming.synthetic import Synthetic

    given = {name: value for name, value in options.items() if value is not None}
    if wanted.ch_names:
        given["ch_names"] = wanted.ch_names
    return Synthetic(speed=wanted.speed, **given)


def _notes(player: Recorded | Synthetic) -> list[str]:
    """What was damaged or assumed in a file."""
    return [note for track in getattr(player, "tracks", ()) for note in track.notes]


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
