"""config/config.yaml, docs/config.md and docs/columns.md are what the code says."""

from __future__ import annotations

from typing import Literal

import pytest
import yaml
from pydantic import Field, PositiveFloat

from affectflow.config import write
from affectflow.config.base import Section, section_of
from affectflow.config.pages import columns_page, config_page, values_of
from affectflow.config.study import Study, read_study
from affectflow.errors import ConfigError
from affectflow.schema import TABLES


def all_fields(model, path=""):
    """Every setting as (dotted key, field), sections included."""
    for name, field in model.model_fields.items():
        yield f"{path}{name}", field
        inner = section_of(field)
        if inner:
            yield from all_fields(inner, f"{path}{name}.")


@pytest.mark.parametrize("name", ["config/config.yaml", "docs/config.md", "docs/columns.md"])
def test_generated_file_is_up_to_date(root, name):
    text = write.pages(root, defaults=True)[root / name]
    assert (root / name).read_text(encoding="utf-8") == text, (
        f"{name} is stale: run `python -m affectflow.config.write --defaults`"
    )


def test_shipped_config_holds_the_defaults(root):
    assert read_study(root / "config" / "config.yaml") == Study()


def test_yaml_read_back_is_the_same_study(tmp_path):
    study = Study(dataset="other", seed=7, stats={"alpha": 0.01, "analyses": ["lda"]})
    (tmp_path / "c.yaml").write_text(write.study_yaml(study), encoding="utf-8")
    assert read_study(tmp_path / "c.yaml") == study


def test_every_setting_is_explained(root):
    text = (root / "config" / "config.yaml").read_text(encoding="utf-8")
    comments = " ".join(
        line.strip().lstrip("# ") for line in text.splitlines() if line.strip().startswith("#")
    )
    page = config_page(Study)
    for key, field in all_fields(Study):
        assert field.description, f"{key} has no description"
        assert " ".join(field.description.split()) in comments, key
        assert section_of(field) or f"| `{key.rpartition('.')[2]}` |" in page, key


def test_settings_are_three_levels_at_most():
    assert max(key.count(".") + 1 for key, _ in all_fields(Study)) <= write.MAX_LEVELS

    class D(Section):
        d: int = Field(1, description="x")

    class C(Section):
        c: D = Field(D(), description="x")

    class B(Section):
        b: C = Field(C(), description="x")

    class A(Section):
        a: B = Field(B(), description="x")

    with pytest.raises(ConfigError, match="nested"):
        write.study_yaml(A())


def test_values_are_told_in_words():
    class Words(Section):
        mode: Literal["auto", "cpu"] = Field("auto", description="")
        rate: PositiveFloat = Field(1.0, description="")
        share: float | None = Field(None, ge=0, le=1, description="")
        names: list[str] = Field([], description="")
        pair: tuple[float, float] = Field((0.0, 1.0), description="")
        on: bool = Field(True, description="")

    told = {name: values_of(field) for name, field in Words.model_fields.items()}
    assert told == {
        "mode": "auto | cpu",
        "rate": "number > 0",
        "share": "number | null ≥ 0 and ≤ 1",
        "names": "list of text",
        "pair": "list of number",
        "on": "true or false",
    }


def test_odd_values_survive_as_yaml():
    for value in (
        "yes",
        "1.0",
        "a: b",
        "# no",
        "",
        None,
        1.0,
        1e-5,
        [1, "null"],
        {"a": [1.5]},
        True,
        "naïve ’",
    ):
        line = f"key: {write.yaml_value(value)}"
        assert "\n" not in line
        assert yaml.safe_load(line) == {"key": value}


def test_columns_page_names_every_column():
    page = columns_page()
    for table in TABLES.values():
        block = page.split(f"\n## {table.name}\n")[1].split("\n## ")[0]
        for column in table.columns:
            numbered = column.name[:-2].endswith("_") and f"`{column.name[:-2]}00` … `" in block
            assert f"| `{column.name}` |" in block or numbered, f"{table.name}.{column.name}"


def test_regenerating_keeps_the_users_values(tmp_path, capsys):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.yaml").write_text("dataset: mine\n")
    assert write.main(["--root", str(tmp_path), "--check"]) == 1
    assert (tmp_path / "config" / "config.yaml").read_text() == "dataset: mine\n"
    assert write.main(["--root", str(tmp_path)]) == 0
    assert read_study(tmp_path / "config" / "config.yaml") == Study(dataset="mine")
    assert write.main(["--root", str(tmp_path), "--check"]) == 0
    assert write.main(["--root", str(tmp_path), "--defaults"]) == 0
    assert read_study(tmp_path / "config" / "config.yaml") == Study()


def test_regenerating_refuses_a_config_with_mistakes(tmp_path, capsys):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.yaml").write_text("datset: mine\n")
    assert write.main(["--root", str(tmp_path)]) == 2
    assert "Did you mean dataset?" in capsys.readouterr().err
    assert (tmp_path / "config" / "config.yaml").read_text() == "datset: mine\n"
