"""From examples to a fitted ensemble and the card that says what it is and how well it does."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from insightsim.cards import Card, FaceRecipe, Recipe, Threshold, Trained
from insightsim.errors import DatasetError
from insightsim.training import recipes, scores
from insightsim.training.features import Examples
from insightsim.training.fit import Ensemble, fit, high

DEMO = "demo model, trained on simulated data"


def enough(subjects: Sequence[str]) -> None:
    """Raises DatasetError when there are too few subjects to learn from."""
    if len(subjects) < 3:
        raise DatasetError(
            f"there is only {' and '.join(subjects) or 'nobody'} to learn from; three subjects at least are "
            "needed, one to be left out and two for the members to differ in"
        )


def train(
    examples: Examples,
    recipe: Recipe | FaceRecipe,
    name: str,
    data: str,
    simulated: bool,
    threshold: Threshold | None = None,
    n_members: int = 10,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> tuple[Ensemble, Card]:
    """Score by leaving each subject out in turn, then fit on everyone. The card lacks the file's sha256.

    `data` says in words what the examples are of; `progress` is called after each subject left out.
    Raises DatasetError when there are too few subjects or only one kind of rating.
    """
    enough(examples.subjects)
    threshold = threshold or Threshold()
    labels = high(examples.ratings, threshold)
    kept = recipes.KEPT.get(recipe.features.name)
    log_odds = scores.leave_one_subject_out(examples, labels, n_members, seed, progress, kept)
    ensemble = fit(examples, labels, n_members, seed, kept)
    trained = Trained(
        data=data,
        simulated=simulated,
        subjects=len(examples.subjects),
        trials=len(examples.ratings),
        windows=len(examples.features),
        members=n_members,
        seed=seed,
        note=f"{DEMO}; of no use on real people" if simulated else "",
    )
    return ensemble, Card(
        name=name,
        version="1",
        licence="Apache-2.0" if simulated else "not for others, unless the data's owners allow it",
        sha256="",
        recipe=recipe,
        threshold=threshold,
        trained=trained,
        protocol=scores.PROTOCOL,
        scores=scores.score(log_odds, labels, examples.subject, seed),
        familiar=ensemble.familiar,
    )
