"""The pages of the documentation that are made from code: settings and columns."""

from __future__ import annotations

import re
import types
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal, Union, get_args, get_origin

import polars as pl
import yaml
from pydantic.fields import FieldInfo

from affectflow.config.base import Section, named_section_of, section_of
from affectflow.config.sheet_columns import SHEET_COLUMNS
from affectflow.schema import TABLES, Column, Table

MADE = "<!-- Made from the code by `make docs`; edit the code, not this page. -->\n"
WORDS = {
    str: "text",
    bool: "true or false",
    int: "whole number",
    float: "number",
    type(None): "null",
    Any: "values",
}
LIMITS = {
    "ge": "≥",
    "gt": ">",
    "le": "≤",
    "lt": "<",
    "multiple_of": "a multiple of",
    "min_length": "at least this long:",
}


def yaml_value(value: Any) -> str:
    """Return a value as it stands behind a key of a YAML file, on one line."""
    text = yaml.safe_dump(
        _plain(value), default_flow_style=True, allow_unicode=True, sort_keys=False, width=10**9
    )
    return text.removesuffix("\n").removesuffix("\n...")


def _plain(value: Any) -> Any:
    if isinstance(value, Section):
        return value.model_dump(mode="json")
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def values_of(field: FieldInfo) -> str:
    """Return in words what a setting may be, such as ``number > 0`` or ``auto | cpu | cuda``."""
    limits = [f"{LIMITS[key]} {limit}" for part in field.metadata for key, limit in _limits(part)]
    return " ".join([_type_in_words(field.annotation), " and ".join(limits)]).strip()


def _limits(part: Any) -> Iterator[tuple[str, Any]]:
    for key in LIMITS:
        limit = getattr(part, key, None)
        if limit is not None:
            yield key, limit


def _type_in_words(annotation: Any) -> str:
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " | ".join(str(choice) for choice in inside)
    if origin in {Union, types.UnionType}:
        return " | ".join(_type_in_words(part) for part in inside)
    if origin in {list, tuple, set, frozenset}:
        parts = dict.fromkeys(_type_in_words(part) for part in inside if part is not Ellipsis)
        return f"list of {' | '.join(parts)}"
    if origin is dict:
        return f"{_type_in_words(inside[0])} → {_type_in_words(inside[1])}"
    if origin is not None and inside:  # Annotated
        return _type_in_words(inside[0])
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return "settings"
    return WORDS.get(annotation, getattr(annotation, "__name__", str(annotation)))


def config_page(model: type[Section]) -> str:
    """Return docs/config.md: a table of keys for each section of the model."""
    head = (
        f"{MADE}\n# Settings\n\nEvery key of `config/config.yaml`. A key that is left out has its default; an unknown key is\n"
        "refused. For another study, write the keys that differ into a file of its own and run\n"
        "`snakemake --cores 8 --configfile config/mine.yaml`: its keys win over those of config/config.yaml.\n"
    )
    return head + "".join(f"\n{block}" for block in _section_blocks(model, ""))


def _section_blocks(model: type[Section], path: str) -> Iterator[str]:
    leaves = {name: field for name, field in model.model_fields.items() if section_of(field) is None}
    title = f"## {path}" if path else "## At the top"
    rows = [
        f"| `{name}` | {_cell(values_of(field))} | {_default(field)} | {_cell(field.description or '')} |"
        for name, field in leaves.items()
    ]
    about = " ".join((model.__doc__ or "").split())
    table = "\n".join(["| key | values | default | meaning |", "|---|---|---|---|", *rows]) if rows else ""
    yield "\n\n".join(part for part in (title, about, table) if part) + "\n"
    for name, field in model.model_fields.items():
        whole = f"{path}.{name}" if path else name
        if (inner := section_of(field)) is not None:
            yield from _section_blocks(inner, whole)
        elif (inner := named_section_of(field)) is not None:
            yield from _section_blocks(inner, f"{whole}.<name>")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "must be there"
    return f"`{_cell(yaml_value(field.get_default(call_default_factory=True)))}`"


def columns_page() -> str:
    """Return docs/columns.md: the sheet's columns, then those of every kind of table."""
    head = (
        f"{MADE}\n# Columns\n\nThe columns of the sheet of recordings and of every table the workflow writes (Parquet). Conventions: `time_s` is\n"
        "seconds from the recording's first frame, from the video's own presentation times; a missing value is null, never 0;\n"
        "every decoded frame keeps its row; a unit is the end of the name, none means dimensionless.\n"
    )
    sheet = "\n".join(
        f"| `{c.name}` | {'yes' if c.required else ''} | {_cell(c.meaning)} |" for c in SHEET_COLUMNS
    )
    first = (
        "\n## The sheet: config/recordings.tsv\n\nOne row per recording. Any other column is kept as metadata.\n\n"
        f"| column | must be there | meaning |\n|---|---|---|\n{sheet}\n"
    )
    return head + first + "".join(f"\n{_table_block(table)}" for table in TABLES.values())


def _table_block(table: Table) -> str:
    rows = "\n".join(
        f"| {name} | {_cell(_dtype(column.dtype))} | {column.unit} | {'' if column.nullable else 'never'} | {_cell(column.meaning)} |"
        for name, column in _series(table.columns)
    )
    extra = f"\nFurther columns may be there; their names fit `{table.extra}`.\n" if table.extra else ""
    return (
        f"## {table.name}\n\n{table.meaning} Key: {', '.join(f'`{k}`' for k in table.key)}.\n\n"
        f"| column | type | unit | null | meaning |\n|---|---|---|---|---|\n{rows}\n{extra}"
    )


def _series(columns: tuple[Column, ...]) -> Iterator[tuple[str, Column]]:
    """Join numbered columns of one meaning, such as exp_00 … exp_49, into one line."""
    run: list[Column] = []
    for column in [*columns, None]:
        if run and (column is None or _stem(column) != _stem(run[0])):
            if len(run) == 1:
                yield f"`{run[0].name}`", run[0]
            else:
                yield (
                    f"`{run[0].name}` … `{run[-1].name}`",
                    replace(run[0], meaning=re.sub(r"\d+", "i", run[0].meaning)),
                )
            run = []
        if column is not None:
            run.append(column)


def _stem(column: Column) -> tuple[str, str]:
    # The digits of the meaning count only where the name is numbered.
    stem = re.sub(r"_\d+$", "_", column.name)
    return stem, column.meaning if stem == column.name else re.sub(r"\d+", "", column.meaning)


def _dtype(dtype: Any) -> str:
    if isinstance(dtype, pl.Array):
        return f"array of {dtype.size} {_dtype(dtype.inner)}"
    return str(dtype).lower()


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
