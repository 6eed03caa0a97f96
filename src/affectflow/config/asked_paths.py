"""Which part of a result's path is a name that this study does not have.

Snakemake answers such a path with "no rule to produce", which says neither
which of its folders is wrong nor what would be right.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from affectflow.errors import UsageError, did_you_mean

# Wildcard → what it stands for, and where the names come from.
NAMES = {
    "recording_id": ("recording", "the sheet's column recording_id"),
    "batch": ("batch", "the sheet's column batch"),
    "backend": ("face backend", "face.backend"),
    "units": ("estimator of action units", "face.units.backend"),
    "affect": ("estimator of valence and arousal", "face.affect.backend"),
    "analysis": ("analysis", "stats.analyses"),
    "figure": ("figure", "docs/"),
    "entry": ("model or control", "train.models, train.controls"),
    "part": ("part of the training", "train.splits_per_job"),
    "source": ("data set of pictures", "pictures.sources in the settings"),
    "picture_model": ("network", "docs/pictures.md"),
    "clip_fold": ("fold", "clips.folds, or the sheet's columns fold and split"),
    "form": ("format", "docs/clips.md"),
    "crop": ("crop", "docs/eda.md"),
    "changes": ("way of training", "docs/eda.md"),
    "eda_model": ("network", "eda.models"),
    "eda_fold": ("fold", "eda.folds"),
}
# More names than these are counted, not listed.
MOST_LISTED = 12
_WILDCARD = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Makeable:
    """One output of a rule.

    Attributes
    ----------
    pattern
        Its path with wildcards as ``{name}``.
    fits
        Wildcard → the regular expression its names match.
    """

    pattern: str
    fits: Mapping[str, str]

    def names_in(self, path: str) -> dict[str, str] | None:
        """What the wildcards would be, whatever they fit; None where the rest of the path differs."""
        parts = _WILDCARD.split(self.pattern)
        seen: set[str] = set()
        for k, name in enumerate(parts):
            if k % 2 == 0:
                parts[k] = re.escape(name)
            else:
                parts[k] = f"(?P={name})" if name in seen else f"(?P<{name}>[^/]+)"
                seen.add(name)
        found = re.fullmatch("".join(parts), path)
        return found.groupdict() if found else None


def check_asked_path(
    path: str, makeable: Sequence[Makeable], *, results: str, known: Mapping[str, Collection[str]]
) -> None:
    """Say what is wrong with a path that was asked for, if it is a name.

    Parameters
    ----------
    path
        What the user asked for, relative to the folder of the study.
    makeable
        All outputs of all rules.
    results
        The folder of this study's results; other paths are none of ours.
    known
        Wildcard → its names, where the rules' patterns say less than is known.

    Raises
    ------
    UsageError
        If the path is below results/ and no rule makes it.
    """
    path = path.rstrip("/")
    if not path.startswith("results/"):
        return
    if path.split("/")[1] != results.split("/")[1]:
        raise UsageError(
            f"{path}: this study's results are in {results}/ (setting dataset). Ask for a path there, or name the "
            "other study's settings with --configfile."
        )
    wrong = []
    for each in makeable:
        names = each.names_in(path)
        if names is None:
            continue
        strange = {w: _choices(w, each, known) for w in names if not _fits(w, names[w], each, known)}
        if not strange:
            return
        wrong.append((len(strange), -len(_WILDCARD.sub("", each.pattern)), names, strange))
    if not wrong:
        raise UsageError(
            f"{path}: no stage makes this.{_nearest(path, makeable)} docs/architecture.md lists them."
        )
    _, _, names, strange = min(wrong, key=lambda w: w[:2])
    raise UsageError(f"{path}: {'; '.join(_say(w, names[w], choices) for w, choices in strange.items())}.")


def _fits(wildcard: str, name: str, output: Makeable, known: Mapping[str, Collection[str]]) -> bool:
    fits = re.fullmatch(output.fits.get(wildcard, ".+"), name) is not None
    return fits and (wildcard not in known or name in known[wildcard])


def _choices(wildcard: str, output: Makeable, known: Mapping[str, Collection[str]]) -> list[str]:
    """All names of a wildcard of an output, as far as they can be told."""
    pattern = output.fits.get(wildcard, ".+")
    listed = pattern.split("|") if re.fullmatch(r"[\w-]+(\|[\w-]+)*", pattern) else []
    if wildcard not in known:
        return listed
    return [name for name in known[wildcard] if re.fullmatch(pattern, name)]


def _say(wildcard: str, name: str, choices: list[str]) -> str:
    noun, where = NAMES.get(wildcard, (wildcard.replace("_", " "), "docs/"))
    if not choices:
        return f"there is no {noun} {name!r} here, nor any other ({where})"
    listed = ", ".join(choices[:MOST_LISTED])
    more = f" and {len(choices) - MOST_LISTED} more" if len(choices) > MOST_LISTED else ""
    return f"there is no {noun} {name!r} here.{did_you_mean(name, choices)} Choose one of: {listed}{more} ({where})"


def _nearest(path: str, makeable: Sequence[Makeable]) -> str:
    near = get_close_matches(path, [each.pattern for each in makeable], n=1, cutoff=0.6)
    return f" The nearest is {near[0]}." if near else ""
