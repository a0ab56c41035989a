from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from insightsim.face_judge import GONE
from insightsim.follow import AWAY, FIRM, Box, Firm, Follow, Persons, Sight, box_of
from insightsim.types import Frame, Landmarks

SOMEONE = Landmarks(np.zeros((478, 3), np.float32), np.zeros(52, np.float32), np.eye(4))
NOTHING = np.zeros((1, 1, 3), np.uint8)


def box(x: float, y: float = 200.0, size: float = 100.0) -> Box:
    return Box(x - size / 2, y - size / 2, x + size / 2, y + size / 2)


def test_a_box_holds_every_landmark() -> None:
    points = np.array([[3, 9, -7], [5, 2, 0], [4, 4, 8]], np.float32)
    assert box_of(Landmarks(points, np.zeros(52, np.float32), np.eye(4))) == (3, 2, 5, 9)


def test_nobody_is_followed_who_was_not_counted() -> None:
    assert Follow()(0.0, box(100), []) is None


def following(at: Box, time: float = 0.0) -> Follow:
    """Of one who is there at `time`, and was for some frames."""
    follow = Follow()
    for n in range(FIRM):
        assert follow.place(time) == (at if n else None)
        assert follow(time, None, [at]) == at
    return follow


def test_the_largest_of_several_is_followed() -> None:
    follow = Follow()
    small, large = box(100, size=80), box(400, size=120)
    assert follow.place(0.0) is None
    assert follow(0.0, small, [small, large]) is large
    assert follow.place(0.04) == large


def test_what_was_found_for_the_one_followed_goes_before_the_same_among_all() -> None:
    follow, first, found = Follow(), box(100), box(104)
    follow(0.0, None, [first, box(400)])
    assert follow(0.04, found, [first, box(400)]) is found
    assert follow(0.08, box(400), [box(400), first]) is first  # another was found


def test_two_that_swap_places_do_not_swap_who_is_followed() -> None:
    """Past each other, one above the other."""
    follow = Follow()
    for n in range(60):
        mine, other = box(100 + 10 * n, 150, 110), box(690 - 10 * n, 350)
        assert follow(n / 30, None, [mine, other]) is mine
        assert follow(n / 30, other) is None
        assert follow(n / 30, mine) is mine
    assert follow.ident == 1


def test_one_who_looks_away_for_a_moment_is_looked_for_there_and_is_the_same() -> None:
    follow = following(box(100))
    assert follow(0.1, None) is None
    assert follow.place(0.2) == box(100)
    assert follow(0.2, None, [box(400, size=300)]) is None
    assert follow(0.9, box(120))
    assert follow.ident == 1


def test_one_who_is_gone_for_good_leaves_room_for_the_largest_other() -> None:
    follow = following(box(100))
    assert follow(0.1, None) is None
    assert follow.place(GONE) == box(100)
    assert follow.place(GONE + 0.01) is None
    large = box(500, size=90)
    assert follow(GONE + 0.02, box(300, size=50), [box(300, size=50), large]) is large
    for _ in range(FIRM):
        assert follow(GONE + 0.04, large)
    assert follow.ident == 2


def test_nobody_waits_for_one_who_was_hardly_there() -> None:
    follow = Follow()
    assert follow(0.0, None, [box(100)])
    assert follow(0.04, None) is None
    assert follow.place(0.08) is None
    assert follow(0.08, None, [box(400)]) == box(400)
    assert follow.ident == 0


@pytest.mark.parametrize("step", [-3600.0, 3600.0])
def test_a_clock_that_jumps_loses_nobody_in_sight(step: float) -> None:
    follow = following(box(100), 5000.0)
    assert follow.place(5000.0 + step) == box(100)
    assert follow(5000.0 + step, box(101))
    assert follow.ident == 1


def played(seen: list[bool], step: float = 0.04, start: float = 0.0) -> list[bool]:
    """In which frames a face counts."""
    firm, settled = Firm(), list[Sight]()
    for n, there in enumerate(seen):
        settled += firm(Sight(Frame(NOTHING, start + n * step), SOMEONE if there else None, int(there)))
    settled += firm.end()
    assert [sight.frame.time for sight in settled] == [start + n * step for n in range(len(seen))]
    assert [sight.faces for sight in settled] == [int(sight.face is not None) for sight in settled]
    return [sight.face is not None for sight in settled]


def test_a_single_detection_is_no_face() -> None:
    seen = [True] * 10 + [False] * 50 + [True] * (FIRM - 1) + [False] * 20
    assert played(seen) == [True] * 10 + [False] * (50 + FIRM - 1 + 20)


def test_a_new_face_counts_from_its_first_frame() -> None:
    seen = [False] * 30 + [True] * FIRM + [False]
    assert played(seen) == seen


def test_a_face_that_flickers_counts_whenever_it_is_there() -> None:
    seen = [True] * FIRM + [False, True] * 10
    assert played(seen) == seen


def test_a_face_in_every_frame_counts_however_slow_they_come() -> None:
    assert played([True] * 10, step=5.0) == [True] * 10


@given(st.lists(st.booleans(), max_size=80), st.sampled_from([0.01, 0.04, 0.3, 2.0]))
def test_nothing_counts_that_was_not_seen_and_all_that_lasts_does(seen: list[bool], step: float) -> None:
    counted = played(seen, step)
    assert all(there or not counts for there, counts in zip(seen, counted, strict=True))
    for n in range(len(seen) - FIRM + 1):
        if all(seen[n : n + FIRM]):
            assert all(counted[n : n + FIRM])


def test_frames_that_were_held_back_are_of_the_one_who_is_followed_when_they_settle() -> None:
    firm = Firm()
    sights = [Sight(Frame(NOTHING, n / 25), SOMEONE, 1, int(n == FIRM - 1)) for n in range(FIRM)]
    settled = [each for sight in sights for each in firm(sight)]
    assert [each.ident for each in settled] == [1] * FIRM


def numbered(*seen: tuple[float, int, int]) -> list[int]:
    """Whose face it is in frames with a time, who is followed (0: no face) and how many faces there are."""
    persons = Persons()
    return [
        persons(Sight(Frame(NOTHING, time), SOMEONE if ident else None, faces, ident))
        for time, ident, faces in seen
    ]


def test_who_is_followed_again_after_a_while_is_the_same_and_after_long_another() -> None:
    assert numbered((0, 0, 0), (1, 1, 1), (2, 0, 0), (8, 2, 1), (9, 0, 0)) == [0, 1, 1, 1, 1]
    assert numbered((1, 1, 1), (2, 0, 0), (1 + AWAY + 0.1, 2, 1), (12, 2, 1)) == [1, 1, 2, 2]


def test_who_is_followed_where_there_were_several_is_another() -> None:
    assert numbered((1, 1, 2), (2, 1, 1), (3, 0, 0), (5, 2, 1), (6, 2, 1)) == [1, 1, 1, 2, 2]
    assert numbered((1, 1, 1), (3, 0, 1), (5, 2, 2)) == [1, 1, 2]
    assert numbered((1, 1, 2), (9, 1, 1), (13, 2, 1)) == [1, 1, 1]


def test_another_in_the_frame_makes_nobody_another_who_stays() -> None:
    assert numbered((1, 1, 2), (2, 1, 2), (2.5, 0, 1), (3, 1, 2)) == [1] * 4


@pytest.mark.parametrize(("away", "number"), [(2.0, 1), (60.0, 2), (-500.0, 1)])
def test_after_a_loss_of_the_camera_it_is_told_alike_though_counting_begins_anew(
    away: float, number: int
) -> None:
    persons = Persons()
    persons(Sight(Frame(NOTHING, 1000.0), SOMEONE, 1, 1))
    persons.reopened()
    assert persons(Sight(Frame(NOTHING, 1000.0 + away), SOMEONE, 1, 1)) == number
