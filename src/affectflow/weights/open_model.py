"""Open the weights of a backend."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from affectflow.errors import InputError, MissingDependencyError
from affectflow.io.files import sha256_of
from affectflow.io.weights import WeightsFile
from affectflow.registry import load
from affectflow.weights import WEIGHTS
from affectflow.weights.base import Source, converted_path, manifest_path

_LARGEST_MANIFEST_BYTES = 2**20
# What a manifest holds that others read, and as what.
_FIELDS: dict[str, type] = {
    **{"sha256": str, "licence": str, "size_bytes": int, "n_arrays": int},
    **{"sources": list, "notes": list, "origin": dict, "absent": dict},
}


def open_model(name: str, folder: str | Path) -> WeightsFile | None:
    """Return the converted weights of a backend, checked against their manifest.

    Parameters
    ----------
    name
        A backend; one that is not in `WEIGHTS` needs no weights.
    folder
        Where its files lie, such as resources/models/emoca.

    Returns
    -------
    Name → array, read when asked for; None for a backend without weights.

    Raises
    ------
    MissingDependencyError
        If the converted file is not there: which official files are missing,
        where they should lie, where they come from, under which terms, and the
        command that converts them.
    InputError
        If the file is not the one its manifest describes.
    """
    if name not in WEIGHTS:
        return None
    source: Source = load(WEIGHTS, name, "weights")
    path, manifest = converted_path(name, folder), manifest_path(name, folder)
    if not (path.is_file() and manifest.is_file()):
        raise MissingDependencyError(how_to_get(source, folder))
    described = read_manifest(manifest)
    facts = path.stat()
    if described["sha256"] != _digest(str(path.resolve()), facts.st_size, facts.st_mtime_ns):
        raise InputError(
            f"{path}: is not the file {manifest.name} describes (other sha256). "
            f"Run: affectflow convert-weights {name} --folder {folder} --force"
        )
    return WeightsFile(path)


def read_manifest(path: Path) -> dict[str, Any]:
    """Return the manifest that `convert_weights` wrote."""
    try:
        if path.stat().st_size > _LARGEST_MANIFEST_BYTES:
            raise ValueError("it is larger than a manifest")
        manifest = json.loads(path.read_text(encoding="utf-8"))
        for field, kind in _FIELDS.items():
            if not isinstance(manifest[field], kind):
                raise TypeError(f"{field} is of another type")
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise InputError(
            f"{path}: is not a manifest of affectflow convert-weights ({type(error).__name__}: {str(error)[:80]}). "
            "Delete it and convert again."
        ) from None
    return manifest


def how_to_get(source: Source, folder: str | Path) -> str:
    """Say in one line what is missing, where it should lie, where it is from, its terms, the command."""
    found = source.find(Path(folder))
    missing = [f for f in source.files if f.needed and f.role not in found.files]
    refused = [found.refused[f.role] for f in missing if f.role in found.refused]
    if refused:
        return f"weights for backend {source.name}: {' '.join(refused)}"
    command = f"affectflow convert-weights {source.name} --folder {folder}"
    if not missing:
        return f"weights for backend {source.name} lie in {folder} but are not converted yet. Run: {command}"
    names = "; ".join(f"{f.place} ({f.use})" for f in missing)
    lying = "".join(f" {sentence}" for sentence in (*_half(source.name, folder), *found.unused[:3]))
    return (
        f"weights for backend {source.name} not found in {folder}/, which misses: {names}.{lying} "
        f"Get them from {source.where_from} ({source.licence}), put them there in any sub-folder, then run: "
        f"{command}. See docs/weights.md.{f' {source.without}' if source.without else ''}"
    )


def _half(name: str, folder: str | Path) -> list[str]:
    """A sentence when one of the two converted files lies there without the other."""
    files = (converted_path(name, folder), manifest_path(name, folder))
    there = [path.name for path in files if path.is_file()]
    lacks = [path.name for path in files if not path.is_file()]
    if len(there) != 1:
        return []
    return [
        f"{there[0]} lies there, but not {lacks[0]}, which belongs to it: copy both from where they were made."
    ]


@cache
def _digest(path: str, size: int, modified_ns: int) -> str:
    # One process may open the file several times; size and time tell when it has become another.
    return sha256_of(path)
