"""What goes over the WebSocket, and out as `--json` lines: values in, plain dicts out.

Schema "insightsim.feed/1". Within a major version fields are only added, so a reader ignores what it does not
know. A number that is not known is null; NaN is never sent.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from insightsim.cards import Card, FaceFeatures
from insightsim.types import VADL, Estimate, Share, StreamState
from insightsim.vadl import DIMENSIONS, group, note, words

SCHEMA = "insightsim.feed/1"

Message = dict[str, Any]


def hello_message(participant: str, cards: Sequence[Card], same_stream_as: Sequence[str] = ()) -> Message:
    """Who is watched and what the models can do; first on a connection, and again when that changes."""
    return {
        "schema": SCHEMA,
        "type": "hello",
        "participant": participant,
        "same_stream_as": list(same_stream_as),
        "models": [_model(card) for card in cards],
    }


def estimate_message(estimate: Estimate, participant: str, utc_offset: float | None) -> Message:
    """One estimate. `utc_offset` is UTC (Unix seconds) at LSL time 0; without it `at` is null.

    The four dimensions are null when there is no estimate, and `reason` says why. `lag_ms` is that of the
    slowest stream that has a say; of the slowest of all where none has.
    """
    key = None if estimate.vadl is None else group(estimate.vadl)
    return {
        "schema": SCHEMA,
        "type": "estimate",
        "time": _number(estimate.time),
        "at": _at(_moment(estimate), utc_offset),
        "participant": participant,
        **(_dimensions(estimate.vadl) or dict.fromkeys(DIMENSIONS)),
        "raw": _dimensions(estimate.raw),
        "spread": _dimensions(estimate.spread),
        "group": key,
        "words": None if key is None else words(key),
        "note": None if key is None else note(key),
        "quality": _number(estimate.quality),
        "bad": [{"channel": channel, "fault": fault} for channel, fault in estimate.bad],
        "reason": estimate.reason,
        "streams": [stream_fields(state) for state in estimate.streams],
        "shares": [_share(share) for share in estimate.shares],
        "lag_ms": _milliseconds(_lag(estimate)),
    }


def status_message(state: StreamState, participant: str, utc_offset: float | None) -> Message:
    """How one source is doing; sent whenever that changes, and first to whoever connects."""
    return {
        "schema": SCHEMA,
        "type": "status",
        "time": _number(state.time),
        "at": _at(state.time, utc_offset),
        "participant": participant,
        **stream_fields(state),
    }


def stream_fields(state: StreamState) -> Message:
    """One stream's state, as in `streams` of an estimate and in a status message."""
    return {
        "stream": state.stream,
        "status": state.status,
        "source": state.source,
        "name": state.name,
        "sfreq": _number(state.sfreq),
        "rate": _number(state.rate),
        "n_channels": state.n_channels,
        "lag_ms": _milliseconds(state.lag),
        "gaps": state.gaps,
        "dropped": state.dropped,
        "skipped": state.skipped,
        "faces": state.faces,
        "reference": state.reference,
        "model": state.model,
        "left_out": list(state.left_out),
        "reason": state.reason,
    }


def dumps(message: Message) -> str:
    """One line of JSON."""
    return orjson.dumps(message).decode()


def _model(card: Card) -> Message:
    trained = card.trained
    return {
        "name": card.name,
        "version": card.version,
        "stream": card.recipe.stream,
        "action_units": card.recipe.unit if isinstance(card.recipe.features, FaceFeatures) else None,
        "trained_on": trained.data,
        "simulated": trained.simulated,
        "subjects": trained.subjects,
        "trials": trained.trials,
        "note": trained.note,
        "threshold": f"{card.threshold.rule} {card.threshold.value:g}",
        "protocol": card.protocol,
        "scores": {
            dimension: {
                "balanced_accuracy": _number(score.balanced_accuracy),
                "low": _number(score.low),
                "high": _number(score.high),
                "auc": _number(score.auc),
                "accuracy": _number(score.accuracy),
                "majority": _number(score.majority),
                "chance": _number(score.chance),
            }
            for dimension, score in card.scores.items()
        },
    }


def _share(share: Share) -> Message:
    """What one stream brought into an estimate."""
    return {
        "stream": share.stream,
        "model": share.model,
        "says": _dimensions(share.vadl),
        "spread": _dimensions(share.spread),
        "weight": _dimensions(share.weight),
        "age_ms": _milliseconds(share.age),
        "reason": share.reason,
    }


def _dimensions(vadl: VADL | None) -> dict[str, float | None] | None:
    if vadl is None:
        return None
    return {name: _number(value) for name, value in zip(DIMENSIONS, vadl, strict=True)}


def _moment(estimate: Estimate) -> float:
    """When the newest sample was due by this computer's clock. Its stamp need not tell: a replay at another
    speed runs ahead of the clock, and some devices stamp with a clock of their own.
    """
    if not estimate.streams:
        return estimate.time
    newest = max(estimate.streams, key=lambda state: state.time)
    return newest.time - (newest.lag or 0.0)


def _lag(estimate: Estimate) -> float | None:
    """How late the slowest stream is, s: one without a say makes no estimate old."""
    heard = {share.stream for share in estimate.shares if any(share.weight)}
    lags = (state.lag for state in estimate.streams if not heard or state.stream in heard)
    return max((lag for lag in lags if lag is not None), default=None)


def _number(value: float | None) -> float | None:
    """`value` as a Python float, which numpy's scalars are not; null for NaN and infinities."""
    return None if value is None or not math.isfinite(value) else float(value)


def _milliseconds(seconds: float | None) -> float | None:
    value = _number(seconds)
    return None if value is None else round(value * 1000, 1)


def _at(time: float, utc_offset: float | None) -> str | None:
    if utc_offset is None or not math.isfinite(time + utc_offset):
        return None
    try:
        moment = datetime.fromtimestamp(time + utc_offset, UTC)
    except (OverflowError, ValueError, OSError):  # stamps that are no time of any calendar
        return None
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
