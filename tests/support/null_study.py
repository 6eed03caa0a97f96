"""Many studies of the size of the driving study, with or without effects, through the corrections we use."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from affectflow.multiple_testing import corrected
from affectflow.stats.max_t import max_t_paired

CRITERIA = ("raw", "bonferroni", "holm", "bh", "max_t")
_METHODS = {"bonferroni": "bonferroni", "holm": "holm", "bh": "fdr_bh"}


@dataclass(frozen=True)
class Findings:
    """Per criterion and study: how many tests without and with an effect were significant."""

    false: dict[str, np.ndarray]
    true: dict[str, np.ndarray]

    def family_wise(self, criterion: str) -> float:
        """Share of studies with any false finding."""
        return float((self.false[criterion] > 0).mean())

    def false_share(self, criterion: str) -> float:
        """Mean over studies of the share of findings that are false; 0 in a study without findings."""
        false = self.false[criterion]
        return float((false / np.maximum(false + self.true[criterion], 1)).mean())

    def power(self, criterion: str, n_true: int) -> float:
        """Share of the effects that were found."""
        return float(self.true[criterion].mean() / n_true)


def run_studies(
    n_studies: int,
    *,
    n_people: int = 60,
    n_tests: int = 560,
    n_true: int = 0,
    effect: float = 0.0,
    shared: float = 0.0,
    n_permutations: int = 199,
    alpha: float = 0.05,
    seed: int = 0,
) -> Findings:
    """Simulate studies and count what is found.

    Parameters
    ----------
    n_studies
        How many.
    n_people, n_tests
        Size of each: differences of n_people in n_tests, standard normal.
    n_true, effect
        The first `n_true` tests have this d_z.
    shared
        Variance that all tests of a person share, 0..1.
    n_permutations
        Of max-T; (n + 1) × alpha should be whole, so that its level can be just alpha.
    alpha, seed
        Level; of the random numbers.
    """
    rng = np.random.default_rng(seed)
    family = np.full(n_tests, "codes", dtype=object)
    has_effect = np.arange(n_tests) < n_true
    false, true = ({c: np.zeros(n_studies) for c in CRITERIA} for _ in range(2))
    for k in range(n_studies):
        delta = np.sqrt(1 - shared) * rng.standard_normal((n_people, n_tests)) + effect * has_effect
        delta += np.sqrt(shared) * rng.standard_normal((n_people, 1))
        p = stats.ttest_1samp(delta, 0.0, axis=0).pvalue
        p_max_t, _, _ = max_t_paired(delta, family, n_permutations=n_permutations, seed=seed + k)
        adjusted = {"raw": p, "max_t": p_max_t} | {c: corrected(p, method=m) for c, m in _METHODS.items()}
        for c in CRITERIA:
            hit = adjusted[c] <= alpha
            false[c][k], true[c][k] = (hit & ~has_effect).sum(), (hit & has_effect).sum()
    return Findings(false, true)
