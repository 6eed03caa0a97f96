"""Names of cleaned signals: what was found keeps the words of where it was found, and no two share a name."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from affectflow.errors import InputError
from affectflow.signal.quality import PREFIX
from affectflow.signal.ranges import split_name

logger = logging.getLogger(__name__)

# When several signals tell the same quantity, the first of these kinds keeps its plain name: what the device
# itself computed, then the sensor that sees the quantity most directly, then the waves.
PREFERRED = ("hr", "ibi", "rr", "ecg", "ppg", "bvp")


def with_rest(quantity: str, rest: str) -> str:
    """Name of a quantity from a signal with more words: eda_left_usiemens → eda_left_tonic_usiemens.

    Parameters
    ----------
    quantity
        As a cleaner names it, such as ``eda_tonic_usiemens`` or ``quality_eda``.
    rest
        Further words of the raw signal's name, such as ``_left``; may be empty.
    """
    if quantity.startswith(PREFIX):
        return quantity + rest
    first, _, others = quantity.partition("_")
    return f"{first}{rest}_{others}"


def without_source(name: str) -> str:
    """Name of the quantity that a signal tells, whichever sensor told it: hr_ibi_bpm → hr_bpm."""
    first, *rest = name.split("_")
    return "_".join([first, *(rest[1:] if len(rest) > 1 and rest[0] in PREFERRED else rest)])


def final_names(found: Sequence[tuple[str, str]], recording_id: str) -> dict[tuple[str, str], str]:
    """Give each quantity of each raw signal its name; of two with the same, one is called after its source.

    Parameters
    ----------
    found
        (raw signal, quantity); a pair may come again for every stretch.
    recording_id
        For messages.

    Raises
    ------
    InputError
        If two signals would still get the same name.
    """
    sources: dict[str, list[str]] = {}
    for column, quantity in found:
        if column not in sources.setdefault(quantity, []):
            sources[quantity].append(column)
    names = {}
    renamed: dict[str, list[str]] = {}
    for quantity, columns in sources.items():
        if quantity.startswith(PREFIX):
            continue
        for rank, column in enumerate(sorted(columns, key=_preference)):
            kind = split_name(column)[0]  # type: ignore[index]
            names[column, quantity] = quantity if rank == 0 else with_rest(quantity, f"_{kind}")
            if rank:
                renamed.setdefault(column, []).append(names[column, quantity])
    for column, others in renamed.items():
        message = "recording %s: %s tells what another signal tells as well; called %s"
        logger.info(message, recording_id, column, ", ".join(others))
    for column, quantity in found:
        if quantity.startswith(PREFIX):
            names[column, quantity] = _after_what_it_is_of(column, quantity, names)
    told = [n for n in names.values() if not n.startswith(PREFIX)]
    double = sorted({n for n in told if told.count(n) > 1})
    if double:
        raise InputError(
            f"recording {recording_id}: {', '.join(double)} comes from more than one signal. "
            "Give the signals different names, such as ppg_left_au and ppg_right_au."
        )
    return names


def _after_what_it_is_of(column: str, quantity: str, names: dict[tuple[str, str], str]) -> str:
    """Name a quality like the quantity: where hr_bpm became hr_ppg_bpm, quality_hr becomes quality_hr_ppg."""
    stem = quantity.removeprefix(PREFIX)
    for (source, plain), name in names.items():
        if source == column and plain.startswith(f"{stem}_") and name != plain:
            return with_rest(quantity, f"_{split_name(column)[0]}")  # type: ignore[index]
    return quantity


def _preference(column: str) -> tuple[int, str]:
    kind = split_name(column)[0]  # type: ignore[index]
    return (PREFERRED.index(kind) if kind in PREFERRED else len(PREFERRED)), column
