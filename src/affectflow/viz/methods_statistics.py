"""What was tested, drawn and trained, in sentences of a methods section, from the analyses' options and results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from affectflow.viz.labels import KINDS, label_of, listed, p_text, seconds

Params = Mapping[str, Any]
# How many measures are named; a sentence is no table.
MOST_NAMED = 5
SUMMARIES = {
    "mean": "mean level",
    "sd": "standard deviation",
    "speed": "mean absolute first derivative",
    "slope": "mean signed first derivative",
}


def analysis(
    name: str, params: Params, results: pl.DataFrame, *, patterns: pl.DataFrame | None = None
) -> str:
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
        settings = ", ".join(f"{k} = {v}" for k, v in params.items())
        return f"Analysis {name.replace('_', ' ')} ({settings})."
    return say(params, results) + _patterns(patterns)


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
    test, effect = ("Paired t tests", "d_z") if paired else ("Welch's t tests (Welch 1947)", "Hedges' g")
    also = ", in the tables also Hedges' g" if paired else ""
    where = ", each phase on its own," if o["by_phase"] else ""
    over = "frames of a phase" if o["by_phase"] or o["contrast"] == "phases" else "windows of a recording"
    least = f" (at least {seconds(o['min_phase_s'])} of a phase)" if over.startswith("frames") else ""
    return (
        f"{test} (SciPy; Virtanen et al. 2020) compared {_side(o, 'stressor')} with {_side(o, 'baseline')}{where} {'within people' if paired else 'between units'} "
        f"(effect size {effect}{also}; Hedges 1981): {listed([SUMMARIES[s] for s in o['summaries']])} of each measure, averaged over "
        f"the {over}{least}, then over {'a person' if paired else 'a unit'}'s recordings; at most n = {most}.{_standardised(results)} P values were corrected "
        f"within {'each kind of measure' if o['family'] == 'kind' else 'the study'} after Holm 1979"
        f"{_beside(counts) if o['n_permutations'] else ''}. At {o['alpha']:g} were significant: {found}.{_named(counts, o)} The tables also hold p after Benjamini and Hochberg 1995.{_smallest(o, counts, effect)}"
    )


def _named(tests: pl.DataFrame, o: Params) -> str:
    """Name the significant measures with the smallest p, their direction and size."""
    found = tests.filter("significant").sort("p", "measure")
    if found.is_empty():
        return ""
    words = []
    for row in found.head(MOST_NAMED).iter_rows(named=True):
        size = row["effect"] if "effect" in row else row["estimate"]
        where = row["term"] if "term" in row else row["phase"]
        name = f"{row['effect_name']} = " if "effect_name" in row else "by "
        place = f" in {where}" if where else ""
        words.append(
            f"{label_of(row['measure'])}{place} {'higher' if size > 0 else 'lower'} ({name}{size:.2g})"
        )
    more = found.height - len(words)
    rest = f" and {more} more" if more else ""
    return f" Smallest p: {'; '.join(words)}{rest}."


def _patterns(table: pl.DataFrame | None) -> str:
    """Say how many measures differ in all phases with a stressor, and where else."""
    if table is None or table.is_empty():
        return ""
    first = table.row(0, named=True)
    parts = []
    for (kind, summary), part in table.filter(pl.col("criterion").is_in(["raw", "holm"])).group_by(
        "kind", "summary", maintain_order=True
    ):
        sides = [
            f"{r['both']}, {r['only']} and {r['leak']} {'by raw p' if r['criterion'] == 'raw' else 'after Holm'}"
            for r in part.iter_rows(named=True)
        ]
        what = SUMMARIES.get(str(summary), str(summary))
        parts.append(
            f"{KINDS.get(str(kind), str(kind))}, {what}: {'; '.join(sides)}, of {part['n_measures'][0]}"
        )
    return (
        f" Measures that differ in all of {first['stress_phases']} (both), in these alone (only), and in any of "
        f"{first['other_phases'] or 'no other phase'} (leak): {'. '.join(parts)}."
    )


def _few(done: pl.DataFrame) -> str:
    """Say that the tests have too few people for their p values."""
    warned = done.filter(pl.col("warning").is_not_null())
    if warned.is_empty():
        return " They suppose many people."
    n, n_all = warned["measure"].n_unique(), done["measure"].n_unique()
    some = "" if n == n_all else f" for {n} of the {n_all} measures"
    return f" They suppose many people; here there are{some} {warned['warning'][0]}."


def _troubled(results: pl.DataFrame) -> str:
    """Count and name the measures whose fit is singular, and those without one."""
    singular = results.filter(pl.col("p").is_not_null() & pl.col("note").str.starts_with("singular"))
    without = results.filter(pl.col("p").is_null())
    said = ""
    for part, what in ((singular, "a singular fit (a variance of 0)"), (without, "no fit")):
        names = [label_of(m) for m in part["measure"].unique(maintain_order=True)]
        if names:
            more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
            said += f" {len(names)} {'measure has' if len(names) == 1 else 'measures have'} {what}: {', '.join(names[:MOST_NAMED])}{more}."
    return said


def _beside(counts: pl.DataFrame) -> str:
    n = int(max(counts["n_relabellings"].drop_nulls().to_list(), default=0))
    every = bool(counts["all_relabellings"].drop_nulls().all())
    return f" and, beside it, by max-T (Westfall and Young 1993; {'all ' if every else ''}{n} relabellings)"


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
    kinds = listed([KINDS.get(k, k) for k in row["kinds"].split(", ")])
    p = (
        ""
        if row["p_permutation"] is None
        else f", {p_text(row['p_permutation'], 'permutation p')} ({row['n_permutations']} relabellings)"
    )
    return (
        f"A linear discriminant of {o['stressor']} against {o['baseline']} (scikit-learn, Pedregosa et al. 2011; covariance shrunken after Ledoit and Wolf 2004; {row['n_columns']} columns of "
        f"{kinds}) was tested on people it had not seen ({row['n_units']} units, {row['n_folds']} folds; imputation and scaling learnt on "
        f"training people alone): AUROC {row['auroc']:.2f}, 95 % interval over people {row['auroc_low']:.2f} to "
        f"{row['auroc_high']:.2f}{p}."
    )


def _tsne(o: Params, results: pl.DataFrame) -> str:
    row = results.row(0, named=True)
    return (
        f"A t-SNE picture (van der Maaten and Hinton 2008; openTSNE, Poličar et al. 2019; start from principal components, perplexity {row['perplexity']:g}, seed {row['seed']}) shows "
        f"{row['n_points']} rows, as many of either condition, spread evenly over recordings and time."
    )


def _pca(o: Params, results: pl.DataFrame) -> str:
    row = results.row(0, named=True)
    return (
        f"The first two principal components (scikit-learn, Pedregosa et al. 2011) of the standardised columns hold {100 * row['explained_1']:.0f} % and "
        f"{100 * row['explained_2']:.0f} % of the variance of {row['n_points']} rows, as many of either condition, spread "
        "evenly over recordings and time."
    )


def _umap(o: Params, results: pl.DataFrame) -> str:
    row = results.row(0, named=True)
    return (
        f"A UMAP picture (McInnes et al. 2018; umap-learn, {row['n_neighbors']} neighbours, least distance {row['min_dist']:g}, seed {row['seed']}) "
        f"shows {row['n_points']} rows, as many of either condition, spread evenly over recordings and time."
    )


def _agreement(o: Params, results: pl.DataFrame) -> str:
    row = results.row(0, named=True)
    return (
        f"The pulse from the face was compared with the sensor's in {row['n_windows']} windows of {row['n']} people: mean "
        f"absolute error {row['mae']:.2f}, bias {row['bias']:.2f}, limits of agreement {row['limit_low']:.2f} to "
        f"{row['limit_high']:.2f} per minute (Bland and Altman 2007, repeated measures)."
    )


def left_out(exclusions: pl.DataFrame | None) -> str:
    """Say whom an analysis left out and why, people of one reason together; empty when nobody was."""
    if exclusions is None or exclusions.is_empty():
        return ""
    where = [c for c in ("condition", "phase") if c in exclusions.columns]
    left = exclusions.with_columns(
        pl.concat_str([pl.col("unit"), *(pl.col(c) for c in where)], separator=" ", ignore_nulls=True).alias(
            "who"
        )
    )
    reasons = "; ".join(
        f"{', '.join(part['who'].to_list())} ({reason})"
        for (reason,), part in left.group_by("reason", maintain_order=True)
    )
    return f" Left out of it: {reasons}."


def _mixed_model(o: Params, results: pl.DataFrame) -> str:
    done = results.filter(pl.col("p").is_not_null())
    if done.is_empty():
        return "No measure could be fitted by a mixed model."
    found = done.group_by("factor", maintain_order=True).agg(
        pl.len(), pl.col("significant").sum().alias("found")
    )
    factors = "; ".join(f"{r['factor']}: {r['found']} of {r['len']}" for r in found.iter_rows(named=True))
    return (
        f"Linear mixed models ({done['formula'][0]}; restricted maximum likelihood, Lindstrom and Bates 1988; statsmodels, Seabold and Perktold 2010; reference {done['reference'][0]}) "
        f"were fitted to {done['measure'].n_unique()} measures of at most {int(max(done['n'].to_list()))} people; z tests of each term, "
        f"corrected after Holm 1979 within kind and term.{_few(done)} At {o['alpha']:g} were significant: {factors}.{_named(done, o)}{_troubled(results)}{_standardised(done)}"
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
        f"Smoothing presets ({listed(results['preset'].to_list())}) were compared by jitter, lag and movement kept, without "
        f"conditions.{' Recommended is ' + best[0] + '.' if len(best) else ''}"
    )
