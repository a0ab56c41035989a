"""The page in a real browser, fed by a real server."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from insightsim.aus import LANDMARKS
from insightsim.types import VADL, Share
from tests.made_up import FACE_CARD, FACE_RECIPE

FOUR = ("valence", "arousal", "dominance", "liking")


@pytest.fixture
def live(server, opened, state, estimate):
    """A page that shows estimates as they keep coming."""
    page = opened(server)
    server.announce(state("live"))
    server.keep(estimate)
    in_state(page, "live")
    return page


def in_state(page, name):
    expect(page.locator("body")).to_have_attribute("data-state", name)
    expect(page.locator("#state-word")).to_have_text(name)


def dial(page, name):
    return page.locator(f'[data-dimension="{name}"]')


def shows_nothing(page):
    """No number is left on any dial, and the dials are empty."""
    for name in FOUR:
        expect(dial(page, name).locator(".value")).to_have_text("–")
        expect(dial(page, name)).not_to_have_attribute("data-probability", re.compile(""))
        expect(dial(page, name).locator(".needle")).to_be_hidden()
        expect(dial(page, name).locator(".band")).to_be_hidden()


INKED = """name => {
    const canvas = document.querySelector(`[data-dimension="${name}"] canvas`);
    const probe = document.createElement("canvas").getContext("2d");
    probe.fillStyle = getComputedStyle(canvas).getPropertyValue("--hue");
    probe.fillRect(0, 0, 1, 1);
    const [r, g, b] = probe.getImageData(0, 0, 1, 1).data;
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let n = 0;
    for (let i = 0; i < data.length; i += 4)
        if (data[i + 3] === 255 && data[i] === r && data[i + 1] === g && data[i + 2] === b) n++;
    return n;
}"""
"""How many pixels of a dimension's canvas carry its own colour."""


@contextmanager
def nothing_changes(locator):
    before = locator.all_text_contents()
    yield
    assert locator.all_text_contents() == before


def test_the_dials_show_probability_and_spread_and_the_words_their_group(live):
    for name, value, reading in (
        ("valence", "0.81", "± 0.06 · rather high"),
        ("arousal", "0.25", "± 0.13 · rather low"),
        ("dominance", "0.56", "± 0.19 · undecided"),
        ("liking", "0.44", "± 0.25 · undecided"),
    ):
        expect(dial(live, name).locator(".value")).to_have_text(value)
        expect(dial(live, name).locator(".spread")).to_have_text(reading)
        expect(dial(live, name).locator(".needle")).to_be_visible()
        expect(dial(live, name).locator(".half")).to_have_count(1)
    expect(dial(live, "valence")).to_have_attribute("data-probability", "0.8125")
    expect(live.locator("#headline")).to_have_text("Confident but Reserved")
    expect(live.locator("#detail")).to_contain_text("HvLaHdLl")
    expect(live.locator("#running")).to_have_text("Analysis running")


def test_an_odd_group_comes_with_its_note(server, live, estimate):
    expect(live.locator("#note")).to_be_hidden()
    server.keep(lambda time: estimate(time, vadl=VADL(0.1, 0.2, 0.9, 0.1)))
    expect(live.locator("#note")).to_contain_text("Submissive, Defeated")


def test_the_status_strip_says_source_rate_lag_quality_gaps_and_faults(server, live, estimate, state):
    server.keep(lambda time: estimate(time, bad=(("Fp1", "flat"),), streams=(state(gaps=3),)))
    stream = live.locator('[data-stream="eeg"]')
    expect(stream).to_have_attribute("data-status", "live")
    expect(stream.locator('[data-field="Gaps"]')).to_have_text("3")
    for field, text in (
        ("Source", "lsl:type=EEG"),
        ("Name", "Muse-1A2B"),
        ("Rate", "127.9 of 128 Hz"),
        ("Lag", "21 ms"),
        ("Model", "eeg-deap32"),
    ):
        expect(stream.locator(f'[data-field="{field}"]')).to_have_text(text)
    expect(live.locator("#quality")).to_have_text("75%")
    expect(live.locator("#age")).to_have_text(re.compile(r"\d\.\d s"))
    expect(live.locator("#bad li")).to_have_text("Fp1 flat")


def test_the_model_is_named_with_its_origin_and_chance_beside_every_score(live):
    model = live.locator('[data-model="eeg-deap32"]')
    expect(model).to_contain_text("demo model, trained on simulated data")
    for name in FOUR:
        expect(model.locator(f'[data-score="{name}"]')).to_contain_text("50%")
    expect(model.locator('[data-score="valence"]')).to_contain_text("71% (68%–74%)")


def test_numbers_are_written_as_the_reader_writes_them(server, opened, state, estimate):
    page = opened(server, locale="de-DE")
    server.announce(state("live"))
    server.publish(estimate())
    expect(dial(page, "valence").locator(".value")).to_have_text("0,81")


@pytest.mark.parametrize(
    ("status", "headline", "running"),
    [
        ("connecting", "Looking for the source…", "No analysis running"),
        ("warming up", "Warming up…", "Analysis running"),
        ("lost", "Signal lost", "No analysis running"),
        ("ended", "The recording has ended", "No analysis running"),
        ("failed", "The analysis has failed", "No analysis running"),
    ],
)
def test_while_the_source_is_not_live_no_number_is_shown(server, live, state, status, headline, running):
    server.announce(state(status, reason="As it happens."))
    in_state(live, status)
    shows_nothing(live)
    expect(live.locator('[data-stream="eeg"]')).to_have_attribute("data-status", status)
    expect(live.locator("#headline")).to_have_text(headline)
    expect(live.locator("#detail")).to_have_text("As it happens.")
    expect(live.locator("#running")).to_have_text(running)


def test_a_lost_source_that_comes_back_is_shown_again_but_not_its_old_estimate(server, live, state, estimate):
    server.keep(None)
    server.announce(state("lost"))
    in_state(live, "lost")
    server.announce(state("live"))
    in_state(live, "no estimate")
    shows_nothing(live)
    server.publish(estimate(110.0))
    in_state(live, "live")


def test_an_estimate_held_up_behind_a_loss_does_not_make_the_source_live(server, live, state, estimate):
    server.announce(state("lost"))
    in_state(live, "lost")
    server.keep(lambda time: estimate(time, streams=(state("live", gaps=7),)))
    expect(live.locator('[data-field="Gaps"]')).to_have_text("7")
    in_state(live, "lost")
    shows_nothing(live)


def test_a_bad_signal_gives_no_number_but_its_reason(server, live, estimate):
    nothing = {"vadl": None, "raw": None, "spread": None, "reason": "3 of 4 channels are flat"}
    server.keep(lambda time: estimate(time, **nothing))
    in_state(live, "no estimate")
    shows_nothing(live)
    expect(live.locator("#detail")).to_have_text("3 of 4 channels are flat")


def test_a_dimension_no_model_speaks_of_is_empty_beside_the_others(server, live, estimate):
    server.keep(lambda time: estimate(time, vadl=VADL(0.9, float("nan"), 0.4, 0.6)))
    expect(dial(live, "valence").locator(".value")).to_have_text("0.90")
    expect(dial(live, "arousal").locator(".value")).to_have_text("–")
    in_state(live, "live")


def test_a_number_goes_when_nothing_new_has_come_for_two_seconds(server, opened, state, estimate):
    page = opened(server, clock=True)
    server.announce(state("live"))
    server.publish(estimate())
    in_state(page, "live")
    page.clock.run_for(2500)
    in_state(page, "stale")
    shows_nothing(page)
    server.publish(estimate(104.0))
    in_state(page, "live")


@pytest.mark.parametrize("status", ["live", "warming up"])
@pytest.mark.parametrize("paused", [False, True])
def test_when_the_monitor_stalls_nothing_on_the_page_is_said_to_go_on(
    server, opened, state, estimate, status, paused
):
    page = opened(server, clock=True)
    server.announce(state(status))
    server.publish(estimate())
    expect(page.locator("#running")).to_have_text("Analysis running")
    if paused:
        page.locator("#pause").click()
    page.clock.run_for(6000)
    in_state(page, "stale")
    expect(page.locator("#running")).to_have_text("No word from the server")
    expect(page.locator("#running")).to_have_attribute("data-running", "false")
    expect(page.locator('[data-stream="eeg"]')).to_have_attribute("data-status", "unknown")
    for field in ("Lag", "Rate"):
        expect(page.locator(f'[data-field="{field}"]')).to_have_text("–")
    if not paused:
        expect(page.locator("#quality")).to_have_text("–")
        expect(page.locator("#age")).to_have_text("–")
    server.announce(state(status, lag=0.03, reason="again"))
    expect(page.locator("#running")).to_have_text("Analysis running")
    expect(page.locator('[data-stream="eeg"]')).to_have_attribute("data-status", status)
    expect(page.locator('[data-field="Lag"]')).to_have_text("30 ms")


@pytest.mark.parametrize(("status", "told"), [("lost", "–"), ("live", "75%")])
def test_without_an_estimate_there_is_no_age_and_while_lost_no_quality(
    server, live, state, estimate, status, told
):
    expect(live.locator("#age")).to_have_text(re.compile(r"\d\.\d s"))
    server.announce(state(status))
    nothing = {"vadl": None, "raw": None, "spread": None, "reason": "3 of 4 channels are flat"}
    server.keep(lambda time: estimate(time, **nothing))
    in_state(live, "lost" if status == "lost" else "no estimate")
    expect(live.locator("#age")).to_have_text("–")
    expect(live.locator("#quality")).to_have_text(told)


def test_a_stream_that_never_brought_a_sample_is_not_called_lost(server, opened, state):
    page = opened(server)
    server.announce(state("lost", reason="Muse-1A2B: no samples for 1.5 s"))
    in_state(page, "lost")
    expect(page.locator("#headline")).to_have_text("No signal")


def test_a_stream_that_was_never_found_is_looked_for_and_not_called_lost(server, opened, state):
    page = opened(server)
    missing = {"name": "", "n_channels": None, "sfreq": None}
    server.announce(state("connecting", **missing))
    expect(page.locator("#headline")).to_have_text("Looking for the source…")
    server.announce(state("lost", reason="no stream answers lsl:a; looking for it", **missing))
    expect(page.locator("#headline")).to_have_text("Not found yet")
    expect(page.locator("#detail")).to_have_text("no stream answers lsl:a; looking for it")
    in_state(page, "connecting")
    expect(page.locator('[data-stream="eeg"]')).to_have_attribute("data-status", "connecting")


def test_the_lines_of_a_reason_stay_lines(server, live, state):
    server.announce(state("failed", reason="no stream answers lsl:x.\nThere are:\n  lsl:y"))
    in_state(live, "failed")
    for place in ("#detail", ".reason"):
        text = live.locator(place).inner_text()
        assert text.splitlines()[:2] == ["no stream answers lsl:x.", "There are:"]


def test_an_estimate_that_arrives_old_is_not_shown_as_current(server, live, estimate, state):
    server.keep(lambda time: estimate(time, streams=(state(lag=3.5),)))
    in_state(live, "stale")
    shows_nothing(live)


def test_a_server_that_stops_is_missed_and_found_again_by_itself(server, start, live, state, estimate):
    server.stop()
    in_state(live, "server gone")
    shows_nothing(live)
    expect(live.locator('[data-stream="eeg"]')).to_have_attribute("data-status", "unknown")
    again = start(server.port)
    again.announce(state("live"))
    again.keep(estimate)
    in_state(live, "live")
    expect(dial(live, "valence").locator(".value")).to_have_text("0.81")


def test_an_error_that_ended_the_session_is_shown(server, live):
    server.close(error="The model file is gone.")
    in_state(live, "failed")
    shows_nothing(live)
    expect(live.locator("#detail")).to_have_text("The model file is gone.")


def test_an_unknown_participant_is_said_to_be_unknown_with_links_to_those_there_are(
    server, opened, state, estimate
):
    page = opened(server, "/?participant=p2")
    in_state(page, "failed")
    expect(page.locator("#detail")).to_have_text("No such participant. There are: p1.")
    for empty in ("#dials", "#signal", "#models", "#pause", ".participant"):
        expect(page.locator(empty)).to_be_hidden()
    server.announce(state("live"))
    server.keep(estimate)
    page.locator("#there").get_by_role("link", name="p1").click()
    in_state(page, "live")
    expect(page.locator("#dials")).to_be_visible()


def test_an_empty_name_is_none(server, opened, state):
    server.announce(state("live"))
    page = opened(server, "/?participant=")
    expect(page.locator("#participant")).to_have_text("p1")
    expect(page.locator("#back")).to_be_hidden()


def test_the_lines_are_drawn_and_broken_where_there_was_no_estimate(server, live, estimate):
    for time in range(101, 180):
        server.publish(estimate(float(time)))
    live.wait_for_function(f"name => ({INKED})(name) > 20", arg="liking", polling=200)
    stretches = live.evaluate(
        """async () => {
            const { unbroken } = await import("/static/js/history.js");
            const at = (time, valence) => ({ time, valence });
            const points = [at(1, .5), at(1.25, .5), at(1.5, null), at(1.75, .6), at(4, .6), at(4.25, .7)];
            return unbroken(points, "valence").map(stretch => stretch.map(point => point.time));
        }"""
    )
    assert stretches == [[1, 1.25], [1.75], [4, 4.25]]


def test_dark_mode_turns_the_page_and_its_canvases(live):
    back = "() => getComputedStyle(document.body).backgroundColor"
    light = live.evaluate(back)
    live.emulate_media(color_scheme="dark")
    assert sum(map(int, re.findall(r"\d+", live.evaluate(back)))) < 120
    assert sum(map(int, re.findall(r"\d+", light))) > 650
    live.wait_for_function(f"name => ({INKED})(name) > 0", arg="valence", polling=200)


def test_everything_fits_a_phone_and_all_four_dials_a_laptop(server, opened, state, estimate):
    for width, height in ((360, 740), (1440, 900)):
        page = opened(server, viewport={"width": width, "height": height})
        server.announce(state("live"))
        server.keep(estimate)
        in_state(page, "live")
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    bottom = page.locator(".dimension").last.bounding_box()
    assert bottom["y"] + bottom["height"] <= 900


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1280, 860), (1600, 900)])
def test_nothing_of_a_dial_or_its_line_reaches_into_the_next_row_or_below_the_window(
    server, opened, width, height
):
    page = opened(server, viewport={"width": width, "height": height})
    bottom = 0
    for name in FOUR:
        row, box = dial(page, name), dial(page, name).bounding_box()
        assert box["y"] >= bottom - 1
        bottom = box["y"] + box["height"]
        for part in ("h3", ".gauge", ".gauge text", ".plot"):
            for inner in (part.bounding_box() for part in row.locator(part).all()):
                assert box["y"] <= inner["y"]
                assert inner["y"] + inner["height"] <= bottom
        mark = row.locator("h3 svg").bounding_box()
        assert mark["width"] == pytest.approx(mark["height"], abs=0.1)
    assert bottom <= height


def test_pause_freezes_the_numbers_but_not_the_state_and_lets_go_again(server, live, state, estimate):
    button = live.get_by_role("button", name="Pause")
    live.keyboard.press("Tab")  # the link that skips to the estimates
    live.keyboard.press("Tab")
    expect(button).to_be_focused()
    live.keyboard.press("Enter")
    expect(live.locator("#pause")).to_have_attribute("aria-pressed", "true")
    with nothing_changes(live.locator(".value")):
        server.keep(lambda time: estimate(time, vadl=VADL(0.1, 0.1, 0.1, 0.1)))
        server.announce(state("lost"))
        in_state(live, "lost")
    live.locator("#pause").click()
    shows_nothing(live)


def test_the_summary_for_screen_readers_is_soon_right_and_then_said_at_most_every_ten_seconds(
    server, opened, state, estimate
):
    page = opened(server, clock=True)
    summary = page.locator("#summary")
    expect(summary).to_contain_text("Connecting")
    server.announce(state("live"))

    def go_on(seconds, **changes):
        for gaps in seconds:
            server.publish(estimate(100.0 + gaps, streams=(state(gaps=gaps),), **changes))
            expect(page.locator('[data-field="Gaps"]')).to_have_text(str(gaps))
            page.clock.run_for(1000)

    go_on(range(2))
    expect(summary).to_contain_text("valence 0.81 ± 0.06 · rather high")
    go_on(range(2, 9), vadl=VADL(0.1, 0.1, 0.1, 0.1))
    expect(summary).to_contain_text("valence 0.81")
    go_on(range(9, 13), vadl=VADL(0.1, 0.1, 0.1, 0.1))
    expect(summary).to_contain_text("valence 0.10 ± 0.06 · rather low")


def test_the_footer_says_what_it_is_not_for_and_that_nothing_is_recorded(live):
    footer = live.locator("footer")
    for text in (
        "For research and self-use",
        "Not a medical device",
        "Not for hiring, grading, policing",
        "Do not use it on workers, pupils or students in the EU",
        "near chance",
        "Nothing is recorded",
        "on this machine",
    ):
        expect(footer).to_contain_text(text)


def test_when_the_monitor_stops_the_page_says_so_and_shows_no_stream_as_live(server, live):
    server.close()
    expect(live.locator("#headline")).to_have_text("The monitor has stopped")
    expect(live.locator('[data-stream="eeg"]')).to_have_attribute("data-status", "ended")
    expect(live.locator('[data-field="Lag"]')).to_have_text("–")
    expect(live.locator("#running")).to_have_text("No analysis running")


def test_a_monitor_that_said_it_stops_is_not_missed_when_it_is_gone(server, start, opened, state, estimate):
    page = opened(server, clock=True)
    server.announce(state("live"))
    in_state(page, "no estimate")
    server.close()
    in_state(page, "ended")
    server.stop()
    with page.expect_event("requestfailed"):  # it asks whether there is another
        page.clock.run_for(8000)
    in_state(page, "ended")
    expect(page.locator("#headline")).to_have_text("The monitor has stopped")
    again = start(server.port)
    again.announce(state("live"))
    with page.expect_websocket():
        page.clock.run_for(8000)
    again.publish(estimate())  # not before, or the page's own seconds would make it old
    in_state(page, "live")


@pytest.mark.parametrize(
    ("sfreq", "rate", "text", "hinted"),
    [
        (128.0, 127.0, "127.0 of 128 Hz", False),
        (128.0, 120.0, "120.0 of 128 Hz, 6.3% slower than stated", True),
        (0.0, 99.9, "99.9 Hz, none stated", False),
    ],
)
def test_a_rate_that_is_not_the_stated_one_is_hinted_at(
    server, live, estimate, state, sfreq, rate, text, hinted
):
    server.keep(lambda time: estimate(time, streams=(state(sfreq=sfreq, rate=rate),)))
    field = live.locator('[data-field="Rate"]')
    expect(field).to_have_text(text)
    expect(field).to_have_class("hint" if hinted else "")


@pytest.mark.parametrize(
    ("rate", "text", "hinted"),
    [
        (27.0, "27.0 of 30 Hz", False),
        (15.5, "15.5 of 30 Hz", False),
        (33.0, "33.0 of 30 Hz", False),
        (12.0, "12.0 of 30 Hz, 60% slower than stated", True),
    ],
)
def test_a_camera_that_gives_less_than_half_its_pictures_is_hinted_at(
    server, live, estimate, state, rate, text, hinted
):
    face = state(stream="face", sfreq=30.0, rate=rate)
    server.keep(lambda time: estimate(time, streams=(state(), face)))
    field = live.locator('[data-stream="face"] [data-field="Rate"]')
    expect(field).to_have_text(text)
    expect(field).to_have_class("hint" if hinted else "")


def test_channels_that_are_left_out_are_named_with_the_model_that_took_over(server, live, estimate, state):
    row = live.locator('[data-row="Left out"]')
    expect(row).to_be_hidden()
    server.keep(lambda time: estimate(time, streams=(state(left_out=("Fp1", "T7"), model="eeg-muse4"),)))
    expect(row).to_have_text("Left outFp1, T7: bad for 30 s; eeg-muse4 has taken over from eeg-deap32")
    expect(live.locator('[data-field="Model"]')).to_have_text("eeg-muse4")


def test_channels_that_no_model_has_to_do_without_are_left_out_without_a_word_of_models(
    server, live, estimate, state
):
    server.keep(lambda time: estimate(time, streams=(state(left_out=("Fp1",)),)))
    expect(live.locator('[data-row="Left out"]')).to_have_text("Left outFp1: bad for 30 s")


def test_the_return_of_a_channel_and_its_model_is_said_for_a_minute(server, opened, estimate, state):
    page = opened(server, clock=True)
    back = page.locator('[data-row="Taken back"]')
    server.announce(state("live", left_out=("Fp1", "T7"), model="eeg-muse4"))
    in_state(page, "no estimate")
    expect(back).to_be_hidden()
    server.announce(state("live"))
    expect(back).to_have_text("Taken backFp1, T7: good for 30 s; eeg-deap32 has taken over from eeg-muse4")
    expect(page.locator('[data-row="Left out"]')).to_be_hidden()
    page.clock.run_for(59_000)
    expect(back).to_be_visible()
    page.clock.run_for(2_000)
    expect(back).to_be_hidden()


def test_a_stream_found_anew_is_not_said_to_have_got_its_channels_back(server, live, state):
    server.announce(state("live", left_out=("Fp1",), model="eeg-muse4"))
    expect(live.locator('[data-row="Left out"]')).to_be_visible()
    for status, left_out in (("lost", ("Fp1",)), ("lost", ()), ("live", ())):
        server.announce(state(status, left_out=left_out))
    expect(live.locator('[data-row="Left out"]')).to_be_hidden()
    expect(live.locator('[data-row="Taken back"]')).to_be_hidden()


def test_the_lines_of_one_participant_are_forgotten_when_another_is_shown(
    server, start, live, state, estimate
):
    live.wait_for_function(f"name => ({INKED})(name) > 0", arg="valence", polling=200)
    server.stop()
    in_state(live, "server gone")
    start(server.port, ["ben"]).announce(state("live"), "ben")
    expect(live.locator("#participant")).to_have_text("ben")
    in_state(live, "no estimate")
    live.wait_for_function(f"name => ({INKED})(name) === 0", arg="valence", polling=200)
    shows_nothing(live)


def test_a_recording_that_ended_is_not_taken_for_a_monitor_that_stopped(server, live, state):
    server.announce(state("ended"))
    server.close()
    in_state(live, "ended")
    expect(live.locator("#headline")).to_have_text("The recording has ended")


NAN, EVEN = float("nan"), VADL(0.5, 0.5, 0.5, 0.5)
EEG = Share("eeg", "eeg-deap32", VADL(0.9, 0.2, 0.6, 0.4), EVEN, VADL(0.6, 0.6, 0.6, 0.6), 0.0, None)
FACE = Share(
    "face", "face-openface-dynamics", VADL(0.7, 0.3, 0.5, 0.5), EVEN, VADL(0.2, 0.6, 0.0, 0.2), 0.13, None
)
FACE_STATE = {
    "stream": "face",
    "source": "camera:0",
    "name": "camera 0",
    "sfreq": 30.0,
    "rate": 29.8,
    "model": FACE.model,
}


def says(page, stream, name):
    return page.locator(f'[data-share="{stream}"] [data-says="{name}"]')


@pytest.fixture
def both(server, live, state, estimate):
    """A page that shows a person watched by EEG and face."""
    face = state("live", faces=2, skipped=14, **FACE_STATE)
    server.announce(face)
    server.keep(lambda time: estimate(time, streams=(state(), face), shares=(EEG, FACE)))
    expect(live.locator("#shares")).to_be_visible()
    return live


def test_of_a_single_stream_that_has_all_the_say_nothing_is_shown_beside(server, live, estimate):
    server.keep(lambda time: estimate(time, shares=(EEG,), quality=0.5))
    expect(live.locator("#quality")).to_have_text("50%")
    expect(live.locator("#shares")).to_be_hidden()
    expect(live.locator(".said *")).to_have_count(0)


def test_what_each_of_two_streams_says_stands_beside_with_its_part_and_age(both):
    for stream, name, text in (
        ("eeg", "valence", "0.9075%"),
        ("face", "valence", "0.7025%"),
        ("face", "arousal", "0.3050%"),
        ("eeg", "dominance", "0.60100%"),
        ("face", "dominance", "0.50no say"),
    ):
        expect(says(both, stream, name)).to_have_text(text)
    expect(both.locator('[data-share="face"] th')).to_have_text("Face0.1 s older")
    valence = dial(both, "valence")
    expect(valence.locator(".key")).to_have_text("EEG 0.90 · face 0.70")
    expect(valence.locator(".said text")).to_have_text(["E", "F"])
    expect(valence.locator(".said .unheard")).to_have_count(0)
    expect(dial(both, "dominance").locator(".said .unheard text")).to_have_text("F")


def test_the_strip_shows_both_streams_with_frames_and_faces_where_there_are_any(both):
    face = both.locator('[data-stream="face"]')
    for field, text in (
        ("Source", "camera:0"),
        ("Rate", "29.8 of 30 Hz"),
        ("Faces", "2, one of them followed"),
        ("Skipped", "14 frames"),
    ):
        expect(face.locator(f'[data-field="{field}"]')).to_have_text(text)
    for row in ("Faces", "Skipped"):
        expect(both.locator(f'[data-stream="eeg"] [data-row="{row}"]')).to_be_hidden()


def test_a_stream_that_is_lost_is_said_beside_while_the_other_goes_on(server, both, state, estimate):
    face = state("lost", reason="no samples for 1.5 s", **FACE_STATE)
    gone = replace(FACE, vadl=None, spread=None, weight=VADL(0, 0, 0, 0), reason="the stream is lost")
    server.announce(face)
    server.keep(lambda time: estimate(time, streams=(state(), face), shares=(EEG, gone)))
    expect(both.locator('[data-stream="face"]')).to_have_attribute("data-status", "lost")
    expect(both.locator('[data-share="face"] .why')).to_have_text("the stream is lost")
    expect(both.locator(".said *")).to_have_count(0)
    in_state(both, "live")
    expect(dial(both, "valence").locator(".value")).to_have_text("0.81")


def test_a_change_of_one_stream_does_not_take_the_estimate_from_the_page(server, both, state):
    server.keep(None)
    server.announce(state("lost", **FACE_STATE))
    expect(both.locator('[data-stream="face"]')).to_have_attribute("data-status", "lost")
    in_state(both, "live")
    server.announce(state("lost"))
    in_state(both, "lost")
    shows_nothing(both)


def test_a_face_model_says_whose_action_units_it_reads(server, live, card, state):
    theirs = replace(FACE_CARD, name="face-own", recipe=replace(FACE_RECIPE, unit=LANDMARKS))
    server.session.cards["p1"] = [card, FACE_CARD, theirs]
    server.announce(state("live", model=FACE_CARD.name))
    said = "Reads action units of"
    expect(live.locator(f'[data-model="{FACE_CARD.name}"]')).to_contain_text(f"{said} OpenFace.")
    expect(live.locator('[data-model="face-own"]')).to_contain_text("landmarks, which are not OpenFace's.")
    expect(live.locator(f'[data-model="{card.name}"]')).not_to_contain_text(said)


def test_a_model_without_measured_skill_is_shown_beside_and_its_dimensions_alone(
    server, live, card, state, estimate
):
    network = replace(card, name="face-affectnet", scores={})
    server.session.cards["p1"] = [network]
    why = "face-affectnet was not measured to be better than chance, so it is shown beside, not fused"
    spoken = VADL(0.7, 0.3, NAN, NAN)
    share = replace(FACE, model=network.name, vadl=spoken, weight=VADL(0, 0, 0, 0), reason=why)
    nothing = {"vadl": None, "raw": None, "spread": None, "reason": why}
    server.announce(state("live", model=network.name))
    server.keep(lambda time: estimate(time, shares=(share,), **nothing))
    in_state(live, "no estimate")
    expect(live.locator("#detail")).to_have_text(why[0].upper() + why[1:])
    expect(says(live, "face", "valence")).to_have_text("0.70no say")
    expect(live.locator('[data-share="face"]')).to_contain_text("not spoken of")
    expect(live.locator("#beside")).to_have_text(f"{why}.")
    expect(dial(live, "valence").locator(".said .unheard text")).to_have_text("F")
    expect(live.locator('[data-model="face-affectnet"] .unmeasured')).to_contain_text("Not measured here")
    heard = replace(share, weight=VADL(0.5, 0.5, 0, 0), reason=None)
    server.keep(lambda time: estimate(time, vadl=spoken, shares=(heard,)))
    in_state(live, "live")
    expect(live.locator("#headline")).to_have_text("High valence, low arousal")
    expect(dial(live, "dominance").locator(".spread")).to_have_text("not spoken of")


@pytest.mark.parametrize(("width", "height"), [(360, 740), (1280, 720)])
def test_both_streams_fit_a_phone_and_a_laptop(server, opened, state, estimate, width, height):
    page = opened(server, viewport={"width": width, "height": height})
    server.announce(state("live"))
    server.keep(lambda time: estimate(time, shares=(EEG, FACE)))
    in_state(page, "live")
    expect(page.locator("#shares")).to_be_visible()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    for name in FOUR:
        row, key = dial(page, name).bounding_box(), dial(page, name).locator(".key").bounding_box()
        assert key["y"] + key["height"] <= row["y"] + row["height"]
        for side in ("low", "high"):
            label = dial(page, name).locator(f'.gauge text:text-is("{side}")').bounding_box()
            assert key["x"] >= label["x"] + label["width"] or key["x"] + key["width"] <= label["x"]
