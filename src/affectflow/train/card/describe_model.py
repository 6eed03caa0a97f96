"""The card of a final model: what it is made of, what it reached, what it cannot do (after Mitchell et al. 2019)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from hashlib import sha256
from pathlib import PurePath
from typing import Any

import polars as pl

from affectflow.errors import DesignError
from affectflow.train.apply.stored_model import positive_of
from affectflow.train.card.limits import limits_of

# Facts of a training that are told elsewhere on the card, or are long.
ELSEWHERE = {"columns", "people", "packages", "options", "parts", "sizes", "subject_norm", "entry", "model"}


def describe_model(
    facts: Mapping[str, Any],
    folds: pl.DataFrame,
    evaluation: Mapping[str, pl.DataFrame],
    *,
    codes: Mapping[str, int],
) -> dict[str, Any]:
    """Put together what somebody must know who is given a final model.

    People are counted, never named. Measures are those of the cross-validation:
    the final model itself is tested on nobody.

    Parameters
    ----------
    facts
        Header of the final weights.
    folds
        `schema.FOLDS`.
    evaluation
        Tables "scores", "comparisons", "calibration", "thresholds" of `evaluate_models.Evaluation`.
    codes
        Where face codes are from → number of recordings.

    Returns
    -------
    JSON values; `card_text.card_text` makes the page of them.

    Raises
    ------
    DesignError
        If the model was not evaluated.
    """
    training = dict(facts["training"])
    first = next(iter(training.values()))
    made_of, params, entry = facts["made_of"], facts["params"], first["entry"]
    own = evaluation["scores"].filter(pl.col("model") == entry)
    if own.is_empty():
        raise DesignError(f"scores: there are none of {entry}. Re-run evaluate_models.")
    card = {
        "entry": entry,
        "model": first["model"],
        "shuffled_labels": facts["entry"]["shuffled"],
        "time_alone": facts["entry"]["time"],
        "study": made_of["study"],
        "simulated": made_of["simulated"],
        "label": {**made_of["label"], "positive": positive_of(made_of["label"])},
        "data": {"digest": _digest(facts["inputs"]), "inputs": _named(facts["inputs"]), "codes": dict(codes)},
        "sample": {k: own[k][0] for k in ("n_people", "n_windows", "n_positive")},
        "folds": _folds(folds),
        "inputs": _inputs(first, made_of, facts["entry"]["time"]),
        "normalisation": {
            "subject_norm": first["subject_norm"],
            **{k: first[k] for k in ("norm", "clip_sd") if k in first},
        },
        "settings": {k: params[k] for k in ("options", "choices", "settings", "seed", "subject_norm")},
        "preprocessing": made_of["preprocessing"],
        "trainings": {name: _training(own_facts) for name, own_facts in training.items()},
        "versions": {"affectflow": facts["affectflow"], **first["packages"]},
        "measures": _rows(own, "measure", "estimate", "low", "high", "chance", "note"),
        "measured_on": {k: own[k][0] for k in ("n_folds", "n_repeats", "n_seeds", "n_resamples")},
        "calibration": _rows(_of(evaluation["calibration"], entry), "slope", "intercept")[0],
        "thresholds": _thresholds(_of(evaluation["thresholds"], entry)),
        "beside": _beside(evaluation["scores"], entry),
        "comparisons": _comparisons(evaluation["comparisons"], entry),
    }
    return {**card, "limits": limits_of(card)}


def _digest(inputs: Mapping[str, str | None]) -> str:
    """One number of all inputs: sha256 of "name sha256" lines in the order of names."""
    lines = [f"{name} {digest}" for name, digest in sorted(_named(inputs).items())]
    return sha256("\n".join(lines).encode()).hexdigest()


def _named(inputs: Mapping[str, str | None]) -> dict[str, str | None]:
    """The digest of each input; of grids, which are called as recordings are, under a number instead of the name."""
    named, grids = {}, 0
    for path, digest in sorted(inputs.items()):
        pure = PurePath(path)
        if pure.parent.name == "grids":
            grids += 1
            named[f"grid {grids:04d}"] = digest
        else:
            named[pure.name] = digest
    return named


def _of(table: pl.DataFrame, entry: str) -> pl.DataFrame:
    return table.filter(pl.col("model") == entry)


def _rows(table: pl.DataFrame, *names: str) -> list[dict[str, Any]]:
    return list(table.select(names).iter_rows(named=True))


def _folds(folds: pl.DataFrame) -> list[dict[str, Any]]:
    """A row per fold and one of the final training: how many people have which role, with how many windows."""
    key = ["repeat", "fold"]
    counts = []
    for role in ("train", "validation", "test"):
        own = pl.col("role") == role
        counts += [
            pl.col("subject_id").filter(own).n_unique().alias(f"{role}_people"),
            pl.col("n_windows").filter(own).sum().alias(f"{role}_windows"),
        ]
    table = folds.group_by(key, maintain_order=True).agg(counts)
    return list(table.sort(key, nulls_last=True).iter_rows(named=True))


def _inputs(first: Mapping[str, Any], made_of: Mapping[str, Any], time: bool) -> dict[str, Any]:
    rates = made_of["grids"].get("rates_hz", {})
    arrays = {
        name: {"n_columns": len(columns), "rate_hz": rates.get(name), "columns": list(columns)}
        for name, columns in first["columns"].items()
    }
    return {"arrays": arrays, "windows": made_of["windows"], "backend": None if time else made_of["backend"]}


def _training(own: Mapping[str, Any]) -> dict[str, Any]:
    facts = {k: v for k, v in own.items() if k not in ELSEWHERE}
    if "choices" in facts:
        # JSON has no infinite numbers: null is a training that diverged.
        tried = [
            {**t, "validation_loss": t["validation_loss"] if math.isfinite(t["validation_loss"]) else None}
            for t in facts["choices"]["tried"]
        ]
        facts["choices"] = {**facts["choices"], "tried": tried}
    return {**facts, "people": {role: len(names) for role, names in own["people"].items()}}


def _thresholds(table: pl.DataFrame) -> dict[str, Any]:
    values = table["threshold"]
    return {
        "chosen_on": table["chosen_on"][0],
        "n": table.height,
        "least": values.min(),
        "median": values.median(),
        "greatest": values.max(),
        "people": table["n_people"].min(),
    }


def _beside(scores: pl.DataFrame, entry: str) -> list[dict[str, Any]]:
    """AUROC of everything else that was trained on the same splits."""
    others = scores.filter((pl.col("measure") == "auroc") & (pl.col("model") != entry))
    return _rows(others, "model", "kind", "estimate", "low", "high", "note")


def _comparisons(table: pl.DataFrame, entry: str) -> list[dict[str, Any]]:
    own = table.filter((pl.col("measure") == "auroc") & (pl.col("model") == entry))
    return _rows(own, "than", "difference", "low", "high", "p_holm", "p_least")
