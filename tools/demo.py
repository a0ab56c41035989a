"""`insightsim demo`: a made-up brain over a real LSL stream, and the monitor that watches it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from tools.monitor import Browser, Json, Port, Seconds, Smoothing


def demo(
    seconds: Seconds = None,
    as_json: Json = False,
    port: Port = None,
    browser: Browser = None,
    smoothing: Smoothing = None,
) -> None:
    """Watch a made-up brain: simulated EEG over a real LSL stream, estimated by the demo model.

    Nobody is measured: both the signal and the data the model was trained on are simulated.
    """
    from streaming.settings import Settings, override
    from tools import session

    with _brain() as source_id:
        wanted = override(Settings(), "session", eeg=f"lsl:source_id={source_id}", smoothing=smoothing)
        wanted = override(wanted, "server", port=port, browser=browser)
        session.run(wanted, seconds=seconds, as_json=as_json)


@contextmanager
def _brain() -> Iterator[str]:
    """A replay of a made-up brain in a process of its own, with its source_id."""
    source_id = f"insightsim-demo-{os.getpid()}"
    command = [sys.executable, "-m", "tools.cli", "replay", "synthetic", "--name", "insightsim-demo"]
    command += ["--source-id", source_id, "--parent", str(os.getpid())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True) as child:
        try:
            assert child.stdout is not None
            if not child.stdout.readline():  # its first line says that the stream is there
                raise typer.Exit(child.wait() or 1)
            yield source_id
        finally:
            child.terminate()
