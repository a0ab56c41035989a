"""`insightsim monitor`: watch a live session, as a page, as JSON lines, or both."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Seconds = Annotated[float | None, typer.Option(min=0.0, help="Stop after so many seconds, with exit code 0.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")]
Port = Annotated[
    int | None, typer.Option(min=0, max=65535, help="Of the page; 0 picks a free one. Default: 8765.")
]
Browser = Annotated[
    bool | None, typer.Option("--browser/--no-browser", help="Open the page in the browser. Default: yes.")
]
Model = Annotated[str | None, typer.Option(help="A model's name, or the path of its card. Default: auto.")]
Smoothing = Annotated[
    float | None, typer.Option(help="Time constant of what is shown, s; 0: none. Default: 10.")
]
SettingsFile = Annotated[Path | None, typer.Option(help="A settings file. Default: insightsim.toml here.")]
Mains = Annotated[float | None, typer.Option(help="Mains frequency, 50 or 60 Hz. Default: 50.")]


def monitor(
    eeg: Annotated[
        str | None,
        typer.Option(
            help="lsl:NAME, lsl:type=EEG, lsl:source_id=…, file:s01.dat or synthetic. Default: lsl:type=EEG."
        ),
    ] = None,
    trial: Annotated[
        int | None, typer.Option(min=0, help="Which trial of a file, from 1; 0 for all. Default: all.")
    ] = None,
    participant: Annotated[
        str | None, typer.Option(help="What to call the person watched. Default: p1.")
    ] = None,
    model: Model = None,
    mains: Mains = None,
    smoothing: Smoothing = None,
    seconds: Seconds = None,
    as_json: Json = False,
    host: Annotated[str | None, typer.Option(help="Of the page; this machine alone, for now.")] = None,
    port: Port = None,
    browser: Browser = None,
    settings: SettingsFile = None,
) -> None:
    """Watch a live EEG stream: valence, arousal, dominance and liking on a page of this machine.

    `insightsim streams` lists what there is to watch; `insightsim replay` makes a recording into a stream.
    Settings come from insightsim.toml; options given here win.
    """
    from streaming import settings as told
    from tools import session

    wanted = told.load(settings)
    wanted = told.override(
        wanted,
        "session",
        eeg=eeg,
        trial=0 if eeg is not None and trial is None else trial,  # the file's trial is of the file's source
        participant=participant,
        model=model,
        mains=mains,
        smoothing=smoothing,
    )
    wanted = told.override(wanted, "server", host=host, port=port, browser=browser)
    session.run(wanted, seconds=seconds, as_json=as_json)
