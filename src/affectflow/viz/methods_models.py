"""How models were trained, judged and audited, in sentences of a methods section."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from affectflow.viz.labels import listed, p_text
from affectflow.viz.score_notes import least_p_note

Params = Mapping[str, Any]
WORDS = {
    "logistic": "logistic regression on window summaries (scikit-learn, Pedregosa et al. 2011)",
    "boosting": "gradient-boosted trees on window summaries (Friedman 2001; scikit-learn, Pedregosa et al. 2011)",
    "face_transformer": "a transformer (Vaswani et al. 2017) of the face",
    "bio_transformer": "a transformer (Vaswani et al. 2017) of the biosignals",
    "gaze_transformer": "a transformer (Vaswani et al. 2017) of the gaze",
    "early_fusion": "a transformer (Vaswani et al. 2017) of {modalities} laid side by side",
    "late_fusion": "the mean of the transformers (Vaswani et al. 2017) of {modalities}",
    "tcn": "a temporal convolutional network (Bai et al. 2018) of {modalities}",
    "cross_modal": "a transformer (Vaswani et al. 2017) in which {modalities} attend to each other (as in arXiv 2601.04376)",
    "wide_cross_modal": "a transformer (Vaswani et al. 2017) in which {modalities} attend to each other (as in arXiv "
    "2601.04376) beside a straight line from level and spread",
}
MODALITIES = {"face": "face", "bio": "biosignals", "gaze": "gaze"}


def models(
    scores: pl.DataFrame,
    made: Mapping[str, Params],
    *,
    comparisons: pl.DataFrame | None = None,
    audit: pl.DataFrame | None = None,
) -> str:
    """Say what was told apart, by which models, how they were judged and what they reached; empty without scores.

    Parameters
    ----------
    scores
        `scores` of `train.scores.evaluate_models`.
    made
        Model or control → parameters of the stage train_model, as its table's footer records them.
    comparisons
        `comparisons` of the same function.
    audit
        Table of `train.audit.audit_models`.
    """
    if scores.filter(pl.col("measure") == "auroc").is_empty():
        return ""
    parts = [
        _task(made),
        _kinds(made),
        _training(made),
        _judged(scores),
        _differences(comparisons),
        _audited(audit),
    ]
    return " ".join(part for part in parts if part)


def _task(made: Mapping[str, Params]) -> str:
    """Say what is told apart; every model of a study has the same labels."""
    if not made:
        return ""
    label = next(iter(made.values()))["made_of"]["label"]
    if label["kind"] == "condition":
        return f"Windows of {label['stressor']} were told from windows of {label['baseline']}."
    return (
        f"Within {label['stressor']}, windows with at least {100 * label['label_share']:g} % of their time in "
        f"{listed(label['positive_phases'])} were told from the others."
    )


def _kinds(made: Mapping[str, Params]) -> str:
    own = {name: p for name, p in made.items() if name == p["entry"]["model"]}
    words = []
    for name, params in own.items():
        seen = [MODALITIES[m] for m in params["settings"].get("modalities", ())]
        words.append(WORDS.get(name, name).format(modalities=listed(seen) if seen else ""))
    return f"Models: {'; '.join(words)}." if words else ""


def _training(made: Mapping[str, Params]) -> str:
    """Say how networks were trained; those of a study share the loop."""
    networks = [p for p in made.values() if p["settings"]]
    scaled = {
        "transductive": " Windows were scaled within each person over all of the person's windows, labels unseen."
    }.get(next(iter(made.values()))["subject_norm"] if made else "", "")
    chosen = " Regularisation, stopping and thresholds were chosen on validation people, scales learnt on training people."
    if not networks:
        return (scaled + (chosen if made else "")).strip()
    loop = networks[0]["settings"]["loop"]
    tried = "; options were chosen there too" if any(p["choices"] for p in made.values()) else ""
    return (
        f"Networks were trained with AdamW (Loshchilov and Hutter 2019; step {loop['learning_rate']:g}, weight decay "
        f"{loop['weight_decay']:g}, batches of {loop['batch_size']}, {loop['warmup_steps']} warm-up steps) for at most "
        f"{loop['epochs']} epochs, stopped after {loop['patience']} without a lower loss on validation people{tried}."
        f"{scaled}{chosen}"
    )


def _judged(scores: pl.DataFrame) -> str:
    rows = scores.filter(pl.col("measure") == "auroc")
    first = rows.row(0, named=True)
    known = rows.filter(pl.col("estimate").is_not_null())
    said = [
        (r["kind"], f"{r['model'].replace('_', ' ')} {r['estimate']:.2f}{_between(r)}")
        for r in known.iter_rows(named=True)
    ]
    reached = "; ".join(text for kind, text in said if kind != "control")
    controls = "; ".join(text for kind, text in said if kind == "control")
    repeats = f", repeated {first['n_repeats']} times with other folds" if first["n_repeats"] > 1 else ""
    seeds = f", {first['n_seeds']} random starts each" if first["n_seeds"] > 1 else ""
    return (
        f"Models were trained and judged in {first['n_folds']} folds{repeats}{seeds}, with every person's recordings in one role only "
        f"({first['n_people']} people, {first['n_windows']} windows; 95 % intervals from {first['n_resamples']} draws of people). "
        f"AUROC: {reached or 'none could be computed'}.{f' Controls: {controls}.' if controls else ''}"
    )


def _differences(comparisons: pl.DataFrame | None) -> str:
    """Say how far the main model is from every other one."""
    if comparisons is None:
        return ""
    rows = comparisons.filter((pl.col("measure") == "auroc") & pl.col("difference").is_not_null())
    if rows.is_empty():
        return ""
    said = [
        f"{r['than'].replace('_', ' ')} {r['difference']:+.2f}{_between(r)}"
        + ("" if r["p_holm"] is None else f", {p_text(r['p_holm'])}")
        for r in rows.iter_rows(named=True)
    ]
    first = rows.row(0, named=True)
    return (
        f"AUROC of {first['model'].replace('_', ' ')} minus that of each other model or control, on the same draws of people (p corrected over "
        f"{first['n_comparisons']} comparisons after Holm 1979): {'; '.join(said)}. {least_p_note(comparisons)}"
    ).rstrip()


def _audited(audit: pl.DataFrame | None) -> str:
    """Say what the leakage audit found; every finding, by the name of its check."""
    if audit is None:
        return ""
    verdicts = audit.group_by("check", maintain_order=True).agg(pl.col("verdict").first())
    found = verdicts.filter(pl.col("verdict") == "found")["check"].to_list()
    applied = verdicts.filter(pl.col("verdict") != "not applicable").height
    said = (
        f"found {listed([name.replace('_', ' ') for name in found])}: the scores above are not to be trusted as they stand"
        if found
        else "found none"
    )
    return (
        f"An audit of what the training left behind looked for {applied} kinds of leak (of which Kapoor and Narayanan "
        f"2023 tell) and {said}."
    )


def _between(row: Mapping[str, Any]) -> str:
    return "" if row["low"] is None else f" ({row['low']:.2f} to {row['high']:.2f})"
