"""`insightsim monitor`: watch a live session, as a page, as JSON lines, or both."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Seconds = Annotated[float | None, typer.Option(min=0.0, help="Stop after so many seconds.")]
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
Fps = Annotated[
    float | None,
    typer.Option(help="Frames a second of an OpenFace CSV, where its stamps are no times. Default: its own."),
]
MinConfidence = Annotated[
    float | None,
    typer.Option(help="Of an OpenFace CSV: confidence from which a row counts, 0 to 1. Default: 0.8."),
]
Weight = Annotated[
    list[str] | None,
    typer.Option(
        metavar="MODEL=W",
        help="Once for each model: its say in the estimate, 0 to 1, in place of its measured skill. Default: "
        "as measured, so a model at chance has none.",
    ),
]
Mains = Annotated[float | None, typer.Option(help="Mains frequency, 50 or 60 Hz. Default: 50.")]


SOURCES = (
    "lsl:NAME, lsl:type=EEG, lsl:source_id=…, file:PATH, file:PATH#PART, synthetic or synthetic:SEED; none: "
    "no EEG."
)
FACES = (
    "camera:0, video:PATH, rtsp://…, browser (the page asks for its camera), openface:PATH (a CSV file of "
    "OpenFace), lsl:type=AU, lsl:NAME, lsl:source_id=…, synthetic or synthetic:SEED"
)


def monitor(
    eeg: Annotated[
        str | None,
        typer.Option(
            help=f"Where one person's EEG is: {SOURCES} Default: lsl:type=EEG, or none where --face is given."
        ),
    ] = None,
    face: Annotated[
        str | None, typer.Option(help=f"Where one person's face is: {FACES}. Default: none.")
    ] = None,
    participant: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=SOURCE",
            help="Once for each person: anna=lsl:source_id=a, or anna=file:PATH. A name alone is one of the "
            "settings file, or what to call the person of --eeg. Default: p1.",
        ),
    ] = None,
    trial: Annotated[
        int | None, typer.Option(min=0, help="Which trial of a file, from 1; 0 for all. Default: all.")
    ] = None,
    speed: Annotated[
        float | None,
        typer.Option(
            help="Of a file: times as fast as recorded; 0: as fast as it can, all of it. Default: 1."
        ),
    ] = None,
    fps: Fps = None,
    min_confidence: MinConfidence = None,
    ch_names: Annotated[
        str | None,
        typer.Option(
            help="Names for the channels, in the source's order: Fp1,Fp2,C3; - is not EEG. Default: its own."
        ),
    ] = None,
    unit: Annotated[
        str | None, typer.Option(help="Of the source's numbers: V, mV, uV or nV. Default: as it says.")
    ] = None,
    model: Model = None,
    face_model: Annotated[
        Path | None,
        typer.Option(
            help="Path of the landmark bundle face_landmarker.task, for cameras and videos. Default: "
            "looked for, and fetched where it is not there."
        ),
    ] = None,
    face_model_vadl: Annotated[
        str | None,
        typer.Option(
            help="What judges the face: a model's name, or the path of its card. Default: auto, the best "
            "measured for the source's action units."
        ),
    ] = None,
    neutral: Annotated[
        Path | None,
        typer.Option(help="One person's neutral face, a file of insightsim neutral. Default: learnt live."),
    ] = None,
    weight: Weight = None,
    lsl_out: Annotated[
        bool | None,
        typer.Option(
            "--lsl-out",
            help="Publish action units and estimates as LSL streams. Everyone on the network can read them.",
        ),
    ] = None,
    mains: Mains = None,
    smoothing: Smoothing = None,
    seconds: Seconds = None,
    as_json: Json = False,
    host: Annotated[str | None, typer.Option(help="Of the page; this machine alone, for now.")] = None,
    port: Port = None,
    browser: Browser = None,
    settings: SettingsFile = None,
) -> None:
    """Watch live EEG, a face, or both: valence, arousal, dominance and liking on a page of this machine.

    `insightsim streams` lists what there is to watch; `insightsim replay` makes a recording into a stream.
    Several people are watched by naming each with a source; the page then shows a grid that opens any of
    them, and one whose source fails leaves the others running. Everyone watched must know and agree.

    Settings come from insightsim.toml; options given here win, and hold for everyone watched.
    """
    from streaming import settings as told
    from streaming.people import watched
    from tools import session

    wanted = watched(
        told.load(settings),
        participant or (),
        eeg,
        trial=trial,
        speed=speed,
        fps=fps,
        min_confidence=min_confidence,
        ch_names=None if ch_names is None else [name.strip() for name in ch_names.split(",") if ch_names],
        unit=unit,
        model=model,
        face=face,
        face_model=None if face_model is None else str(face_model),
        face_model_vadl=face_model_vadl,
        neutral=None if neutral is None else str(neutral),
        weight=weight or None,
        lsl_out=lsl_out,
        mains=mains,
        smoothing=smoothing,
    )
    wanted = told.override(wanted, "server", host=host, port=port, browser=browser)
    session.run(wanted, seconds=seconds, as_json=as_json)
