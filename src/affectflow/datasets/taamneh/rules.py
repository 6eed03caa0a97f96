"""From a column of the driving-stress study to a signal, by the quality rules its authors applied.

Taamneh et al. 2017, Technical Validation; each rule can be switched off by its name.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from affectflow.errors import InputError
from affectflow.signal.raw import RawSignal

# Name of a rule → signal, as read, to which it applies.
RULES = {
    "breathing_rate": "rsp_rate_bpm",
    "heart_rate": "hr_bpm",
    "palm_eda": "eda_kohm",
    "speed": "car_speed_kmh",
    "acceleration": "acceleration_deg",
    "brake": "brake_newton",
}
# A value outside says that the sensor sat badly: the whole signal is dropped.
WHOLE_SIGNAL_RANGE = {
    "breathing_rate": (4.0, 40.0, "bpm"),
    "heart_rate": (40.0, 120.0, "bpm"),
    "palm_eda": (28.0, 628.0, "kΩ"),
}
STANDSTILL_KMH, LARGEST_BRAKE_NEWTON = 0.1, 300.0
# Palms have 10 to 4,700 kΩ in this study; its conductances would be 0.2 to 100 µS.
KOHM_RANGE = (10.0, 4700.0)
# More samples than this out of order are no slip of a clock.
MOST_BACKWARD = 0.05


def screen(
    name: str, value: np.ndarray, rules: Collection[str] = tuple(RULES)
) -> tuple[np.ndarray | None, str]:
    """Apply the rules to one signal.

    Parameters
    ----------
    name
        As in `RULES`.
    value
        Shape (n,), NaN = missing.
    rules
        The rules that are on, by name.

    Returns
    -------
    value : numpy.ndarray or None
        The signal, with single values changed or missing; None when it is dropped.
    reason : str
        What was done and why; empty when nothing was.
    """
    rule = next((r for r, signal in RULES.items() if signal == name and r in rules), None)
    known = value[~np.isnan(value)]
    if rule is None or known.size == 0:
        return value, ""
    if rule in WHOLE_SIGNAL_RANGE:
        low, high, unit = WHOLE_SIGNAL_RANGE[rule]
        n_outside = int(((known < low) | (known > high)).sum())
        if n_outside:
            reason = (
                f"{name} left out (rule {rule}): {n_outside} of {known.size} values outside {low:g} to {high:g} {unit}, "
                f"from {known.min():.4g} to {known.max():.4g}"
            )
            return None, reason
        return value, ""
    if rule == "speed":
        still = np.abs(value) <= STANDSTILL_KMH
        backward = value < -STANDSTILL_KMH
        changed = np.where(still, 0.0, np.where(backward, np.nan, value))
        n = int(backward.sum())
        return changed, f"{name}: {n} values below -0.1 km/h count as missing (rule speed)" if n else ""
    if rule == "acceleration":
        n = int((value < 0).sum())
        reason = f"{name}: {n} negative values count as missing (rule acceleration)" if n else ""
        return np.where(value < 0, np.nan, value), reason
    n = int((value > LARGEST_BRAKE_NEWTON).sum())
    reason = f"{name}: {n} values above 300 N are set to 300 N (rule brake)" if n else ""
    return np.where(value > LARGEST_BRAKE_NEWTON, LARGEST_BRAKE_NEWTON, value), reason


def conductance(kohm: np.ndarray) -> tuple[np.ndarray | None, str]:
    """Turn palm resistance in kΩ into conductance in µS (1000 / kΩ), unless it cannot be kΩ.

    Returns
    -------
    usiemens : numpy.ndarray or None
        None when the typical value is not one of a palm in kΩ.
    reason : str
        Why, or what was left out.
    """
    known = kohm[~np.isnan(kohm)]
    if known.size == 0:
        return kohm, ""
    low, high = KOHM_RANGE
    middle = float(np.median(known))
    if not low <= middle <= high:
        guess = (
            "these look like microsiemens already, or 10 times off"
            if middle < low
            else "these look like ohms, or 10 times off"
        )
        return (
            None,
            f"eda_usiemens left out: half of the palm values lie beyond {middle:.4g}, a palm has {low:g} to {high:g} kΩ; {guess}",
        )
    n = int((known <= 0).sum())
    reason = f"eda_usiemens: {n} values of 0 kΩ or less count as missing" if n else ""
    return 1000.0 / np.where(kohm > 0, kohm, np.nan), reason


def finish(
    name: str, time: np.ndarray, value: np.ndarray, rules: Collection[str], notes: list[str], where: str
) -> RawSignal | None:
    """Bring one column into a signal: times in order, rules applied, kΩ turned into µS.

    Parameters
    ----------
    name
        Name of the signal; ``eda_kohm`` becomes ``eda_usiemens``.
    time, value
        Shape (n,); rows without a time are left out, a missing value stays NaN.
    rules
        See `read_taamneh`.
    notes
        What was done is added here.
    where
        File, for messages.
    """
    timed = ~np.isnan(time)
    lost = int((~timed & ~np.isnan(value)).sum())
    if lost:
        notes.append(f"{where}: {name}: {lost} values without a time are left out")
    time, value = time[timed], value[timed]
    latest = np.maximum.accumulate(np.concatenate([[-np.inf], time[:-1]])) if time.size else time
    forward = time > latest
    n_back = int((~forward).sum())
    if n_back > MOST_BACKWARD * time.size:
        at = float(time[~forward][0])
        raise InputError(
            f"{where}: Time goes back or stands still in {n_back} of {time.size} rows (first at {at:g} s). "
            "Copy the file again; times must increase."
        )
    if n_back:
        notes.append(f"{where}: {n_back} rows whose time does not increase are left out")
    time, value = time[forward], value[forward]
    kept, reason = screen(name, value, rules)
    if reason:
        notes.append(f"{where}: {reason}")
    if name == "eda_kohm" and kept is not None:
        name = "eda_usiemens"
        kept, reason = conductance(kept)
        if reason:
            notes.append(f"{where}: {reason}")
    if kept is None or not np.isfinite(kept).any():
        return None
    return RawSignal(name, time, kept)
