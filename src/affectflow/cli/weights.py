"""What the command line says about weights: what lies there, what was made of it, what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from affectflow.errors import AffectflowError
from affectflow.io.weights import FOLDER_MARK
from affectflow.weights.base import Source, converted_path, manifest_path
from affectflow.weights.convert_weights import Conversion
from affectflow.weights.open_model import how_to_get, read_manifest

MODELS = Path("resources/models")


def megabytes(n_bytes: int) -> str:
    """Return a size for people, in powers of ten."""
    return f"{n_bytes / 1e6:.1f} MB" if n_bytes >= 1e5 else f"{n_bytes / 1e3:.1f} kB"


def official_files(source: Source, folder: Path) -> Iterator[tuple[str, bool]]:
    """Give a line for each official file, and whether it is there."""
    found = source.find(folder)
    for file in source.files:
        path = found.files.get(file.role)
        if path is not None:
            yield f"{file.role}: {path.relative_to(folder)}, {megabytes(path.stat().st_size)}", True
        elif file.role in found.refused:
            yield f"{file.role}: {found.refused[file.role]}", False
        else:
            yield f"{file.role}: not found; {file.use} ({file.place})", False


def state_of(source: Source, folder: Path) -> tuple[str, bool]:
    """Tell in a line whether the weights of a backend can be used, and what to do otherwise."""
    path, manifest = converted_path(source.name, folder), manifest_path(source.name, folder)
    if not (path.is_file() and manifest.is_file()):
        return how_to_get(source, folder), False
    try:
        described = read_manifest(manifest)
    except AffectflowError as error:
        return str(error), False
    size = path.stat().st_size
    if size != described.get("size_bytes"):
        return (
            f"{path} is not the file its manifest describes; run: affectflow convert-weights {source.name} "
            f"--folder {folder} --force",
            False,
        )
    without = ", ".join(described.get("absent", {}))
    return f"{path}, {megabytes(size)}{f', without {without}' if without else ''}", True


def report(source: Source, folder: Path, conversion: Conversion) -> list[str]:
    """Put a conversion into lines: what was found, what is to know, what was written."""
    manifest = conversion.manifest
    lines = (
        []
        if conversion.kept
        else [f"found  {line}" for line, there in official_files(source, folder) if there]
    )
    if conversion.written:
        lines += [f"took   {group} from: {role}" for group, role in manifest["origin"].items()]
    lines += [f"note   {note}" for note in manifest["notes"]]
    there = str(conversion.path.parent)
    lines += [
        f"absent {prefix}: {str(reason).replace(FOLDER_MARK, there)}"
        for prefix, reason in manifest["absent"].items()
    ]
    verb = "wrote " if conversion.written else "kept  " if conversion.kept else "up to date"
    why = " (the official files are gone)" if conversion.kept else ""
    size = megabytes(manifest["size_bytes"])
    lines.append(f"{verb} {conversion.path}, {manifest['n_arrays']} arrays, {size}{why}")
    lines.append(f"{verb} {conversion.manifest_path}")
    return [*lines, f"terms  {manifest['licence']}"]
