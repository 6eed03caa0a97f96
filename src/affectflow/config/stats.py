"""Settings of the statistics."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

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
    summaries: list[Summary] = Field(
        ["mean", "speed"], min_length=1, description="Which summaries of a window go in."
    )
    n_folds: int = Field(
        10, ge=2, description="Most folds; with no more people than this, each person is held out alone."
    )
    n_permutations: NonNegativeInt = Field(199, description="Relabelled refits for the p value; 0 = none.")
    n_bootstrap: PositiveInt = Field(2000, description="Draws of people for the interval of the AUROC.")


class Embedding(Section):
    """What every picture of the codes in two dimensions shows."""

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
    subject_points: NonNegativeInt = Field(
        0,
        description="Each person a picture of their own as well, of at most so many points, half per condition; 0 = none.",
    )


class Tsne(Embedding):
    """A picture of the codes in two dimensions."""

    perplexity: PositiveFloat = Field(
        30.0,
        description="Effective number of neighbours; at most a third of the points, for one person also 5 to 50.",
    )


class Pca(Embedding):
    """The codes along their first two principal components."""


class Umap(Embedding):
    """The codes in two dimensions by UMAP; needs the extra umap: pip install 'affectflow[umap]'."""

    n_neighbors: int = Field(
        40, ge=2, description="Neighbours of a point that count; fewer with fewer points."
    )
    min_dist: float = Field(0.1, ge=0, le=1, description="Least distance of points in the picture.")


class TimeCourses(Section):
    """Signals over the course of a recording, phases laid over each other (analysis time_courses)."""

    kinds: list[Kind] = Field(
        [],
        description="What is drawn: codes, measures, signals, other; [] = signals and measures, signals alone where no "
        "recording has a face.",
    )
    columns: list[str] = Field(
        [], description="Only these per-frame columns, such as [hr_bpm, smile]; [] = all of the kinds."
    )
    align: Literal["duration", "onset"] = Field(
        "duration",
        description="duration stretches each run of a phase to that phase's mean length; onset counts seconds from its "
        "beginning, as far as three people reach.",
    )
    points: PositiveInt = Field(
        120, description="Points over the whole course; each is a mean of at least two frames."
    )


class SmoothingComparison(Section):
    """The smoothing presets against each other (analysis smoothing_comparison); labels have no part in the choice."""

    presets: list[str] = Field(
        [], description="Names that features.smoothing.preset can have; [] = all of them."
    )
    lag_max_s: NonNegativeFloat = Field(
        0.02,
        description="A recommended preset is late by no more than this, seconds (half a frame at 25 per second).",
    )
    kept_min: float = Field(
        0.95,
        ge=0,
        le=1,
        description="Least share of the variance below 3 Hz that a recommended preset keeps.",
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
        min_length=1,
        description="Which summaries of a window or phase are tested: mean, sd, speed (mean absolute derivative), slope "
        "(mean signed derivative); the blink rate always is.",
    )
    min_phase_s: NonNegativeFloat = Field(
        4.0,
        description="What is present for less of a phase than this, seconds, has no value there, and who "
        "has less of it is left out (the driving-stress study: 40 samples at 10 Hz).",
    )
    family: Literal["kind", "study"] = Field(
        "kind",
        description="Tests corrected together: each kind (codes, measures, signals, other) on its own, or all of the study.",
    )
    contrast: Literal["conditions", "phases"] = Field(
        "conditions",
        description="What baseline and stressor name: conditions of the sheet, or phases of one recording.",
    )
    by_phase: bool = Field(
        False, description="Test each phase on its own (measure × phase) instead of the means over windows."
    )
    stress_phases: list[str] = Field(
        [],
        description="With by_phase: the phases with a stressor, such as [P2, P4]; the table of patterns counts what "
        "shows in all of them and nowhere else.",
    )
    normalisation: Literal["none", "global", "subject"] = Field(
        "none",
        description="Before anything is compared: none; global = z-score of each measure over all rows; subject = within "
        "each person over all of their rows (transductive: both conditions go in).",
    )
    n_permutations: NonNegativeInt = Field(
        9999,
        description="Relabellings for the max-T correction of the tests; 0 = none; all of them when fewer.",
    )
    power: float = Field(0.8, gt=0, lt=1, description="Power at which the smallest effect is stated.")
    own_table: OwnTable = Field(
        OwnTable(), description="A feature table of your own instead of the study's windows."
    )
    lda: Lda = Field(Lda(), description="Linear discriminant analysis.")
    tsne: Tsne = Field(Tsne(), description="t-SNE.")
    pca: Pca = Field(Pca(), description="Principal components.")
    umap: Umap = Field(Umap(), description="UMAP.")
    smoothing_comparison: SmoothingComparison = Field(
        SmoothingComparison(), description="Smoothing presets against each other."
    )
    time_courses: TimeCourses = Field(TimeCourses(), description="Courses of signals over the phases.")

    @model_validator(mode="after")
    def _one_use_of_phases(self) -> Stats:
        if self.by_phase and self.contrast == "phases":
            raise ValueError("by_phase and contrast: phases exclude each other; set by_phase: false")
        if self.stress_phases and not self.by_phase:
            raise ValueError(
                "stress_phases are for tests of each phase: set by_phase: true, or stress_phases: []"
            )
        if self.own_table.path and (self.by_phase or self.contrast == "phases"):
            asked = "by_phase: true" if self.by_phase else "contrast: phases"
            raise ValueError(
                f"own_table has no phases, so {asked} has nothing to compare; take out one of them"
            )
        return self

    @model_validator(mode="after")
    def _two_sides(self) -> Stats:
        if self.baseline == self.stressor:
            raise ValueError(f"baseline and stressor are both {self.baseline!r}; name two")
        return self
