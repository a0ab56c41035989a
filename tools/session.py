"""One monitor from start to stop: pipeline, page and printed lines in one event loop."""

from __future__ import annotations

import asyncio
import gc
import signal
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import typer
from threadpoolctl import threadpool_limits

from insightsim.errors import InsightSimError, StreamError
from insightsim.types import StreamState
from streaming.branch import Branch
from streaming.browser import BROWSER
from streaming.feed import Feed
from streaming.pace import FLAT_OUT
from streaming.pipeline import Session, build
from streaming.settings import Settings
from tools.lines import print_feeds
from web.app import create_app
from web.guard import loopback_hosts
from web.server import bind, serve

LAST_LINES = 1.0
"""Seconds a slow reader of stdout has for the last lines."""
LOOKED = 2.0
"""Seconds without a source after which it is said that it is waited for."""


def run(settings: Settings, seconds: float | None = None, as_json: bool = False) -> None:
    """Run until Ctrl-C, `seconds` have passed or, when lines are printed, the streams have ended.

    Raises, as a group, what ended the session, ServerError when the page cannot be served, and StreamError
    when `seconds` have passed and nothing came of somebody's source.
    """
    session = build(settings)
    with bind(settings.server.host, settings.server.port) as sock:
        port = sock.getsockname()[1]
        address = f"http://{settings.server.host}:{port}/"
        # With --json, stdout belongs to the lines.
        typer.echo(f"Watching {_whom(settings)} at {address} (Ctrl-C stops)", err=True)
        page = address if settings.server.browser else None
        every = as_json and any(person.speed == FLAT_OUT for person in settings.people)
        app = create_app(session, loopback_hosts(port))
        stopped = False
        try:
            with _short_collections(), threadpool_limits(1):  # BLAS: its idle threads spin between windows
                asyncio.run(_run(session, serve(app, sock), seconds, as_json, page, every))
        except KeyboardInterrupt:  # the ordinary way to stop
            stopped = True
            typer.echo("Stopped.", err=True)
    failures = [failure for person in session.people for failure in person.failures.values()]
    if bugs := [failure for failure in failures if not isinstance(failure, InsightSimError)]:
        raise BaseExceptionGroup("bugs that ended participants", bugs)
    if failures:
        raise typer.Exit(1)  # said when it happened, while the page stayed up
    if seconds is not None and not stopped and (silent := _queries(session, lambda branch: branch.newest)):
        raise StreamError(
            f"nothing came of {silent} in {seconds:g} s (`insightsim streams` lists what is there)"
        )


def _whom(settings: Settings) -> str:
    """What is watched; whose it is only where there are several."""
    people = settings.people
    if len(people) == 1:
        return people[0].sources
    return ", ".join(f"{one.participant} ({one.sources})" for one in people)


def _queries(session: Session, there: Callable[[Branch], object]) -> str:
    """The sources, as asked for, of which nothing is `there` yet; whose only where several are watched."""
    several = len(session.people) > 1
    return ", ".join(
        f"{branch.source.query} ({person.name})" if several else branch.source.query
        for person in session.people
        for branch in person.branches
        if branch.state.status != "failed" and there(branch) is None
    )


async def _say_what_is_missing(session: Session) -> None:
    """Once, so that a terminal where nothing happens is not taken for a program that hangs."""
    await asyncio.sleep(LOOKED)
    if missing := _queries(session, lambda branch: branch.info):
        typer.echo(f"Waiting for {missing} …", err=True)


async def _open_page(feeds: Iterable[Feed], address: str) -> None:
    """Open the page once anybody's source is found: before, there may be nothing to see but a refusal here.

    In a process of its own: a browser for the terminal would keep this one waiting.
    """
    looking = [asyncio.create_task(_found(feed)) for feed in feeds]
    try:
        for found in asyncio.as_completed(looking):
            if await found:
                break
        else:
            return
    finally:
        for task in looking:
            task.cancel()
    command = [sys.executable, "-m", "webbrowser", address]
    nothing = subprocess.DEVNULL
    subprocess.Popen(command, stdin=nothing, stdout=nothing, stderr=nothing)


async def _found(feed: Feed) -> bool:
    """True once one of the feed's sources is found, or waits for the page; False if it is closed before."""
    async for item in feed.subscribe():
        if isinstance(item, StreamState) and (item.name or item.source == BROWSER):
            return True
    return False


async def _run(
    session: Session,
    serving: Coroutine[Any, Any, None],
    seconds: float | None,
    as_json: bool,
    page: str | None = None,
    every: bool = False,
) -> None:
    pipeline = asyncio.create_task(session.run())
    server = asyncio.create_task(serving)
    printing = asyncio.create_task(print_feeds(session, as_json, every))
    opening = [asyncio.create_task(_open_page(session.participants.values(), page))] if page else []
    waiting = asyncio.create_task(_say_what_is_missing(session))
    deadline = None if seconds is None else asyncio.get_running_loop().time() + seconds
    try:
        with _stop_signal() as stopped:
            await _wait({pipeline, server, printing, stopped}, deadline)
            if every and pipeline.done():  # the last lines, however slowly they are read
                await _wait({server, printing, stopped}, deadline)
            if pipeline.done() and session.began and not as_json and not stopped.done():
                errors = session.errors
                several = len(session.people) > 1
                over = "; ".join(f"{name}: {error}" if several else error for name, error in errors.items())
                over = f"insightsim: {over}" if over else "The session is over"
                typer.echo(f"{over}; the page stays until Ctrl-C.", err=True)
                await _wait({server, stopped}, deadline)
    finally:
        pipeline.cancel()
        waiting.cancel()
        # First it closes its feeds, so that every page hears why: of a server that stops they hear only that.
        await asyncio.wait({pipeline, waiting})
        server.cancel()
        await asyncio.gather(pipeline, server, waiting, return_exceptions=True)
        # So all who read the feeds end, the last line out if anybody reads it.
        readers = [printing, *opening]
        await asyncio.wait(readers, timeout=LAST_LINES)
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
    for task in (pipeline, server, printing, *opening):
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
