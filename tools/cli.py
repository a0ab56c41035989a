"""insightsim: the command line. One command a file; each imports what is heavy only when it runs."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator

import typer

from insightsim.errors import InsightSimError
from tools import (
    aus,
    bench,
    demo,
    doctor,
    models,
    monitor,
    neutral,
    predict,
    replay,
    simulate,
    streams,
    train,
)

app = typer.Typer(
    name="insightsim",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A real-time emotion monitor: EEG in, rolling valence, arousal, dominance and liking out.\n\n"
    "Start with `insightsim demo`. For research and self-use; not a medical device.",
)
app.command()(demo.demo)
app.command()(monitor.monitor)
app.command()(replay.replay)
app.command()(streams.streams)
app.command()(aus.aus)
app.command()(neutral.neutral)
app.add_typer(simulate.app, name="simulate")
app.add_typer(train.app, name="train")
app.command()(predict.predict)
app.add_typer(models.app, name="models")
app.command()(doctor.doctor)
app.add_typer(bench.app, name="bench")


def main() -> None:
    """Run a command; an expected error is one sentence on stderr and exit code 1, never a traceback."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # What its encoding lacks becomes a question mark: Windows writes to a pipe in cp1252, without ✓.
        sys.stdout.reconfigure(errors="replace")
    try:
        app()
    except* InsightSimError as errors:
        for error in _leaves(errors):
            whose = getattr(error, "__notes__", [])  # of several participants
            typer.echo(": ".join(["insightsim", *whose, str(error)]), err=True)
        sys.exit(1)


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


if __name__ == "__main__":
    main()
