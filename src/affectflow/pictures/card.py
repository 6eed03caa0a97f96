"""The card of a network that was fine-tuned on pictures: what it is made of, what it reached, what may be done with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

ORDER = ("constant", "start", "tuned")
STATES = {
    "constant": "the same for every picture ({})",
    "start": "before fine-tuning",
    "tuned": "after fine-tuning",
}
LIMITS = (
    "Labels are what annotators saw in a face, not what somebody felt.",
    "People who look, or were photographed, unlike those of this data set may be read worse; nothing here measures that.",
    "Valence and arousal of another data set may be on another scale: compare within one.",
)


def card_text(scores: pl.DataFrame, facts: Mapping[str, Any], *, source: str, simulated: bool) -> str:
    """Return the card as Markdown.

    Parameters
    ----------
    scores
        Of `evaluate_pictures.evaluate_pictures`.
    facts
        Header of the weights: `training` (`io.trained.Trained.facts`), `params`, `affectflow`, `stage_version`.
    source
        The data set's name in the settings.
    simulated
        Whether its pictures are simulated.
    """
    training, params = facts["training"], facts["params"]
    began = "its official weights" if training["start"] == "official" else "random weights"
    trunk = "learnt as well" if training["trunk_learnt"] else "stayed as it was, batch norms included"
    counts = ", ".join(
        f"{what} {training['n_pictures'][role]} pictures of {_groups(training['n_people'][role])}"
        for role, what in (("train", "Trained on"), ("validation", "validated on"), ("test", "tested on"))
    )
    settings = {
        **params["settings"],
        **{k: params[k] for k in ("unfreeze_after", "unfreeze_factor", "changes", "loop", "seed")},
    }
    lines = [
        f"# {training['model']}, fine-tuned on {source}",
        "",
        *(["**Simulated pictures: not a finding about people.**", ""] if simulated else []),
        f"Began with {began}; the trunk {trunk}. {counts} (a group: what stays on one side, the pictures of one person or of "
        f"one photograph). Epoch {training['best_epoch']} of {training['epochs']} was kept, the "
        f"one with the best {training['chosen_by']} on the validation pictures; test pictures decided nothing.",
        "",
        f"**Licence.** {training['licence']} The pictures have terms of their own.",
        "",
        "## Measured on the test pictures",
        "",
        *_table(scores),
        "",
        "[95 % interval from drawing groups anew.] CCC: 1 = right, 0 = knows nothing; RMSE in units of -1..1: less is better. A number "
        "that is the same for every picture has no correlation.",
        "",
        "## Limits",
        "",
        *(f"- {limit}" for limit in LIMITS),
        "",
        "## Settings",
        "",
        *(f"- {name}: {value}" for name, value in settings.items()),
        f"- affectflow {facts['affectflow']}, train_pictures {facts['stage_version']}, {training['n_parameters']} parameters",
        "",
    ]
    return "\n".join(lines)


def _groups(n: int) -> str:
    return "1 group" if n == 1 else f"{n} groups"


def _table(scores: pl.DataFrame) -> list[str]:
    own = scores.filter((pl.col("role") == "test") & pl.col("against").is_null())
    states = [state for state in ORDER if state in own["state"]]
    expressions = ", most frequent expression" if "expression" in own["target"] else ""
    rows = [
        f"| | {' | '.join(STATES[state].format(f'training mean{expressions}') for state in states)} |",
        f"|---|{'---|' * len(states)}",
    ]
    for target, measure in own.select("target", "measure").unique(maintain_order=True).rows():
        cells = own.filter((pl.col("target") == target) & (pl.col("measure") == measure))
        by_state = {row["state"]: row for row in cells.iter_rows(named=True)}
        shown = " | ".join(_cell(by_state.get(state)) for state in states)
        name = measure.replace("_", " ") if target == "expression" else measure.upper()
        rows.append(f"| {name} of {target} | {shown} |")
    return rows


def _cell(row: Mapping[str, Any] | None) -> str:
    if row is None or row["estimate"] is None:
        return ""
    # What rounds to 0 has no sign.
    whole, low, high = (
        None if row[end] is None else f"{round(row[end], 2) or 0.0:.2f}"
        for end in ("estimate", "low", "high")
    )
    return f"{whole}" if low is None else f"{whole} [{low}, {high}]"
