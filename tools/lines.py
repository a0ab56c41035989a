"""What a monitor prints: JSON for everything the feed says, or a line for people when a state changes."""

from __future__ import annotations

import asyncio
import os
import re
import sys

import typer

from insightsim.types import Estimate, StreamState
from streaming.pipeline import Session
from web.messages import dumps, estimate_message, status_message

SILENT_AFTER = 5.0
"""Seconds of a live stream without an estimate, or with another reason for it, after which that is said."""


async def print_feeds(session: Session, as_json: bool, every: bool = False) -> None:
    """Print until every feed is closed or nobody reads any more; a slow reader skips estimates, unless it
    wants `every` one.
    """
    stdout = asyncio.Lock()
    printing = [
        asyncio.create_task(_print_feed(session, name, as_json, every, stdout))
        for name in session.participants
    ]
    try:
        for printed in asyncio.as_completed(printing):
            if not await printed:
                return
    finally:
        for task in printing:
            task.cancel()


async def _print_feed(
    session: Session, participant: str, as_json: bool, every: bool, stdout: asyncio.Lock
) -> bool:
    """Print one participant's feed; True when it was closed, False when nobody reads any more."""
    silence, voices = Silence(), Voices()
    async for item in session.participants[participant].subscribe(every):
        if as_json:
            line: str | None = _json(item, participant, session.utc_offset)
        elif isinstance(item, Estimate):
            line = (said := silence(item) or voices(item)) and f"{participant}: {said}"
        else:
            line = _told(item, participant, session)
        if line is None:
            continue
        async with stdout:
            try:
                typer.echo(line)
            except BrokenPipeError:  # whoever read the lines has had enough
                sys.stdout = open(os.devnull, "w")  # noqa: SIM115
                return False
            await _more_is_taken()
    return True


async def _more_is_taken() -> None:
    """Wait until stdout takes another line: writing to a full pipe would halt the page and all else."""
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    try:
        loop.add_writer(sys.stdout, ready.set)
    except (NotImplementedError, OSError, ValueError):  # Windows cannot ask; a file always takes more
        return
    try:
        await ready.wait()
    finally:
        loop.remove_writer(sys.stdout)


def _json(item: StreamState | Estimate, participant: str, utc_offset: float) -> str:
    if isinstance(item, Estimate):
        return dumps(estimate_message(item, participant, utc_offset))
    return dumps(status_message(item, participant, utc_offset))


class Silence:
    """What to say of a live stream's estimates: that there have been none for long, why, and when there are
    again. Another reason is said once it has lasted as long; other numbers or channels make no other reason.
    """

    def __init__(self) -> None:
        self._since: float | None = None
        self._kind = self._said = ""

    def __call__(self, estimate: Estimate) -> str | None:
        """The line after this estimate, if there is one."""
        live = any(state.status == "live" for state in estimate.streams)
        if estimate.vadl is not None or not live:  # what else a stream may be is said when it becomes so
            again = bool(self._said) and estimate.vadl is not None
            self._since, self._said = None, ""
            return "estimates again" if again else None
        reason = estimate.reason or "no reason is known"
        before, self._kind = self._kind, re.sub(r"\([^)]*\)|[\d.]+", "", reason)
        another = self._said and self._kind != before
        if self._since is None or another or estimate.time < self._since:  # or its clock was set back
            self._since = estimate.time
        if estimate.time - self._since < SILENT_AFTER or self._kind == self._said:
            return None
        self._said = self._kind
        return f"no estimate: {reason}"


class Voices:
    """What to say of where estimates come from: who has a say and with what part, where there are several
    streams, once that has lasted for long.
    """

    def __init__(self) -> None:
        self._since = 0.0
        self._heard: list[str] | None = None
        self._said: list[str] | None = None

    def __call__(self, estimate: Estimate) -> str | None:
        """The line after this estimate, if there is one."""
        heard = [share.stream for share in estimate.shares if share.reason is None]
        if not heard:  # which is said elsewhere
            return None
        if heard != self._heard or estimate.time < self._since:
            self._heard, self._since = heard, estimate.time
        if heard == self._said or estimate.time - self._since < SILENT_AFTER:
            return None
        first, self._said = self._said is None, heard
        if first and len(estimate.shares) == 1:
            return None
        others = [f"{share.stream}: {share.reason}" for share in estimate.shares if share.reason]
        return "; ".join([f"estimates from {_in_parts(estimate)}", *others])


def _in_parts(estimate: Estimate) -> str:
    """The streams that have a say, with their part in it, over all dimensions."""
    weights = {share.stream: sum(share.weight) for share in estimate.shares if share.reason is None}
    if len(weights) == 1:
        return f"{next(iter(weights))} alone"
    return " and ".join(f"{stream} {w / sum(weights.values()):.0%}" for stream, w in weights.items())


def _told(item: StreamState, participant: str, session: Session) -> str | None:
    """A change of state as a line for people.

    What fails is said in the end, but here too when the others go on.
    """
    if item.status == "failed" and sum(len(person.branches) for person in session.people) == 1:
        return None
    others = ", ".join(session.same_stream.get(participant, ()))
    facts = [
        item.name,
        f"{item.n_channels} channels at {item.sfreq:g} Hz" if item.sfreq else "",
        f"model {item.model}" if item.model else "",
        item.reason or "",
        f"the very same stream as {others}" if others else "",
        *_notes(item, participant, session),
    ]
    return f"{participant} {item.stream}: {item.status}  {' · '.join(filter(None, facts))}".rstrip()


def _notes(item: StreamState, participant: str, session: Session) -> list[str]:
    """What was damaged or assumed in a file, said once, when it was opened."""
    if item.status != "connecting" or not item.name:
        return []
    (person,) = (person for person in session.people if person.name == participant)
    return [note for branch in person.branches if branch.info for note in branch.info.notes]
