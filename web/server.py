"""The socket and the server around the app: this machine alone, and a clean stop."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from insightsim.errors import ServerError
from web.limits import MAX_ANY

HOST = "127.0.0.1"

MAX_CONNECTIONS = 500
"""Far above what one machine's pages need, far below what slows the server."""

UNACKNOWLEDGED = 10_000
"""Milliseconds after which a page that no longer takes its data is cut off."""


def bind(host: str, port: int) -> socket.socket:
    """A listening socket on `port` of 127.0.0.1; port 0 takes a free one (see `getsockname`).

    Raises ServerError for any other host, and when the port is taken, not permitted or not a port.
    """
    if host != HOST:
        raise ServerError(
            f"Serving on {host} is not possible yet: whoever reaches that address could watch, so access "
            f"control has to come first. Leave --host out, or use --host {HOST}."
        )
    if not 0 <= port <= 65535:
        raise ServerError(f"{port} is not a port: give one from 1 to 65535, or --port 0 for a free one.")
    try:
        sock = socket.create_server((host, port))
    except OSError as error:
        raise ServerError(_why_not(port, error)) from error
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        # Linux: without it a page that stalls while data wait for it stays connected for good, as closing a
        # connection waits for them. Accepted connections inherit it.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED)
    return sock


async def serve(app: ASGIApp, sock: socket.socket) -> None:
    """Serve `app` until cancelled; every connection is then closed and the socket with them.

    Ctrl-C is left to `asyncio.run`, which cancels; so there is one way to stop.
    """
    config = uvicorn.Config(
        app,
        http="h11",
        ws="websockets-sansio",
        ws_max_size=MAX_ANY,  # each socket has a limit of its own, which says why
        ws_per_message_deflate=False,  # costs four times the CPU, and loopback has room
        limit_concurrency=MAX_CONNECTIONS,
        timeout_graceful_shutdown=1,
        lifespan="off",
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[sock]))
    try:
        await asyncio.shield(serving)
    finally:
        server.should_exit = True
        await serving


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take no signals: uvicorn's handler would keep Ctrl-C from whatever else runs in this loop."""
        yield


def _why_not(port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is in use. Stop the program that has it, or take a free one with --port 0."
    if error.errno == errno.EACCES:
        return (
            f"Port {port} may not be opened by this user. Take one above 1023, or a free one with --port 0."
        )
    return f"Port {port} cannot be opened: {error.strerror}. Take a free one with --port 0."
