"""All measures of all models as a page of HTML: estimate with interval, and the main model's differences."""

from __future__ import annotations

import polars as pl

from affectflow.viz.score_notes import least_p_note, score_notes
from affectflow.viz.table_page import table_page, two_decimals, with_interval

MEASURES = {
    "auroc": "AUROC",
    "auprc": "AUPRC",
    "balanced_accuracy": "balanced accuracy",
    "f1": "F1",
    "brier": "Brier score ↓",
    "calibration_error": "calibration error ↓",
}
KINDS = {"main": "main model", "model": "model", "control": "control"}
NOTE = (
    "Estimate [95 % interval over people]; ↓: the lower the better. Chance: what scores without any knowledge reach.\n"
    "Difference: main model minus the other, in AUROC; p: corrected after Holm over all comparisons of the AUROC.\n"
    "Slope: 1 for well-calibrated scores, below 1 for overconfident ones; no slope where no window is on the wrong side."
)


def models_page(
    scores: pl.DataFrame, comparisons: pl.DataFrame, calibration: pl.DataFrame, *, simulated: bool
) -> str:
    """Return a page with a row per model: the main one, others, controls, and chance.

    Parameters
    ----------
    scores, comparisons, calibration
        Tables of `train.evaluate_models.Evaluation`.
    simulated
        Whether to say that the data are simulated.
    """
    rank = pl.col("kind").replace_strict({name: i for i, name in enumerate(KINDS)})
    rows = scores.filter(pl.col("measure") == "auroc").sort(rank, maintain_order=True)
    table = rows.select("model", pl.col("kind").replace_strict(KINDS))
    for measure, title in MEASURES.items():
        own = scores.filter(pl.col("measure") == measure)
        column = own.select("model", with_interval("estimate").alias(title))
        table = table.join(column, on="model", how="left", maintain_order="left")
    differences = comparisons.filter(pl.col("measure") == "auroc").select(
        pl.col("than").alias("model"),
        with_interval("difference").alias("difference"),
        pl.col("p_holm").alias("p"),
    )
    slope = calibration.select("model", two_decimals("slope").alias("slope"))
    table = table.join(slope, on="model", how="left", maintain_order="left")
    table = table.join(differences, on="model", how="left", maintain_order="left")
    first = scores.row(0, named=True)
    counts = ", ".join(f"{first[f'n_{k}']} {k}" for k in ("people", "windows", "folds", "repeats", "seeds"))
    notes = "".join(f"{note}\n" for note in [*score_notes(scores), least_p_note(comparisons)] if note)
    data = "Simulated data: not a finding about people.\n" if simulated else ""
    return table_page(
        pl.concat([table, _chance(scores)], how="diagonal"),
        title="Models on people they never saw",
        note=f"{data}{counts}; inputs between people: {first['subject_norm']}.\n{notes}{NOTE}",
    )


def _chance(scores: pl.DataFrame) -> pl.DataFrame:
    known = dict(scores.filter(pl.col("kind") != "control").select("measure", "chance").rows())
    cells = {
        title: None if known.get(measure) is None else f"{known[measure]:.2f}"
        for measure, title in MEASURES.items()
    }
    return pl.DataFrame(
        [{"model": "chance", **cells}], schema={"model": pl.String, **dict.fromkeys(cells, pl.String)}
    )
