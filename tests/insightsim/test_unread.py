"""What is said of channels that no model can read, with the shipped models."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from insightsim import models
from insightsim.cards import Card
from insightsim.unread import unread


@pytest.fixture(scope="module")
def cards() -> Sequence[Card]:
    return [card for _, card in models.find() if card.recipe.stream == "eeg"]


def test_channels_without_electrode_names_are_to_be_named(cards: Sequence[Card]) -> None:
    said = unread(["ch1", "ch2", "ch3"], cards)
    assert said.startswith("no EEG model can read the channels ch1, ch2, ch3: none is named as an electrode")
    assert "--ch-names Fp1,Fp2,…" in said
    assert "lacks" not in said
    assert all(card.name in said for card in cards)


def test_the_nearest_model_is_named_with_what_it_lacks_and_the_others_are_counted(
    cards: Sequence[Card],
) -> None:
    said = unread(["Fp1", "Fp2", "C3", "C4", "P8", "O1", "O2"], cards)
    assert "nearest: eeg-openbci8 lacks P7." in said
    assert "--ch-names" in said
    assert said.endswith(
        ". Others: eeg-original4 lacks 2 of 4, eeg-muse4 lacks 4 of 4, eeg-epoc14 lacks 11 of 14, "
        "eeg-deap32 lacks 25 of 32"
    )


def test_a_name_that_is_there_twice_is_said_whatever_its_spelling(cards: Sequence[Card]) -> None:
    assert "(Fp1 is there twice)" in unread(["Fp1", "FP1", "F3", "F4"], cards)
    assert "twice" not in unread(["Fp1", "F3", "F4"], cards)


def test_many_channels_are_counted_and_so_are_many_missing_ones(cards: Sequence[Card]) -> None:
    assert "ch1, ch2, ch3 and 61 more:" in unread([f"ch{i + 1}" for i in range(64)], cards)
    deap = [card for card in cards if card.name == "eeg-deap32"]
    assert "lacks Fp1, AF3, F3, F7, FC5, FC1 and 25 more" in unread(["Oz"], deap)


def test_without_channels_or_without_models_there_is_still_a_sentence(cards: Sequence[Card]) -> None:
    assert "the channels (none)" in unread([], cards)
    assert unread(["Fp1"], []) == "no EEG model can read the channels Fp1: there is no model"
