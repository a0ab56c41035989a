"""What a session is told, from defaults, insightsim.toml and options, in that order."""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from insightsim.aus import CONFIDENT
from insightsim.conform import MICROVOLTS
from insightsim.errors import SettingsError
from insightsim.quality import Limits
from streaming.address import without_password

T = TypeVar("T")

NAME = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
"""What a participant may be called: the name is part of the feed's address."""

NONE = "none"
"""In place of a source: that sense is not watched."""

EEG = "lsl:type=EEG"
"""Watched where nothing else is said."""

WEIGHT = re.compile(r"\d+(\.\d*)?|\.\d+", re.ASCII)

FILE = Path("insightsim.toml")
"""Read from the folder a command is run in, when it is there."""

EXPECTED: Mapping[Any, str] = {
    str: 'a text, like "auto"',
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    tuple[str, ...]: 'a list of names, like ["Fp1", "Fp2"]',
    tuple[float, float]: "two numbers, like [0.1, 500]",
}
"""By type; what else there is are tables."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to watch, and how."""

    participant: str = "p1"
    eeg: str = ""
    """lsl:NAME, lsl:type=EEG, lsl:source_id=…, file:PATH.dat, synthetic, or none. Empty: lsl:type=EEG, or
    none where a face is watched.
    """
    face: str = NONE
    """camera:0, video:PATH, rtsp://…, browser, openface:PATH, lsl:type=AU, or none."""
    trial: int = 0
    """Which trial of a file, from 1; 0 for all."""
    speed: float = 1.0
    """Of a file: times as fast as recorded; 0: as fast as it can, and nothing is passed over."""
    fps: float = 0.0
    """Frames a second of an OpenFace file whose stamps cannot be used; 0: as they say."""
    min_confidence: float = CONFIDENT
    """Confidence from which a row of an OpenFace file counts, 0 to 1."""
    ch_names: tuple[str, ...] = ()
    """Names for the channels of a stream or file, in its order; empty: its own. "-" is not EEG."""
    unit: str = ""
    """Of a stream or file: V, mV, uV or nV; empty: its own."""
    model: str = "auto"
    """An EEG model's name, the path of its card, or "auto": the richest whose channels are all there."""
    face_model_vadl: str = "auto"
    """A face model's name, the path of its card, or "auto": the best measured for the source's columns."""
    face_model: str = ""
    """Path of the landmark bundle face_landmarker.task; empty: where docs/face.md says it is looked for."""
    neutral: str = ""
    """Path of a neutral face that `insightsim neutral` wrote; empty: learnt while watching."""
    weight: tuple[str, ...] = ()
    """MODEL=w: a say in what is fused, 0 to 1, in place of the model's measured skill."""
    lsl_out: bool = False
    """Publish action units and estimates as LSL streams: everyone on the network can read them."""
    mains: float = 50.0
    """Mains frequency, Hz: 50 or 60."""
    smoothing: float = 10.0
    """Time constant of what is shown, s; 0 for none."""

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.participant):
            raise SettingsError(
                f"participant is {self.participant!r}; expected 1 to 64 of a–z, A–Z, 0–9, - and _ "
                "(the name is part of an address)"
            )
        if self.eeg == self.face == NONE:
            raise SettingsError("eeg and face are both none; expected a source for at least one of them")
        if self.mains not in (50.0, 60.0):
            raise SettingsError(f"mains is {self.mains:g}; expected 50 or 60 (Hz)")
        if not 0 <= self.smoothing <= 600:
            raise SettingsError(f"smoothing is {self.smoothing:g}; expected 0 to 600 (s)")
        if self.trial < 0:
            raise SettingsError(f"trial is {self.trial}; expected 1 or more, or 0 for all")
        if self.speed and not 0.1 <= self.speed <= 1000:
            raise SettingsError(f"speed is {self.speed:g}; expected 0.1 to 1000, or 0 for as fast as it can")
        if self.fps and not 1 <= self.fps <= 1000:
            raise SettingsError(f"fps is {self.fps:g}; expected 1 to 1000, or 0 to go by the file's stamps")
        if not 0 <= self.min_confidence <= 1:
            raise SettingsError(f"min_confidence is {self.min_confidence:g}; expected 0 to 1")
        if self.unit.strip().replace("µ", "u").replace("μ", "u").lower() not in MICROVOLTS:
            raise SettingsError(f"unit is {self.unit!r}; expected V, mV, uV or nV")
        _ = self.weights

    @property
    def weights(self) -> dict[str, float]:
        """`weight` by the name of the model. Raises SettingsError."""
        weights = {}
        for item in self.weight:
            name, _, weight = item.rpartition("=")
            if not name or not WEIGHT.fullmatch(weight) or not float(weight) <= 1:
                raise SettingsError(f"weight is {item!r}; expected MODEL=w with w from 0 to 1")
            weights[name] = float(weight)
        return weights

    @property
    def settled(self) -> Wanted:
        """The same with a source, or none, for EEG."""
        return self if self.eeg else replace(self, eeg=EEG if self.face == NONE else NONE)

    @property
    def face_shown(self) -> str:
        """`face` for everyone to see."""
        return without_password(self.face)

    @property
    def sources(self) -> str:
        """What is watched, in words: "lsl:type=EEG and camera:0", or "camera:0 without EEG"."""
        if self.eeg == NONE:
            return f"{self.face_shown} without EEG"
        return self.eeg if self.face == NONE else f"{self.eeg} and {self.face_shown}"


@dataclass(frozen=True, slots=True)
class Server:
    """Where the page is."""

    host: str = "127.0.0.1"
    port: int = 8765
    """0 picks a free one."""
    browser: bool = True
    """Open the page in the default browser."""

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65535:
            raise SettingsError(f"port is {self.port}; expected 0 to 65535")


@dataclass(frozen=True, slots=True)
class Settings:
    """The tables of insightsim.toml. Raises SettingsError when anybody's would not do."""

    session: Wanted = field(default_factory=Wanted)
    """Of everyone, but for what `participants` says of one."""
    participants: Mapping[str, Any] = field(default_factory=dict)
    """By name: a source, or a table of what is not as in `session`; empty: one person, as there."""
    limits: Limits = field(default_factory=Limits)
    server: Server = field(default_factory=Server)

    def __post_init__(self) -> None:
        _ = self.people  # what would not do for one is said before anybody is watched

    @property
    def people(self) -> tuple[Wanted, ...]:
        """What is wanted of each participant, in the order they were named."""
        named = tuple(_person(self.session, *item) for item in self.participants.items())
        return tuple(one.settled for one in named or (self.session,))


def _person(session: Wanted, name: str, own: str | Mapping[str, Any]) -> Wanted:
    table = own_keys(own, name)
    if "participant" in table:
        raise SettingsError(f"[participants.{name}]: participant is {name!r} already; leave it out")
    return _fill(replace(session, participant=name), table, f"[participants.{name}]")


def own_keys(own: Any, name: str) -> Mapping[str, Any]:
    """What is said of one participant, as a table. Raises SettingsError."""
    if isinstance(own, Mapping):
        return own
    if isinstance(own, str):
        return {"eeg": own}
    raise SettingsError(
        f"[participants]: {name} is {own!r}; expected a source, like 'lsl:source_id=…', or a table"
    )


def load(path: Path | None = None) -> Settings:
    """The file named, else insightsim.toml here, else the defaults. Raises SettingsError."""
    if path is None and not FILE.exists():
        return Settings()
    path = path or FILE
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not valid TOML ({error})") from error
    return _fill(Settings(), table, str(path))


def override(settings: Settings, table: str, **options: Any) -> Settings:
    """The settings with the options that were given (not None) laid over one table."""
    given = {name: value for name, value in options.items() if value is not None}
    return replace(settings, **{table: _fill(getattr(settings, table), given, "")})


def _fill(settings: T, table: Mapping[str, Any], where: str) -> T:
    """The settings with what a table says; `where` that is, for errors: "insightsim.toml [session]"."""
    assert is_dataclass(settings)
    assert not isinstance(settings, type)
    hints = get_type_hints(type(settings))
    changes: dict[str, Any] = {}
    for key, value in table.items():
        if key not in hints:
            raise _at(where, _unknown(key, settings))
        current = getattr(settings, key)
        if is_dataclass(current) and isinstance(value, Mapping):
            changes[key] = _fill(current, value, f"{where} [{key}]".strip())
            continue
        cast = _cast(value, hints[key], current)
        if cast is None:
            shown = json.dumps(value, ensure_ascii=False, default=str)
            raise _at(where, f"{key} is {shown}; expected {EXPECTED.get(hints[key], 'a table')}")
        changes[key] = cast
    try:
        return replace(settings, **changes)
    except SettingsError as error:
        raise _at(where, str(error)) from error


def _at(where: str, said: str) -> SettingsError:
    return SettingsError(f"{where}: {said}" if where else said)


def _unknown(key: str, settings: Any) -> str:
    """What to do about a key that is none: the table it belongs to, or the nearest one."""
    tables = {item.name: getattr(settings, item.name) for item in fields(settings)}
    for name, table in tables.items():
        if is_dataclass(table) and key in {item.name for item in fields(table)}:
            return f"{key!r} belongs under [{name}]"
    near = difflib.get_close_matches(key, tables, 1)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(tables)}"
    return f"unknown setting {key!r}; {hint}"


def _cast(value: Any, hint: Any, current: Any) -> Any:
    """The value as the settings hold it; None when it is of another kind."""
    if isinstance(current, float) and type(value) in (int, float):
        return float(value)
    if hint == tuple[str, ...] and isinstance(value, str):  # as on the command line
        return tuple(name.strip() for name in value.split(",")) if value.strip() else ()
    if hint == tuple[str, ...] and isinstance(value, list | tuple):
        return tuple(value) if all(isinstance(name, str) for name in value) else None
    if isinstance(current, tuple) and isinstance(value, list | tuple) and len(value) == len(current):
        cast = tuple(_cast(item, None, now) for item, now in zip(value, current, strict=True))
        return None if None in cast else cast
    return value if type(value) is type(current) else None
