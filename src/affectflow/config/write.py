"""Write the settings as commented YAML, and regenerate every page made from code.

``python -m affectflow.config.write`` (or ``make docs``) makes config/config.yaml,
docs/config.md and docs/columns.md from the models and the schema. A test fails
when one of them is stale.
"""

from __future__ import annotations

import argparse
import sys
import textwrap
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from affectflow.config.base import Section, section_of
from affectflow.config.pages import columns_page, config_page, values_of, yaml_value
from affectflow.config.study import Study, read_study
from affectflow.errors import AffectflowError, ConfigError

MAX_LEVELS = 3
WIDTH = 100
KEPT_TOGETHER = "\0"  # stands for a space at which a comment is not broken
HEAD = """\
# The settings of a study. Every key may be left out; it then has the default shown in [brackets].
# Comments and order come from the models in src/affectflow/config/ (`make docs` writes them anew
# and keeps your values). All keys on one page: docs/config.md.
"""


def study_yaml(study: Study) -> str:
    """Return the settings as YAML in which every key is explained.

    Reading the text back gives an equal `Study`.

    Parameters
    ----------
    study
        Settings, read from a file or `Study()` for the defaults.

    Raises
    ------
    ConfigError
        If the models are nested deeper than `MAX_LEVELS`.
    """
    return HEAD + "\n".join(_section_lines(study, study.model_dump(mode="json"), level=1)) + "\n"


def _section_lines(section: Section, values: dict[str, Any], level: int) -> list[str]:
    if level > MAX_LEVELS:
        raise ConfigError(
            f"{type(section).__name__}: settings are nested more than {MAX_LEVELS} levels. Move them up."
        )
    lines: list[str] = []
    indent = "  " * (level - 1)
    for name, field in type(section).model_fields.items():
        if level == 1:
            lines.append("")
        inner = getattr(section, name)
        if section_of(field) and isinstance(inner, Section):
            lines += _comment(field.description or "", indent)
            lines.append(f"{indent}{name}:")
            lines += _section_lines(inner, values[name], level + 1)
        else:
            lines += _comment(f"{field.description} {_hint(field)}", indent)
            lines.append(f"{indent}{name}: {yaml_value(values[name])}")
    return lines


def _comment(text: str, indent: str) -> list[str]:
    mark = f"{indent}# "
    lines = textwrap.wrap(text, WIDTH, initial_indent=mark, subsequent_indent=mark, break_long_words=False)
    return [line.replace(KEPT_TOGETHER, " ") for line in lines]


def _hint(field: FieldInfo) -> str:
    default = yaml_value(field.get_default(call_default_factory=True))
    hint = f"[{values_of(field)}; default {default}]"
    return hint.replace(" ", KEPT_TOGETHER) if len(hint) <= WIDTH // 2 else hint


def pages(root: Path, *, defaults: bool) -> dict[Path, str]:
    """Return path → text of everything made from code.

    Parameters
    ----------
    root
        The folder with config/ and docs/.
    defaults
        Write config/config.yaml with the default values; otherwise the values
        it has now are kept and only comments and order are written anew.

    Raises
    ------
    ConfigError
        If the values now in config/config.yaml are not valid.
    """
    config = root / "config" / "config.yaml"
    study = Study() if defaults or not config.exists() else read_study(config)
    return {
        config: study_yaml(study),
        root / "docs" / "config.md": config_page(Study),
        root / "docs" / "columns.md": columns_page(),
    }


def main(arguments: list[str] | None = None) -> int:
    """Write or check the generated files; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m affectflow.config.write", description=__doc__)
    parser.add_argument(
        "--root", type=Path, default=Path(), help="folder with config/ and docs/ (default: here)"
    )
    parser.add_argument(
        "--defaults", action="store_true", help="put the default values into config/config.yaml"
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit code 1 when a file is stale"
    )
    options = parser.parse_args(arguments)
    try:
        texts = pages(options.root, defaults=options.defaults)
    except AffectflowError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    stale = [
        path for path, text in texts.items() if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path in stale:
        if options.check:
            print(f"{path}: is not what the code says. Regenerate it with: make docs", file=sys.stderr)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(f"{path.suffix}.part")
        temporary.write_text(texts[path], encoding="utf-8")
        temporary.replace(path)
        print(f"wrote {path}")
    return 1 if options.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
