"""Branches on their threads, fusion and feed on the loop: made-up sources, so that faults come on time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from insightsim.errors import SettingsError, SignalError, StreamAwaited, StreamLost, StreamNotFound
from insightsim.types import VADL, Estimate, Prediction, Quality, Signal, StreamState, StreamStatus
from streaming import branch as branch_module
from streaming import pump
from streaming.branch import Branch, Event
from streaming.pipeline import Participant, Session, build
from streaming.settings import Settings, override
from streaming.sources import SourceInfo
from tests.made_up import CHANNELS, Noise, person


def run(*sources: Noise) -> tuple[Session, list[StreamState | Estimate]]:
    """Run to the end; the session and what the first participant's feed said."""
    session = Session([person(source, f"p{i + 1}") for i, source in enumerate(sources)])
    seen: list[StreamState | Estimate] = []

    async def read() -> None:
        async for item in session.participants["p1"].subscribe():
            seen.append(item)

    async def scenario() -> None:
        reader = asyncio.create_task(read())
        await asyncio.sleep(0)
        try:
            await asyncio.wait_for(session.run(), 20)
        finally:
            await reader

    asyncio.run(scenario())
    return session, seen


def statuses(seen: list[StreamState | Estimate]) -> list[str]:
    return [item.status for item in seen if isinstance(item, StreamState)]


def lose_at(*chunks: int) -> Callable[[int], None]:
    def fault(at: int) -> None:
        if at in chunks:
            raise StreamLost("no samples for 1.5 s")

    return fault


def test_a_stream_is_connected_warmed_up_judged_and_ended() -> None:
    source = Noise(6, delay=0.002)
    _, seen = run(source)
    assert statuses(seen) == ["connecting", "connecting", "warming up", "live", "ended"]
    judged = [item for item in seen if isinstance(item, Estimate) and item.vadl]
    assert judged[-1].raw == pytest.approx((0.8,) * 4)
    assert judged[-1].streams[0].lag == 0.25
    assert judged[-1].streams[0].rate == pytest.approx(128.0)
    assert judged[-1].streams[0].model == "made-up"


def test_while_the_first_window_fills_there_is_no_estimate_and_a_reason() -> None:
    _, seen = run(Noise(6, delay=0.002))
    first = next(item for item in seen if isinstance(item, Estimate))
    assert first.vadl is None
    assert first.reason is not None
    assert "warming up" in first.reason


def test_after_the_end_nothing_is_presented_as_current() -> None:
    _, seen = run(Noise(6))
    last = [item for item in seen if isinstance(item, Estimate)][-1]
    assert last.vadl is None
    assert last.reason == "the recording has ended"


def test_a_recording_shorter_than_a_window_is_told_so() -> None:
    _, seen = run(Noise(1))
    (ended,) = [item for item in seen if isinstance(item, StreamState) and item.status == "ended"]
    assert ended.reason is not None
    assert "too short for any estimate" in ended.reason


def test_a_lost_stream_is_said_nulls_the_estimate_and_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pump, "TRY_EVERY", 0.01)
    source = Noise(12, lose_at(20), delay=0.002)
    source.refusals = [StreamNotFound("no stream answers"), SignalError("3 of 4 channels are missing")]
    _, seen = run(source)
    assert statuses(seen) == [
        *("connecting", "connecting", "warming up", "live"),
        *("lost", "lost", "warming up", "live", "ended"),
    ]
    reasons = [item.reason for item in seen if isinstance(item, StreamState) and item.status == "lost"]
    assert reasons == ["no samples for 1.5 s", "3 of 4 channels are missing"]
    lost = next(i for i, item in enumerate(seen) if isinstance(item, StreamState) and item.status == "lost")
    after = next(item for item in seen[lost:] if isinstance(item, Estimate))
    assert after.vadl is None
    assert "lost" in (after.reason or "")
    assert source.opens == 2
    order = [name for name, _ in source.calls if name != "pull"]
    assert order == ["open", *["close", "open"] * 3, "close"]


def test_a_stream_that_comes_back_silent_stays_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pump, "TRY_EVERY", 0.01)
    _, seen = run(Noise(12, lose_at(20, 21, 22), delay=0.002))
    assert statuses(seen).count("lost") == 1


def test_one_participants_loss_does_not_touch_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pump, "TRY_EVERY", 0.01)
    _, seen = run(Noise(6, delay=0.002), Noise(6, lose_at(5), delay=0.002))
    assert "lost" not in statuses(seen)


def bug_at(chunk: int) -> Callable[[int], None]:
    def fault(at: int) -> None:
        if at == chunk:
            raise ZeroDivisionError("a bug")

    return fault


def errors_of(raised: pytest.ExceptionInfo[BaseExceptionGroup]) -> list[BaseException]:
    """What ended participants, whoever they were."""
    return [error for person in raised.value.exceptions for error in person.exceptions]  # type: ignore[attr-defined]


def test_a_bug_ends_one_participant_alone_and_is_raised_when_all_are_over() -> None:
    good, bad = Noise(12, delay=0.01), Noise(1000, bug_at(20), delay=0.01)
    session = Session([person(good), person(bad, "p2")])
    said: list[str] = []

    async def read(name: str) -> None:
        async for item in session.participants[name].subscribe():
            if isinstance(item, StreamState):
                said.append(f"{name} {item.status}")
        said.append(f"{name} closed")

    async def scenario() -> None:
        readers = [asyncio.create_task(read(name)) for name in session.participants]
        try:
            await session.run()
        finally:
            said.append(f"session over after {good.at} pulls")
            await asyncio.gather(*readers)

    with pytest.raises(ExceptionGroup) as raised:
        asyncio.run(asyncio.wait_for(scenario(), 20))
    assert [type(error) for error in errors_of(raised)] == [ZeroDivisionError]
    assert session.errors == {"p2": "a bug"}
    assert errors_of(raised)[0].__notes__ == ["p2"]
    assert said.index("p2 failed") < said.index("p2 closed") < said.index("session over after 49 pulls")
    latest = session.participants["p2"].latest
    assert latest is not None
    assert latest.vadl is None, "what a failed stream said last is still presented as current"
    assert good.calls[-1][0] == bad.calls[-1][0] == "close"


def test_what_ended_one_is_not_lost_when_the_others_are_cancelled() -> None:
    good, bad = Noise(1000, delay=0.01), Noise(1000, bug_at(3), delay=0.01)
    session = Session([person(good), person(bad, "p2")])

    async def scenario() -> None:
        running = asyncio.create_task(session.run())
        async for _ in session.participants["p2"].subscribe():
            pass  # closed by the bug
        running.cancel()
        await running

    with pytest.raises(ExceptionGroup) as raised:
        asyncio.run(asyncio.wait_for(scenario(), 20))
    assert [type(error) for error in errors_of(raised)] == [ZeroDivisionError]
    assert good.calls[-1][0] == bad.calls[-1][0] == "close"


def test_who_shares_a_stream_is_known_and_made_up_sources_share_none() -> None:
    sources = [Noise(6), Noise(6), Noise(6), Noise(6)]
    session, _ = run(*sources)
    assert session.same_stream == {}
    for someone, ident in zip(session.people, ("x", "y", "x", "z"), strict=True):
        info = someone.branches[0].info
        assert info is not None
        someone.branches[0].info = replace(info, ident=ident)
    assert session.same_stream == {"p1": ["p3"], "p3": ["p1"]}


def test_a_stream_that_is_not_there_at_the_start_is_an_error_not_a_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pump, "OPEN_WITHIN", 0.6)
    source = Noise(6)
    source.opens = 1
    source.refusals = [StreamNotFound("no stream answers lsl:x")]
    source.refusals *= 10**6
    with pytest.raises(ExceptionGroup) as raised:
        run(source)
    assert isinstance(errors_of(raised)[0], StreamNotFound)


def test_while_something_is_awaited_first_the_time_to_find_a_stream_does_not_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [0.0]

    class Fetched(Noise):
        """Its model is fetched for a minute; then the camera needs some tries."""

        def open(self, within: float = 0.0) -> SourceInfo:
            now[0] += 60.0 * (len(self.refusals) == 4)
            return super().open(within)

    monkeypatch.setattr(pump, "clock", lambda: now[0])
    source = Fetched(6, delay=0.002)
    source.opens = 1
    source.refusals = [StreamAwaited("fetching"), *[StreamNotFound("no picture yet")] * 3]
    _, seen = run(source)
    assert statuses(seen)[-2:] == ["live", "ended"]


def test_where_others_are_watched_too_a_stream_that_is_missing_is_looked_for_until_it_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pump, "OPEN_WITHIN", 0.0)
    monkeypatch.setattr(pump, "TRY_EVERY", 0.01)
    source = Noise(6, delay=0.002)
    source.opens = 1
    source.refusals = [StreamNotFound("no stream answers lsl:x")] * 5
    someone = person(source)
    someone.patient = True
    seen = asyncio.run(asyncio.wait_for(_read(someone), 20))
    assert statuses(seen) == ["connecting", "lost", "connecting", "warming up", "live", "ended"]
    lost = next(item for item in seen if isinstance(item, StreamState) and item.status == "lost")
    assert lost.reason == "no stream answers lsl:x; looking for it"


async def _read(someone: Participant) -> list[StreamState | Estimate]:
    """Run one participant to the end; what the feed said."""
    running = asyncio.create_task(someone.run())
    seen = [item async for item in someone.feed.subscribe()]
    await running
    return seen


def test_a_stream_that_appears_a_little_late_is_found() -> None:
    source = Noise(6, delay=0.002)
    source.opens = 1
    source.refusals = [StreamNotFound("no stream answers lsl:x")] * 2
    assert "live" in statuses(run(source)[1])


@pytest.mark.parametrize(("unit", "names"), [("counts", CHANNELS), ("uV", ("Fp1", "F3", "Cz", "Pz"))])
def test_a_stream_that_comes_back_unfit_stays_lost_and_says_why(
    monkeypatch: pytest.MonkeyPatch, unit: str, names: tuple[str, ...]
) -> None:
    monkeypatch.setattr(pump, "TRY_EVERY", 0.01)
    source = Noise(12, lose_at(20), delay=0.002)
    opened = source.open

    def open_unfit_once(within: float = 0.0) -> SourceInfo:
        info = opened(within)
        return replace(info, unit=unit, ch_names=names) if source.opens == 2 else info

    monkeypatch.setattr(source, "open", open_unfit_once)
    _, seen = run(source)
    reasons = [item.reason for item in seen if isinstance(item, StreamState) and item.status == "lost"]
    assert any("counts" in (reason or "") or "missing Fp2" in (reason or "") for reason in reasons), reasons
    assert statuses(seen)[-3:] == ["warming up", "live", "ended"]


def test_stamps_of_another_clock_are_said_and_no_lag_is_made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Noise(6, delay=0.002)
    monkeypatch.setattr(source, "lag", lambda _: -1.7e9)
    _, seen = run(source)
    live = next(item for item in seen if isinstance(item, StreamState) and item.status == "live")
    assert live.lag is None
    assert "not on the LSL clock" in (live.reason or "")


def test_samples_that_arrive_but_cannot_be_used_do_not_leave_old_numbers_current(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(branch_module, "STUCK_AFTER", 0.05)
    source = Noise(250, delay=0.002)
    pulled = source.pull

    def frozen() -> Signal | None:
        chunk = pulled()
        if chunk is None or source.at < 30:
            return chunk
        return replace(chunk, times=np.full(len(chunk), source.origin + 7.0))

    monkeypatch.setattr(source, "pull", frozen)
    _, seen = run(source)
    last_judged = max(i for i, item in enumerate(seen) if isinstance(item, Estimate) and item.vadl)
    reasons = [item.reason or "" for item in seen[last_judged + 1 :] if isinstance(item, Estimate)]
    assert any("cannot be used" in reason for reason in reasons)


def test_cancelling_closes_after_the_pull_in_progress_on_the_same_thread() -> None:
    source = Noise(1000, delay=0.1)
    session = Session([person(source)])
    with pytest.raises(TimeoutError):
        asyncio.run(asyncio.wait_for(session.run(), 0.35))
    assert source.calls[-1][0] == "close"
    assert len({thread for _, thread in source.calls}) == 1


def test_a_stream_that_has_nothing_to_say_is_let_go_of_when_it_is_cancelled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = Noise(100, delay=0.01)
    pulled = source.pull
    monkeypatch.setattr(source, "pull", lambda: (chunk := pulled()) and chunk[:0])
    with pytest.raises(TimeoutError):
        asyncio.run(asyncio.wait_for(Session([person(source)]).run(), 0.3))
    assert source.calls[-1][0] == "close"
    assert source.at < source.n_chunks, "it was pulled to its end"


def test_a_stream_that_is_faster_than_it_says_gives_no_number_before_its_rate_is_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = Noise(12, delay=0.002)
    pulled = source.pull

    def twice_as_fast() -> Signal | None:
        chunk = pulled()
        return chunk and replace(chunk, times=source.origin + (chunk.times - source.origin) / 1.9)

    monkeypatch.setattr(source, "pull", twice_as_fast)
    _, seen = run(source)
    estimates = [item for item in seen if isinstance(item, Estimate)]
    assert not any(estimate.vadl for estimate in estimates)
    assert any("another rate than the stream says" in (estimate.reason or "") for estimate in estimates)


def say(
    someone: Participant,
    stream: str,
    status: StreamStatus,
    time: float,
    value: float | None,
    model: str = "m",
) -> Estimate:
    """What one stream says, all four dimensions the same, and what the feed says then."""
    said = None if value is None else VADL(*[value] * 4)
    reason = None if value is not None else f"{stream} is silent"
    prediction = Prediction(stream, time, said, said and VADL(*[0.1] * 4), Quality(1.0, reason), model)
    someone.take(Event(StreamState(stream, status, time, "made-up", model=model), prediction))
    assert someone.feed.latest is not None
    return someone.feed.latest


def test_neither_who_comes_back_after_a_loss_nor_another_model_inherits_what_was_shown() -> None:
    someone = person(Noise(1))
    say(someone, "eeg", "live", 1.0, 0.2)
    smoothed = say(someone, "eeg", "live", 2.0, 0.8).vadl
    assert smoothed is not None
    assert smoothed.valence < 0.5
    say(someone, "eeg", "lost", 3.0, None)
    assert say(someone, "eeg", "live", 4.0, 0.8).vadl == pytest.approx([0.8] * 4)
    assert say(someone, "eeg", "live", 5.0, 0.2, "another").vadl == pytest.approx([0.2] * 4)


@pytest.mark.parametrize(
    ("status", "value", "model"),
    [("lost", None, "f"), ("live", None, "f"), ("failed", None, "f"), ("live", 0.2, "another")],
    ids=["lost", "no face", "failed", "another model"],
)
def test_what_is_shown_does_not_jump_when_one_of_two_streams_leaves_or_changes_its_model(
    status: StreamStatus, value: float | None, model: str
) -> None:
    someone = person(Noise(1))
    for time in range(100):
        say(someone, "eeg", "live", time / 4, 0.2)
        before = say(someone, "face", "live", time / 4, 0.8, "f")
    after = say(someone, "face", status, 25.0, value, model)
    assert before.vadl is not None
    assert after.vadl is not None
    assert after.raw == pytest.approx([0.2] * 4)
    assert after.vadl == pytest.approx(before.vadl, abs=0.01)
    someone.take(Event(StreamState("face", "connecting", 25.1, "made-up", model="")))
    moved = say(someone, "eeg", "live", 35.0, 0.2).vadl
    assert moved is not None
    assert 0.2 < moved.valence < 0.35


def test_when_both_streams_are_lost_who_comes_back_inherits_nothing() -> None:
    someone = person(Noise(1))
    say(someone, "eeg", "live", 1.0, 0.2), say(someone, "face", "live", 1.0, 0.9)
    say(someone, "eeg", "lost", 2.0, None)
    doubted = say(someone, "face", "live", 25.0, 0.9).spread
    assert doubted is not None
    assert doubted.valence > 0.3, "the face was contradicted"
    none = say(someone, "face", "lost", 26.0, None)
    assert (none.vadl, none.reason) == (None, "eeg: eeg is silent; face: face is silent")
    back = say(someone, "face", "live", 27.0, 0.8)
    assert back.vadl == pytest.approx([0.8] * 4)
    assert back.spread == pytest.approx([0.1] * 4)


def test_one_of_two_streams_that_fails_leaves_the_other_running() -> None:
    someone = person(Noise(12, delay=0.005))
    source = Noise(1000, bug_at(20), delay=0.005)
    someone.branches = [*someone.branches, Branch(source, "face", person(source).branches[0]._build)]
    session = Session([someone])
    seen: list[StreamState | Estimate] = []

    async def scenario() -> None:
        running = asyncio.create_task(someone.run())
        async for item in someone.feed.subscribe():
            seen.append(item)
        with pytest.raises(ExceptionGroup, match="what ended streams"):
            await running

    asyncio.run(asyncio.wait_for(scenario(), 20))
    failed = next(
        i for i, item in enumerate(seen) if isinstance(item, StreamState) and item.status == "failed"
    )
    later = [item for item in seen[failed:] if isinstance(item, Estimate) and item.vadl]
    assert later, "the stream that lives gives no estimate any more"
    assert {share.reason for share in later[-1].shares} >= {None, "a bug"}
    assert session.errors == {}
    assert source.calls[-1][0] == "close"


@pytest.mark.parametrize(
    "wanted", [{"face": "openface:no-such.csv"}, {"face": "camera:0", "neutral": "no-such.json"}]
)
def test_a_face_that_cannot_be_watched_at_all_keeps_eeg_from_nothing(wanted: dict[str, str]) -> None:
    session = build(override(Settings(), "session", eeg="synthetic", **wanted))
    (someone,) = session.people

    async def scenario() -> list[StreamState | Estimate]:
        running, seen = asyncio.create_task(session.run()), []
        async for item in someone.feed.subscribe():
            seen.append(item)
            failed = someone.feed.states["face"].status == "failed"
            if failed and isinstance(item, Estimate) and item.vadl:
                break
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return seen

    asyncio.run(asyncio.wait_for(scenario(), 60))
    reason = someone.feed.states["face"].reason or ""
    assert "no such file" in reason
    assert session.errors == {}


def test_a_password_is_told_nowhere_even_of_a_face_that_cannot_be_watched() -> None:
    settings = override(Settings(), "session", face="rtsp://anna:secret@host/x", neutral="no-such.json")
    (branch,) = build(settings).people[0].branches
    assert branch.state.source == branch.source.query == "rtsp://…@host/x"
    with pytest.raises(SettingsError, match="unknown face source 'http://…@host/x'"):
        build(override(Settings(), "session", face="http://anna:secret@host/x"))


@pytest.mark.parametrize("weight", ["eeg-deap23=1", "made-up=0.5"])
def test_a_weight_of_a_model_that_there_is_not_is_refused_unless_one_is_asked_for_by_path(
    weight: str,
) -> None:
    with pytest.raises(SettingsError, match=rf"weight of {weight.split('=')[0]}: no model has that name"):
        build(override(Settings(), "session", eeg="synthetic", weight=[weight]))
    for told in (
        {"weight": ["eeg-deap32=1", "face-affectnet=0"]},
        {"weight": [weight], "model": "own/eeg.toml"},
    ):
        (someone,) = build(override(Settings(), "session", eeg="synthetic", **told)).people
        assert someone.fuse.weights
