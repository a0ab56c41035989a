"""One monitor from start to stop: pipeline, page and printed lines in one event loop."""

from __future__ import annotations

import asyncio
import gc
import signal
import subprocess
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import typer

from streaming.pipeline import Session, build
from streaming.settings import Settings
from tools.lines import print_feed
from web.app import create_app
from web.guard import loopback_hosts
from web.server import bind, serve

LAST_LINES = 1.0
"""Seconds a slow reader of stdout has for the last lines."""


def run(settings: Settings, seconds: float | None = None, as_json: bool = False) -> None:
    """Run until Ctrl-C, `seconds` have passed or, when lines are printed, the streams have ended.

    Raises, as a group, what ended the session, and ServerError when the page cannot be served.
    """
    session = build(settings)
    with bind(settings.server.host, settings.server.port) as sock:
        port = sock.getsockname()[1]
        address = f"http://{settings.server.host}:{port}/"
        # With --json, stdout belongs to the lines.
        typer.echo(f"Watching {settings.session.eeg} at {address} (Ctrl-C stops)", err=True)
        if settings.server.browser:
            _open_page(address)
        app = create_app(session, loopback_hosts(port))
        try:
            with _short_collections():
                asyncio.run(_run(session, serve(app, sock), seconds, as_json))
        except KeyboardInterrupt:  # the ordinary way to stop
            typer.echo("Stopped.", err=True)
    if session.error is not None:
        raise typer.Exit(1)  # said when it happened, while the page stayed up


def _open_page(address: str) -> None:
    """In a process of its own: where the browser is one for the terminal, it would keep this one waiting."""
    command = [sys.executable, "-m", "webbrowser", address]
    nothing = subprocess.DEVNULL
    subprocess.Popen(command, stdin=nothing, stdout=nothing, stderr=nothing)


async def _run(
    session: Session, serving: Coroutine[Any, Any, None], seconds: float | None, as_json: bool
) -> None:
    pipeline = asyncio.create_task(session.run())
    server = asyncio.create_task(serving)
    stdout = asyncio.Lock()
    printers = [
        asyncio.create_task(print_feed(name, feed, session.utc_offset, as_json, stdout))
        for name, feed in session.participants.items()
    ]
    deadline = None if seconds is None else asyncio.get_running_loop().time() + seconds
    try:
        with _stop_signal() as stopped:
            await _wait({pipeline, server, *printers, stopped}, deadline)
            if pipeline.done() and session.began and not as_json and not stopped.done():
                over = f"insightsim: {session.error}" if session.error else "The session is over"
                typer.echo(f"{over}; the page stays until Ctrl-C.", err=True)
                await _wait({server, stopped}, deadline)
    finally:
        pipeline.cancel()
        server.cancel()
        await asyncio.gather(pipeline, server, return_exceptions=True)
        # The pipeline has closed its feeds, so the printers end with the last line out, if anybody reads it.
        await asyncio.wait(printers, timeout=LAST_LINES)
        for printer in printers:
            printer.cancel()
        await asyncio.gather(*printers, return_exceptions=True)
    for task in (pipeline, server, *printers):
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error


async def _wait(tasks: set[asyncio.Future[None]], deadline: float | None) -> None:
    """Until one of them is done, or the time has come."""
    left = None if deadline is None else max(0.0, deadline - asyncio.get_running_loop().time())
    await asyncio.wait(tasks, timeout=left, return_when=asyncio.FIRST_COMPLETED)


@contextmanager
def _short_collections() -> Iterator[None]:
    """Leave what is loaded by now out of garbage collection: going through it halts everything for 50 ms."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@contextmanager
def _stop_signal() -> Iterator[asyncio.Future[None]]:
    """Done when the process is asked to end, so that it stops as it does at Ctrl-C."""
    loop = asyncio.get_running_loop()
    stopped: asyncio.Future[None] = loop.create_future()
    if sys.platform == "win32":
        yield stopped
        return
    loop.add_signal_handler(signal.SIGTERM, stopped.cancel)
    try:
        yield stopped
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
