"""Which recordings of a new person a transductive model's scale is learnt over: those that training would have taken."""

from __future__ import annotations

import polars as pl

from affectflow.errors import DesignError
from affectflow.train.apply.stored_model import StoredModel

SHOWN = 5


def recordings_of(rows: pl.DataFrame) -> pl.DataFrame:
    """Return recording_id, subject_id and condition of the recordings that windows or frames are of."""
    return rows.select("recording_id", "subject_id", "condition").unique(maintain_order=True)


def scale_recordings(model: StoredModel, recordings: pl.DataFrame) -> set[str]:
    """Return the recordings over which each person's scale is learnt.

    Training put a person's windows on a scale over all that have a label: with
    `label` "phase" the stressor's recordings, with "condition" those of both
    conditions. A recording of another condition would move the scale away from
    the one that the model knows. Where the conditions of a person are not known
    (null, or words of another study), all the person's recordings are taken.

    Parameters
    ----------
    model
        See `stored_model.restore_model`.
    recordings
        recording_id, subject_id and condition of the recordings that are judged.

    Raises
    ------
    DesignError
        If a person's recordings of one of both conditions are lacking.
    """
    used: set[str] = set()
    for (person,), own in recordings.partition_by("subject_id", as_dict=True, maintain_order=True).items():
        taken = _taken(model, own)
        one_sided = taken["condition"].n_unique() == 1 and taken["condition"][0] in _conditions(model)
        if model.made_of["label"]["kind"] == "condition" and (taken.height < 2 or one_sided):
            raise DesignError(
                f"{model.entry}: train.subject_norm: transductive puts inputs on a scale over a person's recordings of both "
                f"conditions, and of {person} there is but {_named(taken)}. Name all of the person's recordings at once."
            )
        used |= set(taken["recording_id"])
    return used


def scale_lines(model: StoredModel, recordings: pl.DataFrame) -> list[str]:
    """Return, for users, where a scale is not learnt over what was named, or not as in training.

    Parameters
    ----------
    model, recordings
        See `scale_recordings`.
    """
    if not model.transductive:
        return []
    used = scale_recordings(model, recordings)
    said = []
    others = recordings.filter(~pl.col("recording_id").is_in(list(used)))
    if others.height:
        said.append(
            f"transductive: a person's scale is learnt over recordings of condition {' and '.join(_conditions(model))}, as in "
            f"training, so without {_named(others)}"
        )
    known = pl.col("condition").is_in(_conditions(model)).fill_null(False)
    unknown = recordings.filter(~known.any().over("subject_id"))
    if unknown.height:
        said.append(
            f"transductive: nothing named of {', '.join(unknown['subject_id'].unique(maintain_order=True))} is of condition "
            f"{' or '.join(_conditions(model))}, over which training learnt a person's scale; it is learnt over {_named(unknown)}"
        )
    return said


def _conditions(model: StoredModel) -> list[str]:
    label = model.made_of["label"]
    return [label["stressor"]] if label["kind"] == "phase" else [label["baseline"], label["stressor"]]


def _taken(model: StoredModel, own: pl.DataFrame) -> pl.DataFrame:
    """Return the recordings of one person that the scale is learnt over."""
    known, unknown = pl.col("condition").is_in(_conditions(model)), pl.col("condition").is_null()
    both = model.made_of["label"]["kind"] == "condition"
    # One without a condition may be the other one of the two.
    for which in [known | unknown] if both else [known, unknown]:
        if (taken := own.filter(which.fill_null(False))).height:
            return taken
    return own


def _named(recordings: pl.DataFrame) -> str:
    names = recordings["recording_id"].to_list()
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{', '.join(names[:SHOWN])}{more}"
