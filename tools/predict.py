"""`insightsim predict`: what a model says about a recorded file, window by window, as fast as it can."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tools.monitor import Fps, Json, Mains, MinConfidence, Model, SettingsFile, Smoothing, Weight

if TYPE_CHECKING:
    from insightsim.cards import Card, Recipe
    from insightsim.datasets.recording import Recording
    from insightsim.eeg import Judge
    from insightsim.types import Estimate
    from streaming.settings import Settings, Wanted


def predict(
    file: Annotated[
        str,
        typer.Argument(metavar="FILE", help="A DEAP file, s01.dat or s01.mat, or a CSV of OpenFace."),
    ],
    trial: Annotated[
        list[int] | None, typer.Option(help="Which trial, from 1; may be given several times. Default: all.")
    ] = None,
    model: Model = None,
    step: Annotated[float, typer.Option(min=0.05, max=60.0, help="Seconds between windows.")] = 0.5,
    smoothing: Smoothing = None,
    mains: Mains = None,
    fps: Fps = None,
    min_confidence: MinConfidence = None,
    weight: Weight = None,
    as_json: Json = False,
    settings: SettingsFile = None,
) -> None:
    """Judge every window of a DEAP file, or of a CSV of OpenFace; a line for each.

    Every trial is taken as live, from a cold start: same filter, windows, quality checks and smoothing.
    `time` counts seconds from the start of the trial, its baseline included. Model, mains, smoothing and
    limits come from insightsim.toml, as the monitor's do; options given here win.

    Of a CSV of OpenFace `time` is its stamp, and what the whole file comes to is said at the end.
    """
    from streaming import settings as told
    from tools.predict_face import is_face, predict_face

    common = {"mains": mains, "smoothing": smoothing, "weight": weight or None}
    wanted = told.override(told.load(settings), "session", **common)
    if is_face(file):
        _refuse({"--trial": trial, "--mains": mains}, "a face has neither trials nor mains")
        asked = told.override(
            wanted, "session", face_model_vadl=model, fps=fps, min_confidence=min_confidence
        ).session
        predict_face(file.removeprefix("file:").removeprefix("openface:"), asked, step, as_json)
    else:
        _refuse({"--fps": fps, "--min-confidence": min_confidence}, "only a CSV of OpenFace has them")
        wanted = told.override(wanted, "session", model=model)
        _predict_eeg(Path(file.removeprefix("file:")), trial, wanted, step, as_json)


def _refuse(options: Mapping[str, object], why: str) -> None:
    from insightsim.errors import SettingsError

    if given := [name for name, value in options.items() if value is not None and value != []]:
        raise SettingsError(f"{', '.join(given)}: {why}; leave it out")


def _predict_eeg(file: Path, trial: list[int] | None, wanted: Settings, step: float, as_json: bool) -> None:
    from insightsim import models
    from insightsim.datasets import deap
    from insightsim.eeg import Judge
    from insightsim.errors import DatasetError, SignalError
    from streaming.recorded import is_deap

    if file.is_file() and not is_deap(file):
        raise DatasetError(
            f"{file}: this reads DEAP files (.dat, .mat) and CSVs of OpenFace; of any other recording the "
            f"monitor prints the estimates: insightsim monitor --eeg file:{file} --json "
            "--no-browser --speed 0"
        )
    name = wanted.session.model
    loaded = models.load(models.choose(deap.CH_NAMES)[0] if name == "auto" else models.named(name))
    judge = Judge(loaded, wanted.limits, wanted.session.mains)
    judged, reasons = 0, Counter[str]()
    for recording in deap.read(file, trial):
        estimates = judge_trial(recording, judge, step, wanted.session)
        judged += sum(estimate.vadl is not None for estimate in estimates)
        reasons.update(estimate.reason for estimate in estimates if estimate.reason)
        lines = _json(recording, estimates) if as_json else _text(recording, estimates, loaded.card)
        typer.echo("\n".join(lines))
    if not judged:
        why = reasons.most_common(1)[0][0] if reasons else "no trial is as long as a window"
        raise SignalError(f"{file}: not one window may be judged, most often because: {why}")


def judge_trial(recording: Recording, judge: Judge, step: float, wanted: Wanted) -> list[Estimate]:
    """The estimates of one trial. It goes in as one chunk, so its windows are judged in large batches."""
    from dataclasses import replace

    from insightsim.eeg import Windows
    from insightsim.fusion import LateFusion, Smooth

    windows = Windows(replace(judge.model.card.eeg, step=step), wanted.mains)
    fusion, smooth = LateFusion(wanted.weights), Smooth(wanted.smoothing)
    return [smooth(fusion(prediction)) for prediction in judge(list(windows(recording.signal)))]


def _json(recording: Recording, estimates: Sequence[Estimate]) -> Iterator[str]:
    """The feed's own messages, with subject and trial added."""
    from web.messages import dumps, estimate_message

    for estimate in estimates:
        message = estimate_message(estimate, recording.subject, utc_offset=None)
        yield dumps(message | {"subject": recording.subject, "trial": recording.trial})


def _text(recording: Recording, estimates: Sequence[Estimate], card: Card) -> Iterator[str]:
    """A line for each estimate, then what the whole trial comes to beside what the person said."""
    import numpy as np

    from insightsim.training.fit import high
    from insightsim.types import VADL
    from insightsim.vadl import group, words
    from tools.predict_face import told

    start = f"{recording.subject} trial {recording.trial:2}"
    for estimate in estimates:
        yield f"{start}  {estimate.time:5.1f} s  {told(estimate)}"
    said = trial_group(recording, estimates, card.eeg)
    rated = group(VADL(*high(np.array(recording.ratings), card.threshold).astype(float)))
    ratings = " ".join(f"{value:.1f}" for value in recording.ratings)
    yield f"{start}  predicted {f'{said}  {words(said)}' if said else 'no estimate'}"
    yield f"{start}  rated     {rated}  {words(rated)}  ({ratings})\n"


def trial_group(recording: Recording, estimates: Sequence[Estimate], recipe: Recipe) -> str | None:
    """The group of a trial by the mean log-odds of its windows wholly after the baseline, as in training."""
    import numpy as np

    from insightsim.evidence import log_odds, probability
    from insightsim.vadl import group

    start = recording.baseline + (recipe.n_samples - 1) / recipe.sfreq
    raws = [log_odds(e.raw) for e in estimates if e.raw is not None and e.time >= start]
    return group(probability(np.mean(raws, axis=0))) if raws else None
