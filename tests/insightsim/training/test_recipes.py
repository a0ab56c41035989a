from __future__ import annotations

import itertools

import pytest

from insightsim.bandpower import feature_names
from insightsim.conform import canonical
from insightsim.datasets import deap
from insightsim.errors import SettingsError
from insightsim.montage import positions
from insightsim.training.recipes import BANDS, CHANNELS, channels, mirrored, recipe


def test_deap_has_fourteen_mirrored_pairs() -> None:
    pairs = mirrored(deap.CH_NAMES)
    assert len(pairs) == 14
    assert ("Fp1", "Fp2") in pairs
    assert ("CP5", "CP6") in pairs
    assert not {"Fz", "Cz", "Pz", "Oz"} & {name for pair in pairs for name in pair}


def test_mirroring_knows_two_digit_places_and_lone_electrodes() -> None:
    assert mirrored(("TP9", "AF7", "AF8", "TP10", "F3")) == (("TP9", "TP10"), ("AF7", "AF8"))


def test_the_bands_are_half_open_and_leave_nothing_out() -> None:
    edges = list(BANDS.values())
    assert all(low[1] == high[0] for low, high in itertools.pairwise(edges))


def test_the_numbers_of_features_are_those_of_the_cards() -> None:
    assert len(feature_names(recipe("log_bandpower", CHANNELS["deap32"]))) == (32 + 14) * 5
    assert len(feature_names(recipe("log_bandpower", CHANNELS["epoc14"]))) == (14 + 7) * 5
    assert len(feature_names(recipe("log_bandpower", CHANNELS["openbci8"]))) == (8 + 4) * 5
    assert len(feature_names(recipe("log_bandpower", CHANNELS["muse4"]))) == (4 + 2) * 5
    assert len(feature_names(recipe("psd16", CHANNELS["original4"]))) == 16


@pytest.mark.parametrize("ch_names", CHANNELS.values(), ids=CHANNELS.keys())
def test_every_list_names_places_on_the_head_as_the_program_spells_them(ch_names: tuple[str, ...]) -> None:
    positions(ch_names)
    assert ch_names == tuple(map(canonical, ch_names))
    assert len(set(ch_names)) == len(ch_names)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("original4", ("Fp1", "F3", "Fp2", "F4")),
        ("deap32", deap.CH_NAMES),
        ("muse4", ("TP9", "AF7", "AF8", "TP10")),
        ("fp1, T3,CZ", ("Fp1", "T7", "Cz")),
    ],
)
def test_channels_go_by_a_name_or_one_by_one(text: str, expected: tuple[str, ...]) -> None:
    assert channels(text) == expected


def test_features_there_are_none_of_are_refused() -> None:
    with pytest.raises(SettingsError, match='no features "hjorth"; expected "log_bandpower" or "psd16"'):
        recipe("hjorth", CHANNELS["original4"])
