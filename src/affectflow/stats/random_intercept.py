"""One linear mixed model with a random intercept, and what went wrong with it in words."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from affectflow.stats.exclusions import MIN_UNITS
from affectflow.stats.normalise import RESOLUTION

# Below this share of the residual variance the variance between people is 0 as far as the search can tell.
NO_VARIANCE = 1e-4
NORMAL_95 = float(stats.norm.ppf(0.975))


@dataclass(frozen=True)
class Fit:
    """Numbers per term and per factor, as rows of tables."""

    terms: list[dict[str, Any]]
    factors: list[dict[str, Any]]


def fit_random_intercept(
    value: np.ndarray,
    design: np.ndarray,
    person: np.ndarray,
    *,
    blocks: dict[str, list[int]],
    occasion: np.ndarray | None = None,
    absent: str = "",
) -> Fit:
    """Fit by restricted maximum likelihood (statsmodels' MixedLM).

    The values are brought to mean 0 and standard deviation 1 for the search and the
    numbers back afterwards: the search stops at absolute steps, which would be huge for
    one measure and tiny for another.

    Parameters
    ----------
    value
        Shape (n_rows,); NaN rows are left out.
    design
        Intercept and terms, shape (n_rows, 1 + n_terms).
    person
        Number of each row's person, shape (n_rows,).
    blocks
        Columns of the design that are tested together, per factor.
    occasion
        Number of each row's condition, shape (n_rows,), when a person has several rows under each:
        then rows of one person and condition share a random intercept of their own too. Without it the
        phases of one drive would count as independent measurements of that condition.
    absent
        Added to the note of what cannot be fitted for missing values: why values can be missing.

    Returns
    -------
    Per term n, n_rows, estimate, se, low, high, z, p, sd_person, sd_occasion (null without), sd_residual,
    converged, note; per factor chi2, df, p. All null but n and note where the model could not be fitted.
    """
    there = np.isfinite(value)
    y, x, who = value[there], design[there], person[there]
    people = len(np.unique(who))
    counts = {"n": people, "n_rows": len(y)}
    trouble = _cannot(y, x, people, absent if not there.all() else "")
    if trouble:
        return _nothing(counts, design.shape[1] - 1, blocks, trouble)
    centre, scale = y.mean(), y.std(ddof=1)
    result, said = _search((y - centre) / scale, x, who, None if occasion is None else occasion[there])
    if result is None or not result.converged:
        return _nothing(counts, design.shape[1] - 1, blocks, f"the search did not converge{said}", False)
    estimate, se = np.asarray(result.fe_params)[1:] * scale, np.asarray(result.bse_fe)[1:] * scale
    if not (np.isfinite(estimate).all() and np.isfinite(se).all() and (se > 0).all()):
        return _nothing(counts, design.shape[1] - 1, blocks, f"no standard errors: singular{said}", False)
    between, within = float(np.asarray(result.cov_re)[0, 0]), float(result.scale)
    own = float(result.vcomp[0]) if occasion is not None else None
    z = estimate / se
    spread = {
        "sd_person": np.sqrt(max(between, 0.0)) * scale,
        "sd_occasion": None if own is None else np.sqrt(max(own, 0.0)) * scale,
        "sd_residual": np.sqrt(within) * scale,
        "converged": True,
        "note": _singular(between, own, within),
    }
    terms = [
        counts
        | {
            "estimate": estimate[k],
            "se": se[k],
            "low": estimate[k] - NORMAL_95 * se[k],
            "high": estimate[k] + NORMAL_95 * se[k],
            "z": z[k],
            "p": 2 * stats.norm.sf(abs(z[k])),
        }
        | spread
        for k in range(len(z))
    ]
    return Fit(terms, [_joint(result, columns) for columns in blocks.values()])


def _cannot(y: np.ndarray, x: np.ndarray, people: int, absent: str) -> str | None:
    """Say why there is nothing to fit."""
    if people < MIN_UNITS:
        return f"only {people} of at least {MIN_UNITS} people have values{absent}"
    if np.ptp(y) <= RESOLUTION * np.abs(y).max():
        return "the value is the same everywhere"
    if np.linalg.matrix_rank(x) < x.shape[1]:
        return f"a combination of condition and phase has no value{absent}"
    if len(y) <= people + x.shape[1] - 1:
        return f"{len(y)} values are too few for {x.shape[1]} terms and {people} people{absent}"
    return None


def _singular(between: float, own: float | None, within: float) -> str | None:
    """Say which variance is 0 as far as the search can tell."""
    none = [
        what
        for what, variance in (("people", between), ("a person's conditions", own))
        if variance is not None and variance <= NO_VARIANCE * within
    ]
    return f"singular: no variance between {' nor between '.join(none)} was found" if none else None


def _search(y: np.ndarray, x: np.ndarray, who: np.ndarray, occasion: np.ndarray | None) -> tuple[Any, str]:
    """Fit; what the library warned of comes back as text.

    From its own start (variance between people = residual variance) a search by gradients can step over a variance
    near 0, where the gradient vanishes; it is then repeated from a small one, at last without gradients.
    """
    from statsmodels.regression.mixed_linear_model import MixedLM, MixedLMParams

    model: dict[str, Any] = {"groups": who, "exog_re": np.ones((len(y), 1))}
    if occasion is not None:
        model["exog_vc"] = _occasions(who, occasion)
    n_own = int(occasion is not None)
    small = MixedLMParams(x.shape[1], 1, n_own)
    small.fe_params, small.cov_re, small.vcomp = (
        np.zeros(x.shape[1]),
        np.array([[0.01]]),
        np.full(n_own, 0.01),
    )
    result, said = None, ""
    for start, method in ((None, "bfgs"), (small, "bfgs"), (small, "powell")):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                result = MixedLM(y, x, **model).fit(reml=True, start_params=start, method=method)
            except np.linalg.LinAlgError as error:
                said = f" ({error})"
                continue
        if result.converged:
            break
        said = f" ({str(caught[0].message).splitlines()[0]})" if caught else ""
    return result, said


def _occasions(who: np.ndarray, occasion: np.ndarray) -> Any:
    """Return statsmodels' description of an intercept per person and condition, one variance for all."""
    from statsmodels.regression.mixed_linear_model import VCSpec

    matrices, names = [], []
    for person in np.unique(who):
        mine = occasion[who == person]
        levels = np.unique(mine)
        matrices.append((mine[:, None] == levels).astype(float))
        names.append([str(level) for level in levels])
    return VCSpec(["occasion"], [names], [matrices])


def _joint(result: Any, columns: list[int]) -> dict[str, Any]:
    r = np.zeros((len(columns), len(result.params)))
    r[np.arange(len(columns)), columns] = 1.0
    test = result.wald_test(r, scalar=True, use_f=False)
    return {"chi2": float(test.statistic), "df": len(columns), "p": float(test.pvalue)}


def _nothing(
    counts: dict[str, int],
    n_terms: int,
    blocks: dict[str, list[int]],
    note: str,
    converged: bool | None = None,
) -> Fit:
    return Fit([counts | {"converged": converged, "note": note}] * n_terms, [{}] * len(blocks))
