"""The page, the feed behind it, and whether all is well."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from fastapi.responses import FileResponse, Response
from fastapi.staticfiles import StaticFiles

from insightsim.cards import Card
from insightsim.types import Estimate
from streaming.feed import Feed
from web.guard import Guard
from web.messages import dumps, estimate_message, hello_message, status_message, stream_fields

STATIC = Path(__file__).parent / "static"

UNKNOWN, OVER, FAILED = 4404, 4000, 4500
"""Why a WebSocket was closed: no such participant; the session is over; it ended in an error."""


class Session(Protocol):
    """What the server needs to know of a running session; every attribute is read anew each time."""

    @property
    def participants(self) -> Mapping[str, Feed]:
        """The feed of each participant, by name."""

    @property
    def cards(self) -> Mapping[str, Sequence[Card]]:
        """The models that speak about each participant."""

    @property
    def utc_offset(self) -> float | None:
        """UTC (Unix seconds) at LSL time 0."""

    @property
    def error(self) -> str | None:
        """What ended the session, in words; None while all is well."""


def create_app(session: Session, hosts: Collection[str]) -> FastAPI:
    """The app that shows `session` to whoever addresses it as one of `hosts` (see `guard.loopback_hosts`)."""
    # No API pages: they would load scripts from elsewhere.
    app = FastAPI(title="InsightSim", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(Guard, hosts=hosts)
    app.mount("/static", StaticFiles(directory=STATIC))

    @app.get("/")
    async def page() -> Response:
        return FileResponse(STATIC / "index.html")

    @app.get("/health")
    async def health() -> Response:
        report = {
            "status": "ok" if session.error is None else "failing",
            "error": session.error,
            "participants": {
                name: {"streams": [stream_fields(state) for state in feed.states.values()]}
                for name, feed in session.participants.items()
            },
        }
        status = 200 if session.error is None else 503
        return Response(dumps(report), status, media_type="application/json")

    @app.websocket("/live/{participant}")
    async def live(websocket: WebSocket, participant: str) -> None:
        # Accepted even when nobody has that name: a browser shows a page no reason for a refused handshake.
        await websocket.accept()
        feed = session.participants.get(participant)
        if feed is None:
            there = ", ".join(session.participants)
            await websocket.close(UNKNOWN, _short(f"No such participant. There are: {there}."))
            return
        # Sending alone would not notice, on a silent feed, that the page has left or that the server stops.
        async with asyncio.TaskGroup() as tasks:
            sending = tasks.create_task(_send(websocket, session, participant, feed))
            await _until_left(websocket)
            sending.cancel()

    return app


async def _send(websocket: WebSocket, session: Session, participant: str, feed: Feed) -> None:
    """Everything the feed says, at the pace this one page takes it; then why it ended."""
    try:
        cards = session.cards.get(participant, ())
        await websocket.send_text(dumps(hello_message(participant, cards)))
        async for item in feed.subscribe():
            # A model is chosen only once its stream is found.
            if cards != (cards := session.cards.get(participant, ())):
                await websocket.send_text(dumps(hello_message(participant, cards)))
            if isinstance(item, Estimate):
                message = estimate_message(item, participant, session.utc_offset)
            else:
                message = status_message(item, participant, session.utc_offset)
            await websocket.send_text(dumps(message))
        if session.error is None:
            await websocket.close(OVER, "The session is over.")
        else:
            await websocket.close(FAILED, _short(session.error))
    except WebSocketDisconnect:
        pass  # left while something was being sent; `_until_left` sees it too


async def _until_left(websocket: WebSocket) -> None:
    """Return once the page is gone; whatever it says until then is ignored."""
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass


def _short(reason: str) -> str:
    """Cut to what a close frame holds: 123 bytes."""
    return reason.encode()[:123].decode(errors="ignore")
