"""EEG: source → conform → steady → mend → resample → filter → window → reference → quality → features → model
face: pictures → landmarks → action units (or a source of these) → window → quality → features → model
both: → fusion → smoothing → feed

`build` makes a branch for each sense of a participant, whose stages `eeg_chain.py`, `face_source.py` and
`face_chain.py` name; `Session.run` moves the values. Up to the predictions they move on the thread of a
branch (`pump.py`); fusion and publishing run on the event loop.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from insightsim import affectnet, models
from insightsim.cards import Card
from insightsim.eeg import Judge
from insightsim.errors import InsightSimError, SettingsError
from insightsim.fusion import LateFusion, Smooth
from insightsim.models import Model
from insightsim.quality import Limits
from streaming.branch import Branch, Event
from streaming.browser import BROWSER, BrowserFrames
from streaming.eeg_chain import EegChain
from streaming.face_chain import FaceChain
from streaming.face_queries import face_source
from streaming.feed import Feed
from streaming.lsl import clock
from streaming.options import check_options
from streaming.pace import Start
from streaming.publish import EstimateOutlet, Published
from streaming.pump import pump
from streaming.queries import source_of
from streaming.settings import NONE, Settings, Wanted
from streaming.sources import SourceInfo, Unfit


@dataclass(slots=True)
class Participant:
    """One person: their streams, what these say together, and who listens."""

    name: str
    branches: Sequence[Branch]
    fuse: LateFusion
    smooth: Smooth
    feed: Feed = field(default_factory=Feed)
    failures: dict[str, BaseException] = field(default_factory=dict)
    """What ended a stream before its time, by stream; the others go on without it."""
    patient: bool = False
    """Whether a stream that is missing at the start is looked for until it is there."""
    outlet: EstimateOutlet | None = None
    """Where estimates are also sent to; None: nowhere."""
    camera: BrowserFrames | None = None
    """Where a page puts its camera's pictures; None where the face comes from elsewhere."""

    @property
    def error(self) -> str | None:
        """What ended every stream, in words; None while one is left, or simply ended."""
        if len(self.failures) < len(self.branches):
            return None
        return "; ".join(_in_words(failure) for failure in self.failures.values())

    def take(self, event: Event) -> None:
        """Publish what a branch said: every change of state, and the estimate its prediction leads to."""
        before = self.feed.states.get(event.state.stream)
        self.feed.announce(event.state)
        watching = {
            name for name, state in self.feed.states.items() if state.status in ("live", "warming up")
        }
        another = before is not None and before.model != event.state.model
        # One model's opinion is not blended into another's, nor one person's into that of who comes next: but
        # while another stream goes on watching, what is shown must not jump.
        if not watching:
            self.fuse.forget()
        if not watching or (another and watching <= {event.state.stream}):
            self.smooth.forget()
        if event.prediction is not None:
            estimate = self.smooth(self.fuse(event.prediction))
            self.feed.publish(replace(estimate, streams=tuple(self.feed.states.values())))
            if self.outlet is not None:
                self.outlet.push(estimate)

    async def run(self) -> None:
        """Run every branch until its stream ends; what ends one leaves the others running.

        Raises, as a group and when all are over or cancelled, every error that no retry could mend.
        """
        running = []
        for branch in self.branches:
            pumping = asyncio.create_task(pump(branch, self.take, self.patient))
            pumping.add_done_callback(partial(self._note, branch))
            running.append(pumping)
        try:
            await asyncio.wait(running)
        finally:
            for pumping in running:
                pumping.cancel()
            await asyncio.wait(running)
            self.feed.close()
            if self.outlet is not None:
                self.outlet.close()
        if self.failures:
            raise BaseExceptionGroup("what ended streams", list(self.failures.values()))

    def _note(self, branch: Branch, pumping: asyncio.Task[None]) -> None:
        """Keep what ended a branch, for the page and /health."""
        if not pumping.cancelled() and (failure := pumping.exception()) is not None:
            self.failures[branch.state.stream] = failure
            self.take(branch.failed(_in_words(failure)))


def _in_words(failure: BaseException) -> str:
    return str(failure) or type(failure).__name__


@dataclass(slots=True)
class Session:
    """Everything one monitor runs."""

    people: Sequence[Participant]
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
    def cameras(self) -> dict[str, BrowserFrames]:
        """Where a page puts its camera's pictures, for everyone whose face is watched so."""
        return {person.name: person.camera for person in self.people if person.camera is not None}

    @property
    def errors(self) -> dict[str, str]:
        """What ended those participants that failed, in words."""
        return {person.name: person.error for person in self.people if person.error}

    @property
    def same_stream(self) -> dict[str, list[str]]:
        """Who else is watched by the very same stream, for everyone of whom that is so."""
        streams = {person.name: {b.info.ident for b in person.branches if b.info} for person in self.people}
        others = {
            name: [other for other in streams if other != name and streams[other] & own - {""}]
            for name, own in streams.items()
        }
        return {name: found for name, found in others.items() if found}

    @property
    def began(self) -> bool:
        """Whether any stream ever brought a sample."""
        return any(branch.newest is not None for person in self.people for branch in person.branches)

    async def run(self) -> None:
        """Run every participant to their end. What ends one leaves the others running.

        Raises, as a group and when all are over or cancelled, every error that no retry could mend; where
        there are several participants, with the name of whom it ended as a note.
        """
        running = [asyncio.create_task(person.run()) for person in self.people]
        try:
            await asyncio.gather(*running, return_exceptions=True)
        finally:
            for person in self.people:
                for failure in person.failures.values() if len(self.people) > 1 else ():
                    failure.add_note(person.name)
            failures = [task.exception() for task in running if task.done() and not task.cancelled()]
            # As in a task group: what went wrong is not lost when the rest is cancelled.
            if raised := [failure for failure in failures if failure is not None]:
                raise BaseExceptionGroup("what ended participants", raised)


def build(settings: Settings) -> Session:
    """A session as the settings ask for it. Raises SettingsError, StreamError, DatasetError, ModelError."""
    several = len(settings.people) > 1
    for wanted in settings.people:
        _check_weights(wanted)
        check_options(wanted)
    return Session([_participant(wanted, settings.limits, several) for wanted in settings.people])


def _check_weights(wanted: Wanted) -> None:
    """Refuse a weight that nothing would have. Of a model asked for by path its card alone has the name."""
    known = [card.name for _, card in models.find()] + [affectnet.NAME]
    unknown = [name for name in wanted.weights if name not in known]
    if unknown and not any(Path(name).suffix for name in (wanted.model, wanted.face_model_vadl)):
        raise SettingsError(f"weight of {unknown[0]}: no model has that name; there are: {', '.join(known)}")


def _participant(wanted: Wanted, limits: Limits, several: bool) -> Participant:
    branches, start = [], Start()
    if wanted.eeg != NONE:
        branches.append(_eeg(wanted, limits, start))
    camera = BrowserFrames() if wanted.face == BROWSER else None
    if wanted.face != NONE:
        branches.append(_face(wanted, camera, start))
    # Who is switched on late keeps nobody else from beginning, and no sense another.
    patient = several or len(branches) > 1
    outlet = EstimateOutlet(wanted.participant) if wanted.lsl_out else None
    fuse, smooth = LateFusion(wanted.weights), Smooth(wanted.smoothing)
    return Participant(
        wanted.participant, branches, fuse, smooth, patient=patient, outlet=outlet, camera=camera
    )


def _eeg(wanted: Wanted, limits: Limits, start: Start) -> Branch:
    def judge(model: Model) -> Judge:
        return Judge(model, limits, wanted.mains)

    chain = partial(EegChain, partial(choose_models, wanted.model), judge)
    return Branch(source_of(wanted, start), "eeg", chain)


def choose_models(wanted: str, info: SourceInfo) -> Sequence[Model]:
    """The model asked for by name or path, or all whose channels are there, the richest first.

    Raises ModelError.
    """
    paths = models.choose(info.ch_names) if wanted == "auto" else [models.named(wanted)]
    return [models.loaded(path) for path in paths]


def _face(wanted: Wanted, camera: BrowserFrames | None, start: Start) -> Branch:
    try:
        source = face_source(wanted, camera, start)
    except SettingsError:
        raise
    except InsightSimError as error:  # a file that is missing or damaged keeps no other sense from beginning
        source = Unfit(wanted.face_shown, error)
    if wanted.lsl_out and not wanted.face.startswith("lsl:"):  # those are on the network already
        source = Published(source, wanted.participant)
    return Branch(source, "face", partial(FaceChain, partial(choose_face_model, wanted.face_model_vadl)))


def choose_face_model(wanted: str, info: SourceInfo) -> Model:
    """The model asked for by name or path, or the one that was measured to be the best on such columns.

    Raises ModelError.
    """
    auto = wanted == "auto"
    return models.loaded(models.choose_face(info.ch_names, info.unit) if auto else models.named(wanted))
