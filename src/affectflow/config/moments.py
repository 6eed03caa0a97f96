"""Moments of wall-clock time that users write: Unix seconds, or ISO 8601 with its zone."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

from affectflow.config.decimals import decimal

_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?\s*(Z|z|UTC|[+-]\d\d(?::?\d\d)?)?"
)
# 1973 to 2286: what is smaller is no date, what is larger is counted in milliseconds.
UNIX_RANGE = (1e8, 1e10)
EXAMPLE = "2022-02-07T09:52:00+00:00"


def parse_moment(text: str) -> float:
    """Return a moment in Unix seconds.

    Parameters
    ----------
    text
        Unix seconds (``1644227520.5``), or ISO 8601 with the zone that was in force
        (``2022-02-07T09:52:00+00:00``, ``…Z``, ``…+0200``).

    Raises
    ------
    ValueError
        What is wrong and what to write, without the place.
    """
    text = text.strip()
    found = _ISO.fullmatch(text)
    if found is None:
        return _unix(text)
    if found[8] is None:
        raise ValueError(
            f"{text!r} has no time zone. Add the one that was in force there and then, summer time included: "
            f"{text}+00:00 or {text}Z for UTC, {text}+02:00 for two hours ahead of it."
        )
    year, month, day, hour, minute = (int(found[i]) for i in range(1, 6))
    zone = found[8].replace(":", "")
    away = timedelta()
    if zone[0] in "+-":
        away = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:] or 0)) * (1 if zone[0] == "+" else -1)
    try:
        whole = datetime(year, month, day, hour, minute, int(found[6] or 0), tzinfo=timezone(away))
    except ValueError as error:
        raise ValueError(f"{text!r} is no moment ({error}). Write it like {EXAMPLE}.") from None
    return whole.timestamp() + float(f"0.{found[7] or 0}")


def _unix(text: str) -> float:
    value = decimal(text)
    if UNIX_RANGE[0] <= value < UNIX_RANGE[1]:
        return value
    hint = ""
    for unit, factor in (("milliseconds", 1e3), ("microseconds", 1e6), ("nanoseconds", 1e9)):
        if UNIX_RANGE[0] * factor <= value < UNIX_RANGE[1] * factor and value >= UNIX_RANGE[1]:
            hint = f" These look like {unit}: divide by {factor:.0f}."
            break
    raise ValueError(
        f"{text!r} is neither Unix seconds nor ISO 8601.{hint} Write it like {EXAMPLE} (date, T, time, zone)."
    )
