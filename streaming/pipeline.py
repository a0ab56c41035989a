"""source → conform → mend → filter → window → quality → features → model → fusion → smoothing → feed.

`build` names the stages; `Session.run` moves the values. The only threads of the pipeline are here: one per
branch, which opens, pulls, computes and closes; its results return to the event loop, where fusion and
publishing run.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from insightsim import models
from insightsim.cards import Card
from insightsim.eeg import Judge
from insightsim.errors import InsightSimError, StreamLost, StreamNotFound
from insightsim.fusion import LateFusion, Smooth
from insightsim.models import Model
from insightsim.types import Estimate, Prediction
from streaming.branch import Branch, Event
from streaming.feed import Feed
from streaming.lsl import clock
from streaming.queries import source_of
from streaming.settings import Settings
from streaming.sources import SourceInfo

Call = Callable[..., asyncio.Future[Any]]
"""Runs a function on a branch's own thread."""

OPEN_WITHIN = 5.0
"""Seconds in which a stream must be found at the start."""
TRY = 0.5
"""Seconds one try to find a stream may take; short, so that a stop is not held up."""
TRY_EVERY = 0.25
"""Seconds between two tries to find a lost stream."""


@dataclass(slots=True)
class Participant:
    """One person: their streams, what these say together, and who listens."""

    name: str
    branches: Sequence[Branch]
    fuse: Callable[[Prediction], Estimate]
    smooth: Smooth
    feed: Feed = field(default_factory=Feed)

    def take(self, event: Event) -> None:
        """Publish what a branch said: every change of state, and the estimate its prediction leads to."""
        self.feed.announce(event.state)
        if not any(state.status in ("live", "warming up") for state in self.feed.states.values()):
            self.smooth.forget()
        if event.prediction is not None:
            estimate = self.smooth(self.fuse(event.prediction))
            self.feed.publish(replace(estimate, streams=tuple(self.feed.states.values())))


@dataclass(slots=True)
class Session:
    """Everything one monitor runs, and what ended it."""

    people: Sequence[Participant]
    error: str | None = None
    utc_offset: float = field(default_factory=lambda: time.time() - clock())
    """UTC (Unix seconds) at LSL time 0."""

    @property
    def participants(self) -> dict[str, Feed]:
        """The feed of each participant, by name."""
        return {person.name: person.feed for person in self.people}

    @property
    def cards(self) -> dict[str, list[Card]]:
        """The models in use for each participant; none before their stream was found."""
        return {person.name: [b.card for b in person.branches if b.card] for person in self.people}

    @property
    def began(self) -> bool:
        """Whether any stream ever brought a sample."""
        return any(branch.newest is not None for person in self.people for branch in person.branches)

    async def run(self) -> None:
        """Run every branch until its stream ends; raises, as a group, an error that no retry can mend."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for participant in self.people:
                    for branch in participant.branches:
                        pump = tasks.create_task(_pump(participant, branch))
                        pump.add_done_callback(partial(self._note, participant, branch))
        finally:
            for participant in self.people:
                participant.feed.close()

    def _note(self, participant: Participant, branch: Branch, pump: asyncio.Task[None]) -> None:
        """Keep what ended a branch, for the page and /health; the task group raises it."""
        if not pump.cancelled() and (error := pump.exception()) is not None:
            self.error = str(error) or type(error).__name__
            participant.take(branch.failed(self.error))


async def _pump(participant: Participant, branch: Branch) -> None:
    # One thread per branch: its calls never overlap, so close() cannot race pull().
    thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="branch")
    call = partial(asyncio.get_running_loop().run_in_executor, thread)
    participant.take(Event(branch.state))
    try:
        await _find(call, participant, branch)
        while not await _follow(call, participant, branch):
            await _find_again(call, participant, branch)
        participant.take(branch.ended())
    finally:
        try:
            await call(branch.close)  # after the pull in progress; the loop goes on meanwhile
        finally:
            thread.shutdown(wait=False)


async def _find(call: Call, participant: Participant, branch: Branch) -> None:
    """Open the source for the first time; what is not there by then is an error."""
    deadline = clock() + OPEN_WITHIN - TRY
    while clock() < deadline:
        try:
            participant.take(await call(partial(branch.open, TRY)))
        except StreamNotFound:
            continue
        return
    participant.take(await call(branch.open))  # looks once more, and its error lists what else there is


async def _follow(call: Call, participant: Participant, branch: Branch) -> bool:
    """Publish what the branch says until its stream ends (True) or is lost (False)."""
    try:
        while (events := await call(branch.step)) is not None:
            for event in events:
                participant.take(event)
    except StreamLost as lost:
        participant.take(branch.lost(str(lost)))
        return False
    return True


async def _find_again(call: Call, participant: Participant, branch: Branch) -> None:
    """Resolve the user's query again until the stream is back, under whatever source_id."""
    while True:
        await call(branch.close)
        try:
            participant.take(await call(partial(branch.open, TRY)))
        except StreamNotFound:
            await asyncio.sleep(TRY_EVERY)
        except InsightSimError as error:  # it is back, but unfit: say why, and go on looking
            participant.take(branch.lost(str(error)))
            await asyncio.sleep(TRY_EVERY)
        else:
            return


def build(settings: Settings) -> Session:
    """A session as the settings ask for it. Raises SettingsError, StreamError, DatasetError, ModelError."""
    wanted = settings.session
    source = source_of(wanted)

    def judge(model: Model) -> Judge:
        return Judge(model, settings.limits, wanted.mains)

    branch = Branch(source, "eeg", partial(choose_model, wanted.model), judge)
    person = Participant(wanted.participant, [branch], LateFusion({}), Smooth(wanted.smoothing))
    return Session([person])


def choose_model(wanted: str, info: SourceInfo) -> Model:
    """The model asked for by name or path, or the richest whose channels are all there. Raises ModelError."""
    if wanted == "auto":
        return models.load(models.choose(info.ch_names))
    return models.load(models.named(wanted))
