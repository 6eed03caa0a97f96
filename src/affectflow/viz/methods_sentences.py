"""What was done at each stage, in sentences of a methods section, from the parameters that the stage's tables record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from affectflow.viz.labels import KINDS, label_of, p_text

Params = Mapping[str, Any]
BACKENDS = {
    "facemesh": "The primary face of each frame was followed with MediaPipe (478 points) and described by 50 "
    "expression coefficients, modes of smooth deformation of a face template (not FLAME), and 6 rotation numbers of "
    "head and jaw.",
    "emoca": "The primary face of each frame was followed with MediaPipe and described by EMOCA v2 (Daněček et al., "
    "2022): 50 FLAME expression coefficients and 6 rotation numbers of head and jaw.",
}
DERIVATIVES = "First derivatives are central differences per second."
SUMMARIES = {
    "mean": "mean level",
    "sd": "standard deviation",
    "speed": "mean absolute first derivative",
    "slope": "mean signed first derivative",
}


def faces(backend: str, imported: Sequence[str], coverage: pl.Series) -> str:
    """Say how faces were described and how often one was found; empty for signals alone.

    Parameters
    ----------
    backend
        `face.backend` of the settings.
    imported
        Formats of face codes that were made before.
    coverage
        Share of frames with a valid face, one value per recording with a video.
    """
    known = coverage.drop_nulls()
    if known.is_empty():
        return ""
    how = BACKENDS.get(backend, f"Face codes were made by the backend {backend}.")
    if imported:
        how = f"Face codes were read from files of the format {_listed(imported)}; eyes, brows and mouth were measured in points followed with MediaPipe."
    return (
        f"{how} A face was found in {100 * float(known.mean()):.1f} % of the frames of a recording on average "  # type: ignore[arg-type]
        f"(lowest {100 * float(known.min()):.1f} %)."  # type: ignore[arg-type]
    )


def signals(names: Sequence[str], params: Params, *, with_faces: bool) -> str:
    """Say which biosignals there are and how they were cleaned; empty without any."""
    if not names:
        return ""
    return (
        f"Biosignals ({_listed([label_of(n) for n in names])}) were cleaned on their own clocks with NeuroKit2 and SciPy, each "
        f"contiguous stretch on its own; gaps longer than {_seconds(params['max_gap_s'])} were never bridged. They were "
        f"brought onto {'the video frames' if with_faces else 'one regular clock'} by their times, with anti-aliasing where its rows are "
        "further apart than samples."
    )


def preprocessing(params: Params, *, with_faces: bool) -> str:
    """Say how frames were cleaned: jumps, gaps, smoothing, resting level, derivatives."""
    outliers, smoothing, baseline = params["outliers"], params["smoothing"], params["baseline"]
    if not with_faces:
        return " ".join(filter(None, [_resting(baseline), DERIVATIVES]))
    parts = []
    if outliers["kind"] == "hampel":
        parts.append(
            f"Single-frame jumps of face codes beyond {outliers['n_sigma']:g} robust standard deviations were replaced by the "
            f"median of {_seconds(outliers['window_s'])} (Hampel)."
        )
    parts.append(
        f"Gaps of up to {_seconds(params['max_gap_s'])} were interpolated, longer ones and limits of phases were never crossed."
    )
    parts.append(_smoothing(smoothing))
    parts.append(_resting(baseline))
    parts.append(DERIVATIVES)
    return " ".join(p for p in parts if p)


def _smoothing(s: Params) -> str:
    window = _seconds(s["window_s"])
    known = {
        "none": "Face codes were not smoothed.",
        "savgol": f"Face codes were smoothed with a Savitzky–Golay filter (order {s['order']}, {window}, zero-phase).",
        "triangular": f"Face codes were smoothed with a triangular kernel ({window}, zero-phase).",
        "median": f"Face codes were smoothed with a moving median ({window}, zero-phase).",
        "spline": f"Face codes were smoothed with a smoothing spline (p = {s['p']:g}, zero-phase).",
        "one_euro": f"Face codes were smoothed with a One Euro filter (cut-off {s['min_cutoff_hz']:g} Hz, beta {s['beta']:g}, causal).",
    }
    return known.get(s["preset"], f"Face codes were smoothed with the preset {s['preset']}.")


def _resting(b: Params) -> str:
    level = {
        "first_seconds": f"its first {_seconds(b['seconds'])}",
        "phase": f"its phase {b['phase']}",
        "running": f"what the recording had shown until then (from {_seconds(b['seconds'])} on; causal)",
    }.get(b["kind"])
    if level is None:
        return ""
    scaled = " and divided by the standard deviation there" if b.get("scale") == "zscore" else ""
    return f"From each recording the mean over {level} was subtracted{scaled}."


def windows(params: Params, n: int, *, with_faces: bool) -> str:
    """Say how windows were cut and how many there are."""
    return (
        f"Windows of {_seconds(params['length_s'])} were cut every {_seconds(params['stride_s'])} inside phases; the {n} with "
        f"{'a valid face' if with_faces else 'a signal'} for at least {100 * params['min_coverage']:g} % of their time were kept."
    )


def analysis(name: str, params: Params, results: pl.DataFrame) -> str:
    """Say what one analysis did and with whom; analyses without a sentence of their own are named with their settings."""
    say = {
        "paired_tests": _tests,
        "grouped_tests": _tests,
        "lda": _lda,
        "tsne": _tsne,
        "pca": _pca,
        "umap": _umap,
        "agreement": _agreement,
        "mixed_model": _mixed_model,
        "time_courses": _time_courses,
        "smoothing_comparison": _smoothing_comparison,
    }.get(name)
    if say is None:
        listed = ", ".join(f"{k} = {v}" for k, v in params.items())
        return f"Analysis {name.replace('_', ' ')} ({listed})."
    return say(params, results)


def _tests(o: Params, results: pl.DataFrame) -> str:
    paired = results["test"][0] == "paired t"
    counts = results.filter(pl.col("p").is_not_null())
    if counts.is_empty():
        return "No measure could be tested."
    most = int(counts["n"].max()) if paired else int((counts["n_baseline"] + counts["n_stressor"]).max())  # type: ignore[arg-type]
    families = counts.group_by("family", maintain_order=True).agg(
        pl.len(),
        pl.col("significant").sum().alias("found"),
        (pl.col("p") <= o["alpha"]).sum().alias("raw"),
        (pl.col("p_max_t") <= o["alpha"]).sum().alias("max_t"),
    )
    found = "; ".join(
        f"{KINDS.get(row['family'], row['family'])}: {row['found']} of {row['len']} tests "
        f"({str(row['max_t']) + ' by max-T, ' if o['n_permutations'] else ''}{row['raw']} without correction)"
        for row in families.iter_rows(named=True)
    )
    test, effect = ("Paired t tests", "d_z") if paired else ("Welch's t tests", "Hedges' g")
    where = ", each phase on its own," if o["by_phase"] else ""
    over = "frames of a phase" if o["by_phase"] or o["contrast"] == "phases" else "windows of a recording"
    least = f" (at least {_seconds(o['min_phase_s'])} of a phase)" if over.startswith("frames") else ""
    return (
        f"{test} compared {_side(o, 'stressor')} with {_side(o, 'baseline')}{where} {'within people' if paired else 'between units'} "
        f"(effect size {effect}): {_listed([SUMMARIES[s] for s in o['summaries']])} of each measure, averaged over "
        f"the {over}{least}, then over {'a person' if paired else 'a unit'}'s recordings; at most n = {most}.{_standardised(results)} P values were corrected "
        f"within {'each kind of measure' if o['family'] == 'kind' else 'the study'} after Holm"
        f"{_beside(counts) if o['n_permutations'] else ''}. At {o['alpha']:g} were significant: {found}.{_smallest(o, counts, effect)}"
    )


def _beside(counts: pl.DataFrame) -> str:
    n = int(max(counts["n_relabellings"].drop_nulls().to_list(), default=0))
    every = bool(counts["all_relabellings"].drop_nulls().all())
    return f" and, beside it, by max-T ({'all ' if every else ''}{n} relabellings)"


def _side(o: Params, side: str) -> str:
    return f"phase {o[side]}" if o["contrast"] == "phases" else str(o[side])


def _standardised(results: pl.DataFrame) -> str:
    how = results["normalisation"][0]
    return "" if how == "none" else f" Measures were z-scored before: {how}."


def _smallest(o: Params, counts: pl.DataFrame, effect: str) -> str:
    """Say what the study could have seen, for its most complete tests."""
    known = counts.drop_nulls(["smallest_effect", "smallest_effect_corrected"])
    if known.is_empty():
        return ""
    # The most complete test of each family; holes make others worse.
    families = known.group_by("family", maintain_order=True).agg(pl.col("smallest_effect_corrected").min())
    corrected = ", ".join(f"{KINDS.get(name, name)} {value:.2f}" for name, value in families.iter_rows())
    return (
        f" With {100 * o['power']:g} % power the study could have seen an effect of {effect} = {min(known['smallest_effect'].to_list()):.2f} "
        f"in a single test; at the Bonferroni level of a family: {corrected}."
    )


def _lda(o: Params, results: pl.DataFrame) -> str:
    row = results.row(0, named=True)
    kinds = _listed([KINDS.get(k, k) for k in row["kinds"].split(", ")])
    p = (
        ""
        if row["p_permutation"] is None
        else f", {p_text(row['p_permutation'], 'permutation p')} ({row['n_permutations']} relabellings)"
    )
    return (
        f"A linear discriminant of {o['stressor']} against {o['baseline']} (shrunken covariance; {row['n_columns']} columns of "
        f"{kinds}) was tested on people it had not seen ({row['n_units']} units, {row['n_folds']} folds; imputation and scaling learnt on "
        f"training people alone): AUROC {row['auroc']:.2f}, 95 % interval over people {row['auroc_low']:.2f} to "
        f"{row['auroc_high']:.2f}{p}."
    )


def _tsne(o: Params, results: pl.DataFrame) -> str:
    row = results.row(0, named=True)
    return (
        f"A t-SNE picture (openTSNE, start from principal components, perplexity {row['perplexity']:g}, seed {row['seed']}) shows "
        f"{row['n_points']} rows, as many of either condition, spread evenly over recordings and time."
    )


def _pca(o: Params, results: pl.DataFrame) -> str:
    row = results.row(0, named=True)
    return (
        f"The first two principal components of the standardised columns hold {100 * row['explained_1']:.0f} % and "
        f"{100 * row['explained_2']:.0f} % of the variance of {row['n_points']} rows, as many of either condition, spread "
        "evenly over recordings and time."
    )


def _umap(o: Params, results: pl.DataFrame) -> str:
    row = results.row(0, named=True)
    return (
        f"A UMAP picture (umap-learn, {row['n_neighbors']} neighbours, least distance {row['min_dist']:g}, seed {row['seed']}) "
        f"shows {row['n_points']} rows, as many of either condition, spread evenly over recordings and time."
    )


def models(scores: pl.DataFrame) -> str:
    """Say how models were judged and what they reached; empty without models."""
    rows = scores.filter(pl.col("measure") == "auroc")
    if rows.is_empty():
        return ""
    first = rows.row(0, named=True)
    reached = "; ".join(
        f"{r['model'].replace('_', ' ')} {r['estimate']:.2f} ({r['low']:.2f} to {r['high']:.2f})"
        for r in rows.filter(pl.col("estimate").is_not_null()).iter_rows(named=True)
    )
    return (
        f"Models were trained and judged in {first['n_folds']} folds with every person's recordings in one role only "
        f"({first['n_people']} people, {first['n_windows']} windows; 95 % intervals from {first['n_resamples']} draws of people). "
        f"AUROC: {reached}."
    )


def _agreement(o: Params, results: pl.DataFrame) -> str:
    row = results.row(0, named=True)
    return (
        f"The pulse from the face was compared with the sensor's in {row['n_windows']} windows of {row['n']} people: mean "
        f"absolute error {row['mae']:.2f}, bias {row['bias']:.2f}, limits of agreement {row['limit_low']:.2f} to "
        f"{row['limit_high']:.2f} per minute (Bland and Altman, repeated measures)."
    )


def left_out(exclusions: pl.DataFrame | None) -> str:
    """Say whom an analysis left out and why, people of one reason together; empty when nobody was."""
    if exclusions is None or exclusions.is_empty():
        return ""
    where = [c for c in ("condition", "phase") if c in exclusions.columns]
    listed = exclusions.with_columns(
        pl.concat_str([pl.col("unit"), *(pl.col(c) for c in where)], separator=" ", ignore_nulls=True).alias(
            "who"
        )
    )
    reasons = "; ".join(
        f"{', '.join(part['who'].to_list())} ({reason})"
        for (reason,), part in listed.group_by("reason", maintain_order=True)
    )
    return f" Left out of it: {reasons}."


def _mixed_model(o: Params, results: pl.DataFrame) -> str:
    done = results.filter(pl.col("p").is_not_null())
    if done.is_empty():
        return "No measure could be fitted by a mixed model."
    found = done.group_by("factor", maintain_order=True).agg(
        pl.len(), pl.col("significant").sum().alias("found")
    )
    listed = "; ".join(f"{r['factor']}: {r['found']} of {r['len']}" for r in found.iter_rows(named=True))
    return (
        f"Linear mixed models ({done['formula'][0]}; restricted maximum likelihood, statsmodels; reference {done['reference'][0]}) "
        f"were fitted to {done['measure'].n_unique()} measures of at most {int(max(done['n'].to_list()))} people; z tests of each term, "
        f"corrected after Holm within kind and term; they suppose many people. At {o['alpha']:g} were significant: {listed}.{_standardised(done)}"
    )


def _time_courses(o: Params, results: pl.DataFrame) -> str:
    along = "brought to their mean length" if o["align"] == "duration" else "in seconds from their beginning"
    return (
        f"Courses of {results['signal'].n_unique()} signals and measures over the phases, {along}, were averaged within each person "
        "first; bands are 95 % t intervals over people."
    )


def _smoothing_comparison(o: Params, results: pl.DataFrame) -> str:
    best = results.filter("recommended")["reason"]
    return (
        f"Smoothing presets ({_listed(results['preset'].to_list())}) were compared by jitter, lag and movement kept, without "
        f"conditions.{' Recommended is ' + best[0] + '.' if len(best) else ''}"
    )


def _listed(words: Sequence[str]) -> str:
    words = list(words)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _seconds(value: float) -> str:
    return f"{value:g} s"
