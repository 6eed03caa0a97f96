"""How well skin conductance was told from faces, beside what needs no face: whole, level and responses apart.

Axes: r = resample, p = person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affectflow.eda.measures import MEASURES, SUMS, measures_of, sums_of
from affectflow.multiple_testing import corrected
from affectflow.signal.eda import SHORTEST_S, split_parts
from affectflow.train.scores.bootstrap import interval, least_p, p_value, person_weights

PARTS = ("whole", "tonic", "phasic")
BASELINES = ("mean", "time_only", "last_value")
METHODS = ("predicted", *BASELINES)
ALPHA = 0.05


@dataclass(frozen=True)
class EdaScores:
    """What was found.

    Attributes
    ----------
    recordings
        model, method, part, recording_id, subject_id, n and the `MEASURES` of each recording.
    scores
        model, method, part, measure, value and its 95 % interval over people: of all samples together.
    comparisons
        model, part, baseline: how much less the network's mean squared error is, interval, p.
    verdicts
        model, part, p (the largest of those against the baselines), p_holm over models, beats, and p_least: the least
        p_holm that so many people and networks can have.
    """

    recordings: pl.DataFrame
    scores: pl.DataFrame
    comparisons: pl.DataFrame
    verdicts: pl.DataFrame


def evaluate_eda(predictions: pl.DataFrame, *, n_resamples: int, seed: int) -> EdaScores:
    """Compare networks with baselines on the same samples of people they never saw.

    Level and responses are those of the measured and of the predicted course,
    split by the same filter stretch by stretch; a stretch shorter than 5 s has
    neither. A network beats the baselines when its mean squared error is less
    than that of each of them: the largest of the p over people, corrected over
    the networks (Holm), is below 0.05.

    Parameters
    ----------
    predictions
        `schema.EDA_PREDICTIONS` of all folds of one or more networks.
    n_resamples
        Resamples of people.
    seed
        Of these.
    """
    sums = _sums_by_recording(predictions)
    keys = ["model", "part", "method"]
    found = sums.with_columns(**dict(zip(MEASURES, measures_of(sums.select(SUMS).to_numpy().T), strict=True)))
    scores, comparisons = [], []
    for (model, part), own in sums.group_by("model", "part", maintain_order=True):
        people = own["subject_id"].unique().sort().to_list()
        weight_rp = person_weights(len(people), n_resamples=n_resamples, seed=seed)
        values: dict[str, NDArray[np.float64]] = {}
        for method in METHODS:
            of_person = (
                own.filter(method=method).group_by("subject_id").agg(pl.col(SUMS).sum()).sort("subject_id")
            )
            sum_ps = of_person.select(SUMS).to_numpy().astype(np.float64)
            point, drawn_mr = measures_of(sum_ps.sum(axis=0)), measures_of((weight_rp @ sum_ps).T)
            values[method] = np.concatenate([[point[0]], drawn_mr[0]])
            for measure, value, drawn in zip(MEASURES, point, drawn_mr, strict=True):
                low, high = interval(drawn, n_people=len(people))
                scores.append((model, part, method, measure, float(value), low, high, len(people)))
        for baseline in BASELINES:
            less = values[baseline] - values["predicted"]
            low, high = interval(less[1:], n_people=len(people))
            p = p_value(less[1:], n_people=len(people))
            comparisons.append((model, part, baseline, float(less[0]), low, high, p, len(people)))
    compared = pl.DataFrame(
        comparisons,
        schema=["model", "part", "baseline", "mse_less", "low", "high", "p", "n_people"],
        orient="row",
    )
    return EdaScores(
        recordings=found.select(*keys, "recording_id", "subject_id", "n", *MEASURES).fill_nan(None),
        scores=pl.DataFrame(
            scores, schema=[*keys, "measure", "value", "low", "high", "n_people"], orient="row"
        ).fill_nan(None),
        comparisons=compared.fill_nan(None),
        verdicts=_verdicts(compared, n_resamples=n_resamples),
    )


def verdict(scores: EdaScores) -> str:
    """Say in plain words which networks beat the baselines on the whole conductance."""
    whole = scores.verdicts.filter(part="whole")
    n = int(scores.comparisons["n_people"].max() or 0)  # type: ignore[arg-type]
    winners = whole.filter("beats")["model"].to_list()
    losers = whole.filter(~pl.col("beats"))["model"].to_list()
    baselines = "the mean, the time since the start, the last value before the clip"
    if not winners:
        could = ""
        if (whole["p_least"] >= ALPHA).any():
            could = (
                f" {len(losers)} {'network' if len(losers) == 1 else 'networks at once'} on {n} people could not be shown to, "
                "however well they told it: take more people or resamples (eda.bootstrap), or fewer networks (eda.models)."
            )
        return (
            f"Nothing beats the baselines ({baselines}): on {n} people never seen, {_and(losers)} cannot be shown to tell more of the "
            f"skin conductance from the face than can be said without looking at it.{could}"
        )
    more = f" {_and(losers)} {'does' if len(losers) == 1 else 'do'} not." if losers else ""
    verb = "beats" if len(winners) == 1 else "beat"
    return f"{_and(winners)} {verb} all baselines ({baselines}) on {n} people never seen.{more}"


def summary(scores: EdaScores, *, target_scale: str) -> str:
    """Return the verdict and the measures as Markdown."""
    given = (
        "Every recording was put into standard deviations from its own mean: level and size were given, the course alone was "
        "predicted."
        if target_scale == "recording"
        else "All recordings were put into standard deviations of the training people."
    )
    lines = ["# Skin conductance from the face", "", verdict(scores), "", given, ""]
    head = "| network | part | method | " + " | ".join(MEASURES) + " |"
    lines += [head, "|" + "---|" * (3 + len(MEASURES))]
    for (model, part, method), own in scores.scores.group_by("model", "part", "method", maintain_order=True):
        cells = [_cell(*row) for row in own.select("value", "low", "high").iter_rows()]
        lines.append(f"| {model} | {part} | {method} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _cell(value: float | None, low: float | None, high: float | None) -> str:
    if value is None:
        return "not defined"
    return f"{value:.3f}" if low is None else f"{value:.3f} ({low:.3f} to {high:.3f})"


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _sums_by_recording(predictions: pl.DataFrame) -> pl.DataFrame:
    rows = []
    keys = ["model", "subject_id", "recording_id"]
    for (model, person, recording), own in predictions.group_by(keys, maintain_order=True):
        columns = {name: _parts(own, name) for name in ("measured", *METHODS)}
        for part in PARTS:
            for method in METHODS:
                sums = sums_of(columns["measured"][part], columns[method][part])
                if sums[0]:
                    rows.append((model, part, method, recording, person, *sums))
    schema = ["model", "part", "method", "recording_id", "subject_id", *SUMS]
    return pl.DataFrame(rows, schema=schema, orient="row").sort(
        "model", "part", "recording_id", maintain_order=True
    )


def _parts(own: pl.DataFrame, name: str) -> dict[str, NDArray[np.float64]]:
    """A column of a recording, its level and its responses, stretch by stretch."""
    made: dict[str, list[NDArray[np.float64]]] = {part: [] for part in PARTS}
    for _, stretch in own.sort("time_s").group_by("stretch", maintain_order=True):
        value, time = stretch[name].cast(pl.Float64).to_numpy(), stretch["time_s"].to_numpy()
        made["whole"].append(value)
        if len(time) > 1 and time[-1] - time[0] >= SHORTEST_S:
            tonic, phasic = split_parts(value, rate_hz=1 / float(np.median(np.diff(time))))
            made["tonic"].append(tonic)
            made["phasic"].append(phasic)
    return {part: np.concatenate(values) if values else np.empty(0) for part, values in made.items()}


def _verdicts(compared: pl.DataFrame, *, n_resamples: int) -> pl.DataFrame:
    """A network must beat each of the baselines: the largest p counts, and then all networks together."""
    worst = compared.group_by("model", "part", maintain_order=True).agg(
        pl.col("p").fill_nan(1.0).max(), pl.col("mse_less").min(), pl.col("n_people").first()
    )
    tables = []
    for _, own in worst.group_by("part", maintain_order=True):
        # The first of Holm's steps, which somebody must pass.
        n_people = int(own["n_people"].max())  # type: ignore[arg-type]
        least = own.height * least_p(n_people, n_resamples=n_resamples) if n_people > 1 else 1.0
        p_holm = pl.Series(corrected(own["p"].to_numpy(), method="holm"))
        tables.append(own.drop("n_people").with_columns(p_holm=p_holm, p_least=pl.lit(min(least, 1.0))))
    return pl.concat(tables).with_columns(beats=(pl.col("p_holm") < ALPHA) & (pl.col("mse_less") > 0))
