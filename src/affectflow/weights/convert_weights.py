"""Turn a user's official files into one file of arrays and a manifest."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from affectflow import __version__
from affectflow.errors import AffectflowError, InputError, MissingDependencyError
from affectflow.io.files import clear_dead_parts, sha256_of, write_text
from affectflow.io.weights import write_weights
from affectflow.registry import load
from affectflow.weights import WEIGHTS
from affectflow.weights.base import Found, Source, converted_path, manifest_path
from affectflow.weights.open_model import how_to_get, read_manifest

# Raised when the form of the file or of the manifest changes.
FORMAT_VERSION = 1


@dataclass(frozen=True)
class Conversion:
    """What a conversion found and did.

    Attributes
    ----------
    manifest
        The content of the manifest.
    path, manifest_path
        What was written, or was there.
    written
        False when the files were up to date.
    kept
        True when the official files are gone and the converted file was left as it is.
    """

    manifest: dict[str, Any]
    path: Path
    manifest_path: Path
    written: bool
    kept: bool = False


def convert_weights(name: str, folder: str | Path, *, force: bool = False) -> Conversion:
    """Make <name>.safetensors and <name>.manifest.json of the official files in a folder.

    The official files are only read. Both results are written whole; the same
    official files give the same bytes. Files that are up to date are left
    alone, also when the official files have been removed since.

    Parameters
    ----------
    name
        A name of `WEIGHTS`.
    folder
        Where the official files lie, in any nesting, and where the results go.
    force
        Convert even when the results are up to date.

    Raises
    ------
    ConfigError
        If there are no weights of this name.
    MissingDependencyError
        If official files are missing: which, where they should lie, where they
        come from, under which terms.
    InputError
        If a file is damaged, of another model, or not what its name says.
    """
    source: Source = load(WEIGHTS, name, "weights")
    folder = Path(folder)
    path, described = converted_path(name, folder), manifest_path(name, folder)
    clear_dead_parts(path)
    found = source.find(folder)
    missing = [f.role for f in source.files if f.needed and f.role not in found.files]
    present = _standing(path, described)
    if missing:
        if present is not None and not force:
            return Conversion(present, path, described, written=False, kept=True)
        if refused := [found.refused[role] for role in missing if role in found.refused]:
            raise InputError(" ".join(refused))
        raise MissingDependencyError(how_to_get(source, folder))
    sources = _sources(found)
    wanted = {"format": FORMAT_VERSION, "version": source.version, "sources": sources}
    if present is not None and not force and all(present.get(k) == v for k, v in wanted.items()):
        return Conversion(present, path, described, written=False)
    converted = source.convert(found)
    facts = {"weights": name, "format": FORMAT_VERSION, "absent": dict(converted.absent)}
    write_weights(converted.arrays, path, facts=facts)
    manifest = {
        "weights": name,
        **wanted,
        "affectflow": __version__,
        "file": path.name,
        "sha256": sha256_of(path),
        "size_bytes": path.stat().st_size,
        "n_arrays": len(converted.arrays),
        "origin": dict(converted.origin),
        "absent": dict(converted.absent),
        "notes": list(converted.notes),
        "licence": f"{source.licence}. From {source.where_from}. Not to be passed on.",
    }
    write_text(json.dumps(manifest, indent=2, sort_keys=True, ensure_ascii=False) + "\n", described)
    return Conversion(manifest, path, described, written=True)


def _sources(found: Found) -> list[dict[str, Any]]:
    """Role, place below the folder, size and digest of each official file."""
    return [
        {
            "role": role,
            "path": path.relative_to(found.folder).as_posix(),
            "size_bytes": path.stat().st_size,
            "sha256": sha256_of(path),
        }
        for role, path in sorted(found.files.items())
    ]


def _standing(path: Path, described: Path) -> dict[str, Any] | None:
    """The manifest of a conversion that stands: both files there, of this form, and belonging together."""
    if not (path.is_file() and described.is_file()):
        return None
    try:
        manifest = read_manifest(described)
    except AffectflowError:
        return None
    same = manifest.get("format") == FORMAT_VERSION and manifest["sha256"] == sha256_of(path)
    return manifest if same else None
