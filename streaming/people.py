"""Who is watched when options say so: --participant anna=lsl:… over the [participants] of insightsim.toml."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from insightsim.errors import SettingsError
from streaming.address import without_password
from streaming.settings import Settings, override, own_keys

OF_THE_SOURCE: dict[str, Any] = {"trial": 0, "speed": 1.0, "ch_names": (), "unit": ""}
"""What a settings file says of its own source, and what holds when an option names another one."""


def watched(
    settings: Settings,
    named: Sequence[str] = (),
    eeg: str | None = None,
    face: str | None = None,
    neutral: str | None = None,
    **options: Any,
) -> Settings:
    """The settings with those who were `named`, "anna" or "anna=lsl:…", as the participants.

    A name alone is one from the file, or of the one person watched by `eeg`. That person's are `face` and
    `neutral` too. The other `options` that were given (not None) hold for everyone, whatever the file says of
    one. Raises SettingsError.
    """
    given = {key: value for key, value in options.items() if value is not None}
    of_one = {key: value for key, value in (("face", face), ("neutral", neutral)) if value is not None}
    known = {
        name: {key: value for key, value in own_keys(own, name).items() if key not in given}
        for name, own in settings.participants.items()
    }
    sources = _sources(named)
    if eeg is not None and (len(sources) > 1 or any(sources.values()) or (known and not sources)):
        raise _whose("eeg", eeg, list(sources or known))
    if of_one and (len(sources) > 1 or (known and not sources)):
        raise _whose(*next(iter(of_one.items())), list(sources or known))
    fresh = {key: value for key, value in OF_THE_SOURCE.items() if key not in given}
    if not sources or (not known and list(sources.values()) == [None]):  # nobody, or just what to call them
        own = of_one if eeg is None else {"eeg": eeg} | fresh | of_one
        name = next(iter(sources), None)
        return override(replace(settings, participants=known), "session", participant=name, **own, **given)
    people = {
        name: known.get(name, {}) | _own_source(name, source or eeg, known, fresh) | of_one
        for name, source in sources.items()
    }
    return override(replace(settings, participants=people), "session", **given)


def _whose(key: str, value: str, names: list[str]) -> SettingsError:
    """`value` of the option `key` may be anybody's."""
    value = without_password(value)
    what = "neutral face" if key == "neutral" else "source"
    told = f'[participants.{names[0]}] {key} = "{value}" in a settings file'
    return SettingsError(
        f"--{key} {value} is one person's {what}, but sources of their own are named for {', '.join(names)}; "
        f"say whose it is: {f'--participant {names[0]}={value}' if key == 'eeg' else told}"
    )


def _sources(named: Sequence[str]) -> dict[str, str | None]:
    """Each name with its source; None where it stands alone."""
    sources: dict[str, str | None] = {}
    for item in named:
        name, equals, source = item.partition("=")
        if name in sources:
            raise SettingsError(f"--participant {name} is given twice; a name is one person's")
        if equals and not source:
            raise SettingsError(
                f"--participant {item} names no source; expected {name}=lsl:… or {name}=file:…"
            )
        sources[name] = source or None
    return sources


def _own_source(
    name: str, source: str | None, known: Collection[str], fresh: dict[str, Any]
) -> dict[str, Any]:
    if source is not None:
        return {"eeg": source} | fresh
    if name in known:
        return {}
    there = f"the settings file has {', '.join(known)}" if known else "of several, each has one"
    raise SettingsError(
        f"--participant {name} names no source ({there}); expected {name}=lsl:… or {name}=file:…"
    )
