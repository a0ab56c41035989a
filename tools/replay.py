"""`insightsim replay`: a recorded file, or a made-up brain, as a live LSL stream."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Iterator
from enum import StrEnum
from typing import Annotated

import typer

from tools.monitor import Fps


class Stamps(StrEnum):
    """Which clock the stamps are on."""

    lsl = "lsl"
    recorded = "recorded"


def replay(
    source: Annotated[
        str,
        typer.Argument(
            metavar="PATH[#PART]",
            help="A recorded file (XDF, EDF, BDF, BrainVision, FIF, Muse, OpenBCI, DEAP, …, or a CSV of "
            "OpenFace), or the word synthetic. PART is a stream of an XDF file, a trial of a DEAP file, or a "
            "face of an OpenFace file.",
        ),
    ],
    face: Annotated[
        str | None,
        typer.Option(
            metavar="FILE.csv",
            help="A CSV of OpenFace of the same person, or the word synthetic: a second stream, NAME-face.",
        ),
    ] = None,
    trial: Annotated[
        int | None, typer.Option(min=1, help="Which trial of a DEAP file, from 1. Default: all, in order.")
    ] = None,
    speed: Annotated[float, typer.Option(min=0.1, max=100.0, help="Times as fast as recorded.")] = 1.0,
    fps: Fps = None,
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

    EEG comes as type EEG; a CSV of OpenFace as type AU, alone or, with --face, beside EEG of the same time.
    Stamps keep their recorded spacing, faults included. The marker stream has the name with "-markers" behind
    it; for a DEAP file it says in JSON when a trial and its video start and when the trial ends, with the
    ratings. Take the stream up with `insightsim monitor`.
    """
    from streaming.pace import Start
    from streaming.replay import Sending, publish
    from streaming.settings import Settings, override
    from tools import players

    names = tuple(part.strip() for part in ch_names.split(",")) if ch_names else None
    asked = {"trial": trial, "speed": speed, "fps": fps, "ch_names": names, "unit": unit}
    wanted = override(Settings(), "session", **asked).session
    of_file = {"face": face, "loop": loop or None, "stamps": stamps}
    given = asked | of_file | {"seed": seed, "effect": effect, "sfreq": sfreq}
    start = Start()
    player = players.player(source, wanted, given, start)
    label = name or f"insightsim-{player.title}"
    ident = source_id or label
    sendings = [Sending(player, label, ident, wanted.ch_names, wanted.unit)]
    if face is not None:
        other = players.beside(face, source, wanted, given, start)
        sendings.append(Sending(other, f"{label}-face", f"{ident}-face"))
    sending = publish(sendings, wait)
    next(sending)  # reads the files and opens the outlets
    for one in sendings:
        stream = f"LSL stream {one.name} (source_id {one.source_id})"
        typer.echo(f"Publishing {one.source.query} as {stream}; Ctrl-C stops")
    sys.stdout.flush()
    for note in (note for one in sendings for note in one.source.notes):
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
