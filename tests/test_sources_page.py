"""What the page on sources tells the owner of each headset to type does what it says."""

from __future__ import annotations

import re
import shlex
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import mne
import pylsl
import pytest
from typer.testing import CliRunner

from insightsim import models
from insightsim.conform import missing
from insightsim.datasets import deap
from insightsim.errors import ModelError
from insightsim.montage import positions
from streaming.pipeline import choose_models
from streaming.queries import source_of
from streaming.settings import Settings, Wanted
from streaming.sources import SourceInfo
from tools import cli, session

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
ELECTRODES = re.compile(r"Electrodes[^`]*`([^`]+)`\.\s+Model: (?:`([\w-]+)`|none)\.")
ROW = re.compile(r"^\| \[[^]]+\]\(#([\w-]+)\) \| (.*) \| (.*) \| .* \| (.*) \| (?:`([\w-]+)`|none) \|$", re.M)
LABELLED = ("yes", "as you enter them")
"""What the table says of the names of a stream that has those of the electrodes."""


@dataclass(frozen=True)
class Headset:
    """One section of the page, and its row in the table."""

    title: str
    electrodes: tuple[str, ...]
    model: str | None
    promised: str | None
    """The model in the table."""
    text: str
    stream: str
    names: str
    sfreq: float


@dataclass(frozen=True)
class Command:
    """A line to type, in the section of a headset."""

    headset: Headset
    words: tuple[str, ...]

    @property
    def labelled(self) -> bool:
        """Whether the stream itself names the electrodes; where that is not known, as the line has it."""
        return self.headset.names in LABELLED or (
            self.headset.names == "?" and "--ch-names" not in self.words
        )

    def after(self, option: str) -> str:
        """What follows an option."""
        return self.words[self.words.index(option) + 1]


def headsets() -> list[Headset]:
    """Every headset on the page."""
    rows = {anchor: row for anchor, *row in ROW.findall(PAGE)}
    (section,) = re.findall(r"^## Headsets\n(.*?)^## ", PAGE, re.M | re.S)
    found = []
    for title, text in re.findall(r"^### (.*?)\n(.*?)(?=^### |\Z)", section, re.M | re.S):
        stream, names, rate, model = rows.pop(re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-"))
        ((electrodes, said),) = ELECTRODES.findall(text)
        hertz = float((re.findall(r"\d+", rate) or ["500"])[0])
        places = tuple(electrodes.split(","))
        found.append(Headset(title, places, said or None, model or None, text, stream, names, hertz))
    assert not rows, f"no section for {', '.join(rows)}"
    return found


def commands(name: str) -> list[Command]:
    """Every line that begins with this command, of all headsets."""
    return [
        Command(headset, tuple(shlex.split(line)[1:]))
        for headset in HEADSETS
        for line in re.findall(rf"^insightsim {name} .*$", headset.text, re.M)
    ]


HEADSETS = headsets()
MONITOR = commands("monitor")
every_headset = pytest.mark.parametrize("headset", HEADSETS, ids=lambda headset: headset.title)


@pytest.fixture
def wanted(monkeypatch: pytest.MonkeyPatch) -> Callable[[Command], Wanted]:
    """What the monitor would watch, as the command line itself works it out."""
    monkeypatch.chdir(ROOT)

    def typed(command: Command) -> Wanted:
        told: list[Settings] = []
        monkeypatch.setattr(session, "run", lambda settings, **_: told.append(settings))
        result = CliRunner().invoke(cli.app, list(command.words), catch_exceptions=False)
        assert result.exit_code == 0, result.output
        (person,) = told[0].people
        return person

    return typed


@contextmanager
def published(name: str, labels: tuple[str, ...] | int, sfreq: float) -> Iterator[str]:
    """A stream with these labels, or so many channels without any; gives its source_id."""
    ident = uuid.uuid4().hex
    n_channels = labels if isinstance(labels, int) else len(labels)
    stream = pylsl.StreamInfo(name, "EEG", n_channels, sfreq, pylsl.cf_float32, ident)
    if not isinstance(labels, int):
        stream.set_channel_labels(list(labels))
    outlet = pylsl.StreamOutlet(stream)
    yield ident
    del outlet


def opened(wanted: Wanted, ident: str) -> SourceInfo:
    """What the monitor finds in the stream of this source_id."""
    source = source_of(replace(wanted, eeg=f"lsl:source_id={ident}"))
    try:
        return source.open(5.0)
    finally:
        source.close()


@every_headset
def test_the_model_that_the_page_names_is_the_one_that_is_taken(headset: Headset) -> None:
    assert headset.model == headset.promised
    if headset.model is None:
        with pytest.raises(ModelError, match="no EEG model can read"):
            models.choose(headset.electrodes)
    else:
        assert models.choose(headset.electrodes)[0].stem == headset.model


@every_headset
def test_every_headset_has_a_line_to_type(headset: Headset) -> None:
    assert any(command.headset is headset for command in MONITOR)


@pytest.mark.parametrize("names", re.findall(r"--ch-names ([^\s`]+)", PAGE))
def test_every_name_on_the_page_is_a_place_on_the_head_or_left_out(names: str) -> None:
    places = [name for name in names.split(",") if name != "-"]
    assert len(positions(places)) == len(places) > 0


@pytest.mark.parametrize(
    "command",
    MONITOR,
    ids=lambda command: f"{command.headset.title}: {' '.join(command.words)[:40]}",
)
def test_what_is_typed_watches_the_headset_with_its_model(
    command: Command, wanted: Callable[[Command], Wanted]
) -> None:
    """As far as that can be shown without it: its stream is made here as the page describes it."""
    headset, person = command.headset, wanted(command)
    name = person.eeg.removeprefix("lsl:")
    assert "=" in name or f"`{name}`" in headset.stream
    labels = headset.electrodes if command.labelled else len(person.ch_names)
    with published(name, labels, headset.sfreq) as ident:
        info = opened(person, ident)
    assert set(info.ch_names) == set(headset.electrodes)
    if headset.model is None:
        assert person.model.startswith("mine/")
    else:
        assert choose_models(person.model, info)[0].card.name == headset.model


@pytest.mark.parametrize("command", commands("train"), ids=lambda command: command.headset.title)
def test_a_model_to_be_trained_needs_what_headset_and_deap_both_have(command: Command) -> None:
    channels = command.after("--channels").split(",")
    shared = [name for name in command.headset.electrodes if not missing([name], deap.CH_NAMES)]
    assert channels == shared
    card = f"{command.after('--output')}.toml"
    assert [line.after("--model") for line in MONITOR if line.headset is command.headset] == [card]


def test_the_table_of_models_says_what_each_needs() -> None:
    needs = dict(re.findall(r"^\| `(eeg-\w+)` \| ([^|`]+) \|$", PAGE, re.M))
    (cap,) = (headset for headset in HEADSETS if headset.title == "Another cap")
    found = {name: tuple(said.split()) for name, said in needs.items()} | {"eeg-deap32": cap.electrodes}
    cards = [card for _, card in models.find() if card.recipe.stream == "eeg"]
    assert found == {card.name: card.recipe.ch_names for card in cards}


def test_the_sockets_of_a_biosemi_are_listed_in_their_order() -> None:
    (biosemi,) = (headset for headset in HEADSETS if headset.title.startswith("BioSemi"))
    assert list(biosemi.electrodes) == mne.channels.make_standard_montage("biosemi32").ch_names
