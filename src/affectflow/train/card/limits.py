"""What a model cannot do, in plain words, as far as its card knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ALPHA = 0.05
# Fewer people than this leave intervals too wide to tell models apart.
FEW = 30


def limits_of(card: Mapping[str, Any]) -> list[str]:
    """Return the limits that follow from a card's own facts, the gravest first.

    Parameters
    ----------
    card
        Of `describe_model.describe_model`, all but the limits.
    """
    return [
        *_of_data(card),
        *_of_result(card),
        *_of_use(card),
        "It tells apart what was done to people, not what they felt, and must not be used to decide about one person.",
        "The header of the weights' file holds the ids of the people it was trained on, as the sheet has them. The card does not.",
    ]


def _of_data(card: Mapping[str, Any]) -> list[str]:
    n, codes = card["sample"]["n_people"], card["data"]["codes"]
    said = []
    if card["simulated"]:
        said.append("It was trained on simulated data: nothing it says is a finding about people.")
    if card["shuffled_labels"]:
        said.append(
            "It is a control: its labels were shuffled on purpose, so its scores mean nothing. The folds above are the study's; "
            "it goes without people whose labels no dealing changes."
        )
    if card["time_alone"]:
        said.append("It is a control: it sees nothing but when a window is.")
    few = ", which is few" if n < FEW else ""
    said.append(
        f"It was measured on {n} people of one study{few}. Nothing was tested on other people's recordings from another "
        "laboratory, camera, task or group of people."
    )
    origins = [name for name in codes if name != "no video"]
    if len(origins) > 1:
        mixed = ", ".join(f"{name}: {codes[name]}" for name in origins)
        said.append(
            f"Face codes come from more than one source ({mixed} recordings). Where sources and classes go together, it may have "
            "learnt to tell sources apart."
        )
    return said


def _of_result(card: Mapping[str, Any]) -> list[str]:
    auroc = next(row for row in card["measures"] if row["measure"] == "auroc")
    said = []
    if auroc["estimate"] is None:
        said.append("It has no AUROC: nobody was tested in both classes by the same network.")
    elif auroc["low"] is None or auroc["low"] <= 0.5:
        said.append("It is not shown to be better than chance: the interval of its AUROC reaches 0.5.")
    if auroc["estimate"] is not None and auroc["note"]:
        said.append(f"{auroc['note']}.")
    for row in card["beside"]:
        if row["kind"] == "control" and row["low"] is not None and row["low"] > 0.5:
            said.append(
                f"The control {row['model']} alone is above chance (AUROC {row['estimate']:.2f}, from {row['low']:.2f} to "
                f"{row['high']:.2f}): part of what this model reaches may be that."
            )
        if row["kind"] == "control" and row["note"] not in (None, auroc["note"]):
            said.append(f"The control {row['model']}: {row['note']}.")
    same = [r["than"] for r in card["comparisons"] if r["p_holm"] is None or r["p_holm"] >= ALPHA]
    if same:
        said.append(
            f"It is not shown to differ from {', '.join(same)} (corrected p of at least {ALPHA}, or none)."
        )
    least = [r["p_least"] for r in card["comparisons"] if r["p_least"] is not None]
    if least and min(least) >= ALPHA:
        said.append(
            f"With so few people and so many comparisons no difference can be shown, however large: corrected p are never "
            f"below {min(least):.2g}."
        )
    return said


def _of_use(card: Mapping[str, Any]) -> list[str]:
    said = [
        "The final model was tested on nobody: the measures are of models made in the same way from fewer people.",
    ]
    people = next(iter(card["trainings"].values()))["people"]["validation"]
    said.append(
        f"Its threshold was chosen on {people} {'person' if people == 1 else 'people'}; for other people, and another share of "
        "positive windows, another may be right."
    )
    if card["normalisation"]["subject_norm"] == "transductive":
        said.append(
            "It is transductive: inputs are put on a scale within each person, so that a new person must be recorded in full "
            "before the first score. The task is easier than judging somebody from one recording."
        )
    columns = [c for array in card["inputs"]["arrays"].values() for c in array["columns"]]
    if any(c.startswith("control_slope_") for c in columns):
        said.append(
            f"It needs a control recording (condition {card['label']['baseline']}) of every new person."
        )
    if card["inputs"]["backend"] and {"face", "summary"} & set(card["inputs"]["arrays"]):
        said.append(f"It takes face codes of backend {card['inputs']['backend']} alone.")
    return said
