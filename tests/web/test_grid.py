"""The page of several participants in a real browser: a tile for each, that opens the page of one."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from insightsim.types import VADL
from web.app import STATIC

NAMES = ["anna", "ben", "cleo"]
MISSING = "no stream answers lsl:source_id=c; " + "there are many others, but not that one; " * 5


@pytest.fixture
def three(start, state, estimate):
    """Anna is live, Ben's stream is lost, Cleo has failed."""
    server = start(names=NAMES)
    server.announce(state("live"), "anna")
    server.keep(estimate, "anna")
    server.announce(state("lost", reason="Muse-1A2B: no samples for 1.5 s"), "ben")
    server.announce(state("failed", reason=MISSING), "cleo")
    server.close(MISSING, "cleo")
    yield server
    server.stop()


@pytest.fixture
def grid(three, opened):
    page = opened(three)
    in_states(page, "live", "lost", "failed")
    return page


def tile(page, name):
    return page.locator(f'[data-participant="{name}"]')


def in_states(page, *states):
    for name, state in zip(NAMES, states, strict=True):
        expect(tile(page, name)).to_have_attribute("data-state", state)
        expect(tile(page, name).locator(".state-word")).to_have_text(state)


def test_each_has_a_tile_with_name_state_words_bars_quality_and_lag(grid):
    expect(grid.locator("#people > li h2")).to_have_text(NAMES)
    anna = tile(grid, "anna")
    expect(anna.locator(".headline")).to_have_text("Confident but Reserved")
    expect(anna.locator(".figures")).to_have_text("Quality 75% · lag 21 ms · eeg-deap32 (demo)")
    valence = anna.locator('[data-dimension="valence"]')
    expect(valence).to_have_text("valence0.81 ± 0.06")
    expect(valence.locator(".here")).to_have_attribute("d", "M81.3 0V10")
    expect(valence.locator(".reach")).to_have_attribute("x", "75.0")
    expect(valence.locator(".reach")).to_have_attribute("width", "12.5")
    expect(grid.locator("#running")).to_have_text("Analysis running")


def test_who_is_lost_or_has_failed_has_no_number_but_the_reason(grid):
    expect(tile(grid, "ben").locator(".detail")).to_have_text("Muse-1A2B: no samples for 1.5 s")
    expect(tile(grid, "cleo").locator(".detail")).to_have_text(MISSING.strip())
    for name in ("ben", "cleo"):
        expect(tile(grid, name).locator(".value")).to_have_text(["–"] * 4)
        expect(tile(grid, name).locator(".here").first).to_be_hidden()
        expect(tile(grid, name).locator(".figures")).to_contain_text("Quality –")


def test_why_there_is_no_estimate_is_said_on_the_tile(three, grid, estimate):
    nothing = {"vadl": None, "raw": None, "spread": None, "reason": "3 of 4 channels are flat"}
    three.keep(lambda time: estimate(time, **nothing), "anna")
    in_states(grid, "no estimate", "lost", "failed")
    expect(tile(grid, "anna").locator(".detail")).to_have_text("3 of 4 channels are flat")
    expect(tile(grid, "anna").locator(".value")).to_have_text(["–"] * 4)


def test_a_click_anywhere_on_a_tile_opens_that_participant_and_a_link_leads_back(grid, three):
    tile(grid, "anna").click(position={"x": 150, "y": 150})
    expect(grid.locator("#participant")).to_have_text("anna")
    expect(grid.locator("body")).to_have_attribute("data-state", "live")
    grid.get_by_role("link", name="All participants").click()
    in_states(grid, "live", "lost", "failed")
    tile(grid, "cleo").get_by_role("link").click()
    expect(grid.locator("body")).to_have_attribute("data-state", "failed")
    expect(grid.locator("#detail")).to_have_text(MISSING.strip())


def test_the_keyboard_alone_opens_one(grid):
    for _ in range(4):  # the link that skips, Pause, anna, ben
        grid.keyboard.press("Tab")
    expect(tile(grid, "ben").get_by_role("link")).to_be_focused()
    expect(tile(grid, "ben")).to_have_css("outline-style", "solid")
    grid.keyboard.press("Enter")
    expect(grid.locator("#participant")).to_have_text("ben")
    expect(grid.locator("body")).to_have_attribute("data-state", "lost")


def test_one_that_comes_back_or_goes_does_not_touch_the_others(grid, three, state, estimate):
    three.announce(state("live"), "ben")
    three.publish(estimate(vadl=VADL(0.1, 0.1, 0.1, 0.1)), "ben")
    expect(tile(grid, "ben").locator('[data-dimension="valence"] .value')).to_have_text("0.10")
    three.announce(state("lost"), "ben")
    in_states(grid, "live", "lost", "failed")
    expect(tile(grid, "anna").locator('[data-dimension="valence"] .value')).to_have_text("0.81")


def test_a_server_that_stops_is_missed_and_one_with_other_people_is_shown_as_it_is(
    grid, three, start, state, estimate
):
    three.stop()
    for name in ("anna", "ben"):  # nobody was connected about Cleo any more
        expect(tile(grid, name)).to_have_attribute("data-state", "server gone")
    again = start(three.port, ["dora", "anna"])
    again.announce(state("warming up"), "dora")
    again.announce(state("live"), "anna")
    again.keep(estimate, "anna")
    expect(grid.locator("#people > li h2")).to_have_text(["dora", "anna"])
    expect(tile(grid, "dora")).to_have_attribute("data-state", "warming up")
    expect(tile(grid, "anna")).to_have_attribute("data-state", "live")
    again.stop()


def test_a_session_that_ended_is_followed_by_one_with_more_people(opened, start, state):
    server = start(names=["anna", "ben"])
    page = opened(server, clock=True)
    for name in ("anna", "ben"):
        server.announce(state("live"), name)
        expect(tile(page, name).locator(".figures")).to_contain_text("eeg-deap32")
        server.close(name=name)
        expect(tile(page, name)).to_have_attribute("data-state", "ended")
    server.stop()
    again = start(server.port, ["dora", "anna", "ben"])
    page.clock.run_for(10_000)  # those of a session that ended are asked after seldom
    expect(page.locator("#people > li h2")).to_have_text(["dora", "anna", "ben"])
    again.stop()


def test_the_very_same_stream_and_what_is_odd_about_one_that_is_live_are_hinted_at(opened, three, state):
    three.session.same_stream = {"anna": ["ben"]}
    page = opened(three)
    hint = tile(page, "anna").locator(".hint")
    expect(hint).to_have_text("the very same stream as ben")
    three.announce(state(reason="the stream says 256 Hz; Fp1 bad for long and left out"), "anna")
    expect(hint).to_have_text(
        "the very same stream as ben; the stream says 256 Hz; Fp1 bad for long and left out"
    )
    expect(tile(page, "ben").locator(".hint")).to_be_hidden()
    tile(page, "anna").get_by_role("link").click()
    expect(page.locator("#shared")).to_have_text("The very same stream is also watched as ben.")


def test_gaps_are_counted_on_the_tile(grid, three, state, estimate):
    three.keep(lambda time: estimate(time, streams=(state(gaps=3),)), "anna")
    expect(tile(grid, "anna").locator(".figures")).to_contain_text("lag 21 ms · 3 gaps · eeg-deap32")


def test_when_the_monitor_stalls_nobody_is_said_to_be_analysed(start, opened, state, estimate):
    server = start(names=["anna", "ben"])
    for name in ("anna", "ben"):
        server.announce(state("live", reason="the stream says 256 Hz"), name)
        server.publish(estimate(), name)
    page = opened(server, clock=True)
    expect(tile(page, "ben")).to_have_attribute("data-state", "live")
    page.clock.run_for(3000)
    for name in ("anna", "ben"):
        expect(tile(page, name)).to_have_attribute("data-state", "stale")
        expect(tile(page, name).locator(".hint")).to_be_hidden()
        expect(tile(page, name).locator(".figures")).to_contain_text("Quality – · lag –")
    expect(page.locator("#running")).to_have_text("No word from the server")
    server.publish(estimate(), "ben")
    expect(page.locator("#running")).to_have_text("Analysis running")
    server.stop()


def test_the_reason_stands_where_the_bars_were_and_the_tile_keeps_its_height(grid, three, estimate):
    anna = tile(grid, "anna")
    before = anna.bounding_box()["height"]
    expect(anna.locator(".bars")).to_be_visible()
    nothing = {"vadl": None, "raw": None, "spread": None, "reason": "3 of 4 channels are flat"}
    three.keep(lambda time: estimate(time, **nothing), "anna")
    expect(anna.locator(".detail")).to_have_text("3 of 4 channels are flat")
    expect(anna.locator(".bars")).to_be_hidden()
    assert anna.bounding_box()["height"] == before


def test_pause_freezes_the_numbers_but_not_the_states(grid, three, state, estimate):
    grid.get_by_role("button", name="Pause").click()
    three.keep(lambda time: estimate(time, vadl=VADL(0.1, 0.1, 0.1, 0.1)), "anna")
    three.announce(state("warming up"), "anna")
    in_states(grid, "warming up", "lost", "failed")
    expect(tile(grid, "anna").locator('[data-dimension="valence"] .value')).to_have_text("0.81")
    grid.locator("#pause").click()
    expect(tile(grid, "anna").locator('[data-dimension="valence"] .value')).to_have_text("–")


def test_screen_readers_are_told_how_everyone_is(grid, three, state):
    expect(grid.locator("#summary")).to_have_text("anna: live; ben: lost; cleo: failed", timeout=5_000)


def test_the_grid_fits_a_phone_and_turns_dark(three, opened):
    page = opened(three, viewport={"width": 360, "height": 740}, color_scheme="dark")
    in_states(page, "live", "lost", "failed")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 360
    back = page.evaluate("() => getComputedStyle(document.querySelector('.tile')).backgroundColor")
    assert sum(map(int, re.findall(r"\d+", back))) < 150


def test_both_pages_say_the_same_of_what_they_are_not_for():
    footers = [
        re.search("<footer>.*</footer>", (STATIC / page).read_text(encoding="utf-8"), re.DOTALL)
        for page in ("index.html", "grid.html")
    ]
    assert footers[0]
    assert footers[1]
    assert footers[0][0] == footers[1][0]
