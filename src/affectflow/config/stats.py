"""Settings of the statistics."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from affectflow.config.base import Section

Kind = Literal["codes", "measures", "signals", "other"]
Summary = Literal["mean", "sd", "speed", "slope"]


class OwnTable(Section):
    """A feature table of your own (py-feat, OpenFace, anything) analysed instead of the study's windows."""

    path: str = Field(
        "",
        description="Parquet or CSV file with one row per frame, window or clip; empty = the study's own windows.",
    )
    unit: str = Field(
        "recording_id", description="Its column that names what is independent: the person, or the clip."
    )
    condition: str = Field("condition", description="Its column with the conditions.")
    pair: str = Field(
        "", description="Its column that ties units compared with each other; empty = the unit itself."
    )
    columns: str = Field(
        "", description="Regular expression of the feature columns; empty = every column of numbers."
    )


class Lda(Section):
    """Linear discriminant of the two conditions, tested on people it has not seen."""

    kinds: list[Kind] = Field(
        [],
        description="What goes in: codes (exp, pose), measures (eyes, brows, mouth), signals, other; [] = codes and "
        "measures, signals where no recording has a face, everything of a table of your own.",
    )
    summaries: list[Summary] = Field(["mean", "speed"], description="Which summaries of a window go in.")
    n_folds: int = Field(
        10, ge=2, description="Most folds; with no more people than this, each person is held out alone."
    )
    n_permutations: NonNegativeInt = Field(199, description="Relabelled refits for the p value; 0 = none.")
    n_bootstrap: PositiveInt = Field(2000, description="Draws of people for the interval of the AUROC.")


class Tsne(Section):
    """A picture of the codes in two dimensions."""

    kinds: list[Kind] = Field(
        [],
        description="What goes in: codes, measures, signals, other; [] = codes, signals where no recording has a face, "
        "everything of a table of your own.",
    )
    max_points: int = Field(
        2000,
        ge=20,
        description="Most points: half per condition, shared evenly by recordings, evenly spaced in time.",
    )
    perplexity: PositiveFloat = Field(
        30.0, description="Effective number of neighbours; at most a third of the points."
    )


class Stats(Section):
    """Statistics."""

    analyses: list[str] = Field(
        ["paired_tests", "lda", "tsne"], description="What is run: names in affectflow.stats."
    )
    baseline: str = Field(
        "baseline", description="Value of the sheet's condition column that is compared against."
    )
    stressor: str = Field("stressor", description="Value of the condition column that is compared with it.")
    alpha: float = Field(0.05, gt=0, lt=1, description="Level of significance after correction.")
    summaries: list[Summary] = Field(
        ["mean", "speed"],
        description="Which summaries of a window or phase are tested: mean, sd, speed (mean absolute derivative), slope "
        "(mean signed derivative); the blink rate always is.",
    )
    min_phase_s: NonNegativeFloat = Field(
        4.0,
        description="What is present for less of a phase than this, seconds, has no value there (the driving-stress "
        "study: 40 samples at 10 Hz).",
    )
    family: Literal["kind", "study"] = Field(
        "kind",
        description="Tests corrected together: each kind (codes, measures, signals, other) on its own, or all of the study.",
    )
    own_table: OwnTable = Field(
        OwnTable(), description="A feature table of your own instead of the study's windows."
    )
    lda: Lda = Field(Lda(), description="Linear discriminant analysis.")
    tsne: Tsne = Field(Tsne(), description="t-SNE.")
