"""Tables of labelled clips without any pixels."""

from __future__ import annotations

import numpy as np
import polars as pl


def clips(n_people=12, each=5, **columns):
    """Clips of some people, labels 0 to 3, the first as frequent as the others together; further columns by f(person, clip)."""
    rng = np.random.default_rng(0)
    rows = [
        {
            "recording_id": f"c{p:02}_{k}",
            "subject_id": f"p{p:02}",
            "label": int(rng.choice(4, p=(0.5, 0.2, 0.2, 0.1))),
        }
        | {name: f(p, k) for name, f in columns.items()}
        for p in range(n_people)
        for k in range(each)
    ]
    return pl.DataFrame(rows)
