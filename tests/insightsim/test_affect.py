from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from insightsim import affectnet
from insightsim.affect import UNMEASURED, Glances, judged, prepared, statistics
from insightsim.cards import FaceNetwork, Score
from insightsim.crop import crop
from insightsim.face_judge import FaceJudge
from insightsim.models import Network
from insightsim.types import VADL, Frame, Signal
from tests import networks
from tests.faces import face

RECIPE = affectnet.card().face
assert isinstance(RECIPE.features, FaceNetwork)
NETWORK: FaceNetwork = RECIPE.features


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Network:
    return networks.loaded(tmp_path_factory.mktemp("models"))


def picture(seed: int) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (480, 640, 3), np.uint8)


def test_pixels_are_put_in_units_of_the_pictures_it_was_trained_on_colours_first() -> None:
    plain = np.full((224, 224, 3), (255, 0, 51), np.uint8)
    units = prepared(plain, NETWORK)
    assert (units.shape, units.dtype) == ((1, 3, 224, 224), np.float32)
    wanted = (1 - 0.485) / 0.229, -0.456 / 0.224, (0.2 - 0.406) / 0.225
    np.testing.assert_allclose(units[0, :, 100, 30], wanted, rtol=1e-5)


def test_its_columns_are_the_outputs_that_the_card_names(network: Network) -> None:
    seen = picture(1)[:224, :224]
    np.testing.assert_allclose(network.see(seen), networks.expected(seen), atol=1e-5)


def test_a_window_is_judged_by_the_mean_of_what_was_said_and_its_spread_by_how_that_moved() -> None:
    rows = np.stack([np.linspace(-1, 1, 101), np.full(101, 0.5)], axis=1).astype(np.float32)
    probability, spread = judged(statistics(rows)[None], NETWORK)
    np.testing.assert_allclose(probability, [[0.5, 0.75, np.nan, np.nan]], atol=1e-6)
    np.testing.assert_allclose(spread, [[0.45, UNMEASURED, np.nan, np.nan]], atol=1e-6)
    _, measured = judged(statistics(rows)[None], NETWORK, measured=True)
    np.testing.assert_allclose(measured, [[0.45, 0, np.nan, np.nan]], atol=1e-6)


def test_what_is_beyond_the_ends_of_its_scale_is_certain_and_no_more() -> None:
    rows = np.array([[-3, 9]], np.float32)
    probability, spread = judged(statistics(rows)[None], NETWORK)
    np.testing.assert_array_equal(probability[0, :2], [0, 1])
    np.testing.assert_array_equal(spread[0, :2], UNMEASURED)


def test_a_card_may_name_other_outputs_and_dimensions() -> None:
    network = replace(NETWORK, outputs={"dominance": 2}, low=0.0, high=10.0)
    probability, _ = judged(statistics(np.array([[2.5]], np.float32))[None], network)
    np.testing.assert_array_equal(probability, [[np.nan, np.nan, 0.25, np.nan]])


class Counted:
    """A network that counts its looks."""

    def __init__(self, network: Network) -> None:
        self.card, self.size, self._network = network.card, network.size, network
        self.looks = 0

    def see(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        self.looks += 1
        return self._network.see(picture)


def test_it_looks_once_a_step_at_the_first_frame_there_is_and_holds_what_it_saw(network: Network) -> None:
    counted, there = Counted(network), face()
    glances = Glances(counted)  # type: ignore[arg-type]
    said = [glances(Frame(picture(i), 50.1 + i / 30), there) for i in range(30)]
    assert counted.looks == 5  # 50.1, then 50.25 … 51
    np.testing.assert_allclose(said[0], networks.expected(crop(picture(0), there, 224)), atol=1e-5)
    looks = [i for i in range(1, 30) if not np.array_equal(said[i], said[i - 1])]
    assert [(50.1 + i / 30) // 0.25 for i in looks] == [201, 202, 203, 204]


def test_without_a_face_it_says_nothing_and_looks_at_once_at_who_comes_back(network: Network) -> None:
    counted, there = Counted(network), face()
    glances = Glances(counted)  # type: ignore[arg-type]
    faces = [there, None, there, there]
    said = [glances(Frame(picture(i), 50 + i / 1000), one) for i, one in enumerate(faces)]
    assert [bool(np.isnan(row).all()) for row in said] == [False, True, False, False]
    assert counted.looks == 2
    assert not np.array_equal(said[0], said[2])


def test_a_clock_that_was_set_back_does_not_keep_it_from_looking(network: Network) -> None:
    counted = Counted(network)
    glances = Glances(counted)  # type: ignore[arg-type]
    for time in (1000.0, 3.0, 3.3):
        glances(Frame(picture(0), time), face())
    assert counted.looks == 3


def test_a_window_of_its_columns_becomes_a_prediction_of_two_dimensions_without_skill(
    network: Network,
) -> None:
    times = 100 + np.arange(121) / 30
    data = np.full((121, 2), (0.5, -0.5), np.float32)
    (prediction,) = FaceJudge(network)([Signal("face", RECIPE.ch_names, RECIPE.unit, 30.0, data, times)])
    assert prediction.vadl == pytest.approx((0.75, 0.25, np.nan, np.nan), nan_ok=True)
    assert prediction.spread == pytest.approx((0.25, 0.25, np.nan, np.nan), nan_ok=True)
    assert (prediction.model, prediction.skill) == ("face-affectnet", VADL(0, 0, 0, 0))


def test_a_window_with_hardly_a_face_is_not_judged(network: Network) -> None:
    times = 100 + np.arange(121) / 30
    data = np.full((121, 2), np.nan, np.float32)
    data[-30:] = 0.5
    (prediction,) = FaceJudge(network)([Signal("face", RECIPE.ch_names, RECIPE.unit, 30.0, data, times)])
    assert prediction.vadl is None
    assert "a face in only" in (prediction.quality.reason or "")


def test_a_network_that_was_measured_may_be_as_sure_as_it_is(network: Network) -> None:
    scores = {"valence": Score(0.75, 0.6, 0.9, 0.8, 0.5, 0.75)}
    measured = Network(replace(network.card, scores=scores), network.session)
    steady = statistics(np.full((9, 2), 0.5, np.float32))[None]
    assert measured(steady)[1][0, 0] == 0
    assert network(steady)[1][0, 0] == UNMEASURED
