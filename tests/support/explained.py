"""Small trained entries and their explanations, for tests."""

from __future__ import annotations

from functools import cache

from affectflow.schema import MEASURES
from affectflow.train.explain.explain_model import Explanation, explain_model
from affectflow.train.protocol.split_subjects import split_subjects
from affectflow.train.protocol.splits import Split
from affectflow.train.protocol.train_model import train_model
from affectflow.train.windows.window_set import WindowSet
from tests.support.models import LOOP, SMALL, make_grids, make_windows
from tests.support.synth_windows import SIGNALS

# The effect is in brow_raise (measures), exp_03, hr_bpm, eda_phasic_usiemens, and in how fast head and jaw move.
COLUMNS = {
    "face": ("exp_00", "exp_03", "pose_00", "pose_01", *MEASURES, "d_exp_03", "d_pose_00"),
    "bio": SIGNALS,
}
SUMMARIES = (
    *(f"mean_{c}" for c in ("exp_03", "brow_raise", "pose_01", "pose_04", *SIGNALS)),
    *(f"speed_{c}" for c in ("exp_00", "exp_01")),
)
HOW = {"modalities": ("face", "bio"), "subject_norm": "none"}


@cache
def _study(**how):
    return make_windows(columns=COLUMNS, duration_s=14.0, person_sd=0.3, **how)


@cache
def trained(
    model: str,
    *,
    effect: float = 2.0,
    n_people: int = 9,
    epochs: int = 12,
    seed: int = 0,
    summaries=SUMMARIES,
):
    """Return windows, folds, trained splits and the recordings' grids of a study with three folds.

    Few summaries, none of which says what another one does: what is important
    is then known.
    """
    made, study = _study(n_people=n_people, effect=effect, seed=seed)
    chosen = [made.columns["summary"].index(c) for c in summaries]
    arrays = {**made.arrays, "summary": made.arrays["summary"][:, chosen]}
    windows = WindowSet(made.keys, made.label_n, arrays, {**made.columns, "summary": summaries})
    labelled = windows.keys.with_columns(label=windows.label_n)
    folds = split_subjects(labelled, n_folds=3, validation_share=0.25, seed=0)
    splits = [Split(0, fold, 0) for fold in range(3)]
    done = train_model(
        windows,
        folds,
        name=model,
        model=model,
        splits=splits,
        seed=0,
        options=SMALL[model],
        loop={**LOOP, "epochs": epochs},
        **HOW,
    )
    parts = []
    for split in splits:
        own = {k.split("/", 1)[1]: v for k, v in done.weights.items() if k.startswith(f"{split.name}/")}
        parts.append((split.name, own, done.facts[split.name]))
    return windows, folds, parts, make_grids(study)


def explain(
    model: str, *, most_windows: int = 0, n_permutations: int = 3, steps: int = 24, **how
) -> Explanation:
    """Explain such an entry."""
    windows, folds, parts, grids = trained(model, **how)
    return explain_model(
        windows,
        folds,
        parts,
        model=model,
        n_permutations=n_permutations,
        steps=steps,
        most_windows=most_windows,
        n_resamples=400,
        seed=0,
        grids=grids,
        **HOW,
    )
