"""Numbers that users write in sheets and tables."""

from __future__ import annotations

import math
import re

_DECIMAL = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?\s*", re.ASCII)


def decimal(text: str) -> float:
    """Return the finite number a text is, or NaN when it is none.

    Python's own `float` also takes ``1_000``, ``infinity`` and digits of other
    scripts, which nobody means in a table.
    """
    value = float(text) if _DECIMAL.fullmatch(text) else math.nan
    return value if math.isfinite(value) else math.nan
