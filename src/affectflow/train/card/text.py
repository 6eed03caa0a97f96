"""The card of a model as a page of Markdown."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

# More folds than this are summed up; card.json has them all.
MOST_FOLDS = 15
NAMES = {
    "auroc": "AUROC",
    "auprc": "AUPRC",
    "balanced_accuracy": "balanced accuracy",
    "f1": "F1",
    "brier": "Brier score (less is better)",
    "calibration_error": "calibration error (less is better)",
}


def card_text(card: Mapping[str, Any]) -> str:
    """Return the page of a card of `describe_model.describe_model`."""
    simulated = "\n**Simulated data: not a finding about people.**\n" if card["simulated"] else ""
    return "\n".join(
        [
            f"# Model card: {card['entry']}",
            simulated,
            *_what(card),
            "## Limits",
            "",
            *(f"- {_plain(text)}" for text in card["limits"]),
            "",
            *_measured(card),
            *_people(card),
            *_inputs(card),
            *_trained(card),
            *_use(card),
        ]
    )


def _what(card: Mapping[str, Any]) -> list[str]:
    label, sample = card["label"], card["sample"]
    rule = f"windows of {_code(label['stressor'])} against windows of {_code(label['baseline'])}"
    if label["kind"] == "phase":
        phases = ", ".join(_code(p) for p in label["positive_phases"])
        rule = (
            f"within recordings of {_code(label['stressor'])}, windows with at least {label['label_share']:.0%} of their time "
            f"in {phases} against the others"
        )
    return [
        f"A {_code(card['model'])} of study {_code(card['study'])} that says how likely a window of a recording is of "
        f"{_plain(label['positive'])}. Learnt: {rule}. {sample['n_people']} people, {sample['n_windows']} windows, "
        f"{sample['n_positive']} of them positive.",
        "",
        f"Data: digest `{card['data']['digest'][:16]}` of {len(card['data']['inputs'])} input files (sha256 of each in `card.json`).",
        "",
    ]


def _measured(card: Mapping[str, Any]) -> list[str]:
    on, cut = card["measured_on"], card["thresholds"]
    rows = [
        (NAMES.get(r["measure"], r["measure"]), _interval(r), _number(r["chance"])) for r in card["measures"]
    ]
    slope, intercept = (_number(card["calibration"][k]) for k in ("slope", "intercept"))
    beside = [(r["model"], r["kind"], _interval(r)) for r in card["beside"]]
    differences = [
        (r["than"], _interval({**r, "estimate": r["difference"]}), _number(r["p_holm"], 3))
        for r in card["comparisons"]
    ]
    return [
        "## On people it never saw",
        "",
        f"Cross-validated: folds of whole people: {on['n_folds']}, repeats: {on['n_repeats']}, seeds: {on['n_seeds']}; 95 % intervals "
        f"from {on['n_resamples']} resamples of people.",
        "",
        *_table(("measure", "value", "chance"), rows),
        f"Calibration: slope {slope}, intercept {intercept} (1 and 0 where scores are probabilities). Thresholds: "
        f"{_number(cut['median'])} in the middle of {cut['n']} trainings, from {_number(cut['least'])} to {_number(cut['greatest'])}, "
        f"chosen on {cut['chosen_on']}, at least {cut['people']} in each.",
        "",
        *_table(("trained beside it", "kind", "AUROC"), beside),
        *(_table(("AUROC minus that of", "difference", "p (Holm)"), differences) if differences else []),
    ]


def _people(card: Mapping[str, Any]) -> list[str]:
    roles = ("train", "validation", "test")
    folds = [row for row in card["folds"] if row["fold"] is not None]
    rows = [
        (
            f"{r['repeat']}, {r['fold']}" if r["fold"] is not None else "final",
            *(f"{r[f'{role}_people']} ({r[f'{role}_windows']})" for role in roles),
        )
        for r in card["folds"]
    ]
    if len(folds) > MOST_FOLDS:
        spans = [_span([r[f"{role}_people"] for r in folds]) for role in roles]
        rows = [(f"{len(folds)} folds", *spans), rows[-1]]
    return [
        "## People of each fold",
        "",
        *_table(("repeat, fold", *(f"{role}: people (windows)" for role in roles)), rows),
    ]


def _inputs(card: Mapping[str, Any]) -> list[str]:
    windows, codes = card["inputs"]["windows"], card["data"]["codes"]
    arrays = [
        (name, str(a["n_columns"]), f"{a['rate_hz']:g}" if a["rate_hz"] else "one per window")
        for name, a in card["inputs"]["arrays"].items()
    ]
    norm = ", ".join(f"{k} {_code(v)}" for k, v in card["normalisation"].items())
    return [
        "## Inputs",
        "",
        f"Windows of {windows['length_s']:g} s every {windows['stride_s']:g} s, inside one {windows['within']}, with a face for at "
        f"least {windows['min_coverage']:.0%} of their time. Normalisation: {norm}.",
        "",
        *_table(("input", "columns", "per second"), arrays),
        f"Face codes: {', '.join(f'{name} ({n} recordings)' for name, n in codes.items()) or 'none'}.",
        "",
        f"Features were prepared with: {_code(_json(card['preprocessing']))}",
        "",
    ]


def _trained(card: Mapping[str, Any]) -> list[str]:
    keys = ("n_parameters", "best_epoch", "threshold", "seed")
    rows = [
        (name, *(_fact(t.get(k)) for k in keys), f"{t['people']['train']} + {t['people']['validation']}")
        for name, t in card["trainings"].items()
    ]
    versions = ", ".join(f"{name} {number}" for name, number in card["versions"].items())
    return [
        "## Training of the final model",
        "",
        *_table(
            ("seed", "parameters", "best epoch", "threshold", "random seed", "people + validation"), rows
        ),
        f"Options: {_code(_json(card['settings']['options']))}",
        "",
        *([f"Tried: {_code(_json(c))}", ""] if (c := card["settings"]["choices"]) else []),
        f"Versions: {versions}.",
        "",
    ]


def _use(card: Mapping[str, Any]) -> list[str]:
    return [
        "## How to use it",
        "",
        "```",
        f"affectflow predict results/{card['study']}/models/{card['entry']}/final RECORDING",
        "```",
        "",
        "`RECORDING` is the id of a recording of the study of `--config`, or a features table "
        "(`results/<study>/features/<recording>.parquet`) that affectflow made with the settings above. "
        "`weights.safetensors` is enough: it holds all that the command needs, and no code. `docs/outputs.md` has the columns.",
        "",
    ]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return [*(f"| {' | '.join(_plain(cell) for cell in line)} |" for line in lines), ""]


def _interval(row: Mapping[str, Any]) -> str:
    if row["estimate"] is None:
        return "none"
    between = "" if row["low"] is None else f" [{_number(row['low'])}, {_number(row['high'])}]"
    return _number(row["estimate"]) + between


def _number(value: float | None, digits: int = 2) -> str:
    # Rounded as a number: 0.00 has no sign.
    return "none" if value is None else f"{round(value, digits) + 0.0:.{digits}f}"


def _fact(value: Any) -> str:
    return "" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)


def _span(values: Sequence[int]) -> str:
    return str(min(values)) if min(values) == max(values) else f"{min(values)} to {max(values)}"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _code(value: Any) -> str:
    return f"`{str(value).replace('`', ' ')}`"


def _plain(text: str) -> str:
    """Conditions and phases are the user's words: a bar must not end a cell, nor a star begin an emphasis."""
    return text.replace("|", "\\|").replace("*", "\\*")
