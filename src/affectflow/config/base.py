"""The base of all settings, and how a YAML file is read into them and written from them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, ValidationInfo, field_validator
from pydantic.fields import FieldInfo

from affectflow.errors import ConfigError, did_you_mean


class Section(BaseModel):
    """A group of settings: unknown keys are refused, numbers are finite, values are fixed after reading."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=False, allow_inf_nan=False
    )

    @field_validator("*", mode="before")
    @classmethod
    def _a_word_is_no_number(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse true and false (YAML's yes, on, no, off) for a number; pydantic takes them for 1 and 0."""
        kinds = _plain_kinds(cls.model_fields[str(info.field_name)].annotation)
        parts = value if isinstance(value, list | tuple) else [value]
        if kinds & {int, float} and bool not in kinds and any(isinstance(part, bool) for part in parts):
            raise ValueError("expected a number, not yes or no")
        return value


S = TypeVar("S", bound=Section)


class _UniqueKeyLoader(yaml.SafeLoader):
    """SafeLoader that refuses a key given twice instead of keeping the last one."""


def _construct_unique(loader: _UniqueKeyLoader, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
    seen = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=deep)
        if key in seen:
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {key!r} is given twice", key_node.start_mark
            )
        seen.add(key)
    return yaml.SafeLoader.construct_mapping(loader, node, deep)


_UniqueKeyLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _construct_unique)


def read_yaml(path: str | Path) -> dict[str, Any]:
    """Read a YAML file that holds one mapping, safely.

    Raises
    ------
    ConfigError
        If the file is absent, not UTF-8, not YAML, or not a mapping.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: is not UTF-8 text. Save it as UTF-8.") from None
    try:
        content = yaml.load(text, Loader=_UniqueKeyLoader)  # noqa: S506  # safe: derives from SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" line {mark.line + 1}" if mark else ""
        raise ConfigError(f"{path}:{line} is not valid YAML: {getattr(error, 'problem', error)}.") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: expected settings as 'key: value', found a {type(content).__name__}.")
    return content


def read_settings(model: type[S], values: dict[str, Any], where: str) -> S:
    """Check values against a model and report every mistake at once.

    Parameters
    ----------
    model
        The section the values belong to.
    values
        Nested mapping, as read from YAML.
    where
        File name for the messages.

    Raises
    ------
    ConfigError
        One line per mistake: key, what is wrong, what would be right.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        lines = [_explain(model, e, where) for e in error.errors()]
        raise ConfigError("\n".join(lines)) from None


def _explain(model: type[Section], error: Any, where: str) -> str:
    location = [p for p in error["loc"] if not str(p).startswith("function-")]
    key = ".".join(str(p) for p in location)
    if error["type"] == "extra_forbidden":
        section = _section_at(model, location[:-1])
        near = did_you_mean(str(location[-1]), section.model_fields) if section else ""
        known = "" if near or not section else f" Known here: {', '.join(section.model_fields)}."
        return f"{where}: {key} is not a setting.{near}{known}"
    message = error["msg"].removeprefix("Value error, ")
    # A section that does not fit together says itself what it found; all of it would bury that.
    of_section = error["type"] == "value_error" and isinstance(error["input"], dict)
    shown = "" if error["type"] == "missing" or of_section else f" (found {error['input']!r})"
    place = f"{where}: {key}" if key else where
    return f"{place}: {message[:1].lower()}{message[1:]}{shown}."


def _section_at(model: type[Section], path: list[Any]) -> type[Section] | None:
    current: Any = model
    named = False
    for part in path:
        if named:
            # The user's own name of a section.
            named = False
            continue
        field = getattr(current, "model_fields", {}).get(part)
        inner = named_section_of(field) if field else None
        named = inner is not None
        current = inner or (section_of(field) if field else None)
        if current is None:
            return None
    return current


def _plain_kinds(annotation: Any) -> set[Any]:
    """Return the plain types a field may hold, itself or in a list."""
    parts = get_args(annotation)
    return set().union(*map(_plain_kinds, parts)) if parts else {annotation}


def section_of(field: FieldInfo) -> type[Section] | None:
    """Return the section a field holds, or None for a plain value or named sections (`named_section_of`)."""
    return None if get_origin(field.annotation) is dict else _section_in(field.annotation)


def named_section_of(field: FieldInfo) -> type[Section] | None:
    """Return the section of which a field holds any number, each under a name of the user's; None for other fields."""
    return _section_in(field.annotation) if get_origin(field.annotation) is dict else None


def _section_in(annotation: Any) -> type[Section] | None:
    for candidate in (annotation, *get_args(annotation)):
        if isinstance(candidate, type) and issubclass(candidate, Section) and get_origin(candidate) is None:
            return candidate
    return None
