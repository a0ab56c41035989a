"""A model's card as TOML: read strictly, written small and readable.

The file mirrors the dataclasses of `insightsim.cards` field by field, so there is no second list of keys
to keep in step: a field is a key, a dataclass in a dataclass is a table. Every key must be there and none
may be unknown.
"""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import reduce
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from insightsim.aus import LANDMARKS, OPENFACE
from insightsim.cards import Card, FaceFeatures, FaceNetwork, FaceRecipe, Filter, Recipe
from insightsim.errors import ModelError
from insightsim.vadl import DIMENSIONS

REFERENCES = ("average", "as recorded")
RULES = (">=", ">")
UNITS = {"eeg": ("uV",), "face": (OPENFACE, LANDMARKS)}
"""By stream. EEG is brought to µV, whatever its unit; action units of one source never to another's."""
RECIPES = {"eeg": Recipe, "face": FaceRecipe}
NETWORK = "affect"
"""Name of the "features" of a network."""
STEEPEST = 16
"""Order of a filter: nothing like it is used on EEG, and a slip of the pen must not take minutes to build."""
LARGEST = 1024
"""Pixels across a face that a network may ask for."""
SHARPEST = 1000
"""Quality of a notch: below 1 it would be wider than its own frequency, and cannot be built."""
_HEADER = "# What this model needs and may claim. The ONNX file of the same name lies beside it.\n"
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def read(path: Path) -> Card:
    """The card in a TOML file. Raises ModelError naming the key that is missing, unknown or of the wrong
    type.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        card: Card = _parse(Card, table, "")
        _check(card)
    except OSError as error:
        raise ModelError(f"{path}: no model card can be read there ({error.strerror})") from error
    except ValueError as error:  # not UTF-8, not TOML
        raise ModelError(f"{path} is not a TOML file: {error}") from error
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None
    return card


def write(card: Card, path: Path) -> None:
    """Write a card so that `read` gives an equal one."""
    path.write_text(dumps(card), encoding="utf-8", newline="\n")


def dumps(card: Card) -> str:
    """The card as TOML text."""
    return _HEADER + "\n".join(_lines(_items(card), ()))


def _parse(kind: Any, value: Any, key: str) -> Any:
    """`value`, found under `key`, as the type that a dataclass field is annotated with."""
    if kind == Recipe | FaceRecipe:
        kind = _recipe_kind(_of(dict, value, key), key)
    if kind == FaceFeatures | FaceNetwork:
        kind = FaceNetwork if _of(dict, value, key).get("name") == NETWORK else FaceFeatures
    if is_dataclass(kind):
        return _parse_table(kind, value, key)
    if get_origin(kind) is dict:
        each = get_args(kind)[1]
        return {name: _parse(each, item, _join(key, name)) for name, item in _of(dict, value, key).items()}
    if get_origin(kind) is tuple:
        return _parse_array(get_args(kind), _of(list, value, key), key)
    if kind is float and type(value) is int:
        return float(value)
    return _of(kind, value, key)


def _recipe_kind(table: dict[str, Any], key: str) -> type[Recipe | FaceRecipe]:
    if "stream" not in table:
        raise ModelError(f'the key "{key}.stream" is missing')
    if (stream := table["stream"]) not in RECIPES:
        raise ModelError(f'"{key}.stream" is {stream!r}, expected one of {", ".join(RECIPES)}')
    return RECIPES[stream]


def _parse_table(kind: Any, value: Any, key: str) -> Any:
    table, hints = _of(dict, value, key), get_type_hints(kind)
    for name in table:
        if name not in hints:
            raise ModelError(f'unknown key "{_join(key, name)}"; known here: {", ".join(hints)}')
    for name in hints:
        if name not in table:
            raise ModelError(f'the key "{_join(key, name)}" is missing')
    return kind(**{name: _parse(hint, table[name], _join(key, name)) for name, hint in hints.items()})


def _parse_array(kinds: tuple[Any, ...], items: list[Any], key: str) -> tuple[Any, ...]:
    if kinds[-1] is Ellipsis:
        return tuple(_parse(kinds[0], item, key) for item in items)
    if len(items) != len(kinds):
        raise ModelError(f'"{key}" has {len(items)} items, expected {len(kinds)}')
    return tuple(_parse(kind, item, key) for kind, item in zip(kinds, items, strict=True))


def _of(kind: type[Any], value: Any, key: str) -> Any:
    if type(value) is not kind:  # not isinstance: true and false are no numbers here
        raise ModelError(f'"{key}" is {value!r}, expected a {_TOML_NAMES[kind]}')
    return value


_TOML_NAMES = {
    dict: "table",
    list: "array",
    str: "string",
    int: "whole number",
    float: "number",
    bool: "boolean",
}


def _join(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name


def _check(card: Card) -> None:
    """Refuse values that no model can mean."""
    recipe = card.recipe
    for key, value, allowed in (
        ("recipe.unit", recipe.unit, UNITS[recipe.stream]),
        ("threshold.rule", card.threshold.rule, RULES),
    ):
        if value not in allowed:
            raise ModelError(f'"{key}" is "{value}", expected one of {", ".join(map(json.dumps, allowed))}')
    _check_positive(card, "recipe.step", "trained.members", "familiar")
    if isinstance(recipe, FaceRecipe):
        _check_positive(card, "recipe.seconds")
        if isinstance(recipe.features, FaceNetwork):
            _check_network(recipe, recipe.features)
    else:
        _check_eeg(card, recipe)
    if card.scores and set(card.scores) != set(DIMENSIONS):
        raise ModelError(
            f'"scores" has {", ".join(card.scores)}, expected {", ".join(DIMENSIONS)} or nothing'
        )


def _check_positive(card: Card, *keys: str) -> None:
    for key in keys:
        number: Any = reduce(getattr, key.split("."), card)
        if not 0 < number < math.inf:
            raise ModelError(f'"{key}" is {number}, expected more than 0')


def _check_eeg(card: Card, recipe: Recipe) -> None:
    if recipe.reference not in REFERENCES:
        allowed = ", ".join(map(json.dumps, REFERENCES))
        raise ModelError(f'"recipe.reference" is "{recipe.reference}", expected one of {allowed}')
    _check_positive(card, "recipe.sfreq", "recipe.n_samples", "recipe.filter.notch_q")
    _check_filter(recipe.filter, recipe.sfreq)


def _check_network(recipe: FaceRecipe, network: FaceNetwork) -> None:
    if not 1 <= network.size <= LARGEST:
        raise ModelError(f'"recipe.features.size" is {network.size}, expected 1 to {LARGEST}')
    if not all(0 < std < math.inf for std in network.std):
        raise ModelError(f'"recipe.features.std" is {_text(network.std)}, expected more than 0')
    if not -math.inf < network.low < network.high < math.inf:
        raise ModelError(
            f'"recipe.features.low" is {network.low}, expected less than "high", which is {network.high}'
        )
    known = set(network.outputs) <= set(DIMENSIONS)
    there = all(0 <= output < network.n_outputs for output in network.outputs.values())
    if not (known and there and len(network.outputs) == len(recipe.ch_names) > 0):
        raise ModelError(
            f'"recipe.features.outputs" is {network.outputs}, expected {len(recipe.ch_names)} of '
            f"{', '.join(DIMENSIONS)}, as many as recipe.ch_names, each from 0 to {network.n_outputs - 1}"
        )


def _check_filter(band: Filter, sfreq: float) -> None:
    if not 0 < band.low < band.high < sfreq / 2:
        raise ModelError(
            f'"recipe.filter" passes {band.low:g} to {band.high:g} Hz, expected 0 < low < high < '
            f"{sfreq / 2:g} Hz, half the rate"
        )
    if not 1 <= band.order <= STEEPEST:
        raise ModelError(f'"recipe.filter.order" is {band.order}, expected 1 to {STEEPEST}')
    if not 0 <= band.notch < math.inf:
        raise ModelError(f'"recipe.filter.notch" is {band.notch:g}, expected a frequency, or 0 for none')
    if not 1 <= band.notch_q <= SHARPEST:
        raise ModelError(f'"recipe.filter.notch_q" is {band.notch_q:g}, expected 1 to {SHARPEST}')


def _items(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _lines(table: Mapping[str, Any], above: tuple[str, ...]) -> Iterator[str]:
    """A table's own keys first, then its sub-tables: TOML has no way back up."""
    tables = {}
    for name, value in table.items():
        if is_dataclass(value):
            tables[name] = _items(value)
        elif isinstance(value, dict):
            tables[name] = value
        else:
            yield f"{_key(name)} = {_text(value)}"
    for name, sub in tables.items():
        path = (*above, _key(name))
        if not sub or not all(is_dataclass(value) for value in sub.values()):
            yield f"\n[{'.'.join(path)}]"
        yield from _lines(sub, path)
    if not above:
        yield ""


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else _text(name)


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_text, value))}]"
    if isinstance(value, str):
        # A TOML basic string is a JSON string, except that DEL must be escaped as well.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value)
