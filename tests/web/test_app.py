from __future__ import annotations

import asyncio
import json
import re
from contextlib import suppress
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect
from websockets.asyncio.client import connect as connect_async
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from streaming.feed import Feed
from web.app import FAILED, OVER, STATIC, UNKNOWN, create_app


def receive(page, type_):
    """The next message of that type."""
    while True:
        message = json.loads(page.recv(timeout=5))
        if message["type"] == type_:
            return message


async def until_closed(page):
    with suppress(ConnectionClosed):
        while True:
            yield json.loads(await asyncio.wait_for(page.recv(), 5))


@pytest.fixture
def page(server):
    with connect(f"ws://{server.host}/live/p1") as page:
        yield page


def test_hello_comes_first_then_what_is_known_then_what_is_new(server, state, estimate):
    server.announce(state("warming up"))
    server.announce(state("live"))
    server.publish(estimate(100.0))
    with connect(f"ws://{server.host}/live/p1") as page:
        messages = [json.loads(page.recv(timeout=5)) for _ in range(3)]
        server.publish(estimate(100.25))
        messages.append(json.loads(page.recv(timeout=5)))
    assert [message["type"] for message in messages] == ["hello", "status", "estimate", "estimate"]
    assert {message["schema"] for message in messages} == {"insightsim.feed/1"}
    assert messages[0]["models"][0]["name"] == "eeg-deap32"
    assert messages[1]["status"] == "live"
    assert [message["time"] for message in messages[2:]] == [100.0, 100.25]


def test_hello_is_said_again_when_a_model_is_chosen(server, state, card):
    server.session.cards = {}
    with connect(f"ws://{server.host}/live/p1") as page:
        assert receive(page, "hello")["models"] == []
        server.session.cards = {"p1": [card]}
        server.announce(state("warming up"))
        server.announce(state("live"))
        messages = [json.loads(page.recv(timeout=5)) for _ in range(3)]
    assert [message["type"] for message in messages] == ["hello", "status", "status"]
    assert messages[0]["models"][0]["name"] == "eeg-deap32"


def test_every_change_of_state_arrives_in_order(server, page, state):
    receive(page, "hello")
    sent = ["connecting", "warming up", "live", "lost", "connecting", "warming up", "live", "ended"]
    for status in sent:
        server.announce(state(status))
    assert [receive(page, "status")["status"] for _ in sent] == sent


def test_a_page_that_does_not_read_holds_up_nobody_and_then_gets_the_newest(server, state, estimate):
    """The stalled page's buffers are filled, then the other one is still served at once."""
    n_estimates = 150
    long = (("Fp1", "x" * 200_000),)  # so that no kernel buffer hides the stall

    async def scenario() -> tuple[list[float], list[dict]]:
        url = f"ws://{server.host}/live/p1"
        async with (
            connect_async(url, max_queue=1, max_size=None) as stalled,
            connect_async(url, max_size=None) as other,
        ):
            await stalled.recv()
            await other.recv()
            served = []
            for i in range(n_estimates):
                server.publish(estimate(float(i), bad=long))
                served.append(json.loads(await asyncio.wait_for(other.recv(), 5))["time"])
            server.announce(state("lost"))
            server.announce(state("ended"))
            server.close()
            rest = [message async for message in until_closed(stalled)]
            return served, rest

    served, rest = asyncio.run(scenario())
    times = [message["time"] for message in rest if message["type"] == "estimate"]
    assert served == list(map(float, range(n_estimates)))
    assert len(times) < n_estimates / 2
    assert times == sorted(times)
    assert times[-1] == n_estimates - 1
    assert [message["status"] for message in rest if message["type"] == "status"] == ["lost", "ended"]


def test_a_page_that_leaves_stops_reading_the_feed(server, estimate):
    with connect(f"ws://{server.host}/live/p1") as page:
        page.recv()
    with connect(f"ws://{server.host}/live/p1") as page:
        receive(page, "hello")
        server.publish(estimate(1.0))
        receive(page, "estimate")
        assert len(server.session.feed._readers) == 1


def test_an_unknown_participant_is_told_who_there_is(server):
    with connect(f"ws://{server.host}/live/p2") as page, pytest.raises(ConnectionClosed) as closed:
        page.recv(timeout=5)
    assert closed.value.rcvd.code == UNKNOWN
    assert closed.value.rcvd.reason == "No such participant. There are: p1."


def test_the_end_of_the_session_is_said_when_closing(server, page):
    receive(page, "hello")
    server.close()
    with pytest.raises(ConnectionClosed) as closed:
        page.recv(timeout=5)
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (OVER, "The session is over.")


def test_an_error_that_ended_the_session_is_given_as_far_as_a_close_frame_holds_it(server, page):
    receive(page, "hello")
    server.close(error="é" * 200)
    with pytest.raises(ConnectionClosed) as closed:
        page.recv(timeout=5)
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (FAILED, "é" * 61)


def test_health_lists_every_stream_and_fails_with_the_session(session, state):
    app = create_app(session, ["testserver"])
    session.feed.announce(state("warming up"))
    with TestClient(app) as client:
        well = client.get("/health")
        session.errors["p1"] = "The model file is gone."
        ill = client.get("/health")
    assert (well.status_code, well.json()["status"], well.json()["error"]) == (200, "ok", None)
    assert well.json()["participants"]["p1"]["streams"][0]["status"] == "warming up"
    assert (ill.status_code, ill.json()["status"]) == (503, "failing")
    assert ill.json()["error"] == "The model file is gone."


def test_health_is_degraded_while_some_have_failed_and_failing_when_all_have(session):
    session.participants |= {"ben": Feed()}
    session.same_stream = {"ben": ["p1"]}
    with TestClient(create_app(session, ["testserver"])) as client:
        session.errors["ben"] = "no stream answers lsl:b"
        some = client.get("/health")
        session.errors["p1"] = "a bug"
        everyone = client.get("/health")
    people = some.json()["participants"]
    assert (some.status_code, some.json()["status"]) == (200, "degraded")
    assert (people["p1"]["error"], people["ben"]["error"]) == (None, "no stream answers lsl:b")
    assert (people["p1"]["same_stream_as"], people["ben"]["same_stream_as"]) == ([], ["p1"])
    assert (everyone.status_code, everyone.json()["status"]) == (503, "failing")


def test_health_is_degraded_while_one_stream_of_a_participant_has_failed_and_the_other_lives(session, state):
    session.feed.announce(state("live"))
    session.feed.announce(state("failed", stream="face", reason="camera:0 is busy"))
    with TestClient(create_app(session, ["testserver"])) as client:
        answer = client.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["error"] == answer.json()["participants"]["p1"]["error"] == "face: camera:0 is busy"


def test_the_error_of_one_participant_is_not_the_others_reason_for_closing(session):
    session.participants |= {"ben": Feed()}
    session.errors["ben"] = "no stream answers lsl:b"
    codes = {}
    with TestClient(create_app(session, ["testserver"])) as client:
        for name, feed in session.participants.items():
            feed.close()
            with client.websocket_connect(f"/live/{name}", headers={"host": "testserver"}) as page:
                page.receive_text()  # hello
                with pytest.raises(WebSocketDisconnect) as closed:
                    page.receive_text()
            codes[name] = closed.value.code
    assert codes == {"p1": OVER, "ben": FAILED}


def test_hello_says_who_else_is_watched_by_the_very_same_stream(server, state):
    server.announce(state("live"))
    with connect(f"ws://{server.host}/live/p1") as page:
        assert receive(page, "hello")["same_stream_as"] == []
        server.session.same_stream = {"p1": ["ben"]}
        server.announce(state("lost"))
        assert receive(page, "hello")["same_stream_as"] == ["ben"]


def test_the_first_page_is_the_grid_when_there_are_several_and_else_the_one_person(session):
    with TestClient(create_app(session, ["testserver"])) as client:
        one = client.get("/").text
        session.participants |= {"ben": Feed()}
        assert client.get("/?participant=ben").text == one
        grid = client.get("/").text
        assert client.get("/?participant=").text == grid
    assert 'id="dials"' in one
    assert 'id="people"' in grid


def test_there_are_no_api_pages(session):
    with TestClient(create_app(session, ["testserver"])) as client:
        assert [client.get(path).status_code for path in ("/docs", "/redoc", "/openapi.json")] == [404] * 3


def test_the_page_and_its_files_are_all_there_and_name_no_other_machine(session):
    with TestClient(create_app(session, ["testserver"])) as client:
        html = client.get("/").text
        session.participants |= {"ben": Feed()}
        html += client.get("/").text
        links = re.findall(r'(?:src|href)="(/[^"]+)"', html)
        assert links
        assert all(client.get(link).status_code == 200 for link in links)
    for path in Path(STATIC).rglob("*.*"):
        outside = re.findall(r"(?:https?:)?//[\w.-]+\.\w+", path.read_text())
        assert not [link for link in outside if "www.w3.org" not in link], path


def test_files_outside_the_static_folder_are_not_served(session):
    with TestClient(create_app(session, ["testserver"])) as client:
        for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py"):
            assert client.get(path).status_code == 404
