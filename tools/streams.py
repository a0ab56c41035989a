"""`insightsim streams`: which LSL streams there are."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

WIDE = 100_000
"""Columns of a pipe, which has no width of its own: a stream is one line of it."""


def streams(
    within: Annotated[float, typer.Option(help="Seconds to look; under 0.5 some streams are missed.")] = 1.0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List the LSL streams on this network: name, type, channels, rate, host, source_id."""
    import orjson
    from rich.console import Console
    from rich.table import Column, Table
    from rich.text import Text

    from streaming import lsl

    found = lsl.streams(within)
    if as_json:
        for stream in found:
            typer.echo(orjson.dumps(asdict(stream)))
        return
    if not found:
        typer.echo(
            "No LSL stream answers. Is the device on, and is this network open to LSL? `insightsim doctor`"
        )
        return
    # Never cut: what stands here is what --eeg has to be told.
    headings = ("name", "type", "channels", "rate (Hz)", "host", "source_id")
    table = Table(*(Column(heading, overflow="fold") for heading in headings))
    for stream in found:
        row = (stream.name, stream.type, str(stream.n_channels), f"{stream.sfreq:g}", stream.host)
        # Text, because anyone on the network chooses these names: rich would take "[…]" in a str as markup.
        table.add_row(*(Text(_printable(cell)) for cell in (*row, stream.source_id or "–")))
    console = Console()
    if not console.is_terminal:
        console.width = WIDE
    console.print(table)


def _printable(text: str) -> str:
    """The same without control characters, which could take over the terminal."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
