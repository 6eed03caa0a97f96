"""Which tables and figures an explanation has, for the workflow; imports nothing heavy."""

from __future__ import annotations

from collections.abc import Sequence

# Attributes of `explain_model.Explanation`, each a file.
TABLES = ("importance", "attributions", "attribution_time", "attention", "moments")
FIGURES = ("importance", "attributions", "course", "attention", "faces")


def explanation_figures(reads: Sequence[str], *, maps: bool, draws_mesh: bool) -> tuple[str, ...]:
    """Return the figures that an entry can have.

    Parameters
    ----------
    reads
        Arrays that the model reads over time; models of summaries have only the importance of groups.
    maps
        Whether it has attention maps.
    draws_mesh
        Whether there are face codes of a backend that is there to draw them.
    """
    if not set(reads) - {"summary"}:
        return FIGURES[:1]
    faces = ("faces",) if draws_mesh and "face" in reads else ()
    return (*FIGURES[:3], *(("attention",) if maps else ()), *faces)
