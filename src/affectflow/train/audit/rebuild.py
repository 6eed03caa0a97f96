"""The windows as an entry saw them, put together anew from tables and grids."""

from __future__ import annotations

from affectflow.errors import DesignError
from affectflow.train.audit.artefacts import Artefacts
from affectflow.train.models import facts_of
from affectflow.train.windows.inputs import add_modalities
from affectflow.train.windows.normalise import normalise_people
from affectflow.train.windows.window_set import WindowSet, labelled_set

INPUTS = ("emoca_mode", "bio_mode", "signals")


def entry_windows(study: Artefacts, entry: str, *, scaled: bool = False) -> WindowSet:
    """Return all labelled windows with the arrays an entry reads.

    Parameters
    ----------
    study
        What was left behind.
    entry
        A model or control of the settings.
    scaled
        Whether to put them on each person's own scale where the settings do (`train.subject_norm`).

    Raises
    ------
    DesignError
        If the settings have no such entry.
    """
    return study.once(("windows", entry, scaled), lambda: _rebuild(study, entry, scaled))


def _rebuild(study: Artefacts, entry: str, scaled: bool) -> WindowSet:
    if entry not in study.declared["entries"]:
        raise DesignError(
            f"models/{entry}: the settings train no {entry}. Audit with the settings it was trained with."
        )
    if scaled:
        plain = entry_windows(study, entry)
        return normalise_people(plain) if study.declared["subject_norm"] == "transductive" else plain
    own = study.declared["entries"][entry]
    settings = own["settings"]
    windows = labelled_set(study.windows, study.examples, time=own["time"], shuffled=own["shuffled"])
    if not settings:
        return windows
    windows = add_modalities(
        windows,
        study.windows,
        study.grids,
        modalities=settings["modalities"],
        **{name: settings[name] for name in INPUTS},
        control=study.declared["label_rule"]["baseline"],
        stride_s=study.declared["stride_s"],
    )
    reads = facts_of(own["model"]).reads(settings["modalities"])
    arrays = {n: windows.arrays[n] for n in reads}
    return WindowSet(windows.keys, windows.label_n, arrays, {n: windows.columns[n] for n in reads})
