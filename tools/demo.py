"""`insightsim demo`: a made-up person over real LSL streams, and the monitor that watches them."""

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
    """Watch a made-up person: simulated EEG and the action units of a simulated face, over real LSL streams.

    Both show the same feelings, and the demo models' estimates are fused. Nobody is measured: the signals and
    the data the models were trained on are simulated.
    """
    from streaming.settings import Settings, override
    from tools import session

    with _person() as source_id:
        eeg, face = f"lsl:source_id={source_id}", f"lsl:source_id={source_id}-face"
        wanted = override(Settings(), "session", eeg=eeg, face=face, smoothing=smoothing)
        wanted = override(wanted, "server", port=port, browser=browser)
        session.run(wanted, seconds=seconds, as_json=as_json)


@contextmanager
def _person() -> Iterator[str]:
    """A replay of a made-up person in a process of its own, with the source_id of the brain."""
    source_id = f"insightsim-demo-{os.getpid()}"
    command = [sys.executable, "-m", "tools.cli", "replay", "synthetic", "--face", "synthetic"]
    command += ["--name", "insightsim-demo", "--source-id", source_id, "--parent", str(os.getpid())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True) as child:
        try:
            assert child.stdout is not None
            if not child.stdout.readline():  # its first line says that the streams are there
                raise typer.Exit(child.wait() or 1)
            yield source_id
        finally:
            child.terminate()
