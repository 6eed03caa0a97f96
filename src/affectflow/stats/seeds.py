"""Seeds that depend on the study's seed and on what they are for, and on nothing else."""

from __future__ import annotations

from zlib import crc32

import numpy as np


def seed_of(seed: int, name: str) -> int:
    """Return a seed below 2³² for one use of random numbers.

    Parameters
    ----------
    seed
        The study's seed, ≥ 0.
    name
        What the numbers are for, such as "lda.folds".
    """
    return int(np.random.SeedSequence([seed, crc32(name.encode())]).generate_state(1)[0])
