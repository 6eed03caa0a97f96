"""`affectflow predict`: a trained model applied to recordings, as tables, figures and a few lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from affectflow import __version__
from affectflow.config.study import Study, read_study
from affectflow.errors import DesignError, UsageError, did_you_mean
from affectflow.io.files import sha256_of
from affectflow.io.tables import read_footer, read_table, write_free_table
from affectflow.io.weights import read_weights
from affectflow.train.apply.person_scale import recordings_of, scale_lines
from affectflow.train.apply.predict_windows import predict_windows
from affectflow.train.apply.stored_model import StoredModel, restore_model
from affectflow.viz.plot_predictions import plot_predictions
from affectflow.viz.style import write_figure

WEIGHTS = "weights.safetensors"
SHOWN = 5


@dataclass(frozen=True)
class Given:
    """A recording that is to be judged: its features table and the backend of its codes, None where nobody knows."""

    path: Path
    features: pl.DataFrame
    backend: str | None

    @property
    def name(self) -> str:
        """Its id."""
        return str(self.features["recording_id"][0])


def predict_recordings(
    model: Path, recordings: Sequence[str], *, config: Path, out: Path, allow_missing: bool = False
) -> Iterator[tuple[str, bool]]:
    """Score recordings with a final model; write a table and a figure of each.

    Parameters
    ----------
    model
        The final model's folder, or the file of weights in it.
    recordings
        Ids of recordings of the study, or features tables.
    config
        The study's configuration; only read for ids.
    out
        Folder of the tables and figures.
    allow_missing
        Take columns that a recording lacks as not measured.

    Yields
    ------
    Lines for the user, and whether each is a warning.

    Raises
    ------
    AffectflowError
        If there is no such model or recording, or the model cannot judge it.
    """
    weights = model / WEIGHTS if model.is_dir() else model
    if not weights.is_file():
        raise UsageError(
            f"{weights}: there is no such model. Name results/<study>/models/<model>/final, or the file of weights in it."
        )
    stored = restore_model(*read_weights(weights), where=str(weights))
    given = [_given(name, config) for name in recordings]
    features = {g.name: g.features for g in given}
    if len(features) < len(given):
        raise UsageError(f"recordings: {', '.join(recordings)} name a recording twice. Name each once.")
    for g in given:
        _check_backend(stored, g)
    predictions = predict_windows(stored, features, allow_missing=allow_missing)
    for g in given:
        yield from ((line, True) for line in _warnings(stored, g))
    judged = predictions["recording_id"].unique()
    of_judged = [recordings_of(g.features) for g in given if g.name in judged]
    yield from ((line, True) for line in scale_lines(stored, pl.concat(of_judged)))
    yield _about(stored, weights), False
    out.mkdir(parents=True, exist_ok=True)
    for g in given:
        own = predictions.filter(pl.col("recording_id") == g.name)
        if own.height:
            _write(stored, weights, g, own, out, given)
            yield _say(stored, own, out / f"{g.name}.parquet"), False
        else:
            yield f"{g.name}: no window of its own is judged", False


def _given(name: str, config: Path) -> Given:
    """Find a recording: a features table, or an id in the study of the settings."""
    path = Path(name)
    if path.suffix != ".parquet":
        path = _of_study(name, read_study(config), config)
    if not path.is_file():
        raise UsageError(
            f"{path}: there is no such table. Name a features table, or the id of a recording that snakemake has computed."
        )
    features = read_table(path, "features")
    if features.is_empty():
        raise DesignError(f"{path}: has no frames, so there is nothing to judge. Name another recording.")
    return Given(path, features, _backend_of(path))


def _of_study(name: str, study: Study, config: Path) -> Path:
    folder = Path("results") / study.dataset / "features"
    there = sorted(p.stem for p in folder.glob("*.parquet"))
    if name not in there:
        raise UsageError(
            f"recording {name!r}: {folder} has no features of it ({len(there)} recordings)."
            f"{did_you_mean(name, there)} Name a recording of {config}, run snakemake first, or name a features table."
        )
    return folder / f"{name}.parquet"


def _backend_of(path: Path) -> str | None:
    """Return which backend made a recording's codes, from the footer of the frames beside its features; else None."""
    frames = path.parent.parent / "frames" / path.name
    if not frames.is_file():
        return None
    codes = [Path(p) for p in read_footer(frames).get("inputs", {}) if Path(p).parts[-3:-2] == ("codes",)]
    return codes[0].parent.name if codes else None


def _reads_face(model: StoredModel) -> bool:
    """Whether the model sees anything of the face; window summaries do."""
    return not model.time and bool({"summary", "face"} & set(model.columns))


def _check_backend(model: StoredModel, given: Given) -> None:
    own = model.made_of["backend"]
    if _reads_face(model) and given.backend not in (None, own):
        raise DesignError(
            f"recording {given.name}: its face codes are of backend {given.backend}, {model.entry} was trained on {own}: their "
            f"numbers mean different things. Compute the recording with face.backend: {own}."
        )


def _warnings(model: StoredModel, given: Given) -> list[str]:
    """What a reader of the scores must know."""
    person, said = given.features["subject_id"][0], []
    for role, what in {"train": "trained on", "validation": "given its threshold on"}.items():
        if person in model.people[role]:
            said.append(
                f"{given.name}: a person called {person} is among those the model was {what}: these scores say nothing about new "
                "people"
            )
    if _reads_face(model) and given.backend is None:
        said.append(
            f"{given.name}: no frames beside {given.path.parent} say which backend its face codes are of; the model needs "
            f"{model.made_of['backend']}"
        )
    made = read_footer(given.path).get("params", {})
    other = [key for key, value in model.made_of["preprocessing"].items() if made and made.get(key) != value]
    if other:
        said.append(
            f"{given.name}: features were made with other settings than the model's ({', '.join(sorted(other))}); set "
            f"{', '.join(f'features.{key}' for key in sorted(other))} as in {model.made_of['study']}"
        )
    return said


def _about(model: StoredModel, weights: Path) -> str:
    people = {role: len(names) for role, names in model.people.items()}
    simulated = ", simulated data" if model.made_of["simulated"] else ""
    return (
        f"{weights}: {model.entry} of study {model.made_of['study']}{simulated}; {people['train']} people trained it, on "
        f"{people['validation']} its threshold was chosen; a high score stands for {model.positive}"
    )


def _say(model: StoredModel, own: pl.DataFrame, path: Path) -> str:
    n_on, mean = int(own["decision"].sum()), float(own["score"].to_numpy().mean())
    spread = ""
    if own["score_low"].null_count() == 0:
        widest = float((own["score_high"] - own["score_low"]).to_numpy().max())
        spread = f"; its {len(model.members)} seeds differ by up to {widest:.2f}"
    return (
        f"{own['recording_id'][0]}: {own.height} windows, {n_on} ({n_on / own.height:.0%}) at or above the threshold "
        f"{model.threshold:.2f}; mean score {mean:.2f}{spread} -> {path}"
    )


def _write(
    model: StoredModel, weights: Path, given: Given, own: pl.DataFrame, out: Path, all_given: Sequence[Given]
) -> None:
    footer: dict[str, Any] = {
        "stage": "predict",
        "affectflow": __version__,
        "inputs": {str(p): sha256_of(p) for p in (weights, *(g.path for g in all_given))},
        "params": {"entry": model.entry, "threshold": model.threshold, "positive": model.positive},
    }
    write_free_table(own, out / f"{given.name}.parquet", footer=footer)
    figure = plot_predictions(
        own,
        given.features,
        threshold=model.threshold,
        positive=model.positive,
        model=model.entry,
        face=_reads_face(model),
        simulated=bool(model.made_of["simulated"]),
    )
    for suffix in (".svg", ".png"):
        write_figure(figure, out / f"{given.name}{suffix}")
