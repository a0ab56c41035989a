"""What a face model says about windows of action units; nothing where there was hardly a face."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from insightsim.aus import CONFIDENT, LANDMARKS, UNSETTLED
from insightsim.cards import FaceNetwork, FaceRecipe
from insightsim.face_features import feature_names, of_rows, of_spans, read
from insightsim.face_windows import GAP, Cut, coverage
from insightsim.types import VADL, Prediction, Quality, Signal

if TYPE_CHECKING:
    from insightsim.models import Model

Floats = NDArray[np.float64]

GONE = 1.0
"""Seconds without a face after which there is none: what was seen before says nothing about now."""
ENOUGH = 0.5
"""Share of a window in which there must have been a face."""
MANY = 3
"""Windows that share rows, from which it is quicker to examine them together."""


class FaceJudge:
    """One prediction for each window. The windows may have more columns than the model reads."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def __call__(self, windows: Sequence[Signal | Cut]) -> list[Prediction]:
        """In order; the model is asked once, about all good ones together."""
        card = self.model.card
        qualities, features = examine(card.face, windows)
        good = np.array([quality.reason is None for quality in qualities], bool)
        said: Iterator[tuple[list[float], list[float]]] = iter(())
        if good.any():
            probability, spread = self.model(features if good.all() else features[good])
            said = zip(probability.tolist(), spread.tolist(), strict=True)
        predictions, skill = [], card.skill
        for (stream, time), quality in zip(_moments(windows), qualities, strict=True):
            p, s = map(VADL._make, next(said)) if quality.reason is None else (None, None)
            predictions.append(Prediction(stream, time, p, s, quality, card.name, skill=skill))
        return predictions


def _moments(windows: Sequence[Signal | Cut]) -> Iterator[tuple[str, float]]:
    """Stream and last stamp of each window."""
    for one in windows:
        if isinstance(one, Cut):
            stream = one.rows.stream
            yield from ((stream, time) for time in one.rows.times[one.spans[:, 1] - 1].tolist())
        else:
            yield one.stream, float(one.times[-1])


def examine(recipe: FaceRecipe, windows: Iterable[Signal | Cut]) -> tuple[list[Quality], NDArray[np.float32]]:
    """The quality of windows, and their features (n_windows, n_features); NaN where it forbids judgement."""
    qualities: list[Quality] = []
    features = [np.zeros((0, len(feature_names(recipe))), np.float32)]
    for one in windows:
        for part in [one] if isinstance(one, Signal) or len(one.spans) >= MANY else one:
            found = _alone(recipe, part) if isinstance(part, Signal) else _together(recipe, part)
            qualities += found[0]
            features.append(found[1])
    return qualities, features[1] if len(features) == 2 else np.concatenate(features)


def _alone(recipe: FaceRecipe, window: Signal) -> tuple[list[Quality], NDArray[np.float32]]:
    rows, there = read(recipe, window)
    quality, valid = assess(recipe, window.times, there, confidence(window))
    if quality.reason is not None:
        return [quality], np.full((1, len(feature_names(recipe))), np.nan, np.float32)
    return [quality], of_rows(recipe, rows[valid], window.times[valid])[None]


def _together(recipe: FaceRecipe, cut: Cut) -> tuple[list[Quality], NDArray[np.float32]]:
    """Windows that share rows: those in which nothing is amiss all at once, the others as `assess` says."""
    times, (rows, there), sure = cut.rows.times, read(recipe, cut.rows), confidence(cut.rows)
    valid = _counts(recipe, there, sure)
    qualities = []
    for score, (first, last) in zip(_scores(recipe, cut, valid, sure), cut.spans.tolist(), strict=True):
        if math.isnan(score):
            part = slice(first, last)
            quality, _ = assess(recipe, times[part], there[part], None if sure is None else sure[part])
        else:
            quality = Quality(score, None)
        qualities.append(quality)
    good = np.array([quality.reason is None for quality in qualities])
    features = np.full((len(good), len(feature_names(recipe))), np.nan, np.float32)
    if good.any():
        spans = np.concatenate([[0], np.cumsum(valid)])[cut.spans[good]]
        features[good] = of_spans(recipe, rows[valid], times[valid], spans)
    return qualities, features


def _scores(recipe: FaceRecipe, cut: Cut, valid: NDArray[np.bool_], sure: Floats | None) -> list[float]:
    """The score of each window that may be judged; NaN of those that may not."""
    times, (first, last) = cut.rows.times, cut.spans.T
    seconds = np.minimum(np.diff(times, prepend=times[0]), GAP) * valid
    stood = np.concatenate([[0.0], np.cumsum(seconds)])
    covered = stood[last] - stood[first] + GAP * valid[first] - seconds[first]
    score = covered = np.minimum(1.0, covered / recipe.seconds)
    if sure is not None:
        trust, n = np.zeros((2, len(times) + 1))
        np.cumsum(np.where(valid, sure, 0.0), out=trust[1:])
        np.cumsum(valid, out=n[1:])
        score = covered * (trust[last] - trust[first]) / np.maximum(1, n[last] - n[first])
    newest = np.maximum.accumulate(np.where(valid, times, -np.inf))
    fit = (times[last - 1] - newest[last - 1] <= GONE) & (covered >= ENOUGH)
    scores: list[float] = np.where(fit, score, np.nan).tolist()
    return scores


def confidence(window: Signal) -> Floats | None:
    """(n_rows,): how far our own action units are to be relied on; None where nothing tells.

    Rows of OpenFace's come masked already, by the limit that the user set.
    """
    if window.unit != LANDMARKS or "confidence" not in window.ch_names:
        return None
    return np.asarray(window.data[:, window.ch_names.index("confidence")], np.float64)


def _counts(recipe: FaceRecipe, there: NDArray[np.bool_], sure: Floats | None) -> NDArray[np.bool_]:
    """(n_rows,): where there is a face that may be relied on as far as the model needs."""
    limit = UNSETTLED if isinstance(recipe.features, FaceNetwork) else CONFIDENT
    return there if sure is None else there & (sure >= limit)


def assess(
    recipe: FaceRecipe, times: Floats, there: NDArray[np.bool_], sure: Floats | None = None
) -> tuple[Quality, NDArray[np.bool_]]:
    """Whether a window may be judged, and which rows count, (n_rows,).

    By its rows' `times`, in which of them there is a face (numbers in all columns the model reads), and how
    `sure` those are. A network that looks at the face itself needs no face at rest to compare it with.
    """
    valid = _counts(recipe, there, sure)
    score = covered = coverage(times, valid, recipe.seconds)
    if sure is not None and valid.any():
        score = covered * float(sure[valid].mean())
    unread = "" if sure is None else _unread(sure[there])
    return Quality(score, _reason(recipe.seconds, times, there, valid, covered, unread)), valid


def _reason(
    seconds: float,
    times: Floats,
    there: NDArray[np.bool_],
    valid: NDArray[np.bool_],
    covered: float,
    unread: str,
) -> str | None:
    """Why a window cannot be judged: no face, an unreadable one, or too few pictures; None where it can."""
    if not there.any():
        return f"no face in the last {seconds:g} s"
    if (gone := float(times[-1] - times[there][-1])) > GONE:
        return f"no face for {gone:.0f} s"
    if not valid.any() or times[-1] - times[valid][-1] > GONE:
        return unread
    if covered >= ENOUGH:
        return None
    if coverage(times, np.ones(len(times), bool), seconds) < ENOUGH:
        return _sparse(seconds, times)
    if coverage(times, there, seconds) >= ENOUGH:
        return f"{unread} for most of the last {seconds:g} s"
    return f"a face in only {covered:.0%} of the last {seconds:g} s"


def _unread(sure: Floats) -> str:
    """What hinders reading a face, by the newest row in which it could not be."""
    unsure = sure[sure < CONFIDENT]
    if len(unsure) and unsure[-1] == UNSETTLED:
        return "still learning how this face looks at rest"
    return "a face, but turned too far to be read"


def _sparse(seconds: float, times: Floats) -> str:
    """Too few pictures to follow a face, all in all or in between."""
    if len(times) > 1 and np.median(np.diff(times)) <= GAP:
        whole = coverage(times, np.ones(len(times), bool), seconds)
        return f"pictures for only {whole:.0%} of the last {seconds:g} s"
    return f"pictures come only every {seconds / len(times):.1f} s: too seldom to follow a face"
