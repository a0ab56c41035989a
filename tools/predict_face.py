"""`insightsim predict FILE.csv`: what a model says about a face whose action units are in a file."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from insightsim.models import Model
    from insightsim.openface import OpenFaceFile
    from insightsim.types import VADL, Estimate
    from streaming.face_chain import FaceChain
    from streaming.settings import Wanted


def is_face(text: str) -> bool:
    """Whether this is a CSV of OpenFace: as it is called, or by its first line."""
    from insightsim.openface_header import looks_like
    from streaming.queries import file_of

    return text.startswith("openface:") or looks_like(file_of(text.removeprefix("file:"))[0])


def predict_face(text: str, wanted: Wanted, step: float, as_json: bool) -> None:
    """Judge every window of "PATH" or "PATH#FACE", then the whole; print a line for each.

    Raises InsightSimError, SignalError where not one window may be judged.
    """
    from insightsim.errors import SignalError, readable
    from web.messages import dumps, estimate_message

    file, model = opened(text, wanted)
    whole, title = Whole(), readable(file.source.path.stem)
    for note in file.notes:
        typer.echo(f"Note: {note}", err=True)
    chain = _chain(file, model, step)
    for estimate in estimates(file, chain, wanted):
        whole.add(estimate)
        message = estimate_message(estimate, title, utc_offset=None) if as_json else None
        typer.echo(dumps(message) if message else f"{title}  {estimate.time:6.1f} s  {told(estimate)}")
    if not whole.judged:
        why = whole.reasons.most_common(1)[0][0] if whole.reasons else "it is shorter than a window"
        raise SignalError(f"{file.source.path}: not one window may be judged, most often because: {why}")
    typer.echo(dumps(_message(file, chain, whole)) if as_json else _line(file, chain, whole, title))


def opened(text: str, wanted: Wanted) -> tuple[OpenFaceFile, Model]:
    """A file, of which only the columns are read that the model reads, and this model."""
    from insightsim import models
    from insightsim.aus import COLUMNS
    from insightsim.aus_csv import whose
    from insightsim.openface import open_csv
    from insightsim.openface_header import read_layout
    from streaming.openface import face_of

    path, face = face_of(text)
    names = read_layout(path).names
    if wanted.face_model_vadl == "auto":
        card = models.choose_face([name for name in COLUMNS if name in names], whose(path, names))
    else:
        card = models.named(wanted.face_model_vadl)
    model = models.loaded(card)
    fps, limit = wanted.fps or None, wanted.min_confidence
    return open_csv(path, model.card.face.ch_names, fps=fps, face=face, limit=limit), model


def _chain(file: OpenFaceFile, model: Model, step: float) -> FaceChain:
    """A face's stages, with windows `step` s apart. Raises ModelError."""
    from streaming.face_chain import FaceChain
    from streaming.sources import SourceInfo

    often = replace(model, card=replace(model.card, recipe=replace(model.card.face, step=step)))
    info = SourceInfo(file.source.path.name, file.columns, file.unit, file.sfreq)
    return FaceChain(lambda _: often, info)


def estimates(file: OpenFaceFile, chain: FaceChain, wanted: Wanted) -> Iterator[Estimate]:
    """Of every window, stamped as in the file. Raises DatasetError."""
    from insightsim.fusion import LateFusion, Smooth

    fusion, smooth = LateFusion(wanted.weights), Smooth(wanted.smoothing)
    for block in file.blocks():
        for prediction in chain(block):
            yield smooth(fusion(prediction))


@dataclass
class Whole:
    """What all windows of a file come to: the mean of their log-odds, as whole trials are scored."""

    windows: int = 0
    judged: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    """Why windows were not judged, with how many."""
    _sum: Any = 0.0

    def add(self, estimate: Estimate) -> None:
        """Take one window into account."""
        from insightsim.evidence import log_odds

        self.windows += 1
        if estimate.raw is None:
            self.reasons[estimate.reason or ""] += 1
            return
        self.judged += 1
        self._sum = self._sum + log_odds(estimate.raw)

    @property
    def vadl(self) -> VADL:
        """Of the whole file; there must have been a window."""
        from insightsim.evidence import probability

        return probability(self._sum / self.judged)


def _line(file: OpenFaceFile, chain: FaceChain, whole: Whole, title: str) -> str:
    """What the whole file comes to, and how much of it did not count."""
    from insightsim.vadl import group, words

    key = group(whole.vadl)
    said = [f"{name} {p:.2f}" for name, p in zip("VADL", whole.vadl, strict=True) if not math.isnan(p)]
    dropped = f"; {chain.dropped:,} dropped: their stamps repeat or go back" if chain.dropped else ""
    return (
        f"{title}  whole file  {'  '.join(said)}  {key}  {words(key)}\n"
        f"{title}  {whole.judged:,} of {whole.windows:,} windows judged, {file.masked:,} of {file.rows:,} "
        f"rows masked: no face was tracked there, or right beside{dropped}"
    )


def _message(file: OpenFaceFile, chain: FaceChain, whole: Whole) -> dict[str, Any]:
    """The same as a message, after the feed's own."""
    from insightsim.errors import readable
    from insightsim.vadl import DIMENSIONS, group, words
    from web.messages import SCHEMA

    key = group(whole.vadl)
    said = {name: None if math.isnan(p) else p for name, p in zip(DIMENSIONS, whole.vadl, strict=True)}
    counts = {"windows": whole.windows, "judged": whole.judged, "rows": file.rows, "masked": file.masked}
    counts["dropped"] = chain.dropped
    made = {"model": chain.card.name, "action_units": file.unit, "notes": list(file.notes)}
    about = {"schema": SCHEMA, "type": "file", "file": readable(str(file.source.path))}
    return about | said | {"group": key, "words": words(key)} | counts | made


def told(estimate: Estimate) -> str:
    """An estimate, or why there is none, in a line."""
    from insightsim.vadl import group, words

    if estimate.vadl is None or estimate.spread is None:
        return f"no estimate: {estimate.reason}"
    spoken = [
        f"{name} {value:.2f} ±{spread:.2f}"
        for name, value, spread in zip("VADL", estimate.vadl, estimate.spread, strict=True)
        if not math.isnan(value)
    ]
    return f"{'  '.join(spoken)}  {words(group(estimate.vadl))}"
