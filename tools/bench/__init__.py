"""Speeds, each beside the bare floor or the usual library in the same run.

All of it stays on this computer, and ends by itself. What is measured, and what was found, is in
docs/performance.md.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tools.bench.report import Report

app = typer.Typer(no_args_is_help=True, help="Measure speed, each beside a bare floor or the usual library.")

Seconds = Annotated[float, typer.Option(min=1.0, help="How long each of the three is watched.")]
Watched = Annotated[float, typer.Option(min=1.0, help="How long the monitor is watched.")]
Repeats = Annotated[int, typer.Option(min=1, help="How often each is timed; the fastest counts.")]
File = Annotated[Path | None, typer.Option(help="A DEAP file. Default: one is simulated.")]
Model = Annotated[str, typer.Option(help="A model's name, or the path of its card.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Markdown = Annotated[bool, typer.Option("--markdown", help="Print the rows of docs/performance.md.")]


@app.command("latency")
def _latency(
    seconds: Seconds = 60.0, model: Model = "auto", as_json: Json = False, markdown: Markdown = False
) -> None:
    """From a window's last sample to its estimate at a WebSocket client, over LSL."""
    from tools.bench import latency

    _show(latency.measure(seconds, model), as_json, markdown)


@app.command("throughput")
def _throughput(
    file: File = None,
    repeats: Repeats = 3,
    model: Model = "auto",
    as_json: Json = False,
    markdown: Markdown = False,
) -> None:
    """A whole recorded subject, and one window's features, on one core."""
    from tools.bench import throughput

    _show(throughput.measure(file, repeats, model), as_json, markdown)


@app.command("memory")
def _memory(
    seconds: Watched = 20.0, model: Model = "auto", as_json: Json = False, markdown: Markdown = False
) -> None:
    """The most memory an EEG-only monitor had."""
    from tools.bench import memory

    _show(memory.measure(seconds, model), as_json, markdown)


@app.command("load")
def _load(
    seconds: Watched = 60.0, model: Model = "auto", as_json: Json = False, markdown: Markdown = False
) -> None:
    """How much of a core 32 channels at 512 Hz take, beyond the bare inlet."""
    from tools.bench import load

    _show(load.measure(seconds, model), as_json, markdown)


@app.command("people")
def _people(
    seconds: Watched = 30.0, model: Model = "auto", as_json: Json = False, markdown: Markdown = False
) -> None:
    """Eight people of 32 channels at 128 Hz in one monitor: what they take, how old their estimates are."""
    from tools.bench import people

    _show(people.measure(seconds, model), as_json, markdown)


@app.command("face")
def _face(
    video: Annotated[
        Path | None, typer.Argument(help="A video of a face, of ten seconds or more. Default: the CSV alone.")
    ] = None,
    rows: Annotated[int, typer.Option(min=1000, help="Of the OpenFace CSV.")] = 100_000,
    seconds: Watched = 30.0,
    repeats: Repeats = 3,
    as_json: Json = False,
    markdown: Markdown = False,
) -> None:
    """A face beside the bare FaceLandmarker, live with EEG on one core; an OpenFace CSV beside pandas."""
    from tools.bench import face, openface

    found = openface.measure(rows, repeats)
    _show(found if video is None else face.measure(video, seconds, repeats) + found, as_json, markdown)


@app.command("soak")
def _soak(
    hours: Annotated[float, typer.Option(min=0.001, help="Of a recording, at high speed.")] = 1.0,
    minutes: Annotated[float, typer.Option(min=0.01, help="Over LSL.")] = 10.0,
    speed: Annotated[float, typer.Option(min=1.0, max=1000.0, help="Of the recording.")] = 200.0,
    model: Model = "auto",
    as_json: Json = False,
    markdown: Markdown = False,
) -> None:
    """Whether memory, threads and open files stay what they are: an hour from file, ten minutes over LSL."""
    from tools.bench import soak

    _show(soak.measure(hours, minutes, speed, model), as_json, markdown)


@app.command("all")
def _all(
    video: Annotated[
        Path | None,
        typer.Option(help="A video of a face: it is measured too. Default: an OpenFace CSV alone."),
    ] = None,
    model: Model = "auto",
    as_json: Json = False,
    markdown: Markdown = False,
) -> None:
    """One after another but for the soak: some ten minutes, with a --video thirteen."""
    from tools.bench import face, latency, load, memory, openface, people, throughput

    reports = (
        latency.measure(60.0, model),
        throughput.measure(None, 3, model),
        memory.measure(20.0, model),
        load.measure(60.0, model),
        people.measure(30.0, model),
        *(() if video is None else (face.measure(video),)),
        openface.measure(),
    )
    _show(sum(reports[1:], start=reports[0]), as_json, markdown)


def _show(report: Report, as_json: bool, markdown: bool) -> None:
    from tools.bench import report as shown

    if as_json:
        typer.echo(shown.as_json(report))
    elif markdown:
        typer.echo(shown.as_markdown(report))
    else:
        shown.print_table(report)
