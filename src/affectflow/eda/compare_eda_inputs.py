"""What the face's crop and the random changes of training clips are worth: the same networks with and without.

Axes: r = resample, p = person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affectflow.eda.measures import MEASURES, SUMS, measures_of, sums_of
from affectflow.errors import TableError
from affectflow.multiple_testing import corrected
from affectflow.train.scores.bootstrap import interval, least_p, p_value, person_weights

CROPS, CHANGES = ("face", "none"), ("changed", "unchanged")
VARIANTS = tuple((crop, changes) for crop in CROPS for changes in CHANGES)
# What is compared: with, without.
PAIRS = (
    ("the face's crop", ("face", "changed"), ("none", "changed")),
    ("the face's crop", ("face", "unchanged"), ("none", "unchanged")),
    ("changes of clips", ("face", "changed"), ("face", "unchanged")),
    ("changes of clips", ("none", "changed"), ("none", "unchanged")),
)
COMPARED = ("mse", "r")
ALPHA = 0.05
SAMPLE = ["model", "subject_id", "recording_id", "time_s"]


@dataclass(frozen=True)
class InputScores:
    """What was found, on the samples that were predicted in all variants.

    Attributes
    ----------
    scores
        model, crop, changes, measure, value, its 95 % interval over people, n_people, n (samples).
    differences
        model, what, crop and changes of the one with it, measure, with, without, difference (with - without), its interval, p,
        p_holm over all differences of the same measure, n_people, p_least: the least p_holm that so many people and networks can have.
    """

    scores: pl.DataFrame
    differences: pl.DataFrame


def compare_eda_inputs(
    predictions: Mapping[tuple[str, str], pl.DataFrame], *, n_resamples: int, seed: int
) -> InputScores:
    """Compare networks trained and tested on the face or the whole picture, with and without changes of training clips.

    All on the same samples of the same people, whom the networks never saw:
    where the face was not found, the whole picture does not count either.
    People are resampled, the same in both of a pair.

    Parameters
    ----------
    predictions
        (crop, changes) of `VARIANTS` → `schema.EDA_PREDICTIONS` of all folds.
    n_resamples, seed
        Of people.

    Raises
    ------
    TableError
        If the variants have no sample in common, or do not agree on what was measured.
    """
    together = _together(predictions)
    scores, differences = [], []
    for (model,), own in together.group_by("model", maintain_order=True):
        people = own["subject_id"].unique().sort().to_list()
        weight_rp = person_weights(len(people), n_resamples=n_resamples, seed=seed)
        values = {}
        for variant in VARIANTS:
            sums_ps = np.array([_sums(own.filter(subject_id=person), variant) for person in people])
            drawn = measures_of((weight_rp @ sums_ps).T)
            values[variant] = np.column_stack([measures_of(sums_ps.sum(axis=0)), drawn])
            for measure, row in zip(MEASURES, values[variant], strict=True):
                low, high = interval(row[1:], n_people=len(people))
                scores.append((model, *variant, measure, float(row[0]), low, high, len(people), own.height))
        for what, one, other in PAIRS:
            for measure in COMPARED:
                k = MEASURES.index(measure)
                pair = values[one][k], values[other][k]
                differences.append((model, what, *one, measure, *_difference(*pair, n_people=len(people))))
    names = ["value", "low", "high", "n_people", "n"]
    made = pl.DataFrame(scores, schema=["model", "crop", "changes", "measure", *names], orient="row")
    columns = [
        "model",
        "what",
        "crop",
        "changes",
        "measure",
        "with",
        "without",
        "difference",
        "low",
        "high",
        "p",
        "n_people",
    ]
    compared = pl.DataFrame(differences, schema=columns, orient="row")
    return InputScores(made.fill_nan(None), _corrected(compared, n_resamples=n_resamples).fill_nan(None))


def verdict(found: InputScores) -> str:
    """Say in plain words what made a difference to the mean squared error."""
    own = found.differences.filter(pl.col("measure") == "mse")
    n = int(own["n_people"].max() or 0)  # type: ignore[arg-type]
    said = []
    for row in own.filter(pl.col("p_holm") < ALPHA).iter_rows(named=True):
        better = "less" if row["difference"] < 0 else "more"
        setting = row["changes"] if row["what"] == "the face's crop" else f"crop {row['crop']}"
        said.append(
            f"{row['model']} errs {better} with {row['what']} ({setting}: {row['with']:.3f} instead of {row['without']:.3f})"
        )
    if not said:
        could = ""
        if (own["p_least"] >= ALPHA).any():
            could = (
                f" So many comparisons ({own.height}) on {n} people could not show any, however large: take more people or resamples "
                "(eda.bootstrap), or fewer networks (eda.models)."
            )
        nothing = "Neither the face's crop nor changes of training clips can be shown to make a difference"
        return f"{nothing}, on {n} people never seen.{could}"
    return "; ".join(said) + f"; on {n} people never seen. For the rest no difference can be shown."


def summary(found: InputScores) -> str:
    """Return the verdict and both tables as Markdown."""
    lines = ["# What crop and changes are worth", "", verdict(found), ""]
    lines += ["All numbers are of the same samples: those for which all four predicted.", ""]
    lines += [
        "| network | crop | training clips | " + " | ".join(MEASURES) + " |",
        "|" + "---|" * (3 + len(MEASURES)),
    ]
    for (model, crop, changes), own in found.scores.group_by("model", "crop", "changes", maintain_order=True):
        cells = [_cell(*row) for row in own.select("value", "low", "high").iter_rows()]
        lines.append(f"| {model} | {crop} | {changes} | " + " | ".join(cells) + " |")
    lines += [
        "",
        "| network | with and without | else | measure | with - without | p | p (Holm) |",
        "|" + "---|" * 7,
    ]
    for row in found.differences.iter_rows(named=True):
        fixed = row["changes"] if row["what"] == "the face's crop" else row["crop"]
        values = _cell(row["difference"], row["low"], row["high"], sign="+")
        p = ("–" if row[name] is None else f"{row[name]:.3f}" for name in ("p", "p_holm"))
        lines.append(
            f"| {row['model']} | {row['what']} | {fixed} | {row['measure']} | {values} | "
            + " | ".join(p)
            + " |"
        )
    return "\n".join(lines) + "\n"


def _together(predictions: Mapping[tuple[str, str], pl.DataFrame]) -> pl.DataFrame:
    """One row per sample that all variants predicted: what was measured, and what each said of it."""
    together = None
    for variant in VARIANTS:
        own = predictions[variant].select(
            *SAMPLE,
            pl.col("measured").alias(_name(variant, "measured")),
            pl.col("predicted").alias(_name(variant)),
        )
        together = (
            own if together is None else together.join(own, on=SAMPLE, how="inner", maintain_order="left")
        )
    assert together is not None
    if together.is_empty():
        raise TableError(
            "compare_eda_inputs: no sample was predicted with face and whole picture alike. See the log of crop_faces."
        )
    measured = together.select(_name(v, "measured") for v in VARIANTS).to_numpy()
    # On the scale of standard deviations; float32.
    if np.ptp(measured, axis=1).max() > 1e-3:
        raise TableError(
            "compare_eda_inputs: predictions are of other settings. Re-run: snakemake -R train_eda"
        )
    return together.sort("model", "subject_id", "recording_id", "time_s")


def _sums(own: pl.DataFrame, variant: tuple[str, str]) -> tuple[float, ...]:
    """`SUMS` of one person."""
    columns = (own[_name(variant, part)].cast(pl.Float64).to_numpy() for part in ("measured", "predicted"))
    made = sums_of(*columns)
    assert len(made) == len(SUMS)
    return made


def _corrected(compared: pl.DataFrame, *, n_resamples: int) -> pl.DataFrame:
    """Add p_holm and p_least, each measure by itself."""
    tables = []
    for _, own in compared.group_by("measure", maintain_order=True):
        n_people = int(own["n_people"].max())  # type: ignore[arg-type]
        least = min(own.height * least_p(n_people, n_resamples=n_resamples), 1.0) if n_people > 1 else 1.0
        p_holm = pl.Series(corrected(own["p"].to_numpy(), method="holm"))
        tables.append(own.with_columns(p_holm=p_holm, p_least=pl.lit(least)))
    return pl.concat(tables)


def _difference(
    one: NDArray[np.float64], other: NDArray[np.float64], *, n_people: int
) -> tuple[float, float, float, float, float, float, int]:
    """With, without, difference, interval, p and people, of values whose first is that of all people."""
    less = one - other
    low, high = interval(less[1:], n_people=n_people)
    p = p_value(less[1:], n_people=n_people)
    return float(one[0]), float(other[0]), float(less[0]), low, high, p, n_people


def _name(variant: tuple[str, str], part: str = "predicted") -> str:
    return "_".join((*variant, part))


def _cell(value: float | None, low: float | None, high: float | None, *, sign: str = "") -> str:
    if value is None:
        return "not defined"
    text = f"{value:{sign}.3f}"
    return text if low is None else f"{text} ({low:{sign}.3f} to {high:{sign}.3f})"
