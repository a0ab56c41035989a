from __future__ import annotations

import math
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insightsim import cardfile, eeg
from insightsim.cards import Card, Features, Filter, Score, Threshold, Trained
from insightsim.errors import ModelError
from insightsim.vadl import DIMENSIONS
from tests.made_up import recipe

SCORE = Score(0.71, 0.66, 0.75, 0.78, 0.56, 0.7)
CARD = Card(
    name="eeg-test",
    version="1",
    licence="Apache-2.0",
    sha256="0" * 64,
    recipe=recipe(
        Features("log_bandpower", {"theta": (4.0, 8.0), "low beta": (13.0, 20.0)}, (("F3", "F4"),))
    ),
    threshold=Threshold(),
    trained=Trained("noise", True, 4, 160, 2240, 10, 0, "a test"),
    protocol="leave one subject out",
    scores=dict.fromkeys(DIMENSIONS, SCORE),
    familiar=1.6,
)
TEXT = cardfile.dumps(CARD)

numbers = st.floats(min_value=1e-6, max_value=1e6)
texts = st.text(st.characters(codec="utf-8"), max_size=20)
names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)


def written(folder: Path, text: str) -> Path:
    path = folder / "card.toml"
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


@given(texts, texts, st.dictionaries(names, st.tuples(numbers, numbers), max_size=4), numbers, st.booleans())
def test_a_card_comes_back_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory,
    name: str,
    note: str,
    bands: dict[str, tuple[float, float]],
    familiar: float,
    simulated: bool,
) -> None:
    features = Features("log_bandpower", bands, (("F3", "F4"), (name, note)))
    card = replace(
        CARD,
        name=name,
        familiar=familiar,
        trained=replace(CARD.trained, note=note, simulated=simulated),
        recipe=replace(CARD.recipe, features=features),
    )
    path = tmp_path_factory.getbasetemp() / "card.toml"
    cardfile.write(card, path)
    assert cardfile.read(path) == card


def test_any_toml_reader_finds_the_channels() -> None:
    assert tomllib.loads(TEXT)["recipe"]["ch_names"] == ["Fp1", "F3", "Fp2", "F4"]


@pytest.mark.parametrize("line", [line for line in TEXT.splitlines() if " = " in line])
def test_a_missing_key_is_named(tmp_path: Path, line: str) -> None:
    key = line.split(" = ")[0].strip('"')
    if key in CARD.recipe.features.bands:
        return  # the names of the bands are free
    with pytest.raises(ModelError, match=rf'{key}" is missing'):
        cardfile.read(written(tmp_path, TEXT.replace(f"{line}\n", "", 1)))


@pytest.mark.parametrize("table", ["[recipe]", "[recipe.filter]", "[trained]", "[scores.arousal]"])
def test_an_unknown_key_is_named_with_its_table(tmp_path: Path, table: str) -> None:
    text = TEXT.replace(table, f"{table}\ncolour = 1")
    with pytest.raises(ModelError, match=rf'unknown key "{table[1:-1]}.colour"'):
        cardfile.read(written(tmp_path, text))


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("n_samples = 512", "n_samples = 512.5", '"recipe.n_samples" is 512.5, expected a whole number'),
        ("n_samples = 512", "n_samples = true", '"recipe.n_samples" is True, expected a whole number'),
        ("n_samples = 512", "n_samples = 0", '"recipe.n_samples" is 0, expected more than 0'),
        ("simulated = true", "simulated = 1", '"trained.simulated" is 1, expected a boolean'),
        ('"Fp1", "F3"', '"Fp1", 3', '"recipe.ch_names" is 3, expected a string'),
        ("[4.0, 8.0]", "[4.0]", '"recipe.features.bands.theta" has 1 items, expected 2'),
        ('reference = "average"', 'reference = "nose"', 'expected one of "average", "as recorded"'),
        ('rule = ">="', 'rule = "<"', '"threshold.rule" is "<"'),
        ('unit = "uV"', 'unit = "V"', '"recipe.unit" is "V", expected one of "uV"'),
        ("low = 4.0", "low = 45.0", "passes 45 to 45 Hz, expected 0 < low < high < 64 Hz"),
        ("low = 4.0", "low = 0.0", "passes 0 to 45 Hz"),
        ("low = 4.0", "low = nan", "passes nan to 45 Hz"),
        ("high = 45.0", "high = 64.0", "passes 4 to 64 Hz"),
        ("sfreq = 128.0", "sfreq = inf", '"recipe.sfreq" is inf, expected more than 0'),
        ("order = 4", "order = 0", '"recipe.filter.order" is 0, expected 1 to 16'),
        ("order = 4", "order = 1000", '"recipe.filter.order" is 1000, expected 1 to 16'),
        ("notch = 50.0", "notch = -50.0", '"recipe.filter.notch" is -50, expected a frequency'),
        ("notch_q = 30.0", "notch_q = 0.0", '"recipe.filter.notch_q" is 0.0, expected more than 0'),
        ("[scores.liking]", "[scores.hunger]", "scores"),
        ("familiar = 1.6", "familiar = nan", '"familiar" is nan, expected more than 0'),
        ("[trained]", "[trained", "not a TOML file"),
    ],
)
def test_a_wrong_value_is_named(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    assert TEXT.count(old) >= 1
    with pytest.raises(ModelError) as error:
        cardfile.read(written(tmp_path, TEXT.replace(old, new, 1)))
    assert complaint in str(error.value)
    assert "card.toml" in str(error.value)


@given(
    st.builds(
        Filter,
        low=st.floats(-1, 70) | st.just(math.nan),
        high=st.floats(-1, 70) | st.just(math.inf),
        order=st.integers(-1, cardfile.STEEPEST + 1),
        notch=st.floats(-1, 70),
        notch_q=st.floats(-1, 100),
    )
)
def test_a_filter_that_is_accepted_can_be_built(
    tmp_path_factory: pytest.TempPathFactory, settings: Filter
) -> None:
    path = tmp_path_factory.getbasetemp() / "filter.toml"
    cardfile.write(replace(CARD, recipe=replace(CARD.recipe, filter=settings)), path)
    try:
        recipe = cardfile.read(path).recipe
    except ModelError:
        return
    eeg.Windows(recipe)


def test_whole_numbers_may_stand_for_numbers(tmp_path: Path) -> None:
    assert cardfile.read(written(tmp_path, TEXT.replace("sfreq = 128.0", "sfreq = 128"))) == CARD


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "card.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ModelError, match="not a TOML file"):
        cardfile.read(tmp_path / "card.toml")


def test_a_card_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.toml: no model card"):
        cardfile.read(tmp_path / "none.toml")
