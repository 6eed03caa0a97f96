"""Which inputs models were trained on: selected beforehand, or in need of the person's control recording."""

from __future__ import annotations

from collections.abc import Sequence

from affectflow.train.audit.artefacts import Artefacts, Found, Training, some
from affectflow.train.audit.rebuild import entry_windows
from affectflow.train.windows.inputs import CONTROL_SLOPE


def selection_before_split(study: Artefacts) -> Found:
    """Compare the inputs of each training with all that the settings declare.

    Fewer of them, the same in every fold and without a word in the fold's facts
    (`selection`), were selected before people were split. Others in each fold
    were selected inside the folds.

    Parameters
    ----------
    study
        What was left behind.
    """
    findings, n, inside = [], 0, 0
    for entry in dict.fromkeys(t.entry for t in study.trainings):
        own = [t for t in study.trainings if t.entry == entry]
        for array, declared in entry_windows(study, entry).columns.items():
            stored = [tuple(t.facts["columns"].get(array, ())) for t in own]
            n += len(stored)
            findings += _other_length(own, array, stored)
            if more := sorted({c for names in stored for c in names} - set(declared)):
                evidence = f"{len(more)} inputs that the settings do not declare: {some(more)}"
                findings.append((f"models/{entry}, {array}", evidence))
            lacking = [sorted(set(declared) - set(names)) for names in stored]
            recorded = all("selection" in t.facts for t in own)
            if not any(lacking) or recorded:
                continue
            folds = {t.fold for t in own}
            if len(set(map(tuple, lacking))) > 1 and len(folds) > 1:
                inside += 1
                continue
            evidence = (
                f"{len(declared) - len(lacking[0])} of {len(declared)} declared inputs, the same in all {len(own)} "
                f"trainings, and no selection recorded in the folds; without {some(lacking[0])}"
            )
            findings.append((f"models/{entry}, {array}", evidence))
    selected = f"; {inside} with inputs selected inside the folds" if inside else ""
    return Found(findings, f"inputs of {n} trainings compared with the settings{selected}", applicable=n > 0)


def _other_length(
    trainings: Sequence[Training], array: str, stored: Sequence[tuple[str, ...]]
) -> list[tuple[str, str]]:
    """Weights of another number of inputs than the facts name."""
    found = []
    for training, names in zip(trainings, stored, strict=True):
        own = training.names()
        places = [n for n in own if n.endswith(f"scaler.centre.{array}")]
        places += [n for n in ("logistic.weight",) if array == "summary" and n in own]
        for place in places:
            if (held := len(training.array(place))) != len(names):
                where = f"models/{training.entry}, {training.split}, {array}"
                found.append((where, f"the facts name {len(names)} inputs, {place} has {held}"))
    return found


def control_drive_at_test(study: Artefacts) -> Found:
    """Look for inputs that compare with the same person's control recording.

    Parameters
    ----------
    study
        What was left behind.
    """
    findings = []
    for entry in dict.fromkeys(t.entry for t in study.trainings):
        own = [t for t in study.trainings if t.entry == entry]
        used = [
            c
            for names in own[0].facts["columns"].values()
            for c in names
            if c.startswith(f"{CONTROL_SLOPE}_")
        ]
        if used:
            beside = "without_control_drive" in study.declared["entries"]
            evidence = (
                f"{len(used)} inputs compare with the person's control recording, in {len(own)} trainings: {some(used)}; "
                f"the control without_control_drive was {'trained beside' if beside else 'not trained'}"
            )
            findings.append((f"models/{entry}", evidence))
    return Found(findings, f"inputs of {len(study.trainings)} trainings", applicable=bool(study.trainings))
